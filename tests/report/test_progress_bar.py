"""The line at the bottom of a terminal."""

from __future__ import annotations

import io

from recorder.report.progress_bar import ProgressBar


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_it_shows_how_far_something_is_and_what_is_printed_above_stays(monkeypatch):
    for name, value in {"TERM": "xterm", "COLUMNS": "80", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    stream = Terminal()
    bar = ProgressBar(stream, "reading [red]\x1b[2J")
    bar.show("storing", 0.25)
    bar.print_line("a remark \x1b[2J")
    bar.close()
    drawn = stream.getvalue()
    assert "reading [red]\\x1b[2J" in drawn
    assert "storing" in drawn
    assert " 25%" in drawn
    assert "a remark \\x1b[2J\n" in drawn
    assert drawn.endswith("\x1b[2K"), "the line is taken away"
