"""The events of a session as of a moment (``--at``): of the frames up to then, and of nothing later.

A moment means the last frame that was recorded by then. The end of a connection is no frame: as of
a frame it had ended if the clock says so; without a clock, if the connection's frames all came before.
As of the last frame everything is as it is now, the end of the recording included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Literal, NamedTuple

from recorder.errors import BadOption, NotFound
from recorder.messaging.events import Event
from recorder.projection.events.reader import EventReader
from recorder.projection.session import events_of
from recorder.receipts.aliases import Aliases, rewritten
from recorder.store.archive import Archive
from recorder.wire.records import ConnectionInfo, RecordedFrame, SessionInfo, parse_iso_utc

OPTION = "--at"

_FRAME = re.compile(r"#(\d{1,18})", re.ASCII)
_OFFSET = re.compile(r"\+(\d{1,12}(?:\.\d{1,9})?)(us|ms|s|m|h)", re.ASCII)
_UNIT_US = {"us": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000}


class Moment(NamedTuple):
    """A moment of a session: a field of its frames, and the highest value of that field by then.

    ``number`` 0 is before the first frame. ``offset_us`` counts microseconds since the session began, on our
    monotonic clock; ``at_us`` since the epoch, UTC, on our calendar clock.
    """

    field: Literal["number", "offset_us", "at_us"]
    value: int

    def of(self, option: str, number: int, offset_us: int | None, at_us: int | None) -> int:
        """The same field of a frame, to be compared with ``value``.

        Raises:
            BadOption: the frame carries no such time; the error names ``option``.
        """
        if self.field == "number":
            return number
        time = offset_us if self.field == "offset_us" else at_us
        if time is None:
            raise BadOption(
                option,
                f"frame #{number} carries no time to compare with",
                hint=f"name a frame instead: {option} '#{number}'",
            )
        return time


def parse_moment(text: str, option: str = OPTION) -> Moment:
    """Read ``#123``, ``+12.5s`` or ``2026-01-31T12:00:00Z``.

    A time is read as ``parse_iso_utc`` does: without a zone it is UTC.

    Raises:
        BadOption: it is none; the error names ``option``.
    """
    if frame := _FRAME.fullmatch(text):
        return Moment("number", int(frame[1]))
    if offset := _OFFSET.fullmatch(text):
        return Moment("offset_us", int(Fraction(offset[1]) * _UNIT_US[offset[2]]))
    try:
        return Moment("at_us", parse_iso_utc(text))
    except ValueError:
        raise BadOption(
            option,
            f'"{text}" is no moment of a session',
            hint="write '#123' (a frame), +12.5s (since the session began) or 2026-01-31T12:00:00Z",
        ) from None


def last_frame_at(archive: Archive, session: str | SessionInfo, when: str) -> int:
    """Number of the last frame recorded by a moment (see ``parse_moment``); 0 before the first.

    Raises:
        NotFound: no such session, or no such frame in it.
        BadOption: it is no moment, or the session's frames carry no times to compare it with.
    """
    found = archive.find_session(session) if isinstance(session, str) else session
    moment = parse_moment(when)
    if moment.field == "number":
        if moment.value > found.frames:
            raise NotFound("frame", f"#{moment.value}", close=[f"#{found.frames}"])
        return moment.value
    last = 0
    for frame in archive.frames(found.session):
        if moment.of(OPTION, frame.number, frame.offset_us, frame.at_us) > moment.value:
            break
        last = frame.number
    return last


def connections_at(archive: Archive, session: SessionInfo, last: int | None = None) -> list[ConnectionInfo]:
    """The connections that were opened by frame ``last``; one that ended later is shown as open.

    All of them, as they are now, if ``last`` is None or the session's last frame.
    """
    known = archive.connections(session.session)
    if is_now(session, last) or last is None:
        return known
    if last < 1:
        return []
    frame = archive.frame(session.session, last)
    return [
        each if _had_ended(archive, session, each, frame) else still_open(each)
        for each in known
        if had_begun(each, frame)
    ]


def is_now(session: SessionInfo, last: int | None) -> bool:
    """Whether nothing of the session is later than frame ``last``."""
    return last is None or last >= session.frames


def had_begun(connection: ConnectionInfo, frame: RecordedFrame) -> bool:
    """Whether a connection was opened by this frame."""
    if connection.opened_offset_us is not None and frame.offset_us is not None:
        return connection.opened_offset_us <= frame.offset_us
    return connection.connection <= frame.connection  # numbered as they were opened


def _had_ended(
    archive: Archive, session: SessionInfo, connection: ConnectionInfo, frame: RecordedFrame
) -> bool:
    if connection.how is None:
        return False
    timed = connection.closed_offset_us is not None and frame.offset_us is not None
    if timed and (connection.closed_offset_us or 0) > (frame.offset_us or 0):
        return False
    # A capture may contradict itself: as long as frames come on a connection, it is open.
    first = frame.number + 1 if timed else frame.number
    later = archive.frames(session.session, connection=connection.connection, first=first)
    return next(later, None) is None


def still_open(connection: ConnectionInfo) -> ConnectionInfo:
    """The connection as of a moment before its end."""
    return replace(
        connection,
        closed_at_us=None,
        closed_offset_us=None,
        close_code=None,
        close_reason=None,
        closed_by=None,
        how=None,
        detail=None,
    )


def events(
    archive: Archive,
    session: SessionInfo,
    *,
    last: int | None = None,
    aliases: Aliases | None = None,
    event_reader: EventReader | None = None,
) -> Iterator[Event]:
    """The events of a session in the order of its frames: of all frames, or of those up to ``last``.

    ``aliases`` replaces ids of participants: see ``parse_aliases``. A new ``event_reader`` can go on with
    further frames.
    """
    original = events_of(
        connections_at(archive, session, last),
        archive.scan_frames(session.session, last=last),
        interrupted=session.state == "interrupted" and is_now(session, last),
        event_reader=event_reader,
    )
    return rewritten(original, aliases or {})
