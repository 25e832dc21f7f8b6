"""What a database says when it cannot, in words a user can act on."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from recorder.errors import ArchiveUnusable, StorageFailed

DATABASE_ERRORS = (SQLAlchemyError, sqlite3.Error, OverflowError)
"""What the layers below raise when they cannot; the last is sqlite3's for a number beyond 64 bits."""


class Trouble(NamedTuple):
    """What went wrong with a write.

    Attributes:
        problem: in a few words.
        passing: whether the same write may work a moment later.
        hint: what to do, or None.
    """

    problem: str
    passing: bool
    hint: str | None = None


_FREE_SPACE = "free some space, or record to another disk with --archive"

# A write may be tried again only where SQLite has certainly undone the first try. After a failed
# fsync the kernel may have dropped the pages while calling them clean: never again on that file.
_SQLITE = {
    sqlite3.SQLITE_FULL: Trouble("the disk is full", True, _FREE_SPACE),
    sqlite3.SQLITE_BUSY: Trouble("another program has locked it", True, "end that program"),
    sqlite3.SQLITE_LOCKED: Trouble("another program has locked it", True, "end that program"),
    sqlite3.SQLITE_READONLY: Trouble("it is read-only", False),
    sqlite3.SQLITE_PERM: Trouble("permission is denied", False),
    sqlite3.SQLITE_AUTH: Trouble("permission is denied", False),
    sqlite3.SQLITE_CANTOPEN: Trouble("it cannot be opened", False),
    sqlite3.SQLITE_CORRUPT: Trouble("the file is damaged", False),
    sqlite3.SQLITE_NOTADB: Trouble("the file is damaged", False),
    sqlite3.SQLITE_NOMEM: Trouble("there is not enough memory", True),
    sqlite3.SQLITE_TOOBIG: Trouble("one frame is larger than SQLite can hold", False),
    sqlite3.SQLITE_IOERR: Trouble("the disk reports an input/output error", False),
    sqlite3.SQLITE_IOERR_WRITE: Trouble(
        "the disk refuses to write more (a file size limit or a quota, or it is failing)", True, _FREE_SPACE
    ),
    sqlite3.SQLITE_IOERR_FSYNC: Trouble("the disk could not make the data safe (fsync failed)", False),
}

# SQLSTATE classes of PostgreSQL: connection lost, operator intervention, resources, serialization.
_POSTGRESQL = {
    "08": Trouble("the connection to the server is lost", True),
    "57": Trouble("the server is shutting down or starting up", True),
    "53": Trouble("the server is out of disk, memory or connections", True),
    "40": Trouble("the server undid the transaction", True),
    "25": Trouble("the database is read-only", False),
    "28": Trouble("the server does not let us in", False, "check the user and the password"),
    "42": Trouble("the server does not let us write there, or the tables are not ours", False),
    "3D": Trouble("there is no such database", False),
}


class StillAway(SQLAlchemyError):
    """The server was lost, and cannot be reached again yet."""


class NotAsWritten(SQLAlchemyError):
    """The archive holds what no recorder writes; which column holds what, without the content."""


def diagnose(error: BaseException) -> Trouble:
    """What this error of a driver means for the one who writes."""
    if isinstance(error, StillAway):
        return Trouble(_first_line(error), True)
    if isinstance(error, OverflowError):  # sqlite3's word; SQLAlchemy lets it through as it is
        return Trouble("a time or a number is beyond 64 bits", False)
    cause = _cause(error)
    if isinstance(cause, sqlite3.Error):
        return _diagnose_sqlite(cause)
    state = getattr(cause, "sqlstate", None)
    if isinstance(state, str) and state[:2] in _POSTGRESQL:
        return _POSTGRESQL[state[:2]]
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return _POSTGRESQL["08"]
    return Trouble(_first_line(cause), type(cause).__name__ in ("OperationalError", "InterfaceError"))


def _diagnose_sqlite(error: sqlite3.Error) -> Trouble:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return Trouble(_first_line(error), False)
    return _SQLITE.get(code) or _SQLITE.get(code & 0xFF) or Trouble(_first_line(error), False)


def is_damage(error: BaseException) -> bool:
    """Whether the archive does not hold together, as SQLite finds or as its rows show."""
    cause = _cause(error)
    if isinstance(cause, NotAsWritten) or _misses_tables(cause):
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
    return error.orig if isinstance(error, DBAPIError) else error


def storage_failed(archive: str, error: BaseException) -> StorageFailed | ArchiveUnusable:
    """This error as the one a recorder ends with; an archive that is damaged is not written into."""
    if is_damage(error):
        return archive_unusable(archive, error)
    trouble = diagnose(error)
    return StorageFailed(archive, trouble.problem, hint=trouble.hint)


def archive_unusable(archive: str, error: BaseException) -> ArchiveUnusable:
    """This error as the one a reader ends with."""
    if is_damage(error):
        cause = _cause(error)
        told = isinstance(cause, NotAsWritten) or _misses_tables(cause)  # the others may quote content
        says = f"the file is damaged: {_first_line(cause)}" if told else "the file is damaged"
        return ArchiveUnusable(archive, says, hint="recorder archive verify tells how far")
    trouble = diagnose(error)
    return ArchiveUnusable(archive, f"it cannot be read: {trouble.problem}", hint=trouble.hint)


def _first_line(error: BaseException | None) -> str:
    # Only the first line: drivers append statements and parameters, and those hold content.
    return (str(error).splitlines() or ["no reason given"])[0][:200]
