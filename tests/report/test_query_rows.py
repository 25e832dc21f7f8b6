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
    assert out.getvalue() == "a+b        /x\n\\x1b[2J  null\n           3\n".replace(
        "a+b        /x", "a+b      /x"
    ).replace("           3", "         3")
