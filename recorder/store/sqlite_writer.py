"""SQLite files: make an archive file, and open it to write by way of SQLAlchemy."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy import Connection, NullPool, create_engine

from recorder.errors import ArchiveUnusable, StorageFailed, disk_problem

from .db_errors import closed_on_error
from .log_identity import new_stamp
from .sqlitefile import GUARDED, inspect, open_handle, remove, reserve
from .versions import APPLICATION_ID

# Pages in KiB, as SQLite counts below zero: as much as the log has before it is moved. What was written last
# can so be rescued from memory where somebody cuts the files.
_CACHE = -8_192

# secure_delete: what is deleted is overwritten; its default differs from build to build.
# wal_autocheckpoint: the log is moved by StampedLog alone.
_WRITER = {
    **GUARDED,
    "foreign_keys": 1,
    "secure_delete": 1,
    "synchronous": 1,
    "wal_autocheckpoint": 0,
    "cache_size": _CACHE,
}


def open_writer(path: Path) -> Connection:
    """The one connection that writes; call it with the lock held.

    Raises:
        ArchiveUnusable: SQLite refuses a pragma or the write-ahead log that crash safety needs.
        DBAPIError: SQLite cannot.
    """
    connection = _open(path, _WRITER)
    with closed_on_error(connection):
        _keep_log(path, connection)
    return connection


def _keep_log(path: Path, connection: Connection) -> None:
    mode = connection.exec_driver_sql("PRAGMA journal_mode=WAL").scalar_one()
    if mode != "wal":
        raise ArchiveUnusable(str(path), f"SQLite keeps its journal as {mode} here, not as a write-ahead log")


def handle_of(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection, of one to a file."""
    handle = connection.connection.driver_connection
    assert isinstance(handle, sqlite3.Connection)  # noqa: S101 - tells mypy; the caller knows
    return handle


def _open(path: Path, pragmas: Mapping[str, int]) -> Connection:
    engine = create_engine(
        "sqlite://",
        creator=lambda: open_handle(path, "rw", pragmas),
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,  # they are content; an error message is not the place for it
    )
    return engine.connect()


def create(path: Path, fill: Callable[[Connection], None]) -> None:
    """Make a new archive file, all at once: killed half way, or on a full disk, there is no file at ``path``.

    ``fill`` makes the tables. They go into the file itself, by way of a rollback journal: in a write-ahead
    log they would be lost where the disk is too full to move them. Call it with the lock held.

    Raises:
        StorageFailed: there is no room or no permission.
        ArchiveUnusable: another program has just made a file of that name.
        DBAPIError: SQLite cannot.
    """
    fresh = path.with_name(path.name + ".new")
    remove_unfinished(path)
    try:
        reserve(fresh)
        _fill(fresh, fill)
        inspect(fresh)
        os.link(fresh, path)  # unlike a rename, this never replaces a file
        _sync_folder(path)
    except FileExistsError as error:
        raise ArchiveUnusable(str(path), "another program has just made a file of that name") from error
    except OSError as error:
        raise StorageFailed(
            str(path), disk_problem(error) or (error.strerror or "it cannot be made").lower()
        ) from error
    finally:
        remove_unfinished(path)


def _fill(fresh: Path, fill: Callable[[Connection], None]) -> None:
    connection = _open(fresh, {**GUARDED, "synchronous": 2})
    try:
        connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
        connection.exec_driver_sql(f"PRAGMA user_version={new_stamp()}")
        fill(connection)
        _keep_log(fresh, connection)
    finally:
        connection.close()


def _sync_folder(path: Path) -> None:
    """Make the names in the folder of this file survive a power cut."""
    handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # not every file system can
            raise
    finally:
        os.close(handle)


def remove_unfinished(path: Path) -> None:
    """Remove what a process left that was killed while it made this archive. Call it with the lock held."""
    remove(path.with_name(path.name + ".new"))
