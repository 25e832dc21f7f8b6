"""Record, then deliver: committed when the call returns, secrets blanked, whole batches or nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recorder.clock import VirtualClock
from recorder.errors import StorageFailed
from recorder.store.archive import Archive
from recorder.store.intake import IntakeOptions
from recorder.store.verify import verify
from recorder.wire.frames import CompressedPayload, Side
from recorder.wire.records import ConnectionClosed, ConnectionOpened, HandshakeSeen, RecordedFrame

Begin = Callable[..., Any]

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnktc3ViIn0.Y2FuYXJ5LXNpZ25hdHVyZS1vZi10b2tlbg"
INIT = (
    b'{"kind":"req","id":"1","type":"InitConnection","headers":[{"type":".x","jwt":"%s"}]}' % TOKEN.encode()
)

INT64 = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=10)
BODIES = st.builds(
    RecordedFrame,
    number=st.just(0),
    connection=st.integers(1, 3),
    index=st.just(0),
    sender=st.sampled_from(Side),
    at_us=st.none() | INT64,
    offset_us=st.none() | INT64,
    opcode=st.integers(0, 15),
    fin=st.booleans(),
    rsv=st.integers(0, 7),
    payload=st.binary(max_size=40),
    head=st.none() | st.binary(min_size=2, max_size=14),
    violation=TEXTS,
    redacted=st.booleans(),
    compressed=st.none()
    | st.builds(
        CompressedPayload,
        length=st.integers(0, 2**63 - 1),
        digest=st.binary(max_size=4),
        data=st.none() | st.binary(max_size=4),
        withheld=TEXTS,
    ),
).map(lambda frame: frame._replace(rsv=0) if frame.compressed is None else frame)  # or it is inflated


def numbered(bodies: list[RecordedFrame]) -> list[RecordedFrame]:
    """The same frames, numbered in the session and in their connections, as a tracker does it."""
    places: dict[int, int] = {}
    out = []
    for number, body in enumerate(bodies, 1):
        index = places.get(body.connection, 0)
        places[body.connection] = index + 1
        out.append(body._replace(number=number, index=index))
    return out


@given(batches=st.lists(st.tuples(st.lists(BODIES, max_size=6), st.floats(0, 2)), max_size=6))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_batches_in_the_same_frames_out(
    where: str, batches: list[tuple[list[RecordedFrame], float]]
) -> None:
    """Whatever the frames, the batches and the pauses between them; and verify agrees."""
    clock = VirtualClock()
    told = iter(numbered([body for bodies, _ in batches for body in bodies]))
    given_frames = []
    with Archive.open(where, mode="write") as archive:
        intake = archive.begin_session(
            source="client", started_at_us=None, clock=clock, options=IntakeOptions(keep_secrets=True)
        )
        for bodies, pause_s in batches:
            batch = [next(told) for _ in bodies]
            given_frames += batch
            intake(batch)
            clock.sleep_until(clock.now_s() + pause_s)
        intake.finish(None)
        assert list(archive.frames(intake.session)) == given_frames
        assert intake.frames == len(given_frames)
        mine = [each for each in verify(archive) if each.session == intake.session]
        # A fragment without its last one is missing something, and then everybody says so.
        state = archive.find_session(intake.session).state
        assert state in ("complete", "interrupted")
        assert [each.state for each in mine] == [state], mine


def test_committed_when_the_call_returns(where: str, begin: Begin, frames: Any) -> None:
    """Somebody beside sees each batch at once, single frames and many."""
    with Archive.open(where, mode="write") as archive, _beside(where, archive) as beside:
        intake = begin(archive)
        for batch in ([frames.opened], frames.some(1), frames.some(3, after=1), frames.some(1, after=4)):
            intake(batch)
            seen = list(beside.frames(intake.session))
            assert seen == frames.some(intake.frames)


def _beside(where: str, _: Archive) -> Archive:
    return Archive.open(where, mode="read")


def test_secrets_are_blanked_before_anything_is_written(path: Path, clock: VirtualClock, frames: Any) -> None:
    """No file ever holds them: payload, fragments, headers, URL, texts, control frames."""
    secret = "s3cr3t-w0rd-of-mine"
    with Archive.open(path, mode="write") as archive:
        intake = archive.begin_session(
            source="client",
            started_at_us=0,
            clock=clock,
            session="s",
            options=IntakeOptions(known_secrets=[secret]),
        )
        cut = len(INIT) - 40
        intake(
            [
                ConnectionOpened(1, f"wss://x/ws?token={TOKEN}", 0, 0),
                HandshakeSeen(
                    1, f"GET /ws?jwt={TOKEN} HTTP/1.1", (("Authorization", f"jwt {TOKEN}"),), 101, ()
                ),
                frames.one(1, INIT),
                frames.one(2, INIT[:cut], sender=Side.CLIENT, fin=False),
                frames.one(3, INIT[cut:], sender=Side.CLIENT, opcode=0),
                frames.one(4, b"\x03\xe8bye " + secret.encode(), opcode=8),
                frames.one(5, b"ping " + secret.encode(), opcode=9),
                frames.one(6, b"nothing to hide"),
                ConnectionClosed(1, 0, 0, 1000, f"bye {secret}", None, "closed", f"because {secret}"),
            ]
        )
        intake.finish(0, detail=f"after {secret}")
        for file in path.parent.iterdir():
            content = file.read_bytes()
            for canary in (TOKEN.encode(), TOKEN[-20:].encode(), secret.encode()):
                assert canary not in content, file
        kept = list(archive.frames("s"))
        assert [frame.redacted for frame in kept[:1] + kept[3:]] == [True, True, True, False]
        assert kept[0].head == frames.one(1).head
        assert kept[3].payload[:2] == b"\x03\xe8"
        assert verify(archive)[0].state == "complete"


def test_secrets_stay_where_that_was_asked_for(path: Path, begin: Begin, frames: Any) -> None:
    """``keep_secrets`` changes nothing at all."""
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive, keep_secrets=True)
        intake([frames.one(1, INIT)])
        assert list(archive.frames(intake.session)) == [frames.one(1, INIT)]


def _noted(path: Path) -> list[tuple[int, int]]:
    """Session row and frames covered by its last barrier, as somebody beside sees them."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as beside:
        rows = beside.execute("SELECT session_id, barrier_count FROM connection ORDER BY 1").fetchall()
    beside.close()
    return rows


