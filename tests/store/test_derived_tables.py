"""The derived tables say what they hold, and answer the obvious questions from an index."""

from __future__ import annotations

import pytest

from recorder.store.archive import Archive
from recorder.store.derived_tables import DERIVED, metadata

QUESTIONS = [
    "SELECT * FROM message WHERE session_id = 1 AND dialog = 'd'",
    "SELECT * FROM message WHERE session_id = 1 AND sent_frame = 7",
    "SELECT * FROM receipt WHERE session_id = 1 AND dialog = 'd' AND sequence = 3",
    "SELECT * FROM request WHERE session_id = 1 AND code >= 400",
    "SELECT * FROM request WHERE session_id = 1 AND frame = 7",
]


@pytest.mark.parametrize("table", DERIVED, ids=lambda table: table.name)
def test_every_column_is_commented_and_goes_with_its_session(table):
    assert metadata.tables[table.name] is table
    assert all(column.comment for column in table.columns)
    (key,) = table.c.session_id.foreign_keys
    assert (key.target_fullname, key.ondelete) == ("session.id", "CASCADE")


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_obvious_questions_need_no_scan(path, question):
    with Archive.open(path, mode="write") as archive, archive.reader() as reader:
        plan = [row[3] for row in reader.exec_driver_sql(f"EXPLAIN QUERY PLAN {question}")]
    assert plan
    assert all(step.startswith("SEARCH") for step in plan), plan
