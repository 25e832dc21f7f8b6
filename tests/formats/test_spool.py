"""Records come back as they went in, each WebSocket's in its order, all of them in order of time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.formats import spool as spool_module
from recorder.formats.spool import RecordSpool
from recorder.wire.frames import Side
from recorder.wire.records import (
    CompressedPayload,
    ConnectionClosed,
    ConnectionOpened,
    FrameForwarded,
    HandshakeSeen,
    HttpExchange,
    RecordedFrame,
)

INTEGERS = st.integers(-(1 << 62), 1 << 62)
FRAMES = st.builds(
    RecordedFrame,
    number=st.integers(0, 1 << 53),
    connection=st.integers(1, 3),
    index=st.integers(0, 1 << 53),
    sender=st.sampled_from(Side),
    at_us=st.none() | INTEGERS,
    offset_us=st.none() | INTEGERS,
    opcode=st.integers(0, 15),
    fin=st.booleans(),
    rsv=st.integers(0, 7),
    payload=st.binary(max_size=40),
    head=st.none() | st.binary(max_size=14),
    violation=st.none() | st.text(max_size=20),
    redacted=st.booleans(),
    compressed=st.none()
    | st.builds(
        CompressedPayload,
        length=st.integers(0, 1 << 40),
        digest=st.binary(min_size=32, max_size=32),
        data=st.none() | st.binary(max_size=20),
        withheld=st.none() | st.sampled_from(["a bomb"]),
    ),
)


def frame(connection, at_us, payload=b""):
    return RecordedFrame(0, connection, 0, Side.CLIENT, at_us, None, 1, True, 0, payload)


@given(st.lists(FRAMES, max_size=30), st.integers(1, 400))
def test_in_the_order_of_the_file_everything_comes_back(frames, segment):
    with pytest.MonkeyPatch.context() as patch, RecordSpool(by_time=False) as spool:
        patch.setattr(spool_module, "_SEGMENT", segment)
        patch.setattr(spool_module, "_BUFFERED", 2 * segment)
        for each in frames:
            spool.add(each)
        assert list(spool.in_order(spool.sockets)) == frames
        assert sum(socket.frames for socket in spool.sockets) == len(frames)


@given(st.lists(FRAMES, max_size=30))
def test_sorted_by_time_each_websocket_keeps_its_order(frames):
    with RecordSpool(by_time=True) as spool:
        for each in frames:
            spool.add(each)
        ordered = list(spool.in_order(spool.sockets))
    for connection in (1, 2, 3):
        assert [each for each in ordered if each.connection == connection] == [
            each for each in frames if each.connection == connection
        ]


def test_websockets_one_after_the_other_are_merged_by_time():
    """With the addresses last, as a HAR has them, and a clock that is set back within one."""
    opened = {number: ConnectionOpened(number, f"ws://{number}", number, None) for number in (1, 2)}
    seen = HandshakeSeen(2, None, (), 101, ())
    closed = ConnectionClosed(1, 50, None, 1000, "", None, "closed")
    frames = [frame(1, at_us) for at_us in (10, 30, 20, 40)] + [frame(2, at_us) for at_us in (15, None, 35)]
    with RecordSpool(by_time=True) as spool:
        for each in (*frames[:4], opened[1], *frames[4:], seen, opened[2], closed):
            spool.add(each)
        first, second = spool.sockets
        assert (first.url, second.url, first.first_us, second.last_us) == ("ws://1", "ws://2", 1, 35)
        a, b, c, d, e, f, g = frames
        assert list(spool.in_order([first, second])) == [
            opened[1], opened[2], seen, a, e, f, b, c, g, d, closed,
        ]  # fmt: skip
        assert [each.connection for each in spool.in_order([second])] == [2] * 5


def test_what_has_no_times_keeps_the_order_of_the_file():
    frames = [frame(1 + place % 2, None, bytes((place,))) for place in range(6)]
    with RecordSpool(by_time=True) as spool:
        for each in frames:
            spool.add(each)
        assert list(spool.in_order(spool.sockets)) == frames


def test_the_first_payloads_are_kept_as_samples():
    with RecordSpool(by_time=True) as spool:
        for place in range(100):
            spool.add(frame(1, place, bytes((place,)) * 100_000))
        (socket,) = spool.sockets
    assert [len(sample) for sample in socket.samples] == [1 << 16] * 16


def test_what_a_proxy_passed_on_follows_its_frame_and_requests_stand_between():
    first, second = frame(1, 10), frame(1, 30)
    passed = FrameForwarded(1, 31, None)
    lookup = HttpExchange(None, "domain-lookup", 20, None, "GET", "https://x/", 200)
    refused = HttpExchange(1, "upgrade", 25, None, "GET", "https://x/", 401)
    with RecordSpool(by_time=True) as spool:
        for each in (first, second, passed, lookup, refused):
            spool.add(each)
        assert list(spool.in_order(spool.sockets)) == [first, lookup, second, passed, refused]
        assert list(spool.in_order([])) == [lookup]
    with RecordSpool(by_time=False) as spool:
        for each in (lookup, first, passed, second):
            spool.add(each)
        assert list(spool.in_order(spool.sockets)) == [lookup, first, passed, second]
