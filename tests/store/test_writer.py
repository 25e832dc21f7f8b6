"""A batch goes in whole or not at all, nobody who reads is in the way, and trying again has an end."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from recorder.clock import VirtualClock
from recorder.errors import StorageFailed
from recorder.store.archive import Archive
from recorder.store.batch import Batch, RowChange
from recorder.store.lock import read_note
from recorder.store.retry import RetryPolicy
from recorder.store.rows import SessionRows
from recorder.store.verify import verify
from recorder.store.writer import ArchiveWriter
from recorder.wire.records import ConnectionOpened

Begin = Callable[..., Any]


class Sleeper(VirtualClock):
    """A virtual clock that remembers until when it slept, and does something while it sleeps."""

    def __init__(self, meanwhile: Callable[[int], None] = lambda _: None) -> None:
        super().__init__()
        self.slept: list[float] = []
        self._meanwhile = meanwhile

    def sleep_until(self, when_s: float) -> None:
        super().sleep_until(when_s)
        self.slept.append(when_s)
        self._meanwhile(len(self.slept))


def writer_of(archive: Archive) -> ArchiveWriter:
    """What an archive that is open for writing writes with."""
    assert archive._writer is not None
    return archive._writer


def pages(archive: Archive, *, allowed: int | None = None) -> None:
    """Let the file hold so many pages, or no more than it has."""
    run = writer_of(archive).connection.exec_driver_sql
    limit = run("PRAGMA page_count").scalar_one() if allowed is None else allowed
    run(f"PRAGMA max_page_count={limit}")


def test_a_barrier_is_due_at_first_and_then_after_a_second(path: Path, frames: Any) -> None:
    """Whichever session made the last one."""
    clock = VirtualClock()
    clock.sleep_until(100.0)
    with Archive.open(path, mode="write") as archive:
        writer, rows = writer_of(archive), SessionRows("s", 1, None)
        assert writer.barrier_is_due(clock)
        writer.commit_barrier(Batch(), rows, retry=RetryPolicy(clock, 0))
        assert not writer.barrier_is_due(clock)
        clock.sleep_until(100.999)
        assert not writer.barrier_is_due(clock)
        clock.sleep_until(101.0)
        assert writer.barrier_is_due(clock)


def test_is_synced_is_false_while_frames_wait_for_a_barrier(path: Path, begin: Begin, frames: Any) -> None:
    """Frames count; what else is written does not need one of its own."""
    with Archive.open(path, mode="write") as archive:
        writer, intake = writer_of(archive), begin(archive)
        assert writer.is_synced
        intake(frames.some(1))
        assert writer.is_synced
        intake(frames.some(1, after=1))
        assert not writer.is_synced
        intake.barrier()
        assert writer.is_synced
        intake([frames.closed])
        assert writer.is_synced


def test_a_barrier_survives_a_power_cut_and_writes_only_of_what_moved(
    path: Path, begin: Begin, frames: Any
) -> None:
    """With a full sync, which what follows it does without; one row for each connection with new frames."""
    with Archive.open(path, mode="write") as archive:
        run = writer_of(archive).connection.exec_driver_sql
        handle = writer_of(archive).connection.connection.driver_connection
        assert isinstance(handle, sqlite3.Connection)
        intake = begin(archive)
        intake([frames.one(1), frames.one(2, connection=2, index=0)])
        intake([frames.one(3, connection=2, index=1)])
        assert run("PRAGMA synchronous").scalar_one() == 1
        before = handle.total_changes
        intake.barrier()
        assert handle.total_changes == before + 1
        assert run("PRAGMA synchronous").scalar_one() == 2


def test_a_barrier_marks_every_session_in_the_lock_file(path: Path, begin: Begin, frames: Any) -> None:
    """With how many frames of it are on disk for certain: all that were committed before."""
    with Archive.open(path, mode="write") as archive:
        one, two = begin(archive, session="one"), begin(archive, session="two")
        one(frames.some(1))
        one(frames.some(2, after=1))
        two(frames.some(5))
        assert read_note(path).marks == {"one": 1}
        two.barrier()
        assert read_note(path).marks == {"one": 3, "two": 5}


def test_a_session_that_ended_or_failed_is_written_by_nobody(path: Path, begin: Begin, frames: Any) -> None:
    """And later barriers leave it alone."""
    with Archive.open(path, mode="write") as archive:
        writer, ended, failed, goes_on = writer_of(archive), begin(archive), begin(archive), begin(archive)
        assert all(writer.is_writing(number) for number in (1, 2, 3))
        ended(frames.some(1))
        ended.finish(0)
        failed(frames.some(1))
        with pytest.raises(StorageFailed):
            failed(frames.some(1))
        assert [writer.is_writing(number) for number in (1, 2, 3)] == [False, False, True]
        goes_on(frames.some(2))
        goes_on.barrier()
        assert read_note(path).marks.keys() == {each.session for each in (ended, goes_on)}


@pytest.mark.parametrize(
    ("wait_s", "slept"),
    [
        pytest.param(0.0, [], id="no-wait"),
        pytest.param(0.1, [0.1], id="shorter-than-a-quarter"),
        pytest.param(0.6, [0.25, 0.5, 0.6], id="the-last-is-cut-short"),
        pytest.param(1.0, [0.25, 0.5, 0.75, 1.0], id="whole-quarters"),
    ],
)
def test_a_passing_failure_is_retried_every_quarter_second_until_the_wait_is_over(
    path: Path, begin: Begin, frames: Any, wait_s: float, slept: list[float]
) -> None:
    """By the clock it was given, and not a moment longer."""
    clock = Sleeper()
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive, clock=clock, storage_wait_s=wait_s)
        intake(frames.some(1))
        pages(archive)
        with pytest.raises(StorageFailed, match="the disk is full"):
            intake([frames.one(2, b"x" * 100_000)])
    assert clock.slept == pytest.approx(slept)


def test_waiting_for_a_full_disk_is_told_when_it_begins_and_when_it_ends(
    path: Path, begin: Begin, frames: Any
) -> None:
    """Once each, however often it is tried; and with how long it is waited, and what would help."""
    told: list[tuple[float, str]] = []
    clock = Sleeper(lambda times: pages(archive, allowed=1_000_000) if times == 3 else None)
    with Archive.open(path, mode="write", say=lambda says: told.append((clock.now_s(), says))) as archive:
        intake = begin(archive, clock=clock, storage_wait_s=2.0)
        pages(archive)
        intake([frames.one(1, b"x" * 100_000)])
    assert [(at_s, says.partition(str(path))[2]) for at_s, says in told] == [
        (
            0.0,
            ": the disk is full; trying again for 2 s, and receiving nothing meanwhile;"
            " free some space, or record to another disk with --archive",
        ),
        (0.75, " can be written again; nothing was lost in 0.8 s"),
    ]


def test_after_a_vain_wait_failures_are_not_retried_until_a_write_works(
    path: Path, begin: Begin, frames: Any
) -> None:
    """A thousand sessions to end on one full disk: the first waits, all others are told at once."""
    clock = Sleeper()
    with Archive.open(path, mode="write") as archive:
        first, second, third = (begin(archive, clock=clock, storage_wait_s=2.0) for _ in range(3))
        pages(archive)
        for each, sleeps in ((first, 8), (second, 0)):
            clock.slept.clear()
            with pytest.raises(StorageFailed, match="the disk is full"):
                each([frames.one(1, b"x" * 100_000)])
            assert len(clock.slept) == sleeps
        pages(archive, allowed=1_000_000)
        third(frames.some(1))
        pages(archive)
        clock.slept.clear()
        with pytest.raises(StorageFailed, match="the disk is full"):
            third([frames.one(2, b"x" * 100_000)])
        assert len(clock.slept) == 8


def test_a_permanent_failure_is_not_retried(path: Path, begin: Begin, frames: Any) -> None:
    """A frame told twice stays told twice."""
    clock = Sleeper()
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive, clock=clock)
        intake(frames.some(1))
        with pytest.raises(StorageFailed):
            intake(frames.some(1))
    assert clock.slept == []


def test_another_program_may_let_go_in_time(path: Path, begin: Begin, frames: Any) -> None:
    """Then nothing is lost, and nothing is written twice."""

    def lets_go(time: int) -> None:
        if time == 2:
            other.execute("COMMIT")

    clock = Sleeper(lets_go)
    with (
        Archive.open(path, mode="write") as archive,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        intake = begin(archive, clock=clock)
        intake(frames.some(1))
        writer_of(archive).connection.exec_driver_sql("PRAGMA busy_timeout=1")
        for records in (frames.some(3, after=1), [ConnectionOpened(2, None, None, None)], [frames.closed]):
            clock.slept.clear()
            other.execute("BEGIN IMMEDIATE")
            intake(records)
            assert len(clock.slept) == 2
        intake.finish(0)
        assert list(archive.frames(intake.session)) == frames.some(4)
        assert [each.how for each in archive.connections(intake.session)] == ["closed", None]


@pytest.mark.parametrize("held", ["between-two-chunks", "in-a-transaction"])
def test_a_reader_is_never_in_the_way_of_the_writer(path: Path, begin: Begin, frames: Any, held: str) -> None:
    """However it stands there: the writer does not wait for anybody, and commits."""
    clock = Sleeper()
    with Archive.open(path, mode="write") as archive:
        writer_of(archive).connection.exec_driver_sql("PRAGMA busy_timeout=0")
        intake = begin(archive, clock=clock, storage_wait_s=0.0)
        intake(frames.some(300))
        with Archive.open(path, mode="read") as beside:
            reading = beside.frames(intake.session)
            next(reading)
            if held == "in-a-transaction":
                beside._reader.run("BEGIN")
                beside.sessions()
            for number in range(301, 400):
                intake([frames.one(number)])
            intake.barrier()
            intake([frames.one(400), frames.closed])
            intake.finish(0)
            assert len(list(reading)) == (299 if held == "in-a-transaction" else 399)
            if held == "in-a-transaction":
                beside._reader.run("COMMIT")
        assert verify(archive)[0].state == "complete"
    assert clock.slept == []


def test_a_reader_that_waits_between_chunks_holds_no_transaction(
    path: Path, begin: Begin, frames: Any
) -> None:
    """The write-ahead log can be emptied meanwhile, and does not grow for as long as somebody reads."""
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive)
        intake(frames.some(300))
        with Archive.open(path, mode="read") as beside:
            next(beside.frames(intake.session))
            files = writer_of(archive).files
            assert files is not None
            assert files.empty_log()
            assert path.with_name("x.db-wal").stat().st_size == 0


def test_a_file_that_was_replaced_by_another_is_noticed(path: Path, begin: Begin, frames: Any) -> None:
    """One of the same name and content is not the same file."""
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive)
        intake(frames.some(1))
        shutil.copy(path, path.with_name("copy"))
        path.with_name("copy").replace(path)
        with pytest.raises(StorageFailed, match="another file was put in its place"):
            intake.barrier()


def test_changes_are_made_in_order_whatever_their_shape(path: Path, begin: Begin) -> None:
    """Of two to one row the later stands; those alike are sent together."""
    with Archive.open(path, mode="write") as archive:
        begin(archive)
        begin(archive)

        def change(number: int, **values: object) -> RowChange:
            return RowChange("session", {"id": number}, values)

        changes = [
            change(1, name="a"),
            change(2, name="b"),
            change(1, name="c"),
            change(1, name="d", detail="e"),
            change(2, detail="f"),
        ]
        retry = RetryPolicy(VirtualClock(), 0)
        writer_of(archive).commit(Batch(changes=changes), SessionRows("s", 1, None), full=False, retry=retry)
        assert [(each.name, each.detail) for each in archive.sessions()] == [("d", "e"), ("b", "f")]


@pytest.mark.parametrize("what", ["one-frame", "several", "a-barrier", "the-end"])
def test_recording_into_a_closed_archive_is_a_storage_failure(
    where: str, begin: Begin, frames: Any, what: str
) -> None:
    """Not something a caller has to know about databases to catch."""
    archive = Archive.open(where, mode="write")
    intake = begin(archive, storage_wait_s=0.0)
    intake(frames.some(1))
    archive.close()
    late: dict[str, Callable[[], object]] = {
        "one-frame": lambda: intake(frames.some(1, after=1)),
        "several": lambda: intake(frames.some(3, after=1)),
        "a-barrier": intake.barrier,
        "the-end": lambda: intake.finish(0),
    }
    with pytest.raises(StorageFailed):
        late[what]()


def test_closing_after_a_storage_failure_raises_nothing_else(path: Path, begin: Begin, frames: Any) -> None:
    """On a full disk, with frames only in the write-ahead log; all that was acknowledged is there."""
    archive = Archive.open(path, mode="write")
    intake = begin(archive, session="s", storage_wait_s=0.0)
    intake(frames.some(3))
    pages(archive)
    with pytest.raises(StorageFailed, match="the disk is full"):
        intake([frames.one(4, b"x" * 100_000)])
    archive.close()
    archive.close()
    with Archive.open(path, mode="write") as archive:
        assert list(archive.frames("s")) == frames.some(3)
        assert [verdict.state for verdict in verify(archive)] == ["interrupted"]


LIMITED = """
import os, resource, signal, sys
from pathlib import Path
from recorder.clock import VirtualClock
from recorder.errors import StorageFailed
from recorder.store.archive import Archive
from recorder.store.intake import IntakeOptions
from recorder.wire.frames import Side
from recorder.wire.records import RecordedFrame
path = Path(sys.argv[1])
archive = Archive.open(path, mode="write")
intake = archive.begin_session(
    source="client", started_at_us=0, clock=VirtualClock(), session="s",
    options=IntakeOptions(keep_secrets=True, storage_wait_s=0.0),
)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
# Nothing can grow any more, and the write-ahead log cannot go into the file.
limit = path.stat().st_size
stored = 0
try:
    for n in range(1, 1000):
        intake([RecordedFrame(n, 1, n - 1, Side.CLIENT, n, n, 1, True, 0, b"x" * 1000, b"h")])
        stored = n
        if n == 100:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
except StorageFailed:
    print(stored)
archive.close()
"""


def test_closing_where_the_log_cannot_go_into_the_file_raises_nothing(path: Path) -> None:
    """The log stays, and the next to open the archive finds every frame in it."""
    ran = subprocess.run([sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("100\n", "")
    assert path.with_name("x.db-wal").stat().st_size > 0
    with Archive.open(path, mode="read") as archive:
        (verdict,) = verify(archive)
    assert (verdict.state, verdict.frames) == ("interrupted", 100)
