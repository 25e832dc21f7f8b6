"""Records turned into rows: every record of a session has its place, in whatever order it comes."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.store.columns import FRAME_COLUMNS
from recorder.store.rows import SessionRows
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionOpened, HandshakeSeen, RecordedFrame

PLAIN = RecordedFrame(1, 1, 0, Side.CLIENT, 1, 1, 1, True, 0, b"PLAIN", b"h")
ANY_FRAMES = st.lists(
    st.sampled_from(
        [
            PLAIN,
            PLAIN._replace(connection=2),
            PLAIN._replace(opcode=9),
            PLAIN._replace(payload=b"secret"),
            PLAIN._replace(fin=False),
            PLAIN._replace(fin=False, rsv=4),
            PLAIN._replace(opcode=0),
            PLAIN._replace(violation="unfinished: 1 of 2 bytes"),
        ]
    ),
    max_size=8,
)


class Louder:
    """A redactor that answers in capitals, and notes which fragments it was told belong together."""

    def __init__(self) -> None:
        self.streams: list[tuple[Hashable, bool, bool]] = []

    def payload(self, data: bytes, *, stream: Hashable, fin: bool, continuation: bool) -> bytes:
        self.streams.append((stream, fin, continuation))
        return data.upper() if data != data.upper() else data

    def holds_no_secret(self, payloads: Sequence[bytes]) -> bool:
        return all(data == data.upper() for data in payloads)

    def headers(self, pairs: Any) -> Any:
        return tuple((name, value.upper()) for name, value in pairs)

    def url(self, text: str) -> str:
        return text.upper()

    def text(self, text: str) -> str:
        return text.upper()


def column(row: tuple[object, ...], name: str) -> object:
    """One value of a row of ``frame``."""
    return row[FRAME_COLUMNS.index(name)]


def test_frames_of_a_connection_nobody_announced_get_a_bare_one(frames: Any) -> None:
    """A capture may tell of nothing else; told of it later, it is filled in."""
    rows = SessionRows("s", 7, None)
    first = rows.batch(frames.some(1))
    assert [row["number"] for row in first.opened] == [1]
    later = rows.batch([frames.opened])
    assert not later.opened
    assert later.changes[0].values["url"] == frames.opened.url


def test_handshake_and_close_of_an_unannounced_connection_get_one_too(frames: Any) -> None:
    """Nothing that is told is lost."""
    rows = SessionRows("s", 7, None)
    batch = rows.batch([HandshakeSeen(3, None, (), None, ()), frames.closed])
    assert [row["number"] for row in batch.opened] == [3, 1]
    assert [change.key["number"] for change in batch.changes[:2]] == [3, 1]


def test_the_end_of_a_connection_counts_what_came_with_it(frames: Any) -> None:
    """In one batch, whatever the order in it."""
    rows = SessionRows("s", 7, None)
    batch = rows.batch([frames.opened, frames.one(1), frames.closed, frames.one(2)])
    ends = [change.values for change in batch.changes if "frame_count" in change.values]
    assert [end["frame_count"] for end in ends] == [2]
    assert [change.values for change in rows.end(5, True, None)] == [
        {"ended_at_us": 5, "end_state": "complete", "frames": 2, "detail": None}
    ]


def test_a_connection_gets_its_end_at_its_close_although_its_frames_were_settled(frames: Any) -> None:
    """However long ago its last frame came, and whether or not it ever had one."""
    rows = SessionRows("s", 7, None)
    rows.batch([frames.opened, *frames.some(2)])
    rows.barrier_written()
    quiet = ConnectionOpened(2, None, None, None)
    batch = rows.batch([quiet, frames.closed, frames.closed._replace(connection=2)])
    ends = {change.key["number"]: change.values.get("frame_count") for change in batch.changes[2:]}
    assert ends == {1: 2, 2: 0}
    assert len(rows.end(5, True, None)) == 1


@settings(max_examples=50)
@given(ANY_FRAMES)
def test_frames_that_come_alone_leave_what_batches_of_them_leave(records: list[RecordedFrame]) -> None:
    """The rows, and the ends that count and digest them."""
    batched, alone = SessionRows("s", 7, Louder()), SessionRows("s", 7, Louder())
    for record in records:
        row = alone.lone(record)
        rows = alone.batch([record]).frames if row is None else [row]
        assert rows == batched.batch([record]).frames
    assert alone.barrier() == batched.barrier()
    assert alone.end(5, True, None) == batched.end(5, True, None)


def test_a_plain_frame_of_an_open_connection_takes_the_shorter_road(frames: Any) -> None:
    """Whatever else comes alone takes the longer one."""
    rows = SessionRows("s", 7, None)
    assert rows.lone(frames.one(1)) is None  # its connection gets a row, too
    rows.batch([frames.opened])
    assert rows.lone(frames.one(1)) is not None
    assert rows.lone(frames.closed) is None
    rows.batch([frames.closed])
    assert rows.lone(frames.one(2)) is None  # the end of its connection counts it


def test_a_redacted_frame_says_so_and_keeps_its_head(frames: Any) -> None:
    """One that had nothing to blank stays the very same."""
    rows = SessionRows("s", 7, Louder())
    lower, upper = rows.batch([frames.one(1, b"abc"), frames.one(2, b"ABC")]).frames
    assert [column(lower, name) for name in ("payload", "redacted", "head")] == [b"ABC", True, b"\x81\x0b"]
    assert [column(upper, name) for name in ("payload", "redacted")] == [b"ABC", False]


def test_fragments_are_redacted_by_connection_and_side(frames: Any) -> None:
    """Control frames between them are texts of their own."""
    redactor = Louder()
    parts = [
        frames.one(1, b"a", fin=False),
        frames.one(2, b"\x03\xe8a", opcode=8),
        frames.one(3, b"b", opcode=0),
        frames.one(4, b"\xff\xfea", opcode=9),
    ]
    rows = SessionRows("s", 7, redactor).batch(parts).frames
    assert redactor.streams == [((1, parts[0].sender), False, False), ((1, parts[2].sender), True, True)]
    assert [column(row, "payload") for row in rows] == [b"A", b"\x03\xe8A", b"B", b"\xff\xfeA"]


@pytest.mark.parametrize(
    ("line", "stored"),
    [
        ("GET /ws?x=a HTTP/1.1", "GET /WS?X=A HTTP/1.1"),
        ("GET /a b HTTP/1.1", "GET /A B HTTP/1.1"),
        ("nonsense", "NONSENSE"),
        ("", ""),
        (None, None),
    ],
)
def test_in_a_request_line_the_target_is_a_url(line: str | None, stored: str | None) -> None:
    """The words around it stay."""
    batch = SessionRows("s", 7, Louder()).batch([HandshakeSeen(1, line, (("a", "b"),), 101, ())])
    assert batch.changes[0].values["request_line"] == stored
    assert batch.changes[0].values["request_headers"] == '[["a","B"]]'


def test_a_connection_without_a_url(frames: Any) -> None:
    """Unknown stays unknown, with a redactor too."""
    batch = SessionRows("s", 7, Louder()).batch([ConnectionOpened(1, None, None, None)])
    assert batch.opened[0]["url"] is None