def test_a_barrier_once_a_second_covers_every_session(
    path: Path, begin: Begin, frames: Any, clock: VirtualClock
) -> None:
    """And within the second there is none."""
    with Archive.open(path, mode="write") as archive:
        one, two = begin(archive), begin(archive)
        one(frames.some(1))
        two(frames.some(1))
        one(frames.some(1, after=1))
        assert _noted(path) == [(1, 1), (2, None)]
        clock.sleep_until(1.0)
        two(frames.some(1, after=1))
        assert _noted(path) == [(1, 2), (2, 2)]


def test_a_call_without_records_after_a_second_writes_the_barrier(
    path: Path, begin: Begin, frames: Any, clock: VirtualClock
) -> None:
    """A call without records covers what came last; without need it writes nothing."""
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive)
        intake(frames.some(1))
        intake(frames.some(2, after=1))
        intake(())
        assert _noted(path) == [(1, 1)]
        clock.sleep_until(1.0)
        intake(())
        assert _noted(path) == [(1, 3)]
        size = path.with_name("x.db-wal").stat().st_size
        clock.sleep_until(9.0)
        intake(())
        assert path.with_name("x.db-wal").stat().st_size == size


def test_barriers_that_wait_for_a_lull_are_left_to_whoever_settles(
    path: Path, begin: Begin, frames: Any, clock: VirtualClock
) -> None:
    """It may settle early; but not for nothing."""
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive)
        intake.defers_barriers = True
        intake(frames.some(1))
        intake.barrier_if_due(after_s=0.5)
        assert _noted(path) == [(1, 1)]
        clock.sleep_until(5.0)
        intake(frames.some(1, after=1))
        assert _noted(path) == [(1, 1)]
        intake.barrier_if_due(after_s=5.5)
        assert _noted(path) == [(1, 1)]
        intake.barrier_if_due(after_s=5.0)
        assert _noted(path) == [(1, 2)]
        clock.sleep_until(9.0)
        size = path.with_name("x.db-wal").stat().st_size
        intake.barrier_if_due(after_s=1.0)
        assert path.with_name("x.db-wal").stat().st_size == size


