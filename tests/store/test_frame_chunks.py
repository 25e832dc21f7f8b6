"""Frames are taken some at a time, all of them, and what no recorder can have written is told apart."""

from __future__ import annotations

import sqlite3

import pytest

from recorder.store import frame_chunks
from recorder.store.frame_chunks import fetch_chunk, frames_by_chunk, invalid_column
from recorder.store.statements import Statement

USUAL = (1, 1, 1_000, 1_000, 1, 1, 1, None, b"{}")


def changed(place, value):
    return (*USUAL[:place], value, *USUAL[place + 1 :])


@pytest.mark.parametrize(
    ("place", "value"),
    [
        *((place, "x") for place in range(7)),
        (0, 1 << 64),
        (0, None),
        (1, 1.5),
        (4, 2),
        (4, None),
        (5, 16),
        (6, -1),
        (7, 3),
        (8, "text"),
        (8, None),
    ],
)
def test_a_column_that_holds_what_no_recorder_writes_is_named(place, value):
    assert invalid_column([USUAL, changed(place, value), USUAL]) == place


@pytest.mark.parametrize(("place", "value"), [(2, None), (3, None), (7, "reserved bits")])
def test_null_times_and_violations_are_valid(place, value):
    assert invalid_column([USUAL, changed(place, value)]) is None
    assert invalid_column([]) is None


def test_a_chunk_is_about_so_many_bytes_and_the_next_goes_on_behind_it(monkeypatch):
    monkeypatch.setattr(frame_chunks, "CHUNK_BYTES", 300)
    with sqlite3.connect(":memory:") as handle:
        handle.execute("CREATE TABLE frame (number, payload)")
        handle.executemany("INSERT INTO frame VALUES (?, ?)", [(n, b"x" * 100) for n in range(1, 500)])
        taken = []

        def chunk_after(number):
            nothing = ", NULL" * 7
            told = handle.execute(
                f"SELECT number{nothing}, payload FROM frame WHERE number > ? ORDER BY number", (number,)
            )
            taken.append(fetch_chunk(told))
            return taken[-1]

        assert [row[0] for row in frames_by_chunk(chunk_after, 3)] == list(range(4, 500))
    handle.close()
    assert {len(chunk) for chunk in taken[:-2]} == {64}


def test_parameters_come_in_the_order_of_the_statement():
    assert Statement("", ("last", "session_id")).row({"session_id": 1, "after": 2, "last": 3}) == (3, 1)
