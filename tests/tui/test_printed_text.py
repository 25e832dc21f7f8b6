"""What commands print is printed again for a pane, at its width."""

from __future__ import annotations

import re

from recorder.report.checks import print_findings
from recorder.report.tables import print_line, print_table
from recorder.report.terminal import TerminalText
from recorder.tui.printed_text import PrintedText, sentence


def test_a_page_is_as_wide_as_its_pane(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    text = PrintedText(lambda stream: print_line(stream, "one two three four five six", indent="  "))
    text.resize(20)
    assert [text.line(index) for index in range(len(text))] == ["one two three four", "  five six"]
    text.resize(40)
    assert len(text) == 1


def test_findings_keep_to_the_pane_too():
    stream = TerminalText(columns=30)
    print_findings(stream, [])
    print_table(stream, ["A", "B+"], [["a" * 10, "b" * 60]])
    plain = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue()).splitlines()
    assert [line for line in plain if len(line) > 30] == []
    assert len(plain) == 4


def test_a_line_names_a_frame_or_belongs_to_one_that_does():
    page = "status\n#12 read\n    by you\nwarning: some\n  words (#7 #9)\n\x1b[1m#8\x1b[0m\n"
    text = PrintedText(lambda stream: stream.write(page))
    assert [text.frame_at(index) for index in range(len(text))] == [None, 12, 12, 7, 7, 8]
    assert text.searchable(5) == "#8"
    assert sentence("none").frame_at(0) is None