@pytest.mark.parametrize(("durability", "level"), [("barrier", 1), ("full", 2)])
def test_full_durability_makes_every_commit_full(
    path: Path, begin: Begin, frames: Any, durability: str, level: int
) -> None:
    """What SQLite itself says after a commit that no barrier was due for."""
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive, durability=durability)
        intake(frames.some(1))
        intake(frames.some(1, after=1))
        with archive.reader() as connection:
            assert connection.value("PRAGMA synchronous") == level


def test_a_full_disk_is_waited_for(path: Path, begin: Begin, frames: Any, clock: VirtualClock) -> None:
    """Every quarter of a second, until the wait is over; then nothing of the batch is there."""
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive, storage_wait_s=10.0)
        intake(frames.some(3))
        with archive.reader() as connection:
            pages = connection.value("PRAGMA page_count")
            connection.run(f"PRAGMA max_page_count={pages}")
        began_s = clock.now_s()
        large = [frames.one(number, b"x" * 10_000) for number in range(4, 10)]
        with pytest.raises(StorageFailed, match="the disk is full") as failed:
            intake(large)
        assert clock.now_s() - began_s == pytest.approx(10.0)
        with pytest.raises(StorageFailed) as again:
            intake([frames.one(4)])
        assert again.value is failed.value
        with pytest.raises(StorageFailed):
            intake.finish(0)
        assert list(archive.frames(intake.session)) == frames.some(3)
    with Archive.open(path, mode="read") as archive:
        assert [(each.state, each.frames) for each in verify(archive)] == [("interrupted", 3)]


def test_a_disk_that_gets_room_again_loses_nothing(path: Path, begin: Begin, frames: Any) -> None:
    """The recording goes on without a gap."""

    class Janitor(VirtualClock):
        """Frees the disk at the third wait."""

        waits = 0

        def sleep_until(self, when_s: float) -> None:
            super().sleep_until(when_s)
            self.waits += 1
            if self.waits == 3:
                with archive.reader() as connection:
                    connection.run("PRAGMA max_page_count=1000000")

    clock = Janitor()
    large = [frames.one(number, b"x" * 10_000) for number in range(1, 10)]
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive, clock=clock)
        with archive.reader() as connection:
            pages = connection.value("PRAGMA page_count")
            connection.run(f"PRAGMA max_page_count={pages}")
        intake(large)
        intake.finish(0)
        assert clock.waits == 3
        assert list(archive.frames(intake.session)) == large
        assert verify(archive)[0].state == "complete"


def test_another_program_that_holds_the_file_is_waited_for_and_named(
    path: Path, begin: Begin, frames: Any
) -> None:
    """First as long as SQLite waits, then as long as the storage wait."""
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive, storage_wait_s=0.0)
        with archive.reader() as connection:
            connection.run("PRAGMA busy_timeout=10")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            with pytest.raises(StorageFailed, match="another program has locked it"):
                intake(frames.some(2))
        finally:
            other.close()


def test_a_number_told_twice_is_refused(where: str, begin: Begin, frames: Any) -> None:
    """The one index says no; what was there stays."""
    with Archive.open(where, mode="write") as archive:
        intake = begin(archive)
        intake(frames.some(2))
        with pytest.raises(StorageFailed):
            intake([frames.one(3), frames.one(2)])
        assert list(archive.frames(intake.session)) == frames.some(2)


