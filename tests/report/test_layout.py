"""How a column says what may become of it; what it does on a page is told in test_tables."""

from __future__ import annotations

import pytest

from recorder.report.cells import Cell
from recorder.report.layout import READABLE, Column, Layout, measured


@pytest.mark.parametrize(
    ("specification", "column"),
    [
        ("NAME", Column("NAME")),
        (">NAME", Column("NAME", right=True)),
        ("NAME+", Column("NAME", READABLE)),
        ("NAME+30", Column("NAME", 30)),
        ("NAME~30", Column("NAME", 30, whole=True)),
        ("/SENT (UTC)", Column("SENT (UTC)", folds=True)),
        ("/>N+5", Column("N", 5, right=True, folds=True)),
    ],
)
def test_a_column_is_read_from_its_specification(specification, column):
    assert Column.read(specification) == column


def test_a_measured_row_knows_its_widths_and_styles():
    assert measured(("a", "日本")) == (["a", "日本"], [1, 4], (), False)
    assert measured((Cell("a", "red"), "b")) == (["a", "b"], [1, 1], ["red", ""], True)
    assert measured(("日",), "ascii").texts == ["\\u65e5"]


def test_colours_do_not_count_as_columns():
    layout = Layout([Column("A"), Column("B")], 80, colour=True)
    row = measured((Cell("x", "red"), "y"))
    layout.make_room(row)
    assert layout.text(row) == "\x1b[31mx\x1b[0m  y\n"


@pytest.mark.parametrize("room", [20, 40, 60])
def test_however_many_columns_there_are_no_line_is_wider_than_the_page(room):
    columns = [Column(f"COLUMN{number}") for number in range(9)]
    layout = Layout(columns, room, folds=True)
    row = measured(["x" * (7 * number + 1) for number in range(9)])
    layout.make_room(row)
    for lines in (layout.headings(), layout.text(row)):
        assert max(map(len, lines.splitlines())) <= room


def test_what_a_program_reads_keeps_its_whole_columns():
    row = measured(("x" * 50, "y" * 50))
    for folds, cut in ((False, ["x" * 16 + "…", "y" * 50]), (True, ["x" * 18 + "…", "y" * 19 + "…"])):
        layout = Layout([Column.read("A+17"), Column.read("B~17")], 41, folds=folds)
        layout.make_room(row)
        assert layout.text(row).split() == cut


def test_a_narrow_column_leaves_the_others_what_they_need():
    columns = [Column.read(each) for each in ("A+17", "B+24", "C+30")]
    layout = Layout(columns, 77, folds=True)
    row = measured(("a" * 18, "b" * 28, "c" * 99))
    layout.make_room(row)
    assert len(layout.text(row).rstrip("\n")) == 77
