"""Moments of a session as people write them: ``#123``, ``+12.5s``, ``2026-01-31T12:00:00Z``.

A moment says *when*; which frame was the last by then, only an archive can tell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from recorder.errors import BadOption

OPTION = "--at"

_FRAME = re.compile(r"#(\d{1,18})", re.ASCII)
_OFFSET = re.compile(r"\+(\d{1,12}(?:\.\d{1,9})?)(us|ms|s|m|h)", re.ASCII)
_UNIT_US = {"us": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class FrameMoment:
    """When this frame was there, and nothing after it. Frame 0 is before the first."""

    frame: int


@dataclass(frozen=True, slots=True)
class OffsetMoment:
    """So many microseconds after the session began, on our monotonic clock."""

    offset_us: int


@dataclass(frozen=True, slots=True)
class TimeMoment:
    """This time on our clock, in microseconds since the epoch, UTC."""

    at_us: int


Moment = FrameMoment | OffsetMoment | TimeMoment


def parse_moment(text: str) -> Moment:
    """Read a moment. A time without a zone is UTC; what is finer than a microsecond is cut off.

    Raises:
        BadOption: it is none.
    """
    if frame := _FRAME.fullmatch(text):
        return FrameMoment(int(frame[1]))
    if offset := _OFFSET.fullmatch(text):
        return OffsetMoment(int(Fraction(offset[1]) * _UNIT_US[offset[2]]))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadOption(
            OPTION,
            f'"{text}" is no moment of a session',
            hint="write '#123' (a frame), +12.5s (since the session began) or 2026-01-31T12:00:00Z",
        ) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return TimeMoment((moment - _EPOCH) // _MICROSECOND)
