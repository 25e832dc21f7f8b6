"""Saves what an open connection still holds of an archive whose files others have removed, replaced or cut.

A file that was removed or replaced is all there for whoever has it open. Of one that was cut, SQLite has the
pages it keeps in memory, and those in the write-ahead log if that is whole: the rows in them are copied.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Table

from . import schema, sqlite_writer, sqlitefile
from .sqlite_connect import connect
from .tables import DERIVED, metadata, setting


class Rescued(NamedTuple):
    """What could be saved.

    Attributes:
        file: where it is.
        whole: whether that is everything.
        frames: how many frames it holds.
    """

    file: Path
    whole: bool
    frames: int


def rescue(handle: sqlite3.Connection, path: Path, *, last_s: float) -> Rescued:
    """Copy the archive at ``path`` into a new file beside it, ``<file>.rescued-<time>`` (mode 0600).

    A folder that is gone is made again.

    Args:
        handle: the connection that writes; no transaction is open in it.
        last_s: when it was last recorded into, seconds since the epoch.

    Raises:
        OSError, sqlite3.Error, RecorderError: nothing could be saved.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = path.with_name(f"{path.name}.rescued-{datetime.fromtimestamp(int(last_s), UTC):%Y%m%dT%H%M%SZ}")
    target = _free(target)
    with suppress(OSError, sqlite3.Error):
        sqlitefile.backup(handle, target)
        if _is_sound(target):
            return Rescued(target, True, _frames(target))
    sqlitefile.remove(target)
    sqlite_writer.create(target, schema.make_tables)
    with closing(connect(target, "rw")) as copy:
        for table in metadata.sorted_tables:
            if table not in DERIVED:  # archive rebuild makes those anew
                _copy_rows(handle, copy, table)
    return Rescued(target, False, _frames(target))


def _free(target: Path) -> Path:
    number, free = 1, target
    while free.exists():
        number += 1
        free = target.with_name(f"{target.name}-{number}")
    return free


def _is_sound(file: Path) -> bool:
    with closing(connect(file, "ro", immutable=True)) as handle:
        (verdict,) = handle.execute("PRAGMA quick_check(1)").fetchone()
        return bool(verdict == "ok")


def _frames(file: Path) -> int:
    with closing(connect(file, "ro", immutable=True)) as handle:
        return int(handle.execute("SELECT count(*) FROM frame").fetchone()[0])


def _copy_rows(handle: sqlite3.Connection, copy: sqlite3.Connection, table: Table) -> None:
    """Copy the rows that can be read, from the first on, and then from the last back."""
    names = ", ".join(column.name for column in table.columns)
    marks = ", ".join("?" for _ in table.columns)
    statement = f"INSERT OR IGNORE INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608
    copy.execute("BEGIN")
    if table is setting:
        copy.execute("DELETE FROM setting")
    for order in ("ASC", "DESC"):
        places = ", ".join(f"{name} {order}" for name in _order(table))
        query = f"SELECT {names} FROM {table.name} ORDER BY {places}"  # noqa: S608
        for row in _readable_rows(handle, query):
            if order == "DESC" and copy.execute(statement, row).rowcount == 0:
                break  # there already: it was read from the front
            if order == "ASC":
                copy.execute(statement, row)
    copy.execute("COMMIT")


def _order(table: Table) -> list[str]:
    """The columns by which SQLite keeps the rows: to sort them by others, it would first have to read all."""
    if table.dialect_options["sqlite"]["with_rowid"]:
        return ["rowid"]
    return [column.name for column in table.primary_key]


def _readable_rows(handle: sqlite3.Connection, query: str) -> Iterator[tuple[object, ...]]:
    with suppress(sqlite3.Error):
        yield from handle.execute(query)
