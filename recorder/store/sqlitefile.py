"""SQLite files: inspect, create, open and back up an archive file.

A file is inspected without changing a byte before it is opened: another program's database, a text file,
a damaged or a newer archive stay as they are.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, NullPool, create_engine

from recorder.counted import counted_is
from recorder.errors import ArchiveUnusable, StorageFailed, disk_problem

from . import side_files
from .db_errors import CANNOT_OPEN, closed_on_error, is_damage
from .log_identity import new_stamp
from .sqlite_connect import connect, file_uri
from .versions import APPLICATION_ID

SIDE_FILES = ("-wal", "-shm", "-journal")
PRIVATE = 0o600

# Pages in KiB, as SQLite counts below zero: as much as the log has before it is moved. What was written last
# can so be rescued from memory where somebody cuts the files.
_CACHE = -8_192

_GUARDED = {"trusted_schema": 0, "cell_size_check": 1}
READER = {**_GUARDED, "query_only": 1}
# secure_delete: what is deleted is overwritten; its default differs from build to build.
# wal_autocheckpoint: the log is moved by StampedLog alone.
_WRITER = {
    **_GUARDED,
    "foreign_keys": 1,
    "secure_delete": 1,
    "synchronous": 1,
    "wal_autocheckpoint": 0,
    "cache_size": _CACHE,
}


def real_path(path: Path) -> Path:
    """The file behind symbolic links, as SQLite sees it; side files and lock lie beside that one.

    Raises:
        ArchiveUnusable: the links lead in a circle, or to nothing.
    """
    try:
        real = path.resolve()
    except (OSError, RuntimeError) as error:
        raise ArchiveUnusable(str(path), "its symbolic links lead in a circle") from error
    if path.is_symlink() and not real.exists():
        raise ArchiveUnusable(str(path), "it is a symbolic link to a file that does not exist")
    return real


def inspect(path: Path) -> str:
    """The schema revision of the archive file at ``path``, read without changing the file.

    Raises:
        ArchiveUnusable: it is no archive of ours, damaged, or not to be read; or a log of another file lies
            beside it.
    """
    size = _regular_size(path)
    with _reading(path):
        in_log = side_files.check(path)
    with _reading(path), closing(connect(path, "ro", immutable=not in_log)) as handle:
        application_id = int(handle.execute("PRAGMA application_id").fetchone()[0])
        if application_id != APPLICATION_ID:
            raise ArchiveUnusable(str(path), "it is an SQLite database of another program")
        if not in_log:
            _check_length(path, size, handle)
        rows = handle.execute("SELECT version_num FROM alembic_version").fetchall()
    if len(rows) != 1 or not isinstance(rows[0][0], str):
        raise ArchiveUnusable(str(path), "it does not say which schema it has")
    return rows[0][0]


def _regular_size(path: Path) -> int:
    try:
        status = path.stat()
    except OSError as error:
        raise ArchiveUnusable(str(path), f"it cannot be read ({(error.strerror or '').lower()})") from error
    if stat.S_ISDIR(status.st_mode):
        raise ArchiveUnusable(str(path), "it is a directory")
    if not stat.S_ISREG(status.st_mode):
        raise ArchiveUnusable(str(path), "it is no regular file")
    if status.st_size == 0:
        raise ArchiveUnusable(str(path), "it is empty", hint="remove it, and it will be made anew")
    return status.st_size


def _check_length(path: Path, size: int, handle: sqlite3.Connection) -> None:
    pages = int(handle.execute("PRAGMA page_count").fetchone()[0])
    page_size = int(handle.execute("PRAGMA page_size").fetchone()[0])
    if size < pages * page_size:
        raise ArchiveUnusable(
            str(path), f"it is cut short: {size} of {counted_is(pages * page_size, 'byte')} there"
        )


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        cannot_open = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CANTOPEN
        hint = CANNOT_OPEN if cannot_open else None
        raise ArchiveUnusable(str(path), _why_unreadable(path, error), hint=hint) from error


def _why_unreadable(path: Path, error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_NOTADB:
        return "it is no archive of recorder, or its beginning is damaged"
    if is_damage(error):
        return "the file is damaged"
    if "no such table" in str(error):
        return "it is damaged or incomplete: tables are missing"
    if has_wal(path) and not os.access(path.parent, os.W_OK):
        return "its last frames are in a write-ahead log, and the directory is read-only: copy all its files"
    return "permission is denied" if not os.access(path, os.R_OK) else f"it cannot be read ({error})"


def has_wal(path: Path) -> bool:
    """Whether committed frames may be in the write-ahead log beside the file."""
    with suppress(OSError):
        return path.with_name(path.name + "-wal").stat().st_size > 0
    return False


def _must_be_immutable(path: Path) -> bool:
    # SQLite wants to make side files even to read; where it cannot, nobody can be writing either.
    return not os.access(path.parent, os.W_OK) and not has_wal(path)


def reader_uri(path: Path) -> str:
    """The URI that opens the file read-only; set the pragmas of ``READER`` on the connection."""
    return file_uri(path, "ro", immutable=_must_be_immutable(path))


def open_reader(path: Path) -> Connection:
    """A connection that can only read; it works beside a writer, and on read-only media."""
    return _open(path, "ro", READER, immutable=_must_be_immutable(path))


def open_writer(path: Path) -> Connection:
    """The one connection that writes; call it with the lock held.

    Raises:
        ArchiveUnusable: SQLite refuses a pragma or the write-ahead log that crash safety needs.
        DBAPIError: SQLite cannot.
    """
    connection = _open(path, "rw", _WRITER, immutable=False)
    with closed_on_error(connection):
        _keep_log(path, connection)
    return connection


def _keep_log(path: Path, connection: Connection) -> None:
    mode = connection.exec_driver_sql("PRAGMA journal_mode=WAL").scalar_one()
    if mode != "wal":
        raise ArchiveUnusable(str(path), f"SQLite keeps its journal as {mode} here, not as a write-ahead log")


def _open(path: Path, mode: str, pragmas: dict[str, int], *, immutable: bool) -> Connection:
    engine = create_engine(
        "sqlite://",
        creator=lambda: connect(path, mode, immutable=immutable),
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,  # they are content; an error message is not the place for it
    )
    connection = engine.connect()
    with closed_on_error(connection):
        _set_pragmas(path, connection, pragmas)
    return connection


def _set_pragmas(path: Path, connection: Connection, pragmas: dict[str, int]) -> None:
    for name, value in pragmas.items():
        connection.exec_driver_sql(f"PRAGMA {name}={value}")
        got = connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
        if int(got) != value:
            raise ArchiveUnusable(str(path), f"SQLite refuses to set {name} to {value}")


def make_private(path: Path, say: Callable[[str], None]) -> None:
    """Take the file and its side files away from group and others."""
    found = stat.S_IMODE(path.stat().st_mode)
    for each in _with_side_files(path):
        with suppress(FileNotFoundError):
            if stat.S_IMODE(each.stat().st_mode) & 0o077:
                each.chmod(PRIVATE)
    if found & 0o077:
        say(f"{path} could be read by others (mode {found:04o}); it is now 0600")


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
    connection = _open(fresh, "rw", {**_GUARDED, "synchronous": 2}, immutable=False)
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


def _with_side_files(path: Path) -> list[Path]:
    return [path, *(path.with_name(path.name + suffix) for suffix in SIDE_FILES)]


def remove(path: Path) -> None:
    """Remove a file and its side files, where they are there."""
    for each in _with_side_files(path):
        with suppress(OSError):
            each.unlink()


def reserve(path: Path) -> None:
    """Make an empty file, private from its first moment whatever the umask. Raises ``OSError``."""
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_RDWR | os.O_CLOEXEC, PRIVATE)
    os.fchmod(handle, PRIVATE)
    os.close(handle)


def backup(connection: Connection, target: Path) -> None:
    """Copy the whole archive, write-ahead log included, into the new file ``target`` (mode 0600).

    The copy appears under its name only when it is whole.

    Raises:
        FileExistsError: there is such a file already.
        OSError, sqlite3.Error: it could not be written.
    """
    source = connection.connection.driver_connection
    assert isinstance(source, sqlite3.Connection)  # noqa: S101 - tells mypy; the caller knows
    copy_to(source, target)


def copy_to(source: sqlite3.Connection, target: Path) -> None:
    """As ``backup``, from the driver's own connection."""
    partial = target.with_name(target.name + ".part")
    with suppress(FileNotFoundError):
        partial.unlink()
    reserve(partial)
    try:
        with closing(connect(partial, "rw")) as copy:
            copy.execute("PRAGMA synchronous=FULL")
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
        os.link(partial, target)
    finally:
        remove(partial)


def has_wal_reset_bug(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """Whether this SQLite may damage a file in which two processes write or checkpoint at once.

    In 3.7.0 to 3.51.2, mended in 3.51.3 and in the lines 3.44.6 and 3.50.7.
    """
    if version[:2] == (3, 44):
        return version < (3, 44, 6)
    if version[:2] == (3, 50):
        return version < (3, 50, 7)
    return (3, 7, 0) <= version < (3, 51, 3)
