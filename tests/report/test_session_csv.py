"""A row for each receipt."""

from __future__ import annotations

import csv
import io

from recorder.report.session_csv import messages_csv


def rows(view):
    return list(csv.DictReader(io.StringIO(messages_csv(view))))


def test_every_receipt_is_a_row_with_its_frame_and_delay(view_of):
    read = rows(view_of("browser.har"))
    assert [(row["sequence"], row["author"], row["receipt"], row["receipt_by"]) for row in read] == [
        ("0", "you", "ACCEPT", "agent"),
        ("2", "agent", "ACCEPT", "you"),
        ("2", "agent", "READ", "you"),
        ("4", "agent", "ACCEPT", "you"),
    ]
    assert [read[2][name] for name in ("status", "receipt_frame", "after_s", "after_clock")] == [
        "read", "23", "0.308", "server",
    ]  # fmt: skip
    assert read[0]["text"] == "Is anything new?"


def test_without_names_and_texts_there_is_neither(view_of):
    whole, left = rows(view_of("browser.har")), rows(view_of("browser.har", redact="text,names"))
    assert {row["author_id"] for row in left} == {row["receipt_by_id"] for row in left} == {""}
    assert [row["author"] for row in left] == [row["author"] for row in whole]
    assert left[0]["text"] == "text of 16 characters"
    for name in ("author_id", "text"):
        for row in whole:
            assert row[name] not in str(left)
