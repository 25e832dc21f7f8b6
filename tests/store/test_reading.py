"""Each question is answered from what is stored, in short pieces, and a name means one session or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from recorder.store import reading
from recorder.store.archive import Archive
from recorder.store.reader import Reader
from recorder.store.reading import CHUNK_BYTES, CHUNK_FRAMES, FrameRange
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionClosed, ConnectionOpened, HandshakeSeen, SessionInfo

Begin = Callable[..., Any]


def nobody(_: int) -> bool:
    """No session is being written."""
    return False


@contextmanager
def asking(where: str) -> Iterator[Reader]:
    """A connection to ask an archive, with the archive closed by everybody else."""
    with Archive.open(where, mode="read") as archive, archive.reader() as connection:
        yield connection


@pytest.fixture
def recorded(where: str, begin: Begin, frames: Any) -> str:
    """An archive with a complete session of 600 frames on connection 1, and 3 more on connection 2."""
    with Archive.open(where, mode="write") as archive:
        intake = begin(archive, session="s", name="first")
        intake([frames.opened, *frames.some(600)])
        intake([frames.one(600 + n, connection=2, index=n - 1) for n in (1, 2, 3)])
        intake.finish(5)
    return where


def test_frames_come_in_bounded_chunks_that_join_without_a_gap(recorded: str, frames: Any) -> None:
    """Each begins where the last one ended; an empty one is the end."""
    found = []
    after = None
    with asking(recorded) as reader:
        while chunk := reading.chunk(reader, FrameRange(1), after):
            assert len(chunk) <= CHUNK_FRAMES
            found += chunk
            after = chunk[-1].frame.number
    assert [each.frame.number for each in found] == list(range(1, 604))
    assert [each.frame for each in found[:600]] == frames.some(600)


@pytest.mark.parametrize(
    ("frame_range", "after", "numbers"),
    [
        pytest.param(FrameRange(1, last=3), None, [1, 2, 3], id="up-to-a-number"),
        pytest.param(FrameRange(1, last=600), 598, [599, 600], id="above-a-number"),
        pytest.param(FrameRange(1, connection=2), None, [601, 602, 603], id="one-connection"),
        pytest.param(FrameRange(1, connection=2, last=601), 3, [601], id="both"),
        pytest.param(FrameRange(1, connection=9), None, [], id="no-such-connection"),
        pytest.param(FrameRange(2), None, [], id="no-such-session"),
        pytest.param(FrameRange(1, last=5), 5, [], id="nothing-between"),
    ],
)
def test_only_the_frames_that_are_wanted(
    recorded: str, frame_range: FrameRange, after: int | None, numbers: list[int]
) -> None:
    """Both bounds, the connection, or all of them."""
    with asking(recorded) as reader:
        assert [each.frame.number for each in reading.chunk(reader, frame_range, after)] == numbers


def test_large_frames_make_short_chunks(where: str, begin: Begin, frames: Any) -> None:
    """Memory stays bounded by the bytes too: a chunk ends with the frame that goes beyond."""
    with Archive.open(where, mode="write") as archive:
        intake = begin(archive)
        third = b"x" * (CHUNK_BYTES // 3)
        intake([frames.one(number, third) for number in range(1, 8)])
    with asking(where) as reader:
        chunk = reading.chunk(reader, FrameRange(1), None)
        assert [each.frame.number for each in chunk] == [1, 2, 3, 4]
        assert [each.frame.number for each in reading.chunk(reader, FrameRange(1), 4)] == [5, 6, 7]


def test_a_session_tells_what_was_stored_of_it(recorded: str) -> None:
    """Everything but its state comes from its row and its frames."""
    with asking(recorded) as reader:
        (session,) = reading.sessions(reader, nobody)
        assert session.recorder_version
        assert session == SessionInfo(
            session="s",
            name="first",
            source="client",
            state="complete",
            started_at_us=1_700_000_000_000_000,
            ended_at_us=5,
            connections=2,
            frames=603,
            recorder_version=session.recorder_version,
        )


def test_without_an_end_record_frames_are_counted_and_somebody_may_still_write(
    where: str, begin: Begin, frames: Any
) -> None:
    """Who that is, the caller knows; sessions come oldest first, one without frames has none."""
    with Archive.open(where, mode="write") as archive:
        first, second = begin(archive, session="zz"), begin(archive, session="aa")
        first([frames.opened, *frames.some(7), ConnectionOpened(2, None, None, None)])
        assert second.frames == 0
        with archive.reader() as reader:
            alive = reading.sessions(reader, lambda number: number == 2)
            (one, two) = reading.connections(reader, 1)
        assert [(each.session, each.state, each.frames, each.connections) for each in alive] == [
            ("zz", "interrupted", 7, 2),
            ("aa", "recording", 0, 0),
        ]
        assert [(each.connection, each.frames) for each in (one, two)] == [(1, 7), (2, 0)]


def test_a_connection_tells_what_was_stored_of_it(where: str, begin: Begin) -> None:
    """Of a handshake and a close every field has its place; no two change places."""
    opened = ConnectionOpened(1, "wss://x", 11, 12)
    seen = HandshakeSeen(1, "GET / HTTP/1.1", (("Q", "q"),), 101, (("R", "r"), ("R", "s")))
    closed = ConnectionClosed(1, 13, 14, 4000, "why", Side.CLIENT, "lost", "more")
    with Archive.open(where, mode="write") as archive:
        intake = begin(archive, session="s")
        intake([opened, seen, closed, ConnectionOpened(2, None, None, None)])
        told, bare = archive.connections("s")
    assert ConnectionOpened(told.connection, told.url, told.opened_at_us, told.opened_offset_us) == opened
    headers = (told.request_line, told.request_headers, told.response_status, told.response_headers)
    assert HandshakeSeen(told.connection, *headers) == seen
    ended = (told.closed_at_us, told.closed_offset_us, told.close_code, told.close_reason, told.closed_by)
    assert ConnectionClosed(told.connection, *ended, told.how or "", told.detail) == closed
    assert (bare.url, bare.request_headers, bare.response_headers, bare.closed_by, bare.how) == (
        None,
        (),
        (),
        None,
        None,
    )


def test_session_claims_hold_the_end_record_and_the_mark(where: str, begin: Begin, frames: Any) -> None:
    """An end record, one that somebody wrote for the dead, and none."""
    with Archive.open(where, mode="write") as archive:
        for session in ("ended", "dead"):
            intake = begin(archive, session=session)
            intake(frames.some(2))
            intake.barrier()
            if session == "ended":
                intake.finish(0)
    with Archive.open(where, mode="write") as archive:
        begin(archive, session="open")(frames.some(4))
        with archive.reader() as reader:
            claims = reading.session_claims(reader, lambda number: number == 3, {"open": 4, "other": 9})
            (point,) = reading.connection_claims(reader, 1)
            (unended,) = reading.connection_claims(reader, 2)
    assert [(each.session, each.state, each.ended, each.frames, each.mark) for each in claims] == [
        ("ended", "complete", True, 2, None),
        ("dead", "interrupted", True, None, None),
        ("open", "recording", False, None, 4),
    ]
    assert point.end is not None
    assert (point.number, point.end.count, len(point.end.digest)) == (1, 2, 16)
    assert point.end == point.barrier
    assert (unended.end, unended.barrier) == (None, point.barrier)


def test_totals_count_every_table(recorded: str) -> None:
    """Sessions, connections, frames, in this order."""
    with asking(recorded) as reader:
        assert reading.totals(reader) == (1, 2, 603)
