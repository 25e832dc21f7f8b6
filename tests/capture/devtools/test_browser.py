"""A browser is started with a profile of its own, and nothing of it is left; here a script stands for it."""

import os
import stat
from pathlib import Path

import pytest

from recorder.capture.devtools.browser import BrowserOptions, launch_browser
from recorder.errors import BadOption, CannotConnect

LISTENS = """#!/bin/sh
for argument in "$@"; do
  case $argument in --user-data-dir=*) profile=${argument#*=} ;; esac
done
printf '%s\\n' "$@" > "$ARGUMENTS"
printf '%s\\n%s\\n' 4711 /devtools/browser/1 > "$profile/DevToolsActivePort"
exec sleep 600
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    monkeypatch.setenv("ARGUMENTS", str(tmp_path / "arguments"))

    def write(text: str) -> str:
        file = tmp_path / "browser"
        file.write_text(text)
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        return str(file)

    return write


def test_it_listens_where_it_says_and_goes_with_its_profile(program, tmp_path):
    options = BrowserOptions(program=program(LISTENS), arguments=["--mute"], url="https://shop.example/")
    browser = launch_browser(options)
    assert browser.address == "http://127.0.0.1:4711"
    assert browser.is_running
    *arguments, mute, url = (tmp_path / "arguments").read_text().split()
    assert (mute, url) == ("--mute", "about:blank")
    assert "--remote-debugging-port=0" in arguments
    assert ("--no-sandbox" in arguments) == (os.geteuid() == 0)
    (profile,) = (Path(each.partition("=")[2]) for each in arguments if each.startswith("--user-data-dir="))
    assert profile.is_dir()
    browser.end()
    browser.end()
    assert not browser.is_running
    assert not profile.exists()


def test_one_that_does_not_want_to_end_is_killed(program):
    stubborn = LISTENS.replace("exec sleep 600", "trap '' TERM; while :; do sleep 1; done")
    browser = launch_browser(BrowserOptions(program=program(stubborn)))
    browser.end(timeout_s=0.2)
    assert not browser.is_running


def test_it_can_write_a_net_log(program, tmp_path):
    page = "https://shop.example/"
    launch_browser(BrowserOptions(program=program(LISTENS), url=page, net_log=tmp_path / "net.json")).end()
    arguments = (tmp_path / "arguments").read_text().split()
    assert f"--log-net-log={tmp_path}/net.json" in arguments
    assert "--net-log-capture-mode=Everything" in arguments
    assert arguments[-1] == page


def test_one_that_ends_at_once_is_told(program):
    with pytest.raises(CannotConnect, match="ended at once") as told:
        launch_browser(BrowserOptions(program=program("#!/bin/sh\nexit 3\n")))
    assert "--headless" in told.value.hint


def test_one_that_is_not_there_is_told():
    with pytest.raises(BadOption, match="no program nobody-has-this"):
        launch_browser(BrowserOptions(program="nobody-has-this"))


def test_one_that_is_no_program_is_told(program):
    with pytest.raises(BadOption, match="cannot be started"):
        launch_browser(BrowserOptions(program=program("\0\1\2")))


def test_without_any_browser_it_names_those_it_looked_for(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BadOption, match="chromium"):
        launch_browser(BrowserOptions())
