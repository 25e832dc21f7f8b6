"""Three files, and nothing in them that a spreadsheet would run."""

from __future__ import annotations

import csv
import io

import pytest

from recorder.report.load_csv import failures_csv, history_csv, stats_csv


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_the_statistics_have_a_row_for_each_metric(load_summary):
    read = {row["Name"]: row for row in rows(stats_csv(load_summary()))}
    assert list(read) == ["receipt_lateness", "answer", "users", "failures"]
    late = read["receipt_lateness"]
    assert [late[name] for name in ("Type", "Count", "Count/s", "50%", "99%", "99.9%", "100%")] == [
        "UMS", "9", "0.9", "0.5", "12.0", "14.0", "15.0",
    ]  # fmt: skip
    assert (read["users"]["Count"], read["users"]["50%"]) == ("3", "")


def test_the_history_has_a_row_for_each_moment_and_metric(load_sample):
    read = rows(history_csv([load_sample(1.0), load_sample(2.5)], began_us=1_700_000_000_000_000))
    assert [(row["Timestamp"], row["Name"]) for row in read] == [
        ("1700000001", "receipt_lateness"), ("1700000001", "answer"),
        ("1700000002", "receipt_lateness"), ("1700000002", "answer"),
    ]  # fmt: skip
    assert (read[0]["User Count"], read[0]["Total Passed"], read[0]["Messages/s"]) == ("3", "2", "40.0")


@pytest.mark.parametrize(
    ("says", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd", "'+cmd"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\rx", "'\rx"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),
        ("plain = text", "plain = text"),
        ('comma, "quote"\nand line', 'comma, "quote"\nand line'),
    ],
)
def test_a_text_is_text_for_whoever_opens_it(load_summary, load_failure, says, written):
    (row,) = rows(failures_csv(load_summary(failures=[load_failure(says)])))
    assert row == {"Type": "UMS", "Name": "2 say", "Error": written, "Occurrences": "1"}


def test_a_negative_number_stays_a_number(load_summary, load_duration):
    """An apostrophe before it would make it text."""
    (row, *_) = rows(stats_csv(load_summary(durations=[load_duration("answer", mean_ms=-1.5)])))
    assert row["Average"] == "-1.5"
