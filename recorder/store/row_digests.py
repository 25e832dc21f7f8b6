"""Digests of the rows that stand beside the frames, to prove later that none was changed, added or removed.

Each is BLAKE2b with 16 bytes of output, over JSON in UTF-8:

* of a connection's row: an object of its columns by name, in the order of names, without those that are
  null, ``row_digest`` and what barriers write (``barrier_…``, which the frames themselves prove);
* of a session's row: the same without ``id``; then follow those of its connections, of the rows of
  ``forwarded`` and of ``http_exchange``, and where it planned receipts, of ``receipt_plan``;
* of derived rows: one for each of their tables, in the order of ``DERIVED``.

The digest of a table is over its rows in the order of the key, an array and a line feed each. Bytes stand in
hexadecimal digits, after ``0x``. Columns that are added later, and null, change no digest of a row.

They are made of what the database holds once it was written, in the transaction that writes the end of a
session, or its derived rows; where all derived rows are written anew, of the rows as they go in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from recorder.counted import counted

from .columns import (
    CONNECTION,
    DERIVED,
    FORWARDED,
    HTTP_EXCHANGE,
    PROJECTION,
    RECEIPT_PLAN,
    SESSION,
    Columns,
    ColumnType,
)
from .db_errors import InvalidContent
from .driver_values import Row
from .reader import Reader, has_plans

_BYTES = 16
_ROWS = 1_000

_OF_SESSION = tuple(name for name in SESSION.names if name not in ("id", "row_digest"))
_OF_CONNECTION = tuple(
    name
    for name in CONNECTION.names
    if name not in ("session_id", "row_digest") and not name.startswith("barrier_")
)
# Compiled by hand, of our own names: a session of many that end at once takes no longer than it must.
_SELECT_SESSION = f"SELECT {', '.join(_OF_SESSION)} FROM session WHERE id = ?"  # noqa: S608
_SELECT_CONNECTIONS = (
    f"SELECT {', '.join(_OF_CONNECTION)} FROM connection WHERE session_id = ? ORDER BY number"  # noqa: S608
)

LIST_OF_CONNECTIONS = "its connections"

SESSION_PARTS = (
    "its row (name, source, times, state)",
    LIST_OF_CONNECTIONS,
    "the times at which its frames were passed on (forwarded)",
    "its HTTP requests (http_exchange)",
    "the receipts that it planned (receipt_plan)",
)
"""What the parts of a session's digest are of, in words. It has the last one only where there are such."""


class RowDigests(NamedTuple):
    """Digests of a session's row and of those of its connections, by number; None where there is none."""

    session: bytes | None
    connections: Mapping[int, bytes | None]


class DerivedDigests(NamedTuple):
    """The digest of derived rows as stored, and as they are now.

    Attributes:
        stored: None where there is none.
        now: empty unless there is one to compare it with.
        noted: whether it is noted what the rows follow from, in ``projection``.
        rows: whether there are any.
    """

    stored: bytes | None
    now: bytes
    noted: bool
    rows: bool


def row_digest(columns: Mapping[str, object]) -> bytes:
    """The digest of one row, by its columns."""
    known = {name: value for name, value in columns.items() if value is not None}
    return _digest([orjson.dumps(known, default=_as_text, option=orjson.OPT_SORT_KEYS)])


def stored_digests(reader: Reader, session_id: int) -> RowDigests:
    """The digests that are stored with the rows of a session."""
    (of_session,) = _row_of_session(reader, "SELECT row_digest FROM session WHERE id = ?", session_id)
    of_connections = "SELECT number, row_digest FROM connection WHERE session_id = ? ORDER BY number"
    return RowDigests(of_session, dict(map(tuple, reader.run(of_connections, session_id))))


def digests_of_rows(reader: Reader, session_id: int) -> RowDigests:
    """The digests of the rows of a session as they are now.

    Raises ``InvalidContent`` unless the table of sessions, which may have lost its key, has one row of it.
    """
    row = _row_of_session(reader, _SELECT_SESSION, session_id)
    connections = {
        each[0]: row_digest(dict(zip(_OF_CONNECTION, each, strict=True)))
        for each in reader.run(_SELECT_CONNECTIONS, session_id)
    }
    listed = _digest(orjson.dumps([number, made.hex()]) for number, made in connections.items())
    tables = [FORWARDED, HTTP_EXCHANGE, *([RECEIPT_PLAN] if _has_planned(reader, session_id) else [])]
    beside = (table_digest(reader, table, session_id) for table in tables)
    of_row = row_digest(dict(zip(_OF_SESSION, row, strict=True)))
    return RowDigests(of_row + listed + b"".join(beside), connections)


def _has_planned(reader: Reader, session_id: int) -> bool:
    query = "SELECT 1 FROM receipt_plan WHERE session_id = ? LIMIT 1"
    return has_plans(reader) and reader.run(query, session_id).fetchone() is not None


def _row_of_session(reader: Reader, sql: str, session_id: int) -> Sequence[Any]:
    rows = reader.run(sql, session_id).fetchall()
    if len(rows) != 1:
        raise InvalidContent(f"session has {counted(len(rows), 'row')} of this id, not one")
    return tuple(rows[0])


