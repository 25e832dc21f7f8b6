"""Opens an archive for reading or writing: a file or a database, made or upgraded if need be.

To read a file loads no database library.
"""

from __future__ import annotations

from pathlib import Path

from recorder.errors import BadOption

from . import revisions, sqlitefile
from .db_errors import FILE_ERRORS, archive_unusable
from .opened import OpenedArchive, no_archive
from .remarks import Notify


def is_url(where: str) -> bool:
    """Whether this names a PostgreSQL database."""
    return where.startswith(("postgresql://", "postgres://", "postgresql+psycopg://"))


def file_or_url(where: str | Path) -> Path | str:
    """Parse the value of ``--archive``: a path, ``sqlite:///path``, or a PostgreSQL URL, which stays a text.

    Raises:
        BadOption: a URL of some other kind.
    """
    if isinstance(where, Path) or is_url(where):
        return where
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
    if isinstance(place, Path):
        return _read_file(place, scripts)
    from .opening_database import read_database  # loads SQLAlchemy, which takes longer than most queries

    return read_database(place, scripts)


def for_writing(where: str | Path, scripts: Path, *, create: bool, say: Notify) -> OpenedArchive:
    """Open an archive to write into it; upgrade it, or with ``create`` make it, if need be.

    Raises:
        NotFound: there is no such file, and none is to be made.
        ArchiveUnusable: it is no archive, damaged or newer; it was not touched.
        ArchiveBusy: another process records into it.
        StorageFailed: it cannot be written.
    """
    place = file_or_url(where)
    if isinstance(place, Path):
        from .opening_file import write_file

        return write_file(place, scripts, create, say)
    from .opening_database import write_database

    return write_database(place, scripts, create, say)


def _read_file(path: Path, scripts: Path) -> OpenedArchive:
    real = sqlitefile.real_path(path)
    if not real.exists():
        raise no_archive(path)
    revision = sqlitefile.inspect(real)
    revisions.check_readable(str(path), revision, scripts)
    try:
        return OpenedArchive(str(path), sqlitefile.open_reader(real), revision, path=real)
    except FILE_ERRORS as error:
        raise archive_unusable(str(path), error) from error
