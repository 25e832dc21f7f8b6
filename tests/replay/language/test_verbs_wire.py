"""Verbs for raw frames, for connections that end, and for the pace of sending."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from recorder.replay.language.verbs_wire import (
    DisconnectVerb,
    ReconnectVerb,
    SendEnvelopeVerb,
    SendFrameVerb,
    Spacing,
)


@pytest.mark.parametrize(
    ("given", "envelope"),
    [
        ({"kind": "req"}, {"kind": "req"}),
        ("{not json", "{not json"),
        ({"envelope": {"a": 1}, "as": "x"}, {"a": 1}),
        ({"envelope": "x", "within": "1s", "consumer": "ben"}, "x"),
        ({"envelope": 1, "kind": "req"}, {"envelope": 1, "kind": "req"}),
        ({"as": "x"}, {"as": "x"}),
        ({}, {}),
    ],
    ids=str,
)
def test_a_mapping_is_the_envelope_unless_it_is_the_long_form(given, envelope):
    assert SendEnvelopeVerb.model_validate(given).envelope == envelope


@pytest.mark.parametrize(
    ("given", "opcode", "payload"),
    [
        ({"opcode": "text", "text": "hä"}, 1, "hä".encode()),
        ({"opcode": "ping"}, 9, b""),
        ({"opcode": 15, "hex": "00 ff"}, 15, b"\x00\xff"),
        ({"opcode": "binary", "data": "SGk="}, 2, b"Hi"),
        ({"opcode": "close", "hex": "0x03 0xe8"}, 8, b"\x03\xe8"),
        ({"opcode": "text", "hex": ""}, 1, b""),
    ],
    ids=str,
)
def test_frame_fields_set_payload_and_bits(given, opcode, payload):
    frame = SendFrameVerb.model_validate(given)
    assert (frame.opcode, frame.payload) == (opcode, payload)


def test_bytes_are_the_whole_frame():
    assert SendFrameVerb.model_validate({"bytes": "81:05"}).bytes_ == b"\x81\x05"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "say which frame"),
        ({"text": "x"}, "say which frame"),
        ({"opcode": "txt"}, 'unknown opcode "txt" \\(did you mean "text"\\?\\)'),
        ({"opcode": 16}, "a number from 0 to 15"),
        ({"opcode": True}, "a number from 0 to 15"),
        ({"opcode": 1, "text": "x", "hex": "00"}, "given twice"),
        ({"opcode": 1, "hex": "0"}, "a byte is two hex digits"),
        ({"opcode": 1, "hex": "xx"}, '"x" is no hex digit'),
        ({"opcode": 1, "hex": 81}, "must stand in quotes"),
        ({"opcode": 1, "data": "Hi"}, "it is no base64"),
        ({"opcode": 1, "data": 5}, "it is no base64"),
        ({"opcode": 1, "rsv": 8}, "less than or equal to 7"),
        ({"bytes": "81", "opcode": 1}, "opcode: has no place"),
        ({"bytes": "81", "fin": True}, "fin: has no place"),
    ],
    ids=str,
)
def test_an_invalid_frame_is_refused_with_the_reason(given, says):
    with pytest.raises(ValidationError, match=says):
        SendFrameVerb.model_validate(given)


def test_disconnect_without_a_close_frame_takes_no_code():
    assert DisconnectVerb.model_validate(None).code == 1000
    assert DisconnectVerb.model_validate("mid-frame").how == "mid-frame"
    assert DisconnectVerb.model_validate({"code": 4000, "reason": "bye"}).reason == "bye"
    with pytest.raises(ValidationError, match="abort sends no close frame, so it has no code"):
        DisconnectVerb.model_validate({"how": "abort", "code": 1000})
    with pytest.raises(ValidationError, match="123 bytes at most"):
        DisconnectVerb.model_validate({"reason": "ä" * 62})


def test_reconnect_resumes_from_the_last_sequence_by_default():
    assert ReconnectVerb.model_validate(None).from_sequence == "last"
    assert ReconnectVerb.model_validate(0).from_sequence == 0
    assert ReconnectVerb.model_validate({"after": "1s..2s"}).after.bounds_s[1] == 2.0


@pytest.mark.parametrize(
    ("given", "spacing_s"),
    [("5/s", 0.2), ("30/m", 2.0), ("0.5/s", 2.0), ("2 / h", 1800.0), ("off", 0.0), (Spacing(3), 3.0)],
)
def test_a_rate_is_the_least_time_between_two_frames(given, spacing_s):
    assert Spacing.read(given) == pytest.approx(spacing_s)


@pytest.mark.parametrize("given", ["5", "0/s", "0.0/s", "fast", "5/d", "-1/s", 5, None, True, "1e3/s"])
def test_other_rates_are_refused(given):
    with pytest.raises(ValueError, match="a rate is a number per second"):
        Spacing.read(given)
