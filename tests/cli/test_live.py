"""A table whose receipts turn while this process records, below the remarks on it."""

from __future__ import annotations

import io
import sys
import threading

import pytest
from builders.following import HI, READ

from recorder.cli.live import LiveMessages
from recorder.clock import VirtualClock
from recorder.store.archive import Archive
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionOpened, RecordedFrame


class Terminal(io.StringIO):
    """A terminal whose drawing can be waited for."""

    encoding = "utf-8"

    def __init__(self):
        super().__init__()
        self._written = threading.Condition()

    def isatty(self):
        return True

    def write(self, text):
        with self._written:
            self._written.notify_all()
            return super().write(text)

    def wait_for(self, words):
        with self._written:
            assert self._written.wait_for(lambda: words in self.getvalue(), timeout=60), self.getvalue()


@pytest.fixture
def session(tmp_path):
    """An archive, and a session in it that is being recorded."""
    path = tmp_path / "x.db"
    with Archive.open(path, mode="write") as archive:
        sink = archive.begin_session(source="replay", started_at_us=0, clock=VirtualClock())
        sink([ConnectionOpened(1, None, 0, 0), RecordedFrame(1, 1, 0, Side.SERVICE, 1, 1, 1, True, 0, HI)])
        yield str(path), sink


def test_receipts_turn_on_a_terminal_and_remarks_stand_above(session, monkeypatch):
    archive, sink = session
    for name, value in {"TERM": "xterm", "COLUMNS": "70", "LINES": "24", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with LiveMessages(archive, quiet=False) as live:
        live("before")
        live.follow(sink.session)
        terminal.wait_for("✓  sent")
        live("a remark \x1b[2J")
        terminal.wait_for("a remark \\x1b[2J\n")
        sink([RecordedFrame(2, 1, 1, Side.SERVICE, 2, 2, 1, True, 0, READ)])
        terminal.wait_for("✓✓ read")
        sink.finish(0)
        live("at the end")
        live.end()
        assert "at the end\n" in terminal.getvalue()
        live("afterwards")
    assert terminal.getvalue().startswith("before\n")
    assert terminal.getvalue().endswith("\x1b[2Kafterwards\n"), "the table is taken away"


@pytest.mark.parametrize("quiet", [True, False])
def test_without_a_terminal_there_are_only_the_remarks(session, capsys, quiet):
    archive, sink = session
    with LiveMessages(archive, quiet=quiet) as live:
        live.follow(sink.session)
        live("a remark")
    assert capsys.readouterr().err == ("" if quiet else "a remark\n")
