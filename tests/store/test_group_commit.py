"""Many sessions, one transaction; and every promise of a single intake kept."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys

import pytest

from recorder.clock import VirtualClock
from recorder.errors import StorageFailed
from recorder.store.archive import Archive
from recorder.store.group_commit import IDLE_S
from recorder.store.verify import verify


def committed(path) -> int:
    with sqlite3.connect(path) as other:
        return other.execute("SELECT count(*) FROM frame").fetchone()[0]


def test_records_are_visible_to_others_only_after_commit(path, begin, frames, clock):
    """Three sessions hand in; nothing shows; then all of it does, at once."""
    with Archive.open(path, mode="write") as archive:
        group_commit = archive.group_commit(clock=clock)
        intakes = [begin(archive) for _ in range(3)]
        sinks = [group_commit.sink(intake) for intake in intakes]
        group_commit.begin()
        for sink in sinks:
            sink(frames.some(2))
        assert committed(path) == 0
        group_commit.commit()
        assert committed(path) == 6
        assert [intake.frames for intake in intakes] == [2, 2, 2]


def test_outside_a_hold_every_call_is_committed_when_it_returns(path, begin, frames, clock):
    """The same sink, not held: as an intake alone."""
    with Archive.open(path, mode="write") as archive:
        sink = archive.group_commit(clock=clock).sink(begin(archive))
        sink(frames.some(1))
        assert committed(path) == 1


def test_a_session_that_hands_in_twice_keeps_its_order_and_its_digest(where, begin, frames, clock):
    """Two batches of one session and one of another in between: verified like any other."""
    with Archive.open(where, mode="write") as archive:
        group_commit = archive.group_commit(clock=clock)
        one, other = begin(archive), begin(archive)
        first, second = group_commit.sink(one), group_commit.sink(other)
        group_commit.begin()
        first([frames.opened, *frames.some(2)])
        second([frames.opened, *frames.some(3)])
        first(frames.some(2, after=2))
        group_commit.commit()
        for intake in (one, other):
            group_commit.finish(intake, 1_700_000_001_000_000)
        group_commit.close()
        assert [info.frames for info in archive.sessions()] == [4, 3]
        assert [info.state for info in archive.sessions()] == ["complete", "complete"]
    with Archive.open(where, mode="read") as archive:
        assert [(verdict.state, verdict.problems) for verdict in verify(archive)] == [("complete", ())] * 2


def test_a_session_ended_in_a_group_commit_takes_nothing_more(path, begin, frames, clock):
    """Its end record is written, even if no barrier has come yet."""
    with Archive.open(path, mode="write") as archive:
        group_commit = archive.group_commit(clock=clock)
        intake = begin(archive)
        sink = group_commit.sink(intake)
        group_commit.finish(intake, None)
        group_commit.finish(intake, None)
        with pytest.raises(StorageFailed, match="end record already"):
            sink(frames.some(1))


def test_a_commit_that_fails_fails_every_session_in_it_and_no_other(path, begin, frames):
    """A full disk: those who handed in can go no further; who handed nothing in still can."""
    clock = VirtualClock()
    with Archive.open(path, mode="write") as archive:
        group_commit = archive.group_commit(clock=clock, storage_wait_s=0)
        hit, spared = begin(archive), begin(archive)
        sink = group_commit.sink(hit)
        handle = archive._reader.handle
        (pages,) = handle.execute("PRAGMA page_count").fetchone()
        handle.execute(f"PRAGMA max_page_count={pages}")
        group_commit.begin()
        sink([frames.one(1, b"x" * 100_000)])
        with pytest.raises(StorageFailed):
            group_commit.commit()
        with pytest.raises(StorageFailed):
            sink(frames.some(1))
        handle.execute("PRAGMA max_page_count=1073741823")
        spared(frames.some(1))
        assert committed(path) == 1


@pytest.fixture
def settling(path, begin, frames, clock):
    """A session with one frame, behind its first barrier; and a second frame, a second later."""
    with Archive.open(path, mode="write") as archive:
        group_commit = archive.group_commit(clock=clock)
        intake = begin(archive)
        sink = group_commit.sink(intake)
        sink(frames.some(1))
        group_commit.use_idle_time()
        sink(frames.some(1, after=1))
        yield archive, group_commit, intake


def test_there_is_a_barrier_once_a_second_and_not_more_often(settling):
    """The lock file's marks say how far a session is on disk for certain."""
    archive, group_commit, intake = settling
    group_commit.use_idle_time()
    assert archive.marks()[intake.session] == 1


