"""Rows to look through are the same from the derived tables and from the frames."""

from __future__ import annotations

import pytest
from builders.conversations import record_conversation

from recorder.errors import ArchiveUnusable
from recorder.projection.derived.searchable import searchable_rows
from recorder.store.archive import Archive

TEXTS = ["one", "zwei \u0000 \ufffd", "三"]


def listed(archive):
    rows = searchable_rows(archive, archive.find_session("last"))
    return [sorted(map(repr, each)) for each in rows]


def test_rows_of_tables_and_of_frames_are_one(where):
    with Archive.open(where, mode="write") as archive:
        record_conversation(archive, 0, TEXTS)
        stored = listed(archive)
        with archive.writer() as writer:
            writer.connection.exec_driver_sql("DELETE FROM projection")
        folded = listed(archive)
    assert [each.replace("True", "1").replace("False", "0") for some in stored for each in some] == [
        each.replace("True", "1").replace("False", "0") for some in folded for each in some
    ]
    assert any("zwei \\x00 \ufffd" in each for each in stored[3])
    assert [len(some) for some in stored[:4]] == [1, 2, 1, 3]


def test_a_row_that_no_recorder_writes_is_damage(path):
    with Archive.open(path, mode="write") as archive:
        record_conversation(archive, 0, TEXTS)
        with archive.writer() as writer:
            writer.connection.exec_driver_sql("UPDATE message SET author = x'00' WHERE place = 1")
        with pytest.raises(ArchiveUnusable, match="another type"):
            listed(archive)
