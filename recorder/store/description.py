"""What an archive is, and what the database itself finds wrong with it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from . import reading, revisions, sqlitefile
from .db_errors import is_damage
from .info import ArchiveInfo
from .opened import OpenedArchive
from .reader import Reader

_SYNCHRONOUS = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}
_SHOWN_PROBLEMS = 5


def info(opened: OpenedArchive, reader: Reader, holder: str | None, *, writing: bool) -> ArchiveInfo:
    """What this archive is."""
    sessions, connections, frames = reading.totals(reader)
    on_file = opened.path is not None
    return ArchiveInfo(
        path=opened.where,
        kind="sqlite" if on_file else "postgresql",
        revision=opened.revision,
        head_revision=revisions.head_revision(),
        file_bytes=_file_bytes(opened.path, reader),
        wal_bytes=_size(Path(f"{opened.path}-wal")) if on_file else None,
        sessions=sessions,
        connections=connections,
        frames=frames,
        library_version=sqlite3.sqlite_version if on_file else str(reader.value("SHOW server_version")),
        wal_reset_bug=on_file and sqlitefile.has_wal_reset_bug(),
        journal_mode=str(reader.value("PRAGMA journal_mode")) if on_file else None,
        synchronous=_synchronous(reader) if on_file and writing else None,
        holder=holder,
    )


def _file_bytes(path: Path | None, reader: Reader) -> int:
    if path is not None:
        return _size(path)
    return int(reader.value("SELECT pg_database_size(current_database())"))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _synchronous(reader: Reader) -> str:
    value = int(reader.value("PRAGMA synchronous"))
    return _SYNCHRONOUS.get(value, str(value))


def integrity_problems(reader: Reader) -> list[str]:
    """What SQLite finds wrong with the file; nothing for PostgreSQL, which checks itself."""
    if reader.dialect != "sqlite":
        return []
    pages = _lines(reader, f"PRAGMA quick_check({_SHOWN_PROBLEMS})")
    orphans = _lines(reader, "PRAGMA foreign_key_check")
    found = [_problem(row) for row in (*pages, *orphans[:_SHOWN_PROBLEMS]) if row[0] != "ok"]
    return list(dict.fromkeys(found))


def _lines(reader: Reader, sql: str) -> list[tuple[object, ...]]:
    try:
        return [tuple(row) for row in reader.run(sql)]
    except reader.errors as error:
        if not is_damage(error):
            raise
        return [("the database disk image is malformed",)]


def _problem(row: tuple[object, ...]) -> str:
    if len(row) == 1:
        return f"SQLite reports: {row[0]}"
    table, number, parent = row[:3]
    return f"row {number} of {table} belongs to nothing in {parent}"
