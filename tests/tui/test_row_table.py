"""Rows are made when they are looked at, and are found by their words."""

from __future__ import annotations

import pytest

from recorder.report.cells import Cell
from recorder.tui.row_table import RowTable, found_in


def table(*items, needs=None):
    made = RowTable(
        (">N", "WHO", "TEXT+8"), lambda item: item if isinstance(item, str) else list(item), needs or {}
    )
    made.items = items
    made.resize(20)
    return made


def test_only_rows_that_are_shown_are_made():
    asked = []

    def row(item):
        asked.append(item)
        return [str(item)]

    made = RowTable((">N",), row)
    made.items = range(100_000)
    made.resize(10)
    made.prepare(99_990, 100_000)
    assert made.line(99_999) == "99999"
    assert asked == [*range(99_990, 100_000), 99_999]


def test_columns_grow_with_the_rows_that_come_into_sight():
    made = table(("1", "me", "hi"), ("22222", "you", "hello"))
    assert made.prepare(0, 1)
    assert made.line(0) == "1  me   hi"
    assert made.prepare(1, 2)
    assert made.line(0) == "    1  me   hi"
    assert not made.prepare(0, 2)


def test_a_text_is_cut_escaped_and_drawn_in_its_style_and_a_line_goes_across():
    made = table("dialog \x1b[31m" + 20 * "x", ("1", Cell("✓✓", "orange"), "long " * 9))
    made.prepare(0, 2)
    assert made.line(0) == "dialog \\x1b[31mxxxx…"
    assert made.line(1) == "1  \x1b[38;5;208m✓✓ \x1b[0m  long long l…"


def test_columns_without_room_are_left_out_but_searched():
    made = table(("1", "me", "hi"), needs={1: 30})
    made.prepare(0, 1)
    assert made.line(0) == "1  hi"
    assert made.searchable(0) == "1 me hi"


@pytest.mark.parametrize(
    ("text", "after", "backwards", "found"),
    [("B", 0, False, 1), ("b", 1, False, 3), ("b", 3, False, 1), ("b", 3, True, 1), ("x", 0, False, None)],
)
def test_a_search_goes_on_at_the_other_end(text, after, backwards, found):
    assert found_in(table("a", "b", "c", "bb"), text, after, backwards=backwards) == found