def write_digests(writer: Reader, session_id: int) -> None:
    """Store the digests of the rows of a session that has just ended, within the transaction that ends it."""
    made = digests_of_rows(writer, session_id)
    writer.run("UPDATE session SET row_digest = ? WHERE id = ?", made.session, session_id)
    of_connection = "UPDATE connection SET row_digest = ? WHERE session_id = ? AND number = ?"
    for number, digest in made.connections.items():
        writer.run(of_connection, digest, session_id, number)


def changed_parts(stored: bytes, now: bytes, parts: Sequence[str]) -> list[str]:
    """Those of the parts whose digests differ; all of them if it is no digest of so many parts.

    The last part of a session's digest may be missing from either.
    """
    least = len(parts) * _BYTES - (_BYTES if parts is SESSION_PARTS else 0)
    if any(len(each) % _BYTES or not least <= len(each) <= len(parts) * _BYTES for each in (stored, now)):
        return list(parts)
    return [
        part
        for place, part in enumerate(parts)
        if stored[place * _BYTES : (place + 1) * _BYTES] != now[place * _BYTES : (place + 1) * _BYTES]
    ]


# --- derived rows ---------------------------------------------------------------------------------------

DERIVED_PARTS = tuple(each.table for each in DERIVED)
"""What the parts of the digest of derived rows are of."""


def _derived_digest(reader: Reader, session_id: int, known: Mapping[str, bytes]) -> bytes:
    """The digest of the derived rows of a session as they are now; of some tables it may be known."""
    return b"".join(known.get(each.table) or table_digest(reader, each, session_id) for each in DERIVED)


def derived_digests(reader: Reader, session_id: int) -> DerivedDigests:
    """The digests of the derived rows of a session."""
    noted = reader.run("SELECT row_digest FROM projection WHERE session_id = ?", session_id).fetchall()
    stored = noted[0][0] if noted else None
    if stored is None:
        return DerivedDigests(None, b"", bool(noted), _has_derived_rows(reader, session_id))
    return DerivedDigests(stored, _derived_digest(reader, session_id, {}), True, True)


def _has_derived_rows(reader: Reader, session_id: int) -> bool:
    """Whether a session has derived rows of any kind, but for what says what they follow from."""
    first_rows = (
        reader.run(f"SELECT 1 FROM {table.table} WHERE session_id = ? LIMIT 1", session_id)  # noqa: S608
        for table in DERIVED
        if table is not PROJECTION
    )
    return any(rows.fetchone() is not None for rows in first_rows)


def write_derived_digest(writer: Reader, session_id: int, known: Mapping[str, bytes]) -> None:
    """Store the digest of derived rows that were just written, within their transaction.

    ``known``: the digests of tables that need not be read again, by name.
    """
    digest = _derived_digest(writer, session_id, known)
    writer.run("UPDATE projection SET row_digest = ? WHERE session_id = ?", digest, session_id)


def table_digest(reader: Reader, table: Columns, session_id: int) -> bytes:
    """The digest of the rows of a session in a table, read a thousand at a time, within a transaction."""
    rows, found = reader.run(_select_rows(table, reader.dialect), session_id, stream=True), TableDigest()
    while chunk := rows.fetchmany(_ROWS):
        found.add(list(map(tuple, chunk)))
    return found.value()


class TableDigest:
    """The digest of the rows of one table, which are added in the order of their key."""

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=_BYTES)

    def add(self, rows: Sequence[Row]) -> None:
        """Add rows, all columns but ``row_digest`` in order; a NaN stands for null.

        All together become one JSON array, which is cut between the rows: a third of the time of an array
        for each (tests/benchmarks/rebuild.py). Where a value looks like such a cut, each is made by itself.
        """
        if not rows:
            return
        cut = orjson.dumps(rows, default=_as_text)[1:-1].split(b"],[")
        if len(cut) == len(rows):
            self._hash.update(b"]\n[".join(cut))
        else:
            self._hash.update(b"\n".join([orjson.dumps(row, default=_as_text) for row in rows]))
        self._hash.update(b"\n")

    def value(self) -> bytes:
        """The digest of the rows so far; more may follow."""
        return self._hash.digest()


@cache
def _select_rows(table: Columns, dialect: str) -> str:
    """All rows of a session in the order of their key: on PostgreSQL not in that of a language, which may
    change with the system."""
    columns = ", ".join(name for name in table.names if name != "row_digest")
    collation = ' COLLATE "C"' if dialect == "postgresql" else ""
    key = (column for column in table.all if column.key and column.name != "session_id")
    order = ", ".join(f"{each.name}{collation if each.type is ColumnType.TEXT else ''}" for each in key)
    ordered = f" ORDER BY {order}" if order else ""
    return f"SELECT {columns} FROM {table.table} WHERE session_id = ?{ordered}"  # noqa: S608 - our own names


def _digest(pieces: Iterable[bytes]) -> bytes:
    found = blake2b(digest_size=_BYTES)
    for piece in pieces:
        found.update(piece)
    return found.digest()


def _as_text(value: object) -> str:
    """What JSON cannot hold: bytes, and whatever a changed file holds instead of what belongs there."""
    return f"0x{value.hex()}" if isinstance(value, bytes) else repr(value)
