"""One message as the programs spell it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recorder.formats.har_message import har_time, message_frame
from recorder.wire.frames import Side


@pytest.mark.parametrize(
    ("value", "at_us", "offset_us"),
    [
        pytest.param(Decimal("1769860800.123456"), 1769860800123456, None, id="Chrome: seconds"),
        pytest.param(1769860800123, 1769860800123000, None, id="Playwright: milliseconds"),
        pytest.param(Decimal("1769860800123.5"), 1769860800123500, None, id="halves of milliseconds"),
        pytest.param(1769860800123456, 1769860800123456, None, id="microseconds"),
        pytest.param(Decimal("5123.25"), None, 5123250000, id="Chrome: monotonic"),
        pytest.param(0, None, 0, id="the very beginning"),
        pytest.param(-1, None, None, id="Playwright: omitTiming"),
        pytest.param(None, None, None, id="none"),
        pytest.param("1769860800", None, None, id="text"),
        pytest.param(True, None, None, id="true"),
        pytest.param(float("nan"), None, None, id="no number"),
        pytest.param(10**30, None, None, id="beyond the archive"),
    ],
)
def test_a_number_is_a_time_by_its_size(value, at_us, offset_us):
    assert har_time(value) == (at_us, offset_us)


@pytest.mark.parametrize(
    ("message", "opcode", "payload"),
    [
        pytest.param({"opcode": 1, "data": "AAEC"}, 1, b"AAEC", id="text that could be base64"),
        pytest.param({"opcode": 2, "data": "AAEC"}, 2, b"\0\1\2", id="binary"),
        pytest.param({"opcode": 2, "data": "no base64"}, 2, b"no base64", id="binary as text"),
        pytest.param({"data": "é"}, 1, "é".encode(), id="no opcode"),
        pytest.param({"opcode": 8, "data": "A+g=", "encoding": "base64"}, 8, b"\x03\xe8", id="gori: close"),
        pytest.param({"opcode": 9, "data": "hi", "encoding": "utf8"}, 9, b"hi", id="a ping in clear"),
        pytest.param({"opcode": 1, "data": "aGk=", "encoding": "base64"}, 1, b"hi", id="text in base64"),
    ],
)
def test_data_is_base64_where_it_must_be(message, opcode, payload):
    frame = message_frame({"type": "send", "time": 1769860800, **message}, 3)
    assert (frame.connection, frame.sender, frame.opcode, frame.payload) == (3, Side.CLIENT, opcode, payload)
    assert (frame.head, frame.fin, frame.rsv) == (None, True, 0)


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ({"type": "sent", "data": ""}, "neither send nor receive"),
        ({"type": ["send"], "data": ""}, "neither send nor receive"),
        ({"type": "send"}, "no string"),
        ({"type": "receive", "data": 5}, "no string"),
        ({"type": "receive", "data": "", "opcode": 16}, "0 to 15"),
        ({"type": "receive", "data": "", "opcode": "1"}, "0 to 15"),
    ],
)
def test_what_is_no_message_is_said(message, says):
    assert says in message_frame(message, 1)
