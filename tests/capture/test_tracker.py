"""Bytes of one connection become records, stored before the call returns."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.capture.tracker import ConnectionTracker, PayloadTooLong
from recorder.clock import VirtualClock
from recorder.wire.connection_decoder import MAX_FRAGMENTS
from recorder.wire.frames import Opcode, Side, encode, raw_bytes
from recorder.wire.handshake import accept_for
from recorder.wire.records import (
    ConnectionClosed,
    ConnectionOpened,
    HandshakeSeen,
    HttpExchange,
    RecordedFrame,
)

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
REQUEST = (
    "GET /path HTTP/1.1\r\nHost: host\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
).encode()
ANSWER = (
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Accept: {accept_for(KEY)}\r\n\r\n"
).encode()
MASK = b"\1\2\3\4"


class Stored:
    """A tracker and what its sink was given, call by call."""

    def __init__(self, **options):
        self.calls = []
        self.clock = VirtualClock()
        self.clock.sleep_until(10.0)
        self.tracker = ConnectionTracker(
            connection=2,
            numbers=itertools.count(7),
            began_s=8.0,
            clock=self.clock,
            sink=lambda records: self.calls.append(list(records)),
            url="ws://host/path",
            **options,
        )

    def upgraded(self):
        self.tracker.sent(REQUEST)
        self.tracker.received(ANSWER)
        self.calls.clear()
        return self

    @property
    def records(self):
        return [record for call in self.calls for record in call]

    @property
    def frames(self):
        return [record for record in self.records if isinstance(record, RecordedFrame)]


def client_text(text):
    return encode(Opcode.TEXT, text, mask=MASK)


def test_a_connection_begins_with_its_url_and_both_clocks():
    stored = Stored()
    stored.tracker.opened()
    assert stored.records == [
        ConnectionOpened(2, "ws://host/path", 1_700_000_010_000_000, 2_000_000, "client", "bytes")
    ]


def test_the_upgrade_is_recorded_once_when_the_answer_is_whole():
    stored = Stored()
    stored.tracker.sent(REQUEST)
    stored.tracker.received(ANSWER[:-1])
    assert stored.records == []
    stored.tracker.received(ANSWER[-1:])
    (seen,) = stored.records
    assert seen == stored.tracker.handshake
    assert (seen.request_line, seen.response_status) == ("GET /path HTTP/1.1", 101)
    assert ("Host", "host") in seen.request_headers
    assert stored.tracker.upgrade_problems() == ()


def test_a_frame_glued_to_the_upgrade_counts():
    stored = Stored()
    stored.tracker.sent(REQUEST)
    recorded = stored.tracker.received(ANSWER + encode(Opcode.TEXT, b"first"))
    assert [frame.payload for frame in recorded] == [b"first"]
    assert [type(record) for record in stored.records] == [HandshakeSeen, RecordedFrame]


def test_frames_are_numbered_without_gaps_over_both_sides():
    stored = Stored().upgraded()
    stored.tracker.sent(client_text(b"a"))
    stored.tracker.received(encode(Opcode.TEXT, b"b") + encode(Opcode.PING, b"c"))
    stored.tracker.sent(client_text(b"d"))
    assert [(frame.number, frame.connection, frame.index, frame.sender) for frame in stored.frames] == [
        (7, 2, 0, Side.CLIENT),
        (8, 2, 1, Side.SERVICE),
        (9, 2, 2, Side.SERVICE),
        (10, 2, 3, Side.CLIENT),
    ]


def test_all_frames_of_a_chunk_go_to_the_sink_in_one_call():
    stored = Stored().upgraded()
    stored.tracker.received(b"".join(encode(Opcode.TEXT, b"%d" % n) for n in range(50)))
    assert [len(call) for call in stored.calls] == [50]


def test_bytes_that_complete_no_frame_do_not_call_the_sink():
    stored = Stored().upgraded()
    stored.tracker.received(b"\x81")
    assert stored.calls == []


def test_every_frame_carries_both_clocks():
    stored = Stored().upgraded()
    stored.clock.sleep_until(10.5)
    stored.tracker.received(encode(Opcode.TEXT, b"x"))
    assert (stored.frames[0].at_us, stored.frames[0].offset_us) == (1_700_000_010_500_000, 2_500_000)


@given(
    st.lists(
        st.tuples(st.sampled_from([0, 1, 2, 3, 8, 9, 10]), st.binary(max_size=200), st.booleans()), max_size=8
    ),
    st.binary(max_size=6),
    st.lists(st.integers(0, 1500)),
)
def test_any_chopping_keeps_every_byte_in_order(frames, rest, cuts):
    """Recorded frames, the unfinished one included, are the bytes that came."""
    stream = b"".join(encode(opcode, payload, fin=fin) for opcode, payload, fin in frames) + rest
    whole = ANSWER + stream
    stored = Stored()
    stored.tracker.sent(REQUEST)
    bounds = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    for begin, end in itertools.pairwise(bounds):
        stored.tracker.received(whole[begin:end])
    stored.tracker.closed("lost")
    assert b"".join(raw_bytes(frame.head, frame.payload) for frame in stored.frames) == stream
    assert [frame.index for frame in stored.frames] == list(range(len(stored.frames)))


def test_a_frame_cut_off_by_the_end_is_recorded_as_far_as_it_came():
    stored = Stored().upgraded()
    stored.tracker.received(encode(Opcode.TEXT, b"0123456789")[:7])
    closed = stored.tracker.closed("lost", "why")
    (frame, end) = stored.records
    assert (frame.payload, end) == (b"01234", closed)
    assert frame.violation.startswith("unfinished")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        pytest.param((Side.SERVICE, 4401, b"expired"), None, (4401, "expired", Side.SERVICE), id="service"),
        pytest.param(
            (Side.CLIENT, 1000, b"bye"),
            (Side.SERVICE, 1001, b""),
            (1000, "bye", Side.CLIENT),
            id="first-counts",
        ),
        pytest.param((Side.SERVICE, 1011, b"a\xff"), None, (1011, "a\\xff", Side.SERVICE), id="bad-utf-8"),
        pytest.param((Side.SERVICE, None, b""), None, (None, None, Side.SERVICE), id="without-a-code"),
        pytest.param(None, None, (None, None, None), id="no-close-frame"),
    ],
)
def test_the_end_tells_code_reason_and_who_closed_first(first, second, expected):
    stored = Stored().upgraded()
    for side, code, reason in filter(None, (first, second)):
        payload = (b"" if code is None else code.to_bytes(2, "big")) + reason
        if side is Side.CLIENT:
            stored.tracker.sent(encode(Opcode.CLOSE, payload, mask=MASK))
        else:
            stored.tracker.received(encode(Opcode.CLOSE, payload))
    closed = stored.tracker.closed("closed")
    assert (closed.close_code, closed.close_reason, closed.closed_by) == expected


def test_a_connection_ends_once():
    stored = Stored().upgraded()
    first = stored.tracker.closed("lost")
    assert stored.tracker.closed("closed") is first
    assert [type(record) for record in stored.records] == [ConnectionClosed]


def test_a_refusal_is_recorded_and_its_body_is_no_frame():
    stored = Stored()
    stored.tracker.sent(REQUEST)
    stored.tracker.received(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 5\r\n\r\n\x81\x03abc")
    stored.tracker.received(b"\x81\x03abc")
    stored.tracker.closed("refused")
    assert [type(record) for record in stored.records] == [HandshakeSeen, HttpExchange, ConnectionClosed]
    assert stored.records[1].response_body == b"\x81\x03abc"
    assert stored.records[0].response_status == 401


def test_an_upgrade_without_an_answer_is_recorded_at_the_end():
    stored = Stored()
    stored.tracker.sent(REQUEST)
    stored.tracker.closed("refused")
    seen = stored.records[0]
    assert (seen.request_line, seen.response_status, seen.response_headers) == (
        "GET /path HTTP/1.1",
        None,
        (),
    )


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        pytest.param(b"SSH-2.0-OpenSSH", "not HTTP", id="banner"),
        pytest.param(b"HTTP/1.1 101 x\r\nX: " + b"a" * 66_000, "no end", id="endless-header"),
        pytest.param(ANSWER.replace(b"Accept: ", b"Accept: x"), "Accept", id="wrong-accept"),
        pytest.param(ANSWER[:-2] + b"Sec-WebSocket-Protocol: z\r\n\r\n", "subprotocol", id="subprotocol"),
        pytest.param(ANSWER[:-2] + b"Sec-WebSocket-Extensions: z\r\n\r\n", "extension", id="extension"),
    ],
)
def test_an_answer_that_is_no_websocket_says_why(answer, problem):
    stored = Stored()
    stored.tracker.sent(REQUEST)
    stored.tracker.received(answer)
    assert problem in stored.tracker.upgrade_problems()[0]


def test_an_announced_length_above_the_limit_is_refused_when_its_head_has_come():
    stored = Stored(max_payload=100).upgraded()
    long = encode(Opcode.TEXT, b"x" * 101)
    with pytest.raises(PayloadTooLong) as refused:
        stored.tracker.received(encode(Opcode.TEXT, b"before") + long[:10])
    assert [frame.payload for frame in refused.value.recorded] == [b"before"]
    stored.tracker.closed("failed")
    assert [frame.payload for frame in stored.frames] == [b"before", b"x" * 8]


def test_a_payload_of_exactly_the_limit_is_taken():
    stored = Stored(max_payload=100).upgraded()
    whole = encode(Opcode.TEXT, b"x" * 100)
    stored.tracker.received(whole[:50])
    assert [frame.payload for frame in stored.tracker.received(whole[50:])] == [b"x" * 100]


def test_fragments_count_together_against_the_limit():
    stored = Stored(max_payload=100).upgraded()
    stored.tracker.received(encode(Opcode.TEXT, b"x" * 60, fin=False))
    with pytest.raises(PayloadTooLong):
        stored.tracker.received(encode(Opcode.CONTINUATION, b"x" * 60, fin=False))
    assert len(stored.frames) == 2


def test_payloads_after_one_another_do_not_add_up():
    stored = Stored(max_payload=100).upgraded()
    for _ in range(3):
        stored.tracker.received(encode(Opcode.TEXT, b"x" * 60, fin=False))
        stored.tracker.received(encode(Opcode.CONTINUATION, b"x" * 30))
    assert len(stored.frames) == 6


def test_a_payload_in_too_many_pieces_is_refused():
    stored = Stored().upgraded()
    stored.tracker.received(encode(Opcode.TEXT, b"", fin=False))
    with pytest.raises(PayloadTooLong):
        stored.tracker.received(encode(Opcode.CONTINUATION, b"", fin=False) * MAX_FRAGMENTS)


def test_a_sink_error_is_stored_and_raised():
    """Frames that were not stored are not returned."""
    full = OSError("disk full")

    def sink(records):
        raise full

    tracker = ConnectionTracker(
        connection=1, numbers=itertools.count(1), began_s=0.0, clock=VirtualClock(), sink=sink
    )
    with pytest.raises(OSError, match="disk full"):
        tracker.opened()
    assert tracker.sink_error is full


def test_the_sink_is_synced_once_after_an_idle_second():
    """An empty call: nothing came, and what the sink has should be made safe against a power cut."""
    stored = Stored().upgraded()
    stored.tracker.received(encode(Opcode.TEXT, b"x"))
    assert stored.tracker.sync_due_s == 11.0
    stored.tracker.sync()
    assert stored.calls[-1] == []
    assert stored.tracker.sync_due_s is None


def test_a_timed_send_is_recorded_with_its_send_time():
    """Beforehand; a moment that has passed is not looked back to."""
    stored = Stored().upgraded()
    now_us = stored.clock.wall_us()
    stored.tracker.sent(client_text(b"a"), at_s=10.0005)
    stored.tracker.sent(client_text(b"b"), at_s=9.0)
    assert [(frame.at_us - now_us, frame.offset_us) for frame in stored.frames] == [
        (500, 2_000_500),
        (0, 2_000_000),
    ]
