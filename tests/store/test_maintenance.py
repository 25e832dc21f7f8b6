"""The archive as a thing of its own: what it is, what died in it, and what is gone from it for good."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from recorder.errors import NotFound
from recorder.store import maintenance
from recorder.store.archive import Archive
from recorder.store.verify import verify

Begin = Callable[..., Any]


def harm(path: Path, statements: str) -> None:
    """RowChange the file behind our back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as handle:
        handle.executescript(statements)


def test_marked_frames_that_are_missing_are_reported_lost(where: str, begin: Begin, frames: Any) -> None:
    """Fewer frames than were certainly on disk, by how many; more is as it should be."""
    with Archive.open(where, mode="write") as archive:
        begin(archive, session="short")(frames.some(5))
        begin(archive, session="whole")(frames.some(5))
        begin(archive, session="empty")
        with archive.reader() as connection:
            marks = {"short": 8, "whole": 5, "empty": 1, "gone": 3, "more": 0, "a\x00": 2}
            assert maintenance.lost_frames(connection, marks) == {
                "short": 3,
                "empty": 1,
                "gone": 3,
                "a\x00": 2,
            }
            assert maintenance.lost_frames(connection, {"whole": 4}) == {}


def test_the_dead_are_noted_and_the_living_left_alone(where: str, begin: Begin, frames: Any) -> None:
    """Each once, with how many frames are kept; one that has its end is nobody's business."""
    with Archive.open(where, mode="write") as archive:
        dead, alive, ended = begin(archive, session="dead"), begin(archive, session="alive"), begin(archive)
        dead([frames.opened, *frames.some(6)])
        alive(frames.some(2))
        ended.finish(0)
        with archive.writer() as writer:
            noted = list(maintenance.note_interrupted(writer, lambda number: number == 2))
            again = list(maintenance.note_interrupted(writer, lambda number: number == 2))
        states = {each.session: each.state for each in archive.sessions()}
    assert noted == ["session dead has no end record (its recorder died); frames kept: 6"]
    assert again == []
    assert (states["dead"], states["alive"], states[ended.session]) == (
        "interrupted",
        "recording",
        "complete",
    )


def test_deleting_takes_the_frames_and_connections_of_one_session_only(
    where: str, begin: Begin, frames: Any
) -> None:
    """Also where the database would not do it by itself."""
    with Archive.open(where, mode="write") as archive:
        for session in ("a", "b"):
            intake = begin(archive, session=session)
            intake([frames.opened, *frames.some(4)])
            intake.finish(0)
        with archive.writer() as writer:
            if where.endswith(".db"):
                writer.connection.exec_driver_sql("PRAGMA foreign_keys=0")
            maintenance.delete_session(writer.connection, writer.reader, 1, writer.begin)
        with archive.reader() as connection:
            count = "SELECT (SELECT count(*) FROM frame), (SELECT count(*) FROM connection)"
            assert connection.run(count).fetchone() == (4, 1)
        with Archive.open(where, mode="read") as beside:
            with pytest.raises(NotFound):
                beside.find_session("a")
            assert list(beside.frames("b")) == frames.some(4)


def test_a_deletion_that_fails_halfway_deletes_nothing(path: Path, begin: Begin, frames: Any) -> None:
    """The session is whole afterwards, and the archive goes on."""
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive, session="s")
        intake([frames.opened, *frames.some(4)])
        intake.finish(0)
    trigger = "CREATE TRIGGER no BEFORE DELETE ON session BEGIN SELECT RAISE(ABORT, 'no'); END"
    harm(path, trigger)
    with Archive.open(path, mode="write") as archive:
        with pytest.raises(Exception, match="cannot write"):
            archive.delete_session("s")
        assert [verdict.state for verdict in verify(archive)] == ["complete"]
        begin(archive)(frames.some(1))


def test_the_log_is_emptied_unless_somebody_reads_in_it(path: Path, begin: Begin, frames: Any) -> None:
    """A database has none; neither has an archive that is closed."""
    log = path.with_name("x.db-wal")
    with Archive.open(path, mode="write") as archive:
        begin(archive)(frames.some(3))
        with archive.reader() as connection:
            connection.run("PRAGMA busy_timeout=1")
        with Archive.open(path, mode="read") as beside:
            with beside.reader() as reading:
                reading.run("BEGIN")
            beside.sessions()
            begin(archive)(frames.some(3))
            assert not archive._writer.files.empty_log()
            assert log.stat().st_size > 0
        assert archive._writer.files.empty_log()
        assert log.stat().st_size == 0
