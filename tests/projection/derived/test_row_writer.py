"""Derived rows go in many at once, as they are, and the archive is as guarded afterwards as before."""

from __future__ import annotations

import math
import sqlite3
from contextlib import closing

import pytest

from recorder.clock import VirtualClock
from recorder.errors import StorageFailed
from recorder.projection.derived.row_writer import derived_rows
from recorder.store.archive import Archive
from recorder.store.tables import DERIVED, dialog, participant


@pytest.fixture
def archive(where):
    """SQLite and PostgreSQL, with an empty session of row number 1."""
    with Archive.open(where, mode="write") as opened:
        opened.begin_session(source="client", started_at_us=0, clock=VirtualClock()).finish(0)
        yield opened


def people(count):
    return [(1, f"p{number:05}", None, number % 2 == 0, number, None) for number in range(count)]


def write(archive, rows):
    with archive.writer() as writer, derived_rows(writer, 1) as derived, derived.in_bulk():
        derived.insert(participant, rows)


def all_of(archive, table):
    with archive.writer() as writer:
        return [tuple(row) for row in writer.connection.execute(table.select().order_by(*table.primary_key))]


def guards(archive):
    """Settings of an SQLite connection that a writer of derived rows changes."""
    with archive.reader() as reader:
        return [reader.value(f"PRAGMA {name}") for name in ("foreign_keys", "cache_size")]


@pytest.mark.parametrize("count", [0, 1, 39, 40, 41, 80, 123])
def test_any_number_of_rows_goes_in_as_it_is(archive, count):
    write(archive, people(count))
    assert all_of(archive, participant) == people(count)


def test_driver_values_are_stored_as_null_true_and_false(archive):
    with archive.writer() as writer, derived_rows(writer, 1) as rows:
        null, true, false, _ = rows.values
        rows.insert(participant, [(1, "a", null, true, 1, null), (1, "b", "CONSUMER", false, 2, "Ann")])
        rows.insert(participant, [(1, "c", null, null, 3, null)])
        assert [rows.values.boolean(value) for value in (None, True, False)] == [null, true, false]
    assert all_of(archive, participant) == [
        (1, "a", None, True, 1, None), (1, "b", "CONSUMER", False, 2, "Ann"), (1, "c", None, None, 3, None),
    ]  # fmt: skip


def test_rows_take_the_place_of_those_whose_key_begins_so(archive):
    with archive.writer() as writer, derived_rows(writer, 1) as rows:
        rows.insert(participant, people(3))
        rows.replace(participant, (1, "p00001"), [(1, "p00001", "MANAGER", None, 9, None)])
    assert [row[4] for row in all_of(archive, participant)] == [0, 9, 2]


def test_an_error_leaves_the_old_rows(archive):
    write(archive, people(50))
    with pytest.raises(StorageFailed):
        write(archive, [*people(45), (1, "p", None, None, None)])
    assert all_of(archive, participant) == people(50)


@pytest.mark.parametrize("fails", [False, True])
def test_a_file_is_as_guarded_afterwards_as_before(path, fails):
    """Rows of a session that is not there are refused again, whether it went well or not."""
    with Archive.open(path, mode="write") as archive:
        archive.begin_session(source="client", started_at_us=0, clock=VirtualClock()).finish(0)
        before = guards(archive)
        try:
            with archive.writer() as writer, derived_rows(writer, 1) as rows, rows.in_bulk():
                assert guards(archive) != before
                rows.insert(dialog, [(1, "d", None, None, None, None if fails else 1, 1, 0)])
        except StorageFailed:
            assert fails
        else:
            assert not fails
        assert guards(archive) == before
        assert before[0] == 1
        values = {"session_id": 7, "participant": "x", "first_frame": 1}
        with pytest.raises(StorageFailed), archive.writer() as writer:
            writer.connection.execute(participant.insert(), values)
        with archive.reader() as reader:
            indices = {name for (name,) in reader.run("SELECT name FROM sqlite_schema WHERE type = 'index'")}
            assert {index.name for table in DERIVED for index in table.indexes} <= indices


def test_sqlite_stores_a_nan_as_null(path):
    """What the marks rest on: documented by SQLite, and looked at here."""
    path.touch()
    with closing(sqlite3.connect(path)) as handle:
        handle.execute("CREATE TABLE t (a INTEGER, b TEXT)")
        handle.execute("INSERT INTO t VALUES (?, ?)", (math.nan, math.nan))
        assert handle.execute("SELECT typeof(a), typeof(b) FROM t").fetchall() == [("null", "null")]


def test_rows_of_other_sessions_stay(archive):
    archive.begin_session(source="client", started_at_us=0, clock=VirtualClock()).finish(0)
    for session_id in (1, 2):
        with archive.writer() as writer, derived_rows(writer, session_id) as rows, rows.in_bulk():
            rows.insert(participant, [(session_id, "a", None, None, 1, None)])
            basis = next(table for table in DERIVED if table.name == "projection")
            rows.insert(basis, [(session_id, 1, 0, 0, 0, False, None, False)])
    with archive.reader() as reader:
        assert reader.value("SELECT count(*) FROM participant") == 2
