"""The records of one proxied connection."""

from __future__ import annotations

import itertools

from recorder.capture.proxy.connection_recording import ConnectionRecording
from recorder.capture.proxy.recording import ProxySession
from recorder.wire.frames import Opcode, Side, encode
from recorder.wire.handshake import accept_for
from recorder.wire.records import (
    ConnectionClosed,
    ConnectionOpened,
    FrameForwarded,
    HandshakeSeen,
    RecordedFrame,
)

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ASKED = f"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nSec-WebSocket-Key: {KEY}\r\n\r\n".encode()
ACCEPTED = (
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Accept: {accept_for(KEY)}\r\n\r\n"
).encode()
TEXT = encode(Opcode.TEXT, b"a", mask=b"abcd")


class Records:
    """A recorder of one session that keeps what it is given."""

    def __init__(self, *, stores=True):
        self.kept, self.failure, self.round, self._stores = [], None, 0, stores

    def session(self):
        return ProxySession(itertools.count(1), itertools.count(1), 0.0, list) if self._stores else None

    def times(self, session):
        return 1_000, 10

    def add(self, session, records):
        self.kept += records

    def forwarded(self, session, numbers):
        self.kept += [FrameForwarded(number, 1, 1) for number in numbers]

    def connection_ended(self, session):
        self.kept.append("ended")


def test_a_connection_is_recorded_from_its_opening_to_its_end():
    records = Records()
    recording = ConnectionRecording(records, "wss://x/")
    assert not recording.feed(Side.CLIENT, ASKED)
    assert not recording.is_open
    assert not recording.feed(Side.SERVICE, ACCEPTED)
    assert recording.is_open
    assert list(recording.feed(Side.CLIENT, TEXT + TEXT)) == [1, 2]
    assert not recording.close_sent
    recording.forwarded([1, 2])
    assert list(recording.feed(Side.SERVICE, encode(Opcode.CLOSE, b"\x03\xe8"))) == [3]
    assert recording.close_sent
    recording.closed("closed", "note")
    kinds = [type(record) for record in records.kept]
    assert kinds == [
        ConnectionOpened, HandshakeSeen, RecordedFrame, RecordedFrame, FrameForwarded, FrameForwarded,
        RecordedFrame, ConnectionClosed, str,
    ]  # fmt: skip
    assert records.kept[0] == ConnectionOpened(1, "wss://x/", 1_000, 10, "proxy", "bytes")


def test_what_goes_on_is_whole_only_if_no_frame_is_under_way():
    records = Records()
    recording = ConnectionRecording(records, "wss://x/")
    recording.feed(Side.CLIENT, ASKED)
    recording.feed(Side.SERVICE, ACCEPTED)
    records.round += 1
    assert recording.forwarded_whole(Side.CLIENT)
    recording.feed(Side.CLIENT, TEXT[:4])
    assert recording.forwarded_whole(Side.CLIENT)  # these bytes have not gone on yet
    records.round += 1
    assert not recording.forwarded_whole(Side.CLIENT)
    assert recording.forwarded_whole(Side.SERVICE)
    recording.feed(Side.CLIENT, TEXT[4:])
    assert not recording.forwarded_whole(Side.CLIENT)
    records.round += 1
    assert recording.forwarded_whole(Side.CLIENT)


def test_without_storage_the_upgrade_is_still_followed():
    records = Records(stores=False)
    recording = ConnectionRecording(records, "wss://x/")
    recording.feed(Side.CLIENT, ASKED)
    recording.feed(Side.SERVICE, ACCEPTED)
    assert recording.is_open
    assert recording.feed(Side.CLIENT, TEXT) == ()
    recording.forwarded([])
    recording.closed("lost", None)
    assert records.kept == []
