"""One way to ask files and databases, as of one moment if need be."""

from __future__ import annotations

import pytest

from recorder.errors import ArchiveUnusable
from recorder.store.archive import Archive


def test_the_same_query_has_the_same_answer_from_both(where, begin, frames):
    """Parameters are marked alike, rows are tuples, and bytes are bytes."""
    with Archive.open(where, mode="write") as archive:
        begin(archive, session="s")([frames.opened, *frames.some(3)])
    with Archive.open(where, mode="read") as archive, archive.reader() as reader:
        query = "SELECT number, payload, violation FROM frame WHERE session_id = ? AND number < ? ORDER BY id"
        rows = reader.run(query, 1, 3)
        assert tuple(rows.fetchone()) == (1, b'{"frame":1}', None)
        assert [tuple(row) for row in rows] == [(2, b'{"frame":2}', None)]
        assert len(reader.run(query, 1, 9).fetchall()) == 3
        assert reader.value("SELECT count(*) FROM frame WHERE number > ?", 1) == 2
        with reader.one_state():
            streamed = reader.run(query, 1, 9, stream=True)
            assert [len(streamed.fetchmany(2)) for _ in range(3)] == [2, 1, 0]


def test_within_one_state_nothing_changes(where, begin, frames):
    """What others commit meanwhile is seen afterwards."""
    count = "SELECT count(*) FROM frame"
    with Archive.open(where, mode="write") as archive:
        intake = begin(archive, session="s")
        intake([frames.opened, *frames.some(3)])
        with Archive.open(where, mode="read") as beside, beside.reader() as reader:
            with reader.one_state():
                before = reader.value(count)
                intake([frames.one(4)])
                seen = reader.value(count)
            assert (before, reader.value(count)) == (3, 4)
            assert seen == 3 or reader.dialect == "postgresql"


def test_a_failure_within_one_state_ends_it(where, begin, frames):
    """The next query works."""
    with Archive.open(where, mode="write") as archive:
        begin(archive, session="s")([frames.opened, *frames.some(3)])
    with Archive.open(where, mode="read") as archive:
        with pytest.raises(ArchiveUnusable), archive.reader() as reader, reader.one_state():
            reader.run("SELECT nothing FROM frame")
        assert archive.find_session("s").frames == 3
