"""A table as CSV, in which a spreadsheet finds nothing to run."""

from __future__ import annotations

import csv
import io

import pytest

from recorder.report.csv_text import csv_text


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n=", " =", "＝", "＋", "－", "＠"])
def test_a_text_that_would_be_run_gets_an_apostrophe(begin):
    ((cell,),) = list(csv.reader(io.StringIO(csv_text(("text",), [(f"{begin}1+1",)]), newline="")))[1:]
    assert cell == f"'{begin}1+1"


def test_other_values_are_as_they_were_and_short_rows_are_filled_up():
    written = csv_text(("a", "b", "c"), [(-1, 'say "hi", you', None), (0.5,)])
    assert list(csv.reader(io.StringIO(written))) == [
        ["a", "b", "c"], ["-1", 'say "hi", you', ""], ["0.5", "", ""],
    ]  # fmt: skip
