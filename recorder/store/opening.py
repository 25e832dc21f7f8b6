"""Opens an archive for reading or writing: a file or a database, made or upgraded if need be."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.engine import URL

from recorder.errors import ArchiveUnusable, BadOption, NotFound, StorageFailed, disk_problem

from . import postgresql, schema, side_files, sqlitefile, versions
from .db_errors import DATABASE_ERRORS, archive_unusable, closed_on_error, storage_failed
from .lock import ArchiveLock
from .log_identity import StampedLog
from .remarks import Notify


@dataclass(frozen=True, slots=True)
class OpenedArchive:
    """An archive that is open.

    Attributes:
        where: the path, or the URL without its password.
        connection: for queries and, if opened for writing, for writes.
        revision: the schema it has.
        path, lock, log: of a file; lock and log only if it was opened for writing.
        url: of a database.
    """

    where: str
    connection: Connection
    revision: str
    path: Path | None = None
    lock: ArchiveLock | None = None
    log: StampedLog | None = None
    url: URL | None = None


def file_or_url(where: str | Path) -> Path | URL:
    """Parse the value of ``--archive``: a path, ``sqlite:///path``, or a PostgreSQL URL.

    Raises:
        BadOption: a URL of some other kind.
    """
    if isinstance(where, Path):
        return where
    if postgresql.is_url(where):
        return postgresql.read_url(where)
    if where.startswith("sqlite:///"):
        return Path(where.removeprefix("sqlite:///"))
    if "://" in where or not where:
        hint = "give a file path, or postgresql://user@host/database"
        raise BadOption("--archive", "this is neither a path nor a PostgreSQL URL", hint=hint)
    return Path(where)


def for_reading(where: str | Path, scripts: Path) -> OpenedArchive:
    """Open an archive to read it; it may be recorded into meanwhile. Changes nothing.

    Raises:
        NotFound: there is no such file.
        ArchiveUnusable: it is no archive, damaged, older or newer, or cannot be read.
    """
    place = file_or_url(where)
    return _read_database(place, scripts) if isinstance(place, URL) else _read_file(place, scripts)


def for_writing(where: str | Path, scripts: Path, *, create: bool, say: Notify) -> OpenedArchive:
    """Open an archive to write into it; upgrade it, or with ``create`` make it, if need be.

    Raises:
        NotFound: there is no such file, and none is to be made.
        ArchiveUnusable: it is no archive, damaged or newer; it was not touched.
        ArchiveBusy: another process records into it.
        StorageFailed: it cannot be written.
    """
    place = file_or_url(where)
    if isinstance(place, URL):
        return _write_database(place, scripts, create, say)
    return _write_file(place, scripts, create, say)


def _read_file(path: Path, scripts: Path) -> OpenedArchive:
    real = sqlitefile.real_path(path)
    if not real.exists():
        raise _no_archive(path)
    revision = sqlitefile.inspect(real)
    schema.check_readable(str(path), revision, scripts)
    try:
        return OpenedArchive(str(path), sqlitefile.open_reader(real), revision, path=real)
    except DATABASE_ERRORS as error:
        raise archive_unusable(str(path), error) from error


def _no_archive(path: Path) -> NotFound:
    looked = "" if path.is_absolute() else f"looked in {Path.cwd()}; "
    hint = f"{looked}--archive or the variable RECORDER_ARCHIVE names another"
    return NotFound("archive", str(path), hint=hint)


def _write_file(path: Path, scripts: Path, create: bool, say: Notify) -> OpenedArchive:
    real = sqlitefile.real_path(path)
    if real.exists():
        schema.check_known(str(path), sqlitefile.inspect(real), scripts)
    elif not create:
        raise _no_archive(path)
    elif not real.parent.is_dir():
        raise StorageFailed(str(path), f"there is no directory {real.parent}")
    lock = ArchiveLock(real)
    try:
        return _write_locked(path, real, lock, scripts, say)
    except BaseException:
        lock.release()
        raise


def _write_locked(path: Path, real: Path, lock: ArchiveLock, scripts: Path, say: Notify) -> OpenedArchive:
    sqlitefile.remove_unfinished(real)
    try:
        side_files.set_aside(real, say)
        if not real.exists():
            sqlitefile.create(real, schema.make_tables)
        revision = sqlitefile.inspect(real)
        _refuse_second_name(path, real)
        sqlitefile.make_private(real, say)
        connection = sqlitefile.open_writer(real)
        log = _stamped_log(connection)
    except DATABASE_ERRORS as error:
        raise storage_failed(str(path), error) from error
    except OSError as error:
        raise StorageFailed(str(path), disk_problem(error) or f"{error.strerror}".lower()) from error
    with closed_on_error(connection):
        if revision != schema.head_revision(scripts):
            schema.upgrade_file(real, connection, revision, say=say, scripts=scripts)
    return OpenedArchive(str(path), connection, schema.head_revision(scripts), path=real, lock=lock, log=log)


def _stamped_log(connection: Connection) -> StampedLog:
    with closed_on_error(connection):
        handle = connection.connection.driver_connection
        assert isinstance(handle, sqlite3.Connection)  # noqa: S101 - tells mypy: it is a file
        return StampedLog(handle)


def _refuse_second_name(path: Path, real: Path) -> None:
    # SQLite would keep one write-ahead log per name, and lose what is in the other.
    if real.stat().st_nlink > 1:
        says = "the file has a second name (a hard link): recording under both would destroy it"
        raise ArchiveUnusable(str(path), says, hint="remove the other name, or make a copy")


def _read_database(url: URL, scripts: Path) -> OpenedArchive:
    where = postgresql.display(url)
    connection = postgresql.open_connection(url, writing=False)
    try:
        with closed_on_error(connection):
            revision = schema.current_revision(connection)
            if revision is None:
                raise ArchiveUnusable(where, "the database holds no archive of recorder")
            schema.check_readable(where, revision, scripts)
    except DATABASE_ERRORS as error:
        raise archive_unusable(where, error) from error
    return OpenedArchive(where, connection, revision, url=url)


def _write_database(url: URL, scripts: Path, create: bool, say: Notify) -> OpenedArchive:
    where = postgresql.display(url)
    connection = postgresql.open_connection(url, writing=True)
    try:
        with closed_on_error(connection):
            _prepare_database(where, connection, scripts, create, say)
    except DATABASE_ERRORS as error:
        raise storage_failed(where, error) from error
    return OpenedArchive(where, connection, schema.head_revision(scripts), url=url)


def _prepare_database(where: str, connection: Connection, scripts: Path, create: bool, say: Notify) -> None:
    revision = schema.current_revision(connection)
    if revision is None:
        if not create:
            raise NotFound("archive", where)
        schema.make_tables(connection)
        revision = versions.SCHEMA_REVISION
    schema.check_known(where, revision, scripts)
    head = schema.head_revision(scripts)
    if revision != head:
        say(f"upgrading {where} from schema {revision} to {head}")
        schema.migrate(connection, scripts)