def test_the_barrier_that_a_thread_waits_for_is_noted_once_it_is_through(settling, clock):
    archive, group_commit, intake = settling
    clock.sleep_until(1.5)
    group_commit.use_idle_time()
    group_commit.close()
    assert archive.marks()[intake.session] == 2


def barrier_at(settling, clock, when_s: float, spare_s: float) -> int:
    """How many frames a barrier covers, if it is told at that time of so much time to spare."""
    archive, group_commit, intake = settling
    clock.sleep_until(when_s)
    group_commit.use_idle_time(spare_s)
    syncing = group_commit._syncing
    if syncing is not None:
        syncing.result()
        group_commit.use_idle_time(0.0)
    return archive.marks()[intake.session]


@pytest.mark.parametrize(
    ("when_s", "spare_s", "covers"),
    [
        pytest.param(0.9, IDLE_S, 1, id="time to spare, but not due"),
        pytest.param(1.5, IDLE_S, 2, id="due, and time to spare"),
        pytest.param(1.5, IDLE_S / 2, 1, id="due, but somebody would be held up"),
        pytest.param(1.5, -1.0, 1, id="due, but somebody is late already"),
        pytest.param(2.5, -1.0, 2, id="it cannot wait any longer"),
    ],
)
def test_a_barrier_waits_for_a_lull_for_a_second_at_most(settling, clock, when_s, spare_s, covers):
    assert barrier_at(settling, clock, when_s, spare_s) == covers


def test_the_log_goes_into_the_file_in_a_lull_after_the_barrier(settling, clock, path, frames):
    """SQLite would do it in the middle of a commit, here of 1 250 pages."""
    _, group_commit, intake = settling
    before = path.read_bytes()
    group_commit.sink(intake)([frames.one(3, b"x" * 5_000_000)])
    assert barrier_at(settling, clock, 1.5, IDLE_S) == 3
    assert path.read_bytes() == before
    group_commit.use_idle_time(IDLE_S / 2)
    assert path.read_bytes() == before
    group_commit.use_idle_time(IDLE_S)
    assert path.read_bytes() != before


def test_a_log_that_cannot_be_brought_to_disk_is_told(settling, clock, monkeypatch):
    """The disk has not taken it, and nobody may think so."""
    archive, group_commit, intake = settling

    def fails(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    clock.sleep_until(1.5)
    group_commit.use_idle_time()
    with pytest.raises(StorageFailed, match="could not be brought to disk"):
        group_commit.close()
    assert archive.marks()[intake.session] == 1


def test_a_log_that_was_moved_away_is_told(settling, clock, path):
    """Before it is synced: what is at its place is another one."""
    _, group_commit, _ = settling
    path.with_name("x.db-wal").rename(path.with_name("elsewhere"))
    clock.sleep_until(1.5)
    for wanted in (group_commit.use_idle_time, group_commit.close):
        with pytest.raises(StorageFailed, match="log was removed or replaced"):
            wanted()


def test_a_session_counts_as_being_written_until_its_end_is_on_disk(settling, clock):
    archive, group_commit, intake = settling
    group_commit.finish(intake, None)
    rows = intake.rows.session_id
    assert archive._writer.is_writing(rows)
    group_commit.close()
    assert not archive._writer.is_writing(rows)


KILLED = """
import os, signal, sys
from recorder.clock import RealClock
from recorder.store.archive import Archive
from recorder.wire.frames import Side
from recorder.wire.records import RecordedFrame

archive = Archive.open(sys.argv[1], mode="write")
clock = RealClock()
group = archive.group_commit(clock=clock)
intakes = [archive.begin_session(source="replay", started_at_us=0, clock=clock) for _ in range(3)]
sinks = [group.sink(intake) for intake in intakes]
for number in range(1, 4):
    group.begin()
    for sink in sinks:
        sink([RecordedFrame(number, 1, number - 1, Side.SERVICE, 0, 0, 1, True, 0, b"{}", b"")])
    if number < 3:
        group.commit()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_committed_group_survives_kill_nine_and_an_uncommitted_one_is_gone(path):
    """Killed while the third lot is held: two frames of each session, and not one more of any."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], env={**os.environ}, check=False)
    assert done.returncode == -signal.SIGKILL
    with Archive.open(path, mode="read") as archive:
        assert [len(list(archive.frames(info))) for info in archive.sessions()] == [2, 2, 2]
