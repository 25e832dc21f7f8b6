"""What the caller gets is put together from what was recorded."""

from __future__ import annotations

from collections import deque

import pytest

from recorder.capture.frame_matching import FrameMatcher, TextNotUtf8
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


def matcher_of(*frames, max_payload=100):
    return FrameMatcher(recorded(*frames), max_payload=max_payload)


def test_an_unfragmented_frame_is_a_payload_with_its_number_and_times():
    matcher = matcher_of(encode(Opcode.TEXT, b"x"))
    matcher.match(Opcode.TEXT)
    assert matcher.payloads[0][:6] == (1, 1, 1, Side.SERVICE, 10, 1)


@pytest.mark.parametrize(
    ("frame", "whole"),
    [
        pytest.param(encode(Opcode.TEXT, b"x"), True, id="text"),
        pytest.param(encode(Opcode.BINARY, b"\xff"), True, id="binary"),
        pytest.param(encode(Opcode.TEXT, b"x", fin=False), False, id="first-fragment"),
        pytest.param(encode(Opcode.CONTINUATION, b"x"), False, id="last-fragment"),
        pytest.param(encode(Opcode.PING, b"x"), False, id="ping"),
        pytest.param(encode(Opcode.CLOSE, b""), False, id="close"),
        pytest.param(encode(Opcode.TEXT, b"\xff"), False, id="not-utf-8"),
        pytest.param(encode(Opcode.TEXT, b"x", rsv=2), False, id="reserved-bit"),
        pytest.param(encode(Opcode.TEXT, b"x", mask=b"1234"), False, id="masked"),
    ],
)
def test_only_a_sound_unfragmented_frame_is_a_payload_by_itself(frame, whole):
    assert (matcher_of(frame).whole_payload() is not None) is whole


def test_no_frame_is_a_payload_by_itself_while_another_payload_is_open():
    matcher = matcher_of(encode(1, b"a", fin=False), encode(Opcode.TEXT, b"b"), encode(0, b"c"))
    matcher.match(Opcode.TEXT)
    assert matcher.whole_payload() is None


def test_without_frames_there_is_no_payload():
    assert matcher_of().whole_payload() is None


def test_fragments_are_one_payload_with_the_number_of_the_last():
    """A ping between them is delivered between them."""
    matcher = matcher_of(
        encode(1, b"a", fin=False), encode(Opcode.PING, b""), encode(0, b"b"), encode(1, b"c")
    )
    for delivered in (Opcode.TEXT, Opcode.PING, Opcode.CONTINUATION, Opcode.TEXT):
        matcher.match(delivered)
    assert [(payload.first, payload.number, payload.data) for payload in matcher.payloads] == [
        (1, 3, b"ab"),
        (4, 4, b"c"),
    ]
    assert not matcher.received_frames


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param((encode(1, b"\xff"),), id="whole"),
        pytest.param((encode(1, b"\xff", fin=False), encode(0, b"x")), id="first-fragment"),
        pytest.param((encode(1, b"x", fin=False), encode(0, b"\xc3")), id="last-fragment"),
    ],
)
def test_text_that_is_not_utf_8_is_not_delivered(frames):
    matcher = matcher_of(*frames)
    with pytest.raises(TextNotUtf8):
        _match_all(matcher)
    assert not matcher.payloads


def _match_all(matcher):
    for frame in tuple(matcher.received_frames):
        matcher.match(frame.opcode)


def test_bytes_need_not_be_utf_8():
    matcher = matcher_of(encode(Opcode.BINARY, b"\xff"))
    matcher.match(Opcode.BINARY)
    assert matcher.payloads[0].data == b"\xff"


@pytest.mark.parametrize(("length", "taken"), [(100, True), (101, False)])
def test_the_limit_is_the_longest_payload_delivered(length, taken):
    matcher = matcher_of(encode(Opcode.TEXT, b"x" * length))
    if taken:
        matcher.match(Opcode.TEXT)
    else:
        with pytest.raises(PayloadTooLong):
            matcher.match(Opcode.TEXT)
    assert bool(matcher.payloads) is taken


def test_the_rest_is_delivered_up_to_the_first_violation():
    matcher = matcher_of(encode(1, b"a"), encode(8, b"\x03\xe8"), encode(1, b"after close"))
    matcher.match_rest()
    assert [payload.data for payload in matcher.payloads] == [b"a"]
    assert not matcher.received_frames


def test_the_first_violation_is_named():
    assert "unknown opcode" in matcher_of(encode(1, b"a"), encode(3, b"b")).first_violation()
    assert matcher_of(encode(1, b"a")).first_violation() is None


def test_cleared_frames_are_not_delivered():
    matcher = matcher_of(encode(1, b"a"), encode(1, b"b"))
    matcher.match(Opcode.TEXT)
    matcher.clear()
    assert not matcher.payloads
    assert not matcher.received_frames
