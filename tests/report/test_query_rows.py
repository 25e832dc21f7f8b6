"""The rows of a query keep their values in every form."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import orjson

from recorder.report.query_rows import print_query_csv, print_query_table, query_json

COLUMNS = ("a+b", "n", "n")
ROWS = [
    ('=1+1, "quoted"\r\nline', None, b"\x00\xff"),
    (Decimal("2.0"), Decimal(7), float("inf")),
    (True, 1.5, ["list"]),
]


def test_csv_reads_back_as_it_was():
    out = io.StringIO(newline="")
    print_query_csv(out, COLUMNS, ROWS)
    assert out.getvalue().splitlines(keepends=True)[0] == "a+b,n,n\r\n"
    assert list(csv.reader(io.StringIO(out.getvalue(), newline=""))) == [
        ["a+b", "n", "n"],
        ['=1+1, "quoted"\r\nline', "", "0x00ff"],
        ["2.0", "7", "inf"],
        ["True", "1.5", "['list']"],
    ]


def test_json_has_every_column_once():
    lines = [orjson.loads(orjson.dumps(each)) for each in query_json(COLUMNS, ROWS)]
    assert lines[0] == {"a+b": '=1+1, "quoted"\r\nline', "n": None, "n_3": "0x00ff"}
    assert lines[1] == {"a+b": 2.0, "n": 7, "n_3": "inf"}


def test_a_table_shows_null_and_acts_on_no_terminal():
    out = io.StringIO()
    print_query_table(out, ("a+b", "/x"), [("\x1b[2J", None), ("", 3)])
    assert out.getvalue() == "a+b        /x\n\\x1b[2J  null\n            3\n"


def test_numbers_of_a_table_stand_on_the_right_and_bytes_that_are_text_are_text():
    out = io.StringIO()
    print_query_table(out, ("n", "b", "flag"), [(None, b'{"a":1}', True), (12_345, b"\x00\xff", False)])
    assert out.getvalue().splitlines() == [
        "    n  b        flag",
        ' null  {"a":1}  True',
        "12345  0x00ff   False",
    ]


def test_a_heading_acts_on_no_terminal_and_no_column_is_lost():
    out = io.StringIO()
    print_query_table(out, ("\x1b[2J",), [(1,)])
    assert out.getvalue() == "\\x1b[2J\n      1\n"
    assert list(query_json(("a", "a", "a_2"), [(1, 2, 3)])) == [{"a": 1, "a_2_2": 2, "a_2": 3}]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_csv_is_escaped_on_a_terminal_alone():
    out = Terminal(newline="")
    print_query_csv(out, ("\x1b]0;x\x07",), [("\x9b31m",), (7,)])
    assert out.getvalue() == "\\x1b]0;x\\x07\r\n\\x9b31m\r\n7\r\n"


def test_a_column_that_had_another_name_stands_under_both():
    lines = list(query_json(["delay_s", "x"], [(2.5, 1)], {"delay_s": "seconds", "gone": "old"}))
    assert lines == [{"delay_s": 2.5, "x": 1, "seconds": 2.5}]
