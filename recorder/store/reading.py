"""Queries of an archive, each in a short transaction of its own.

Frames come in chunks: a reader that kept one transaction open would keep SQLite from ever shortening
its write-ahead log while somebody records.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, NamedTuple, TypeVar

from recorder.counted import counted
from recorder.errors import NotFound
from recorder.wire.frames import CompressedPayload
from recorder.wire.handshake import Headers
from recorder.wire.records import (
    ConnectionInfo,
    FrameForwarded,
    HttpExchange,
    ReceiptPlan,
    RecordedFrame,
    SessionInfo,
)

from .checked_query import CheckedQuery
from .columns import (
    COMPRESSED,
    CONNECTION,
    FORWARDED,
    FRAME,
    HTTP_EXCHANGE,
    RECEIPT_PLAN,
    SESSION,
    SETTING,
)
from .db_errors import InvalidContent
from .frame_rows import SENDERS
from .info import ConnectionClaims, DigestPoint, SessionClaims
from .reader import Reader, has_plans
from .remarks import Notify
from .session_names import LAST, pick
from .stored_text import storable

Info = TypeVar("Info", SessionInfo, ConnectionInfo, SessionClaims)

IsLive = Callable[[int], bool]
"""Whether the session of this row number is being written now."""

CHUNK_FRAMES = 256
CHUNK_BYTES = 4 << 20

_KEY_BYTES = 32

_FRAME = CheckedQuery(
    FRAME,
    *(
        "idx" if name == "index" else name
        for name in RecordedFrame._fields
        if name != "compressed"  # has a table of its own
    ),
    "chain",
)
_COMPRESSED = CheckedQuery(COMPRESSED, "number", *CompressedPayload._fields)
_FORWARDED = CheckedQuery(FORWARDED, *FrameForwarded._fields)
_EXCHANGE = CheckedQuery(HTTP_EXCHANGE, *HttpExchange._fields)
_PLAN = CheckedQuery(RECEIPT_PLAN, *ReceiptPlan._fields)
_SESSION = CheckedQuery(
    SESSION,
    counts={
        "connections": "(SELECT count(*) FROM connection WHERE session_id = session.id)",
        # Where there is an end record its number stands; before that the highest number is the count.
        "frames_there": "coalesce(frames, (SELECT max(number) FROM frame WHERE session_id = session.id), 0)",
    },
)
_SETTING = CheckedQuery(SETTING, "value")
_CONNECTION = CheckedQuery(
    CONNECTION,
    counts={
        "frames": "coalesce(frame_count, (SELECT count(*) FROM frame WHERE"
        " frame.session_id = connection.session_id AND frame.connection = connection.number))"
    },
)
_CONNECTION_CLAIMS = CheckedQuery(CONNECTION)  # all columns, so that all are checked
_CONNECTIONS_IN_ORDER = "WHERE session_id = ? ORDER BY number"


def sessions(reader: Reader, is_live: IsLive, *, public_id: str | None = None) -> list[SessionInfo]:
    """Every session, oldest first; only that of this id, if given."""
    if public_id is None:
        rows = _SESSION.rows(reader, "ORDER BY id")
    else:
        rows = _SESSION.rows(reader, "WHERE session = ? ORDER BY id", storable(public_id))
    return [_from_row(SessionInfo, row, state=_state(row, is_live), frames=row.frames_there) for row in rows]


def _from_row(info: type[Info], row: Any, **others: Any) -> Info:
    """Fill each field from ``others``, or from the column of its name."""
    names = (each.name for each in fields(info) if each.name not in others)
    return info(**others, **{name: getattr(row, name) for name in names})


def _state(row: Any, is_live: IsLive) -> str:
    ended: str | None = row.end_state
    return ended or ("recording" if is_live(row.id) else "interrupted")


def find(reader: Reader, is_live: IsLive, name: str, say: Notify, *, connected: bool = False) -> SessionInfo:
    """The session that ``name`` means, see ``pick``; all sessions are read only if it is no id."""
    exactly = [] if name == LAST else sessions(reader, is_live, public_id=name)
    if [each.session for each in exactly] == [name]:
        return exactly[0]
    return pick(sessions(reader, is_live), name, say, connected=connected)


def session_row(reader: Reader, public_id: str) -> int:
    """The row number of a session. Raises ``NotFound``."""
    found = reader.run("SELECT id FROM session WHERE session = ?", storable(public_id)).fetchall()
    if not found:
        raise NotFound("session", public_id)
    if len(found) > 1:
        raise InvalidContent(f"{counted(len(found), 'session')} have the id {public_id}")
    return int(found[0][0])


def connections(reader: Reader, session_id: int) -> list[ConnectionInfo]:
    """The connections of a session, in order."""
    return [
        _from_row(
            ConnectionInfo,
            row,
            connection=row.number,
            request_headers=_headers(row.request_headers),
            response_headers=_headers(row.response_headers),
            closed_by=None if row.closed_by is None else SENDERS[row.closed_by],
        )
        for row in _CONNECTION.rows(reader, _CONNECTIONS_IN_ORDER, session_id)
    ]


def _headers(stored: str | None) -> Headers:
    return () if stored is None else tuple((name, value) for name, value in json.loads(stored))


class ChainedFrame(NamedTuple):
    """A frame, and the bytes of the rolling digest that were stored with it."""

    frame: RecordedFrame
    chain: int


class FrameRange(NamedTuple):
    """Frames of a session: of one connection or all, up to a number or to the end."""

    session_id: int
    connection: int | None = None
    last: int | None = None


def chunk(reader: Reader, frame_range: FrameRange, after: int | None) -> list[ChainedFrame]:
    """The next frames, in order: with numbers above ``after`` if given; empty if there are none.

    A frame that cannot be read ends the chunk before it; as the first of a chunk it raises.
    """
    found: list[ChainedFrame] = []
    size = 0
    try:
        for row in _FRAME.rows(reader, *_narrowed(frame_range, after)):
            found.append(_chained(row))
            size += len(row.payload)
            if size > CHUNK_BYTES:  # memory stays bounded, whatever was recorded
                break
    except reader.errors:
        if not found:
            raise
    return _with_compressed(reader, frame_range.session_id, found)


def _with_compressed(reader: Reader, session_id: int, found: list[ChainedFrame]) -> list[ChainedFrame]:
    """The frames with how they stood on the wire, where they were compressed."""
    if not found:
        return found
    rows = _COMPRESSED.rows(
        reader,
        "WHERE session_id = ? AND number BETWEEN ? AND ?",
        session_id,
        found[0].frame.number,
        found[-1].frame.number,
    )
    by_number = {row[0]: CompressedPayload._make(row[1:]) for row in rows}
    if not by_number:
        return found
    return [
        each._replace(frame=each.frame._replace(compressed=by_number.get(each.frame.number)))
        for each in found
    ]


def compressed_counts(reader: Reader, session_id: int) -> tuple[int, int]:
    """How many frames of a session came compressed, and how many of them are without their payload."""
    query = "SELECT count(*), count(withheld) FROM compressed WHERE session_id = ?"
    came, withheld = reader.run(query, session_id).fetchone()
    return int(came), int(withheld)


def forwarded_chunk(reader: Reader, session_id: int, *, after: int, last: int | None) -> list[FrameForwarded]:
    """When the next frames above ``after``, and up to ``last`` if given, were passed on; in order."""
    conditions, parameters = "session_id = ? AND number > ?", [session_id, after]
    if last is not None:
        conditions += " AND number <= ?"
        parameters.append(_clamped(last, bits=64))
    rows = _FORWARDED.rows(reader, f"WHERE {conditions} ORDER BY number LIMIT {CHUNK_FRAMES}", *parameters)
    return [FrameForwarded._make(row) for row in rows]


def exchanges(reader: Reader, session_id: int) -> list[HttpExchange]:
    """The requests beside the WebSockets of a session, in order."""
    rows = _EXCHANGE.rows(reader, "WHERE session_id = ? ORDER BY number", session_id)
    return [_exchange(row) for row in rows]


def _exchange(row: Any) -> HttpExchange:
    *others, request_body, response_body = row
    bodies = (None if each is None else each.encode() for each in (request_body, response_body))
    return HttpExchange(*others, *bodies)


def receipt_plans(reader: Reader, session_id: int) -> list[ReceiptPlan]:
    """What a replay planned, in order; nothing of a session that was none, or of an older archive."""
    if not has_plans(reader):
        return []
    rows = _PLAN.rows(reader, "WHERE session_id = ? ORDER BY number", session_id)
    return [ReceiptPlan._make(row) for row in rows]


def _narrowed(frame_range: FrameRange, after: int | None) -> tuple[Any, ...]:
    """The conditions of a chunk of frames, and their parameters."""
    conditions, parameters = ["session_id = ?"], [frame_range.session_id]
    if after is not None:
        conditions.append("number > ?")
        parameters.append(_clamped(after, bits=64))
    if frame_range.last is not None:
        conditions.append("number <= ?")
        parameters.append(_clamped(frame_range.last, bits=64))
    if frame_range.connection is not None:
        conditions.append("connection = ?")
        parameters.append(_clamped(frame_range.connection, bits=32))
    return f"WHERE {' AND '.join(conditions)} ORDER BY number LIMIT {CHUNK_FRAMES}", *parameters


def _clamped(number: int, *, bits: int) -> int:
    # A number that no column can hold names no frame, and is no error.
    largest = (1 << bits - 1) - 1
    return max(-largest, min(number, largest))


def _chained(row: Any) -> ChainedFrame:
    number, place, index, sender, at_us, offset_us, opcode, fin, *others, redacted, chain = row
    known = (
        number,
        place,
        index,
        SENDERS[sender],
        at_us,
        offset_us,
        opcode,
        bool(fin),
        *others,
        bool(redacted),
        None,
    )
    return ChainedFrame(RecordedFrame._make(known), chain)


def session_claims(reader: Reader, is_live: IsLive, marks: Mapping[str, int]) -> list[SessionClaims]:
    """What every session says of itself, to be compared with its frames; oldest first."""
    return [
        _from_row(
            SessionClaims,
            row,
            state=_state(row, is_live),
            ended=row.end_state is not None,
            mark=marks.get(row.session),
        )
        for row in _SESSION.rows(reader, "ORDER BY id")
    ]


def connection_claims(reader: Reader, session_id: int) -> list[ConnectionClaims]:
    """What every connection of a session says of itself, in order."""
    return [
        ConnectionClaims(
            row.number,
            end=_digest_point(row.frame_count, row.frame_digest),
            barrier=_digest_point(row.barrier_count, row.barrier_digest),
            barrier_at_us=row.barrier_at_us,
        )
        for row in _CONNECTION_CLAIMS.rows(reader, _CONNECTIONS_IN_ORDER, session_id)
    ]


def _digest_point(count: int | None, digest: bytes | None) -> DigestPoint | None:
    if count is None and digest is None:
        return None
    if count is None or digest is None:
        raise InvalidContent("a connection has a count of frames without their digest, or the reverse")
    return DigestPoint(count, digest)


def redaction_key(reader: Reader) -> bytes:
    """The 32 bytes that key the placeholders of this archive."""
    found = _settings(reader, "redaction_key")
    if len(found) != 1 or len(found[0]) != _KEY_BYTES:
        raise InvalidContent("its redaction key is missing, or has not the right length")
    return found[0]


def archive_id(reader: Reader) -> str | None:
    """The id of this archive in hexadecimal digits; None if it was made before there were ids."""
    found = _settings(reader, "archive_id")
    return found[0].hex() if found else None


def _settings(reader: Reader, name: str) -> list[bytes]:
    return [row.value for row in _SETTING.rows(reader, "WHERE name = ?", name)]


def totals(reader: Reader) -> tuple[int, int, int]:
    """How many sessions, connections and frames there are."""
    sessions, connections, frames = (
        int(reader.value(f"SELECT count(*) FROM {table}"))  # noqa: S608 - our own names
        for table in ("session", "connection", "frame")
    )
    return sessions, connections, frames
