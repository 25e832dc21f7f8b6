"""Pages on a terminal: wide tables become definitions, links between pages become commands."""

from __future__ import annotations

import io

from rich.console import Console

from recorder.report.markdown import MarkdownPage, without_comments

TABLE = """\
| word | kind | means |
|---|---|---|
| frame | noun | one RFC 6455 frame |
"""


def shown(text: str, width: int) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, color_system=None).print(MarkdownPage(text))
    return stream.getvalue()


def test_a_table_that_fits_stays_a_table():
    (line,) = [line for line in shown(TABLE, 60).splitlines() if "RFC" in line]
    assert line.split() == ["frame", "noun", "one", "RFC", "6455", "frame"]


def test_a_wider_table_becomes_a_list_of_definitions():
    lines = [line.rstrip() for line in shown(TABLE, 24).splitlines()]
    assert lines[lines.index("frame  noun") + 1] == "    one RFC 6455 frame"


def test_a_link_to_a_page_becomes_the_command_that_shows_it():
    text = shown("The rules are in [receipts](receipts.md), and [all words](glossary.md#code).", 100)
    assert "in recorder guide receipts, and all words (recorder guide glossary)." in text


def test_code_is_shown_as_it_is():
    assert shown("```console\n$ recorder guide\n```\n", 60).rstrip() == "  $ recorder guide"


def test_lines_that_are_comments_are_left_out():
    assert without_comments("a\n<!-- generated: rules -->\nb <!-- c -->\n") == "a\nb <!-- c -->\n"
