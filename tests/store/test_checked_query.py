"""A row is looked at once, where it is read; what no recorder can have written is not handed on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from recorder.store.archive import Archive
from recorder.store.checked_query import CheckedQuery
from recorder.store.columns import CONNECTION, FRAME, SESSION
from recorder.store.db_errors import InvalidContent
from recorder.store.reader import Reader


@pytest.fixture
def reader(path: Path, begin: Any, frames: Any) -> Iterator[Reader]:
    """A connection that asks an archive of one session with five frames; others may write it meanwhile."""
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive, session="s")
        intake([frames.opened, *frames.some(5)])
    with Archive.open(path, mode="read") as archive, archive.reader() as asking:
        yield asking


def edit(path: Path, statement: str) -> None:
    """RowChange the file behind our back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as handle:
        handle.execute(statement)


def read_rows(reader: Reader, *columns: str) -> list[tuple[object, ...]]:
    """What these columns hold in every frame."""
    return [tuple(row) for row in CheckedQuery(FRAME, *columns).rows(reader, "ORDER BY id")]


def test_valid_rows_pass_the_check_unchanged(reader: Reader) -> None:
    """By the names of the columns; a number stays the number that is stored."""
    query = CheckedQuery(FRAME, "number", "payload", "fin", "violation")
    (row, *_) = query.rows(reader, "ORDER BY number")
    assert (row.number, row.payload, row.fin, row.violation) == (1, b'{"frame":1}', 1, None)
    assert type(row.fin) is int


def test_rows_before_the_one_that_is_refused_are_handed_on(reader: Reader, path: Path) -> None:
    """One by one: whoever asked may use them."""
    edit(path, "UPDATE frame SET sender = 2 WHERE number = 3")
    query = CheckedQuery(FRAME, "number", "sender")
    rows = query.rows(reader, "ORDER BY number")
    assert [next(rows).number, next(rows).number] == [1, 2]
    with pytest.raises(InvalidContent, match=r"^frame\.sender holds what it cannot$"):
        next(rows)


@pytest.mark.parametrize(
    ("value", "says"),
    [("'text'", "text"), ("5", "a number"), ("1.5", "a fraction")],
)
def test_the_error_names_column_and_type_and_never_the_content(
    reader: Reader, path: Path, value: str, says: str
) -> None:
    """For whoever looks for the damage."""
    edit(path, f"UPDATE frame SET payload = {value} WHERE number = 4")
    with pytest.raises(InvalidContent) as refused:
        read_rows(reader, "number", "payload")
    assert str(refused.value) == f"frame.payload holds {says}"


def test_a_combination_seen_before_does_not_hide_another(reader: Reader, path: Path) -> None:
    """Looks are spared for what recurs, and only for that; asking again looks again."""
    query = CheckedQuery(FRAME, "opcode", "fin")
    assert len(list(query.rows(reader))) == 5
    edit(path, "UPDATE frame SET opcode = 15, fin = 0 WHERE number = 5")
    assert len(list(query.rows(reader))) == 5
    edit(path, "UPDATE frame SET fin = 2 WHERE number = 5")
    with pytest.raises(InvalidContent, match=r"frame\.fin"):
        list(query.rows(reader))


@pytest.mark.parametrize("number", [0, -1])
def test_bounds_hold_for_every_row(reader: Reader, path: Path, number: int) -> None:
    """A frame's number is from 1."""
    edit(path, f"UPDATE frame SET number = {number} WHERE number = 5")
    with pytest.raises(InvalidContent, match=r"frame\.number"):
        read_rows(reader, "number")


def test_a_count_is_a_number_from_zero(reader: Reader, path: Path) -> None:
    """Whatever it is made of: here of what an end record says."""
    query = CheckedQuery(SESSION, "id", counts={"there": "coalesce(frames, 0)"})
    assert [tuple(row) for row in query.rows(reader)] == [(1, 0)]
    for wrong in ("'x'", "-1", "1.5"):
        edit(path, f"UPDATE session SET frames = {wrong}")
        with pytest.raises(InvalidContent, match="there"):
            list(query.rows(reader))


@pytest.mark.parametrize(
    ("headers", "fits"),
    [
        ("[]", True),
        ('[["a","b"],["a",""]]', True),
        ('[["\\ud800","\\u0000"]]', True),
        ("null", False),
        ('[["a","b","c"]]', False),
        ('[["a",null]]', False),
        ('{"a":"b"}', False),
        ('"ab"', False),
        ("", False),
        ("[" * 5000, False),
    ],
)
def test_headers_are_a_list_of_names_and_values(reader: Reader, path: Path, headers: str, fits: bool) -> None:
    """Texts both, whatever they say; where nothing is known there may be none."""
    query = CheckedQuery(CONNECTION, "request_headers")
    assert len(list(query.rows(reader))) == 1
    edit(path, f"UPDATE connection SET request_headers = '{headers}'")
    if fits:
        assert [row[0] for row in query.rows(reader)] == [headers]
    else:
        with pytest.raises(InvalidContent, match="request_headers"):
            list(query.rows(reader))
