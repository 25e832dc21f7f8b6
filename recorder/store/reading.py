"""Questions to an archive, each answered in a short transaction of its own.

Frames come in chunks: a reader that kept one transaction open would keep SQLite from ever shortening
its write-ahead log while somebody records.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, select

from recorder.errors import NotFound
from recorder.wire.records import RecordedFrame

from .checked_query import Question
from .db_errors import DATABASE_ERRORS, NotAsWritten
from .info import ConnectionInfo, ConnectionStanding, DigestPoint, SessionInfo, SessionStanding
from .rows import SENDERS, Headers, storable
from .session_names import pick
from .tables import connection, frame, session, setting

Live = Callable[[int], bool]
"""Whether somebody writes the session of this row number now."""

CHUNK_FRAMES = 256
CHUNK_BYTES = 4 << 20

_KEY_BYTES = 32

_FRAME = Question(
    frame.c.number,
    frame.c.connection,
    frame.c.idx,
    frame.c.sender,
    frame.c.at_us,
    frame.c.offset_us,
    frame.c.opcode,
    frame.c.fin,
    frame.c.rsv,
    frame.c.payload,
    frame.c.head,
    frame.c.violation,
    frame.c.redacted,
    frame.c.chain,
)

# Where there is an end record its number stands; before that the highest number is the count.
_FRAMES_OF_SESSION = func.coalesce(
    session.c.frames,
    select(func.max(frame.c.number)).where(frame.c.session_id == session.c.id).scalar_subquery(),
    0,
)
_CONNECTIONS_OF_SESSION = (
    select(func.count()).where(connection.c.session_id == session.c.id).scalar_subquery()
)
_FRAMES_OF_CONNECTION = func.coalesce(
    connection.c.frame_count,
    select(func.count())
    .where(frame.c.session_id == connection.c.session_id, frame.c.connection == connection.c.number)
    .scalar_subquery(),
)
_SESSION = Question(
    *session.c,
    _CONNECTIONS_OF_SESSION.label("connections"),
    _FRAMES_OF_SESSION.label("frames_there"),
)
_SETTING = Question(setting.c.value)
_CONNECTION = Question(*connection.c, _FRAMES_OF_CONNECTION.label("frames"))
_CONNECTION_STANDING = Question(*connection.c)  # all columns: what is read is looked at


def sessions(reader: Connection, live: Live, *, public_id: str | None = None) -> list[SessionInfo]:
    """Every session, oldest first; only that of this id, if given."""
    asked = _SESSION.select.order_by(session.c.id)
    if public_id is not None:
        asked = asked.where(session.c.session == storable(public_id))
    return [
        SessionInfo(
            session=row.session,
            name=row.name,
            source=row.source,
            state=_state(row, live),
            started_at_us=row.started_at_us,
            ended_at_us=row.ended_at_us,
            connections=row.connections,
            frames=row.frames_there,
            detail=row.detail,
            recorder_version=row.recorder_version,
            source_digest=row.source_digest,
        )
        for row in _SESSION.answers(reader, asked)
    ]


def _state(row: Any, live: Live) -> str:
    ended: str | None = row.end_state
    return ended or ("recording" if live(row.id) else "interrupted")


def find(reader: Connection, live: Live, name: str) -> SessionInfo:
    """The session that ``name`` means, see ``pick``; of thousands, all are looked at only if it is no id."""
    exactly = [] if name == "last" else sessions(reader, live, public_id=name)
    if [each.session for each in exactly] == [name]:
        return exactly[0]
    return pick(sessions(reader, live), name)


def session_row(reader: Connection, public_id: str) -> int:
    """The row number of a session. Raises ``NotFound``."""
    asked = select(session.c.id).where(session.c.session == storable(public_id))
    found = reader.execute(asked).scalars().all()
    if not found:
        raise NotFound("session", public_id)
    if len(found) > 1:
        raise NotAsWritten(f"{len(found)} sessions have the id {public_id}")
    return int(found[0])


def no_frame(number: int) -> NotFound:
    """There is no frame of this number."""
    return NotFound("frame", f"#{number}")


def connections(reader: Connection, session_id: int) -> list[ConnectionInfo]:
    """The connections of a session, in order."""
    return [
        ConnectionInfo(
            connection=row.number,
            url=row.url,
            opened_at_us=row.opened_at_us,
            opened_offset_us=row.opened_offset_us,
            request_line=row.request_line,
            request_headers=_headers(row.request_headers),
            response_status=row.response_status,
            response_headers=_headers(row.response_headers),
            closed_at_us=row.closed_at_us,
            closed_offset_us=row.closed_offset_us,
            close_code=row.close_code,
            close_reason=row.close_reason,
            closed_by=None if row.closed_by is None else SENDERS[row.closed_by],
            how=row.how,
            detail=row.detail,
            frames=row.frames,
        )
        for row in _CONNECTION.answers(reader, _in_order(_CONNECTION, session_id))
    ]


def _in_order(question: Question, session_id: int) -> Select[Any]:
    return question.select.where(connection.c.session_id == session_id).order_by(connection.c.number)


def _headers(stored: str | None) -> Headers:
    return () if stored is None else tuple((name, value) for name, value in json.loads(stored))


class Chained(NamedTuple):
    """A frame, and the piece of the rolling digest that was stored with it."""

    frame: RecordedFrame
    chain: int


class Wanted(NamedTuple):
    """Which frames: of this session, of one connection or all, up to a number or to the end."""

    session_id: int
    connection: int | None = None
    last: int | None = None


def chunk(reader: Connection, wanted: Wanted, after: int | None) -> list[Chained]:
    """The next frames, in order: with numbers above ``after`` if given; empty if there are none.

    What cannot be read ends a chunk early, and is raised when nothing stands before it.
    """
    found: list[Chained] = []
    size = 0
    try:
        for row in _FRAME.answers(reader, _narrowed(wanted, after)):
            found.append(_chained(row))
            size += len(row.payload)
            if size > CHUNK_BYTES:  # memory stays bounded, whatever was recorded
                break
    except DATABASE_ERRORS:
        if not found:
            raise
    return found


def _narrowed(wanted: Wanted, after: int | None) -> Select[Any]:
    asked = _FRAME.select.where(frame.c.session_id == wanted.session_id)
    if after is not None:
        asked = asked.where(frame.c.number > _fitting(after, bits=64))
    if wanted.last is not None:
        asked = asked.where(frame.c.number <= _fitting(wanted.last, bits=64))
    if wanted.connection is not None:
        asked = asked.where(frame.c.connection == _fitting(wanted.connection, bits=32))
    return asked.order_by(frame.c.number).limit(CHUNK_FRAMES)


def _fitting(number: int, *, bits: int) -> int:
    # Somebody may ask for a frame no column has room for: there is none, and no fault in asking.
    largest = (1 << bits - 1) - 1
    return max(-largest, min(number, largest))


def _chained(row: Any) -> Chained:
    (
        number,
        place,
        index,
        sender,
        at_us,
        offset_us,
        opcode,
        fin,
        rsv,
        payload,
        head,
        violation,
        redacted,
        chain,
    ) = row
    side = SENDERS[sender]
    recorded = RecordedFrame(
        number,
        place,
        index,
        side,
        at_us,
        offset_us,
        opcode,
        bool(fin),
        rsv,
        payload,
        head,
        violation,
        bool(redacted),
    )
    return Chained(recorded, chain)


def standings(reader: Connection, live: Live, marks: Mapping[str, int]) -> list[SessionStanding]:
    """What every session claims of itself, to be compared with its frames; oldest first."""
    return [
        SessionStanding(
            session=row.session,
            name=row.name,
            state=_state(row, live),
            ended=row.end_state is not None,
            frames=row.frames,
            mark=marks.get(row.session),
        )
        for row in _SESSION.answers(reader, _SESSION.select.order_by(session.c.id))
    ]


def connection_standings(reader: Connection, session_id: int) -> list[ConnectionStanding]:
    """What every connection of a session claims of itself, in order."""
    return [
        ConnectionStanding(
            row.number,
            end=_point(row.frame_count, row.frame_digest),
            barrier=_point(row.barrier_count, row.barrier_digest),
        )
        for row in _CONNECTION_STANDING.answers(reader, _in_order(_CONNECTION_STANDING, session_id))
    ]


def _point(count: int | None, digest: bytes | None) -> DigestPoint | None:
    if count is None and digest is None:
        return None
    if count is None or digest is None:
        raise NotAsWritten("a connection has a count of frames without their digest, or the reverse")
    return DigestPoint(count, digest)


def redaction_key(reader: Connection) -> bytes:
    """The 32 bytes that key the placeholders of this archive."""
    asked = _SETTING.select.where(setting.c.name == "redaction_key")
    found: list[bytes] = [row.value for row in _SETTING.answers(reader, asked)]
    if len(found) != 1 or len(found[0]) != _KEY_BYTES:
        raise NotAsWritten("its redaction key is missing, or has not the right length")
    return found[0]


def totals(reader: Connection) -> tuple[int, int, int]:
    """How many sessions, connections and frames there are."""
    sessions, connections, frames = (
        int(reader.execute(select(func.count()).select_from(table)).scalar_one())
        for table in (session, connection, frame)
    )
    return sessions, connections, frames
