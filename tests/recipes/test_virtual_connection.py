"""Two ends without a socket: each frame is encoded, decoded and recorded as if there were one."""

from __future__ import annotations

import itertools
from random import Random

import pytest

from recorder.capture.options import ConnectOptions
from recorder.capture.tracker import ConnectionTracker
from recorder.clock import VirtualClock
from recorder.errors import InputUnusable, RecordingIncomplete
from recorder.recipes.virtual_connection import ServiceEnd, VirtualConnection
from recorder.wire.frames import Opcode, Side, encode
from recorder.wire.records import ConnectionClosed, ConnectionOpened, HandshakeSeen, RecordedFrame


class Both:
    """A connection, and what its service heard and was told."""

    def __init__(self, **options):
        self.clock, self.records, self.heard, self.stirs, self.gone = VirtualClock(), [], [], 0, 0
        self.end = ServiceEnd(
            on_payload=lambda payload, binary: self.heard.append((payload, binary)),
            on_activity=self._on_activity,
            on_end=self._on_end,
        )
        options = ConnectOptions(url="ws://simulator.invalid/x?v=3", token="a.b.c", **options)
        tracker = ConnectionTracker(
            connection=1, numbers=itertools.count(1), began_s=0.0, clock=self.clock, sink=self.records.extend,
            url=options.url,
        )  # fmt: skip
        self.line = VirtualConnection(options, tracker, self.end, clock=self.clock, chance=Random(1))

    def _on_activity(self):
        self.stirs += 1

    def _on_end(self):
        self.gone += 1

    def frames(self):
        return [
            (str(record.sender), record.opcode, record.payload)
            for record in self.records
            if isinstance(record, RecordedFrame)
        ]

    def ends(self):
        return [
            (record.how, record.close_code, record.closed_by)
            for record in self.records
            if isinstance(record, ConnectionClosed)
        ]


@pytest.fixture
def both():
    return Both()


def test_the_upgrade_is_recorded_as_a_real_one(both):
    opened, handshake = both.records
    assert isinstance(opened, ConnectionOpened)
    assert isinstance(handshake, HandshakeSeen)
    assert handshake.request_line == "GET /x?v=3 HTTP/1.1"
    assert ("Authorization", "jwt a.b.c") in handshake.request_headers
    assert handshake.response_status == 101


def test_texts_go_both_ways_masked_and_unmasked(both):
    sent = both.line.send("hellö")
    both.end.say("hi")
    assert both.line.receive().data == b"hi"
    assert both.line.receive() is None
    assert both.heard == [("hellö", False)]
    assert (sent.number, sent.head[1] & 0x80, sent.violation) == (1, 0x80, None)
    assert both.frames() == [("client", 1, "hellö".encode()), ("service", 1, b"hi")]


def test_fragments_are_joined_and_each_is_a_sign_of_life(both):
    both.line.send_frame(Opcode.BINARY, b"one ", fin=False)
    both.line.send_frame(Opcode.CONTINUATION, b"two")
    assert both.heard == [(b"one two", True)]
    assert both.stirs == 1


def test_pings_go_out_in_time_and_are_answered():
    both = Both(ping_interval_s=30.0)
    assert both.line.next_due_s() == 30.0
    both.clock.sleep_until(30.0)
    both.line.receive()
    both.line.receive()
    assert both.frames() == [("client", Opcode.PING, b""), ("service", Opcode.PONG, b"")]
    assert (both.stirs, both.line.next_due_s()) == (1, 60.0)


def test_the_client_hangs_up_and_the_service_answers(both):
    both.line.hang_up(4000, "bye")
    both.line.hang_up()
    assert both.line.receive() is None
    assert both.frames() == [("client", 8, b"\x0f\xa0bye"), ("service", 8, b"\x0f\xa0bye")]
    assert (both.ends(), both.gone) == ([("closed", 4000, Side.CLIENT)], 1)


def test_the_service_hangs_up_and_the_client_answers(both):
    both.end.say("last")
    both.end.hang_up(4401, "expired")
    both.end.say("too late")
    assert both.line.receive().data == b"last"
    assert both.line.receive() is None
    assert both.frames()[1:] == [("service", 8, b"\x11\x31expired"), ("client", 8, b"\x11\x31")]
    assert both.ends() == [("closed", 4401, Side.SERVICE)]
    with pytest.raises(RecordingIncomplete, match="over"):
        both.line.send("x")


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        pytest.param({"opcode": 3, "payload": b""}, 1002, id="unknown opcode"),
        pytest.param({"opcode": 1, "payload": b"x", "masked": False}, 1002, id="unmasked"),
        pytest.param({"opcode": 1, "payload": b"\xff"}, 1007, id="not UTF-8"),
    ],
)
def test_what_the_client_does_wrong_is_closed_with_the_code_that_names_it(both, frame, code):
    opcode, payload = frame.pop("opcode"), frame.pop("payload")
    both.line.send_frame(opcode, payload, **frame)
    assert both.line.receive() is None
    assert both.line.closed.close_code == code
    assert both.heard == []


def test_a_service_that_breaks_off_mid_frame_leaves_half_a_frame(both):
    both.end.break_off(encode(Opcode.TEXT, b"never said")[:6])
    assert both.line.receive() is None
    assert both.frames() == [("service", 1, b"neve")]
    assert both.ends() == [("lost", None, None)]


@pytest.mark.parametrize("mid_frame", [False, True])
def test_a_client_that_breaks_off_is_gone(both, mid_frame):
    both.end.say("unread")
    both.line.abort(mid_frame=mid_frame)
    both.line.abort()
    assert (both.ends(), both.gone) == ([("lost", None, None)], 1)
    assert len(both.frames()) == mid_frame
    assert both.heard == []


def test_bytes_are_sent_as_they_are(both):
    whole = encode(Opcode.TEXT, b"two pieces", mask=b"mask")
    assert both.line.send_bytes(whole[:5]) is None
    assert both.line.send_bytes(whole[5:]).payload == b"two pieces"


def test_what_no_text_can_carry_is_not_sent(both):
    with pytest.raises(InputUnusable):
        both.line.send("\ud800")


def test_closing_sees_it_through(both):
    both.line.close()
    assert both.line.closed.how == "closed"
    both.line.close()
    assert both.line.fileno() == -1
