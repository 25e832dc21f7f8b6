"""One message of a WebSocket in a HAR file, in the spelling of any program that writes them, as a frame.

A HAR has messages, not frames: no fragments, no masks, and of the control frames what some programs add.
"""

from __future__ import annotations

from binascii import a2b_base64
from decimal import Decimal
from typing import NamedTuple

from recorder.wire.frames import Opcode, Side
from recorder.wire.records import RecordedFrame

from .lines import JsonFields, epoch_us
from .surrogates import HALF_A_CHARACTER, HalfText

_SENDERS: dict[object, Side] = {"send": Side.CLIENT, "receive": Side.SERVICE}

MONOTONIC_BELOW = 100_000_000
"""Seconds: what is less counts from when a machine was started, not from 1970."""


class HarTime(NamedTuple):
    """A time in a HAR: on the wall clock, or on a monotonic one; both None where there is none."""

    at_us: int | None
    offset_us: int | None


NO_TIME = HarTime(None, None)


def har_time(value: object) -> HarTime:
    """A number as a time of the epoch, in seconds or milliseconds (Playwright) by its size.

    Small ones are seconds of a monotonic clock: so DevTools writes them where it does not know the wall
    clock. Negative is no time (Playwright with omitTiming).
    """
    at_us = epoch_us(value)
    if at_us is not None:
        return HarTime(at_us, None)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return NO_TIME
    return HarTime(None, round(value * 1_000_000)) if 0 <= value < MONOTONIC_BELOW else NO_TIME


def message_frame(message: JsonFields, connection: int) -> RecordedFrame | str:
    """The frame of this message; or, in a few words, what is wrong with it."""
    kind = message.get("type")
    sender = _SENDERS.get(kind) if isinstance(kind, str) else None
    if sender is None:
        return '"type" is neither send nor receive'
    data, opcode = message.get("data"), message.get("opcode", Opcode.TEXT)
    if not isinstance(data, str):
        return '"data" is no string'
    if isinstance(data, HalfText):
        return HALF_A_CHARACTER
    if not isinstance(opcode, int) or not 0 <= opcode <= 15:
        return '"opcode" is no number from 0 to 15'
    at_us, offset_us = har_time(message.get("time"))
    return RecordedFrame(
        0, connection, 0, sender, at_us, offset_us, opcode, True, 0, _payload(data, opcode, message)
    )


def _payload(data: str, opcode: int, message: JsonFields) -> bytes:
    """Base64 where the message says so, or is no text and can be read so."""
    encoded = message.get("encoding") == "base64"
    if not encoded and (opcode == Opcode.TEXT or "encoding" in message):
        return data.encode("utf-8", "surrogatepass")
    try:
        return a2b_base64(data, strict_mode=True)
    except ValueError:
        return data.encode("utf-8", "surrogatepass")
