"""Errors of SQLite and PostgreSQL, turned into sentences a user can act on. Loads no database library."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from recorder.errors import ArchiveUnusable, StorageFailed


class ServerUnreachable(Exception):
    """The connection to the server was lost, and cannot be made again yet."""


class InvalidContent(Exception):
    """The archive holds a value that no recorder writes; names the column and the type, never the content."""


FILE_ERRORS = (sqlite3.Error, OverflowError, InvalidContent)
"""What queries of a file raise; ``OverflowError`` is sqlite3's for a number beyond 64 bits."""


class WriteFailure(NamedTuple):
    """Why a write failed.

    Attributes:
        problem: in a few words.
        passing: whether to retry: the same write may work a moment later.
        hint: what to do, or None.
    """

    problem: str
    passing: bool
    hint: str | None = None


CANNOT_OPEN = "may its folder be written to? and ulimit -n shows how many files may be open"
_FREE_SPACE = "free some space, or record to another disk with --archive"

# A write may be tried again only where SQLite has certainly undone the first try. After a failed
# fsync the kernel may have dropped the pages while calling them clean: never again on that file.
_SQLITE = {
    sqlite3.SQLITE_FULL: WriteFailure("the disk is full", True, _FREE_SPACE),
    sqlite3.SQLITE_BUSY: WriteFailure("another program has locked it", True, "end that program"),
    sqlite3.SQLITE_LOCKED: WriteFailure("another program has locked it", True, "end that program"),
    sqlite3.SQLITE_READONLY: WriteFailure("it is read-only", False),
    sqlite3.SQLITE_PERM: WriteFailure("permission is denied", False),
    sqlite3.SQLITE_AUTH: WriteFailure("permission is denied", False),
    sqlite3.SQLITE_CANTOPEN: WriteFailure("it cannot be opened", False, CANNOT_OPEN),
    sqlite3.SQLITE_CORRUPT: WriteFailure("the file is damaged", False),
    sqlite3.SQLITE_NOTADB: WriteFailure("the file is damaged", False),
    sqlite3.SQLITE_NOMEM: WriteFailure("there is not enough memory", True),
    sqlite3.SQLITE_TOOBIG: WriteFailure("one frame is larger than SQLite can hold", False),
    sqlite3.SQLITE_IOERR: WriteFailure("the disk reports an input/output error", False),
    sqlite3.SQLITE_IOERR_WRITE: WriteFailure(
        "the disk refuses to write more (a file size limit or a quota, or it is failing)", True, _FREE_SPACE
    ),
    sqlite3.SQLITE_IOERR_SHMSIZE: WriteFailure("the disk is full", True, _FREE_SPACE),
    sqlite3.SQLITE_IOERR_FSYNC: WriteFailure("the disk could not make the data safe (fsync failed)", False),
}

# SQLSTATE classes of PostgreSQL: connection lost, operator intervention, resources, serialization.
_POSTGRESQL = {
    "08": WriteFailure("the connection to the server is lost", True),
    "57": WriteFailure("the server is shutting down or starting up", True),
    "53": WriteFailure("the server is out of disk, memory or connections", True),
    "40": WriteFailure("the server undid the transaction", True),
    "25": WriteFailure("the database is read-only", False),
    "28": WriteFailure("the server does not let us in", False, "check the user and the password"),
    "42": WriteFailure("the server does not let us write there, or the tables are not ours", False),
    "3D": WriteFailure("there is no such database", False),
}


class WithClose(Protocol):
    """A connection, of SQLAlchemy's or of the driver's."""

    def close(self) -> None:
        """Close it."""
        ...


@contextmanager
def closed_on_error(opened: WithClose) -> Iterator[None]:
    """Close the connection if the block raises."""
    try:
        yield
    except BaseException:
        opened.close()
        raise


def diagnose(error: BaseException) -> WriteFailure:
    """Why the write failed that raised this error."""
    if isinstance(error, ServerUnreachable):
        return WriteFailure(_first_line(error), True)
    if isinstance(error, OverflowError):  # raised by sqlite3, not wrapped by SQLAlchemy
        return WriteFailure("a time or a number is beyond 64 bits", False)
    cause = _cause(error)
    if isinstance(cause, sqlite3.Error):
        return _diagnose_sqlite(cause)
    state = getattr(cause, "sqlstate", None)
    if isinstance(state, str) and state[:2] in _POSTGRESQL:
        return _POSTGRESQL[state[:2]]
    if getattr(error, "connection_invalidated", False):
        return _POSTGRESQL["08"]
    return WriteFailure(_first_line(cause), type(cause).__name__ in ("OperationalError", "InterfaceError"))


def _diagnose_sqlite(error: sqlite3.Error) -> WriteFailure:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return WriteFailure(_first_line(error), False)
    return _SQLITE.get(code) or _SQLITE.get(code & 0xFF) or WriteFailure(_first_line(error), False)


def is_damage(error: BaseException) -> bool:
    """Whether this error means that the archive is damaged: by SQLite's word, or by what its rows hold."""
    cause = _cause(error)
    if isinstance(cause, InvalidContent) or _misses_tables(cause):
        return True
    code = getattr(cause, "sqlite_errorcode", None)
    if code is None:  # text that is no UTF-8: only damage puts it there
        return isinstance(cause, sqlite3.OperationalError) and "UTF-8" in str(cause)
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _misses_tables(cause: BaseException | None) -> bool:
    if getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:  # it has no code for it alone
        return any(says in str(cause) for says in ("no such table", "no such column", "has no column"))
    return getattr(cause, "sqlstate", None) in ("42P01", "42703")


def _cause(error: BaseException) -> BaseException | None:
    # SQLAlchemy keeps the driver's error in its own.
    driver_error = getattr(error, "orig", None)
    return driver_error if isinstance(driver_error, BaseException) else error


def storage_failed(archive: str, error: BaseException) -> StorageFailed | ArchiveUnusable:
    """The error to raise for a failed write: ``StorageFailed``, or ``ArchiveUnusable`` if it is damaged."""
    if is_damage(error):
        return archive_unusable(archive, error)
    failure = diagnose(error)
    return StorageFailed(archive, failure.problem, hint=failure.hint)


def archive_unusable(archive: str, error: BaseException) -> ArchiveUnusable:
    """The error to raise for a failed read."""
    if is_damage(error):
        cause = _cause(error)
        may_show = isinstance(cause, InvalidContent) or _misses_tables(cause)  # the others may quote content
        says = f"the file is damaged: {_first_line(cause)}" if may_show else "the file is damaged"
        return ArchiveUnusable(archive, says, hint="recorder archive verify tells how far")
    failure = diagnose(error)
    return ArchiveUnusable(archive, f"it cannot be read: {failure.problem}", hint=failure.hint)


def _first_line(error: BaseException | None) -> str:
    # Only the first line: drivers append statements and parameters, and those hold content.
    return (str(error).splitlines() or ["no reason given"])[0][:200]