def test_a_time_beyond_64_bits_is_refused_whole(where: str, begin: Begin, frames: Any) -> None:
    """Before anything of the batch is written."""
    with Archive.open(where, mode="write") as archive:
        intake = begin(archive)
        with pytest.raises(StorageFailed, match="beyond 64 bits"):
            intake([frames.one(1), frames.one(2, at_us=2**63)])
        assert list(archive.frames(intake.session)) == []


@pytest.mark.parametrize(
    "batch",
    [
        pytest.param(lambda frames: frames.some(3), id="frames"),
        pytest.param(lambda frames: frames.some(1), id="one-frame"),
        pytest.param(lambda frames: [frames.opened], id="a-connection"),
        pytest.param(lambda frames: [frames.opened, *frames.some(2), frames.closed], id="all"),
    ],
)
def test_a_commit_that_worked_although_it_failed_is_not_made_twice(
    path: Path, begin: Begin, frames: Any, batch: Any
) -> None:
    """The answer to the first COMMIT is lost, as when a disk or a server fails late."""
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive)
        intake([ConnectionOpened(9, None, None, None)])
        writer = archive._writer
        real = writer._try
        calls = []

        def fails_late(*arguments: Any, **named: Any) -> None:
            real(*arguments, **named)
            calls.append(named)
            if len(calls) == 1:
                error = sqlite3.OperationalError("database is locked")
                error.sqlite_errorcode = sqlite3.SQLITE_BUSY
                raise error

        writer._try = fails_late
        records = batch(frames)
        intake(records)
        intake.finish(0)
        told = [record for record in records if isinstance(record, RecordedFrame)]
        assert list(archive.frames(intake.session)) == told
        assert len(archive.connections(intake.session)) == 2
        assert verify(archive)[0].state == "complete"
        assert len(calls) > 1


def test_a_file_that_was_moved_away_is_noticed(path: Path, begin: Begin, frames: Any, clock: Any) -> None:
    """SQLite would go on writing into a file that nobody can open any more."""
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive)
        intake(frames.some(1))
        path.rename(path.with_name("moved.db"))
        clock.sleep_until(1.0)
        with pytest.raises(StorageFailed, match="removed or renamed"):
            intake(frames.some(1, after=1))


def test_records_after_the_end_record_are_refused(where: str, begin: Begin, frames: Any) -> None:
    """A second end is let pass, a frame is not."""
    with Archive.open(where, mode="write") as archive:
        intake = begin(archive)
        intake.finish(0)
        intake.finish(0)
        with pytest.raises(StorageFailed, match="end record already"):
            intake(frames.some(1))


def test_frames_after_the_close_of_their_connection_are_in_its_end_record(
    where: str, begin: Begin, frames: Any
) -> None:
    """A tracker may learn of the close before it has read the last frames."""
    with Archive.open(where, mode="write") as archive:
        intake = begin(archive)
        intake([frames.opened, *frames.some(2), frames.closed])
        intake(frames.some(1, after=2))
        intake.finish(0)
        (connection,) = archive.connections(intake.session)
        assert (connection.frames, connection.how) == (3, "closed")
        assert verify(archive)[0].state == "complete"


def test_an_interrupt_in_the_middle_leaves_no_half_batch(path: Path, begin: Begin, frames: Any) -> None:
    """Ctrl-C between two statements: the batch is undone, and the intake takes nothing more."""
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive)
        intake(frames.some(1))
        writer = archive._writer

        def interrupted(rows: Any, statement: str) -> None:
            if statement.startswith("UPDATE"):
                raise KeyboardInterrupt
            real(rows, statement)

        real, writer._run_for = writer._run_for, interrupted
        with pytest.raises(KeyboardInterrupt):
            intake([*frames.some(2, after=1), frames.closed])
        writer._run_for = real
        with pytest.raises(StorageFailed, match="broken off"):
            intake(frames.some(1, after=3))
        assert list(archive.frames(intake.session)) == frames.some(1)
        begin(archive)(frames.some(2))
