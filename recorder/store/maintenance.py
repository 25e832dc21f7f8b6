"""The archive as a whole: info, integrity, interrupted and deleted sessions, the write-ahead log."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from . import reading, schema, sqlitefile
from .checked_query import CheckedQuery
from .db_errors import is_damage
from .info import ArchiveInfo
from .opening import OpenedArchive
from .row_digests import one_state, write_digests
from .stored_text import storable
from .tables import connection as connection_table
from .tables import frame, session

_FRAMES_THERE = CheckedQuery(func.coalesce(func.max(frame.c.number), 0).label("there"))
_SYNCHRONOUS = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}
_SHOWN_PROBLEMS = 5


def info(opened: OpenedArchive, connection: Connection, holder: str | None, *, writing: bool) -> ArchiveInfo:
    """What this archive is."""
    sessions, connections, frames = reading.totals(connection)
    on_file = opened.path is not None
    return ArchiveInfo(
        path=opened.where,
        kind="sqlite" if on_file else "postgresql",
        revision=opened.revision,
        head_revision=schema.head_revision(),
        file_bytes=_file_bytes(opened.path, connection),
        wal_bytes=_size(Path(f"{opened.path}-wal")) if on_file else None,
        sessions=sessions,
        connections=connections,
        frames=frames,
        library_version=sqlite3.sqlite_version if on_file else _scalar(connection, "SHOW server_version"),
        wal_reset_bug=on_file and sqlitefile.has_wal_reset_bug(),
        journal_mode=_scalar(connection, "PRAGMA journal_mode") if on_file else None,
        synchronous=_synchronous(connection) if on_file and writing else None,
        holder=holder,
    )


def _file_bytes(path: Path | None, connection: Connection) -> int:
    if path is not None:
        return _size(path)
    return int(_scalar(connection, "SELECT pg_database_size(current_database())"))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _synchronous(connection: Connection) -> str:
    value = int(_scalar(connection, "PRAGMA synchronous"))
    return _SYNCHRONOUS.get(value, str(value))


def _scalar(connection: Connection, sql: str) -> str:
    return str(connection.exec_driver_sql(sql).scalar_one())


def integrity_problems(connection: Connection) -> list[str]:
    """What SQLite finds wrong with the file; nothing for PostgreSQL, which checks itself."""
    if connection.dialect.name != "sqlite":
        return []
    pages = _lines(connection, f"PRAGMA quick_check({_SHOWN_PROBLEMS})")
    orphans = _lines(connection, "PRAGMA foreign_key_check")
    found = [_problem(row) for row in (*pages, *orphans[:_SHOWN_PROBLEMS]) if row[0] != "ok"]
    return list(dict.fromkeys(found))


def _lines(connection: Connection, sql: str) -> list[tuple[object, ...]]:
    try:
        return [tuple(row) for row in connection.exec_driver_sql(sql)]
    except DBAPIError as error:
        if not is_damage(error):
            raise
        return [("the database disk image is malformed",)]


def _problem(row: tuple[object, ...]) -> str:
    if len(row) == 1:
        return f"SQLite reports: {row[0]}"
    table, number, parent = row[:3]
    return f"row {number} of {table} belongs to nothing in {parent}"


def lost_frames(connection: Connection, marks: Mapping[str, int]) -> dict[str, int]:
    """Per session, how many frames the marks say were on disk and are not in the archive."""
    lost = {}
    for public_id, frames in marks.items():
        query = _FRAMES_THERE.select.where(session.c.session == storable(public_id))
        (row,) = _FRAMES_THERE.rows(connection, query.where(frame.c.session_id == session.c.id))
        if row.there < frames:
            lost[public_id] = frames - row.there
    return lost


def note_interrupted(connection: Connection, is_live: reading.IsLive) -> Iterator[str]:
    """Mark sessions without an end record that nobody writes as interrupted; a sentence each."""
    query = select(session.c.id, session.c.session).where(session.c.end_state.is_(None))
    ended = [row for row in connection.execute(query).all() if not is_live(row.id)]
    for row in ended:
        count = select(func.count()).where(frame.c.session_id == row.id)
        frames = connection.execute(count).scalar_one()
        with one_state(connection):
            connection.execute(session.update().where(session.c.id == row.id).values(end_state="interrupted"))
            write_digests(connection, row.id)
        yield f"session {row.session} has no end record (its recorder died); frames kept: {frames}"


def delete_session(connection: Connection, session_id: int, begin: str) -> None:
    """Delete the rows of a session, all or none."""
    connection.exec_driver_sql(begin)
    connection.execute(frame.delete().where(frame.c.session_id == session_id))
    connection.execute(connection_table.delete().where(connection_table.c.session_id == session_id))
    connection.execute(session.delete().where(session.c.id == session_id))
    connection.exec_driver_sql("COMMIT")
