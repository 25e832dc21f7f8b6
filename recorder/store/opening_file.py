"""Opens an archive file for writing: takes its lock, makes it or upgrades it if need be."""

from __future__ import annotations

from pathlib import Path

from recorder.errors import ArchiveUnusable, StorageFailed, disk_problem

from . import revisions, schema, side_files, sqlite_writer, sqlitefile
from .db_errors import closed_on_error, storage_failed
from .lock import ArchiveLock
from .log_identity import StampedLog
from .opened import OpenedArchive, no_archive
from .reader import FileReader
from .remarks import Notify
from .sqlite_writer import handle_of
from .write_errors import DATABASE_ERRORS


def write_file(path: Path, scripts: Path, create: bool, say: Notify) -> OpenedArchive:
    """Open a file to write; errors as for ``for_writing``."""
    real = sqlitefile.real_path(path)
    if real.exists():
        revisions.check_known(str(path), sqlitefile.inspect(real), scripts)
    elif not create:
        raise no_archive(path)
    elif not real.parent.is_dir():
        raise StorageFailed(str(path), f"there is no directory {real.parent}")
    lock = ArchiveLock(real)
    try:
        return _write_locked(path, real, lock, scripts, say)
    except BaseException:
        lock.release()
        raise


def _write_locked(path: Path, real: Path, lock: ArchiveLock, scripts: Path, say: Notify) -> OpenedArchive:
    sqlite_writer.remove_unfinished(real)
    try:
        side_files.set_aside(real, say)
        if not real.exists():
            sqlite_writer.create(real, schema.make_tables)
        revision = sqlitefile.inspect(real)
        _refuse_second_name(path, real)
        sqlitefile.make_private(real, say)
        connection = sqlite_writer.open_writer(real)
        with closed_on_error(connection):
            reader = FileReader(handle_of(connection))
            log = StampedLog(reader.handle)
    except DATABASE_ERRORS as error:
        raise storage_failed(str(path), error) from error
    except OSError as error:
        raise StorageFailed(str(path), disk_problem(error) or f"{error.strerror}".lower()) from error
    with closed_on_error(connection):
        if revision != revisions.head_revision(scripts):
            schema.upgrade_file(real, connection, revision, say=say, scripts=scripts)
    head = revisions.head_revision(scripts)
    return OpenedArchive(str(path), reader, head, connection, path=real, lock=lock, log=log)


def _refuse_second_name(path: Path, real: Path) -> None:
    # SQLite would keep one write-ahead log per name, and lose what is in the other.
    if real.stat().st_nlink > 1:
        says = "the file has a second name (a hard link): recording under both would destroy it"
        raise ArchiveUnusable(str(path), says, hint="remove the other name, or make a copy")
