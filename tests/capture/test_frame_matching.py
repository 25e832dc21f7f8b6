"""What the caller gets is put together from what was recorded."""

from __future__ import annotations

from collections import deque

import pytest

from recorder.capture.frame_matching import Deliveries, TextNotUtf8
from recorder.capture.tracker import PayloadTooLong
from recorder.wire.decoder import FrameDecoder
from recorder.wire.frames import Opcode, Side, encode
from recorder.wire.records import RecordedFrame


def recorded(*frames):
    """These frames as recorded ones, numbered from 1."""
    decoded = FrameDecoder(Side.SERVICE).feed(b"".join(frames))
    return deque(
        RecordedFrame(
            n, 1, n - 1, Side.SERVICE, n * 10, n, f.opcode, f.fin, f.rsv, f.payload, f.head, f.violation
        )
        for n, f in enumerate(decoded, 1)
    )


def deliveries(*frames, max_payload=100):
    return Deliveries(recorded(*frames), max_payload=max_payload)


def test_a_whole_frame_is_a_payload_with_its_number_and_times():
    line = deliveries(encode(Opcode.TEXT, b"x"))
    line.match(Opcode.TEXT)
    assert line.waiting[0][:6] == (1, 1, 1, Side.SERVICE, 10, 1)


def test_fragments_are_one_payload_with_the_number_of_the_last():
    """A ping between them is delivered between them."""
    line = deliveries(encode(1, b"a", fin=False), encode(Opcode.PING, b""), encode(0, b"b"), encode(1, b"c"))
    for delivered in (Opcode.TEXT, Opcode.PING, Opcode.CONTINUATION, Opcode.TEXT):
        line.match(delivered)
    assert [(payload.first, payload.number, payload.data) for payload in line.waiting] == [
        (1, 3, b"ab"),
        (4, 4, b"c"),
    ]
    assert not line.heard


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param((encode(1, b"\xff"),), id="whole"),
        pytest.param((encode(1, b"\xff", fin=False), encode(0, b"x")), id="first-fragment"),
        pytest.param((encode(1, b"x", fin=False), encode(0, b"\xc3")), id="last-fragment"),
    ],
)
def test_text_that_is_not_utf_8_is_not_delivered(frames):
    line = deliveries(*frames)
    with pytest.raises(TextNotUtf8):
        _match_all(line)
    assert not line.waiting


def _match_all(line):
    for frame in tuple(line.heard):
        line.match(frame.opcode)


def test_bytes_need_not_be_utf_8():
    line = deliveries(encode(Opcode.BINARY, b"\xff"))
    line.match(Opcode.BINARY)
    assert line.waiting[0].data == b"\xff"


@pytest.mark.parametrize(("length", "taken"), [(100, True), (101, False)])
def test_the_limit_is_the_longest_payload_delivered(length, taken):
    line = deliveries(encode(Opcode.TEXT, b"x" * length))
    if taken:
        line.match(Opcode.TEXT)
    else:
        with pytest.raises(PayloadTooLong):
            line.match(Opcode.TEXT)
    assert bool(line.waiting) is taken


def test_the_rest_is_delivered_up_to_the_first_broken_rule():
    line = deliveries(encode(1, b"a"), encode(8, b"\x03\xe8"), encode(1, b"after close"))
    line.match_rest()
    assert [payload.data for payload in line.waiting] == [b"a"]
    assert not line.heard


def test_the_first_broken_rule_is_named():
    assert "unknown opcode" in deliveries(encode(1, b"a"), encode(3, b"b")).first_violation()
    assert deliveries(encode(1, b"a")).first_violation() is None


def test_what_is_forgotten_is_not_delivered():
    line = deliveries(encode(1, b"a"), encode(1, b"b"))
    line.match(Opcode.TEXT)
    line.forget()
    assert not line.waiting
    assert not line.heard
