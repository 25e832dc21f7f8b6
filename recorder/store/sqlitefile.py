"""SQLite files: inspect, open to read, and back up an archive file. Loads no database library.

A file is inspected without changing a byte before it is opened: another program's database, a text file,
a damaged or a newer archive stay as they are.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from recorder.counted import counted_is
from recorder.errors import ArchiveUnusable

from . import side_files
from .db_errors import CANNOT_OPEN, closed_on_error, is_damage
from .reader import FileReader
from .sqlite_connect import connect
from .versions import APPLICATION_ID

SIDE_FILES = ("-wal", "-shm", "-journal")
PRIVATE = 0o600

GUARDED = {"trusted_schema": 0, "cell_size_check": 1}
_READER = {**GUARDED, "query_only": 1}


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


def open_reader(path: Path) -> FileReader:
    """A connection that can only read; it works beside a writer, and on read-only media."""
    return FileReader(open_handle(path, "ro", _READER, immutable=_must_be_immutable(path)))


def open_handle(
    path: Path, mode: str, pragmas: Mapping[str, int], *, immutable: bool = False
) -> sqlite3.Connection:
    """The driver's connection to the file, with these pragmas; see ``connect``.

    Raises:
        ArchiveUnusable: SQLite refuses a pragma.
        sqlite3.Error: SQLite cannot.
    """
    handle = connect(path, mode, immutable=immutable)
    with closed_on_error(handle):
        for name, value in pragmas.items():
            handle.execute(f"PRAGMA {name}={value}")
            if int(handle.execute(f"PRAGMA {name}").fetchone()[0]) != value:
                raise ArchiveUnusable(str(path), f"SQLite refuses to set {name} to {value}")
    return handle


def make_private(path: Path, say: Callable[[str], None]) -> None:
    """Take the file and its side files away from group and others."""
    found = stat.S_IMODE(path.stat().st_mode)
    for each in _with_side_files(path):
        with suppress(FileNotFoundError):
            if stat.S_IMODE(each.stat().st_mode) & 0o077:
                each.chmod(PRIVATE)
    if found & 0o077:
        say(f"{path} could be read by others (mode {found:04o}); it is now 0600")


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


def backup(source: sqlite3.Connection, target: Path) -> None:
    """Copy the whole archive, write-ahead log included, into the new file ``target`` (mode 0600).

    The copy appears under its name only when it is whole.

    Raises:
        FileExistsError: there is such a file already.
        OSError, sqlite3.Error: it could not be written.
    """
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


def make_reproducible(path: Path, seed: bytes) -> None:
    """Give an archive file that nobody has open the bytes that follow from its rows and the seed alone.

    Its id, its redaction key and its stamp (see ``log_identity``) are made from the seed: no secret may be
    recorded into it.
    """
    with closing(sqlite3.connect(path)) as connection:
        for name, size in (("redaction_key", 32), ("archive_id", 16)):
            value = hashlib.sha256(name.encode() + seed).digest()[:size]
            connection.execute("UPDATE setting SET value = ? WHERE name = ?", (value, name))
        connection.commit()
        connection.execute("PRAGMA journal_mode = DELETE")
        stamp = int.from_bytes(hashlib.sha256(b"stamp" + seed).digest()[:4], "big", signed=True)
        connection.execute(f"PRAGMA user_version = {stamp}")
        connection.execute("VACUUM")


def has_wal_reset_bug(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """Whether this SQLite may damage a file in which two processes write or checkpoint at once.

    In 3.7.0 to 3.51.2, mended in 3.51.3 and in the lines 3.44.6 and 3.50.7.
    """
    if version[:2] == (3, 44):
        return version < (3, 44, 6)
    if version[:2] == (3, 50):
        return version < (3, 50, 7)
    return (3, 7, 0) <= version < (3, 51, 3)
