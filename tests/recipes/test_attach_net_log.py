"""A browser's NetLog becomes a session while it grows; here a script stands for the browser.

With a real one it is tested in tests/browser.
"""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest

from recorder import recipes
from recorder.capture.devtools.browser import BrowserOptions
from recorder.errors import CannotConnect
from recorder.recipes.attach_net_log import attach_by_net_log
from recorder.recipes.chosen_sockets import ChosenSockets

SAMPLE = Path(__file__).parents[2] / "samples" / "browser.netlog.json"
WRITES = """#!/bin/sh
for argument in "$@"; do
  case $argument in
    --user-data-dir=*) profile=${argument#*=} ;;
    --log-net-log=*) log=${argument#*=} ;;
  esac
done
printf '1\\n' > "$profile/DevToolsActivePort"
head -c "$FIRST" "$LOG" > "$log"
sleep 0.3
tail -c "+$((FIRST + 1))" "$LOG" >> "$log"
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    def write(text: str) -> BrowserOptions:
        file = tmp_path / "browser"
        file.write_text(text)
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("LOG", str(SAMPLE))
        monkeypatch.setenv("FIRST", str(SAMPLE.stat().st_size // 2))
        return BrowserOptions(program=str(file))

    return write


def attached(options: BrowserOptions, archive: str, chosen: ChosenSockets) -> tuple[int, list[str]]:
    """How many payloads were shown, and the remarks."""
    shown: list[object] = []
    remarks: list[str] = []
    attach_by_net_log(options, archive=archive, chosen=chosen, deliver=shown.append, say=remarks.append)
    return len(shown), remarks


def test_it_gives_the_session_that_the_finished_file_gives(program, tmp_path):
    archive = str(tmp_path / "a.db")
    shown, remarks = attached(program(WRITES), archive, ChosenSockets())
    with recipes.open_archive(archive, mode="write") as opened:
        imported = recipes.import_capture(opened, Path(shutil.copy(SAMPLE, tmp_path / "log.json")))
        recorded = opened.find_session(f"{remarks[0].split()[2]}")
        assert (recorded.source, recorded.state, recorded.frames) == ("netlog", "complete", imported.frames)
        assert [(each.sender, each.head, each.payload) for each in opened.frames(recorded)] == [
            (each.sender, each.head, each.payload) for each in opened.frames(imported)
        ]
        assert [each.how for each in opened.connections(recorded)] == [
            each.how for each in opened.connections(imported)
        ]
    assert 0 < shown <= recorded.frames


def test_sockets_that_are_not_chosen_are_counted(program, tmp_path):
    archive = str(tmp_path / "a.db")
    shown, remarks = attached(program(WRITES), archive, ChosenSockets(url="nowhere.example"))
    assert shown == 0
    assert "left out" in remarks[-1]


def test_a_browser_that_writes_no_log_is_told(program, tmp_path):
    mute = WRITES.replace("head -c", ": ").replace("sleep 0.3\n", "").replace("tail -c", ": ")
    with pytest.raises(CannotConnect, match="writes no NetLog"):
        attached(
            program(mute.replace('> "$log"', "").replace('>> "$log"', "")),
            str(tmp_path / "a.db"),
            ChosenSockets(),
        )
