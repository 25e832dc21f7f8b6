"""The tables explain themselves, and a later migration can get hold of every part of them."""

from __future__ import annotations

import ast
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Column, Table

from recorder.store import tables
from recorder.store.archive import Archive
from recorder.store.columns import FRAME_COLUMNS
from recorder.store.tables import DERIVED, connection, frame, metadata, session, setting

TABLES = (setting, session, connection, frame)
COLUMNS = [column for table in TABLES for column in table.columns]


@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_every_column_says_what_it_holds(column: Column[object]) -> None:
    """With its unit, its range or its meaning when empty."""
    assert column.comment


@pytest.mark.parametrize("column", [each for each in COLUMNS if each.name.endswith("_us")], ids=str)
def test_every_time_says_its_unit_and_has_64_bits(column: Column[object]) -> None:
    """Microseconds since 1970 need 51 of them."""
    assert "µs" in (column.comment or "") or "time of" in (column.comment or "")
    assert type(column.type).__name__ == "BigInteger"


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_every_constraint_and_index_has_a_name(table: Table) -> None:
    """One without could not be altered by a migration."""
    assert all(constraint.name for constraint in table.constraints)
    assert all(index.name for index in table.indexes)


def test_every_table_has_a_docstring() -> None:
    """Right below it, in the words of the glossary."""
    body = ast.parse(Path(tables.__file__).read_text()).body
    told = [
        node.targets[0].id
        for node, below in pairwise(body)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
    ]
    assert {table.name for table in TABLES} <= set(told)


def test_only_one_index_slows_the_writing_of_frames() -> None:
    """A second one would cost a tenth of the rate."""
    assert [index.name for index in frame.indexes] == ["uq_frame_session_id_number"]


def test_a_frame_is_written_with_everything_but_its_row_number() -> None:
    """In the order in which rows are made; the first two find it again after a commit that was in doubt."""
    assert ("id", *FRAME_COLUMNS) == tuple(frame.columns.keys())
    assert FRAME_COLUMNS[:2] == ("session_id", "number")


# --- derived -------------------------------------------------------------------------------------------

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
        plan = [row[3] for row in reader.run(f"EXPLAIN QUERY PLAN {question}")]
    assert plan
    assert all(step.startswith("SEARCH") for step in plan), plan
