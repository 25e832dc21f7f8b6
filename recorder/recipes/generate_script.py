"""Recording to script: a session, written as what a scripted consumer would do."""

from __future__ import annotations

from collections.abc import Iterator

from recorder.errors import BadOption
from recorder.messaging.events import Stamp
from recorder.replay.generate.pacing import Pace, parse_pace
from recorder.replay.generate.script import write_script
from recorder.replay.generate.timeline_events import Began, Happening, Over, Said
from recorder.store.archive import Archive
from recorder.store.info import ConnectionInfo, SessionInfo
from recorder.wire.frames import Opcode, Side
from recorder.wire.payloads import Payload, PayloadAssembler

from .option_values import duration_s


def session_script(
    archive: Archive, session: str, *, pace: str = "original", max_gap: str | None = None
) -> str:
    """A script in YAML that does what the session's consumer did, with the simulator's agent beside it.

    ``pace`` is "original", "fast" (no pauses at all) or a factor like "2x"; ``max_gap`` cuts longer pauses.

    Raises:
        NotFound: no such session.
        BadOption: no such pace, or no duration.
    """
    try:
        speed = parse_pace(pace)
    except ValueError as problem:
        raise BadOption("--pace", str(problem)) from None
    longest_s = None if max_gap is None else duration_s("--max-gap", max_gap)
    found = archive.find_session(session)
    return write_script(
        happenings(archive, found), name=found.name or found.session, pace=Pace(speed, longest_s)
    )


def happenings(archive: Archive, session: SessionInfo) -> Iterator[Happening]:
    """The payloads of a session, and how its connections began and ended, in order, each with its time."""
    connections = {one.connection: one for one in archive.connections(session)}
    left = {number: one.frames for number, one in connections.items()}
    times, assembler, met = _Times(session), PayloadAssembler(), set[int]()
    ending: list[Over] = []
    for frame in archive.frames(session.session):
        number = frame.connection
        yield from _over_by(times.offset_us(frame.at_us, frame.offset_us), ending)
        if number not in met and number in connections:
            met.add(number)
            yield _began(connections[number], times)
        if (payload := assembler.feed(frame)) is not None:
            yield _said(payload, times)
        left[number] = left.get(number, 0) - 1
        if left[number] == 0 and number in connections:
            ending.append(_over(connections[number], times))
    yield from ending


def _over_by(offset_us: int | None, ending: list[Over]) -> list[Over]:
    """The connections that are over by then, taken from those whose last frame has come."""
    over = [one for one in ending if one.offset_us is None or offset_us is None or one.offset_us <= offset_us]
    ending[:] = [one for one in ending if one not in over]
    return over


class _Times:
    """Microseconds since the session began, by its monotonic clock, or else by the calendar."""

    def __init__(self, session: SessionInfo) -> None:
        self._began_us = session.started_at_us

    def offset_us(self, at_us: int | None, offset_us: int | None) -> int | None:
        if offset_us is not None or at_us is None:
            return offset_us
        if self._began_us is None:
            self._began_us = at_us
        return at_us - self._began_us


def _began(connection: ConnectionInfo, times: _Times) -> Began:
    offset_us = times.offset_us(connection.opened_at_us, connection.opened_offset_us)
    tokens = (value for name, value in connection.request_headers if name.lower() == "authorization")
    return Began(connection.connection, offset_us, next(tokens, None))


def _said(payload: Payload, times: _Times) -> Said:
    offset_us = times.offset_us(payload.at_us, payload.offset_us)
    stamp = Stamp(payload.number, payload.connection, payload.at_us, offset_us)
    return Said(stamp, payload.sender is Side.CLIENT, payload.data, payload.opcode == Opcode.BINARY)


def _over(connection: ConnectionInfo, times: _Times) -> Over:
    by_client = None if connection.closed_by is None else connection.closed_by is Side.CLIENT
    offset_us = times.offset_us(connection.closed_at_us, connection.closed_offset_us)
    return Over(connection.connection, offset_us, by_client, connection.close_code)
