"""Generate a script from a recorded session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from recorder.counted import counted
from recorder.errors import BadOption, BadScript
from recorder.messaging.events import Stamp
from recorder.replay.generate.pacing import Pace, parse_pace
from recorder.replay.generate.read_back import ANY_VARIABLE
from recorder.replay.generate.script import write_script
from recorder.replay.generate.timeline_events import (
    RecordedClose,
    RecordedOpen,
    RecordedPayload,
    SessionRecord,
)
from recorder.replay.language.script import load
from recorder.store.archive import Archive
from recorder.store.remarks import Notify, silent
from recorder.wire.frames import Opcode, Side
from recorder.wire.payloads import Payload, PayloadAssembler
from recorder.wire.records import ConnectionInfo, SessionInfo

from .option_values import duration_s
from .script_simulator import agent_and_moods_of

_FRAMES_SAID = 5


def session_script(
    archive: Archive,
    session: str,
    *,
    pace: str = "original",
    max_gap: str | None = None,
    say: Notify = silent,
) -> str:
    """A script (YAML) that reproduces a session: steps of its consumers, rules for the simulator's agent.

    ``pace`` is "original", "fast" (no pauses) or a factor like "2x"; ``max_gap`` is the longest pause. It is
    read back before it is returned: it loads, once its variables are set. ``say`` is called with the requests
    that stay as they were recorded, since no step with names can stand for them.

    Raises:
        NotFound: no such session.
        BadOption: no such pace, or no duration.
        BadScript: the session is too large for a script.
    """
    try:
        speed = parse_pace(pace)
    except ValueError as problem:
        raise BadOption("--pace", str(problem)) from None
    longest_s = None if max_gap is None else duration_s("--max-gap", max_gap)
    found = archive.find_session(session)
    try:
        written = write_script(
            session_records(archive, found),
            name=found.name or found.session,
            pace=Pace(speed, longest_s),
            read=read_again,
        )
    except BadScript as error:
        raise BadScript(f"a script of session {found.session}", error.problem) from None
    if written.literal:
        say(_literal_remark(written.literal))
    return written.text


def read_again(text: str) -> None:
    """Read a generated script, agent and simulator included. Raises ``BadScript``."""
    script = load(text, file="the script", variables=ANY_VARIABLE)
    agent_and_moods_of(script)


def _literal_remark(frames: Sequence[int]) -> str:
    shown = ", ".join(f"#{frame}" for frame in frames[:_FRAMES_SAID])
    more = ", …" if len(frames) > _FRAMES_SAID else ""
    stay = "stays" if len(frames) == 1 else "stay"
    which = f"{counted(len(frames), 'request')} {stay} as recorded ({shown}{more})"
    return f"{which}; comments in the script say why"


def session_records(archive: Archive, session: SessionInfo) -> Iterator[SessionRecord]:
    """The payloads, connection starts and connection ends of a session, in order."""
    connections = {one.connection: one for one in archive.connections(session)}
    frames_left = {number: one.frames for number, one in connections.items()}
    times, assembler, started = _SessionTime(session), PayloadAssembler(), set[int]()
    ended: list[RecordedClose] = []
    for frame in archive.frames(session.session):
        number = frame.connection
        yield from _ended_by(times.offset_us(frame.at_us, frame.offset_us), ended)
        if number not in started and number in connections:
            started.add(number)
            yield _connection_start(connections[number], times)
        if (payload := assembler.feed(frame)) is not None:
            yield _payload(payload, times)
        frames_left[number] = frames_left.get(number, 0) - 1
        if frames_left[number] == 0 and number in connections:
            ended.append(_connection_end(connections[number], times))
    yield from ended


def _ended_by(offset_us: int | None, ended: list[RecordedClose]) -> list[RecordedClose]:
    """Remove and return the connections that ended by this time, of those whose last frame was seen."""
    due = [one for one in ended if one.offset_us is None or offset_us is None or one.offset_us <= offset_us]
    ended[:] = [one for one in ended if one not in due]
    return due


class _SessionTime:
    """Microseconds since the session began: by the monotonic clock, else by the wall clock."""

    def __init__(self, session: SessionInfo) -> None:
        self._began_us = session.started_at_us

    def offset_us(self, at_us: int | None, offset_us: int | None) -> int | None:
        if offset_us is not None or at_us is None:
            return offset_us
        if self._began_us is None:
            self._began_us = at_us
        return at_us - self._began_us


def _connection_start(connection: ConnectionInfo, times: _SessionTime) -> RecordedOpen:
    offset_us = times.offset_us(connection.opened_at_us, connection.opened_offset_us)
    tokens = (value for name, value in connection.request_headers if name.lower() == "authorization")
    return RecordedOpen(connection.connection, offset_us, next(tokens, None))


def _payload(payload: Payload, times: _SessionTime) -> RecordedPayload:
    offset_us = times.offset_us(payload.at_us, payload.offset_us)
    stamp = Stamp(payload.number, payload.connection, payload.at_us, offset_us)
    return RecordedPayload(
        stamp, payload.sender is Side.CLIENT, payload.data, payload.opcode == Opcode.BINARY
    )


def _connection_end(connection: ConnectionInfo, times: _SessionTime) -> RecordedClose:
    by_client = None if connection.closed_by is None else connection.closed_by is Side.CLIENT
    offset_us = times.offset_us(connection.closed_at_us, connection.closed_offset_us)
    return RecordedClose(connection.connection, offset_us, by_client, connection.close_code)
