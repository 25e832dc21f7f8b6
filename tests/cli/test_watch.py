"""``recorder watch`` as a program in a terminal: how it begins, and how it ends."""

from __future__ import annotations

import signal
import sys

import pytest
from builders.preloaded import Preloaded
from builders.terminal import Terminal


@pytest.fixture
def watch(archive):
    opened = []

    def start(*arguments):
        environment = {"RECORDER_ARCHIVE": str(archive)}
        opened.append(Terminal("watch", *arguments, popen=Preloaded, columns=100, environment=environment))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


def test_a_signal_ends_it_and_the_terminal_is_as_before(watch):
    terminal = watch("imported", "--at", "#3")
    terminal.until(rb"as of frame #3 of \d+")
    terminal._process.send_signal(signal.SIGTERM)
    assert terminal.wait() == 143
    assert terminal.is_as_before()
    assert b"Traceback" not in terminal.shown


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(("none",), b'error: no session "none"'), (("last", "--at", "#999"), b'error: no frame "#999"')],
)
def test_what_is_not_there_is_told_before_the_screen_is_taken(watch, arguments, says):
    terminal = watch(*arguments)
    assert terminal.wait() == 2
    assert says in terminal.shown
    assert b"\x1b[?1049h" not in terminal.shown


def test_without_a_terminal_it_says_what_to_type_instead(run):
    done = run("watch", "last")
    assert done.exit_code == 2
    assert done.stderr.splitlines() == [
        "error: watch: it needs a terminal", "hint: recorder message list last, or --json",
    ]  # fmt: skip


def test_without_its_library_it_names_the_extra(run, monkeypatch):
    monkeypatch.setattr("recorder.cli.watch.is_terminal", lambda: True)
    monkeypatch.setitem(sys.modules, "textual", None)
    for name in [each for each in sys.modules if each.startswith(("textual.", "recorder.tui"))]:
        monkeypatch.delitem(sys.modules, name)
    done = run("watch", "last")
    assert done.exit_code == 2
    assert done.stderr.splitlines() == [
        "error: watch: the package textual is not installed", "hint: pip install 'ums-recorder[tui]'",
    ]  # fmt: skip
