"""Questions to an archive, each answered in a short transaction of its own.

Frames come in chunks: a reader that kept one transaction open would keep SQLite from ever shortening
its write-ahead log while somebody records.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from recorder.errors import NotFound
from recorder.wire.records import RecordedFrame

from .info import ConnectionInfo, ConnectionStanding, DigestPoint, SessionInfo, SessionStanding
from .rows import SENDERS, Headers
from .tables import connection, frame, session

Live = Callable[[int], bool]
"""Whether somebody writes the session of this row number now."""

CHUNK_FRAMES = 256
CHUNK_BYTES = 4 << 20

_FRAME_COLUMNS = (
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
_SESSIONS = select(
    session.c.id,
    session.c.session,
    session.c.name,
    session.c.source,
    session.c.end_state,
    session.c.started_at_us,
    session.c.ended_at_us,
    session.c.detail,
    session.c.recorder_version,
    session.c.source_digest,
    _CONNECTIONS_OF_SESSION.label("connections"),
    _FRAMES_OF_SESSION.label("frames"),
).order_by(session.c.id)


def sessions(reader: Connection, live: Live) -> list[SessionInfo]:
    """Every session, oldest first."""
    return [
        SessionInfo(
            session=row.session,
            name=row.name,
            source=row.source,
            state=row.end_state or ("recording" if live(row.id) else "interrupted"),
            started_at_us=row.started_at_us,
            ended_at_us=row.ended_at_us,
            connections=row.connections,
            frames=row.frames,
            detail=row.detail,
            recorder_version=row.recorder_version,
            source_digest=row.source_digest,
        )
        for row in reader.execute(_SESSIONS)
    ]


def pick(known: list[SessionInfo], name: str) -> SessionInfo:
    """The session that ``name`` means: ``last``, an id, a name, or the unique beginning of an id.

    Raises:
        NotFound: there is none, or more than one.
    """
    if name == "last" and known:
        return known[-1]
    for fits in (
        [each for each in known if each.session == name],
        [each for each in known if each.name == name],
        [each for each in known if name and each.session.startswith(name)],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise NotFound("session", name, close=[each.session for each in fits], many=True)
    words = [word for each in known for word in (each.session, each.name) if word]
    raise NotFound("session", name, close=get_close_matches(name, words))


def session_row(reader: Connection, public_id: str) -> int:
    """The row number of a session. Raises ``NotFound``."""
    row = reader.execute(select(session.c.id).where(session.c.session == public_id)).first()
    if row is None:
        raise NotFound("session", public_id)
    return int(row.id)


def no_frame(number: int) -> NotFound:
    """There is no frame of this number."""
    return NotFound("frame", f"#{number}")


def connections(reader: Connection, session_id: int) -> list[ConnectionInfo]:
    """The connections of a session, in order."""
    asked = (
        select(connection, _FRAMES_OF_CONNECTION.label("frames"))
        .where(connection.c.session_id == session_id)
        .order_by(connection.c.number)
    )
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
        for row in reader.execute(asked)
    ]


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


def chunk(reader: Connection, wanted: Wanted, after: int) -> list[Chained]:
    """The next frames with numbers above ``after``, in order; empty if there are none."""
    asked = select(*_FRAME_COLUMNS).where(frame.c.session_id == wanted.session_id, frame.c.number > after)
    if wanted.last is not None:
        asked = asked.where(frame.c.number <= wanted.last)
    if wanted.connection is not None:
        asked = asked.where(frame.c.connection == wanted.connection)
    found: list[Chained] = []
    size = 0
    with reader.execute(asked.order_by(frame.c.number).limit(CHUNK_FRAMES)) as rows:
        for row in rows:
            found.append(_chained(row))
            size += len(row.payload)
            if size > CHUNK_BYTES:  # memory stays bounded, whatever was recorded
                break
    return found


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
    asked = select(session.c.id, session.c.session, session.c.name, session.c.end_state, session.c.frames)
    return [
        SessionStanding(
            session=row.session,
            name=row.name,
            state=row.end_state or ("recording" if live(row.id) else "interrupted"),
            frames=row.frames,
            mark=marks.get(row.session),
            connections=_connection_standings(reader, row.id),
        )
        for row in reader.execute(asked.order_by(session.c.id)).all()
    ]


def _connection_standings(reader: Connection, session_id: int) -> tuple[ConnectionStanding, ...]:
    asked = select(
        connection.c.number,
        connection.c.frame_count,
        connection.c.frame_digest,
        connection.c.barrier_count,
        connection.c.barrier_digest,
    ).where(connection.c.session_id == session_id)
    return tuple(
        ConnectionStanding(row.number, _point(row[1], row[2]), _point(row[3], row[4]))
        for row in reader.execute(asked)
    )


def _point(count: int | None, digest: bytes | None) -> DigestPoint | None:
    return None if count is None or digest is None else DigestPoint(count, bytes(digest))


def totals(reader: Connection) -> tuple[int, int, int]:
    """How many sessions, connections and frames there are."""
    sessions, connections, frames = (
        int(reader.execute(select(func.count()).select_from(table)).scalar_one())
        for table in (session, connection, frame)
    )
    return sessions, connections, frames
