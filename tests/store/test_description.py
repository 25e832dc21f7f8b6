"""What an archive is, as far as its kind can tell, and what the database finds wrong with it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from recorder.store import description, revisions
from recorder.store.archive import Archive

Begin = Callable[..., Any]


def harm(path: Path, statements: str) -> None:
    """Change the file behind our back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as handle:
        handle.executescript(statements)


def test_a_file_that_is_written_tells_how(path: Path, begin: Begin, frames: Any) -> None:
    """Sizes as the directory has them, the journal, how safe a commit is, and who holds it."""
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive)
        intake([frames.opened, *frames.some(3)])
        info = archive.info()
        log = path.with_name("x.db-wal")
        assert (info.path, info.kind) == (str(path), "sqlite")
        assert (info.file_bytes, info.wal_bytes) == (path.stat().st_size, log.stat().st_size)
        assert info.wal_bytes
        assert (info.sessions, info.connections, info.frames) == (1, 1, 3)
        assert (info.journal_mode, info.library_version) == ("wal", sqlite3.sqlite_version)
        assert info.synchronous == "FULL"  # the first commit was a barrier
        intake(frames.some(1, after=3))
        assert archive.info().synchronous == "NORMAL"
        assert info.revision == info.head_revision == revisions.head_revision()


def test_a_file_that_is_only_read_tells_no_more_than_it_knows(path: Path) -> None:
    """How a writer would commit is not known to a reader; without a log its size is nothing."""
    Archive.open(path, mode="write").close()
    with Archive.open(path, mode="read") as archive:
        info = archive.info()
    assert (info.synchronous, info.holder, info.journal_mode) == (None, None, "wal")
    path.with_name("x.db-wal").unlink(missing_ok=True)
    with Archive.open(path, mode="read") as archive:
        assert archive.info().wal_bytes == 0


def test_a_database_tells_what_a_database_has(database: str, begin: Begin, frames: Any) -> None:
    """No log of its own, no journal; its size is the server's word."""
    with Archive.open(database, mode="write") as archive:
        begin(archive)(frames.some(2))
        info = archive.info()
    assert (info.kind, info.frames) == ("postgresql", 2)
    assert (info.wal_bytes, info.journal_mode, info.synchronous, info.wal_reset_bug) == (None,) * 3 + (False,)
    assert info.file_bytes > 1_000_000
    assert info.library_version[0].isdigit()


def test_a_database_has_no_log_to_empty_and_no_pages_to_check(database: str) -> None:
    """PostgreSQL watches over itself."""
    with Archive.open(database, mode="write") as archive, archive.reader() as connection:
        assert archive._writer.files is None
        assert description.integrity_problems(connection) == []


def test_integrity_problems_are_a_few_sentences(path: Path, begin: Begin, frames: Any) -> None:
    """A sound file has no problems; of ten thousand orphans a handful is named, each once."""
    with Archive.open(path, mode="write") as archive:
        begin(archive)(frames.some(50))
        assert archive.integrity_problems() == []
    harm(path, "PRAGMA foreign_keys=0; DELETE FROM connection; DELETE FROM session;")
    with Archive.open(path, mode="read") as archive:
        problems = archive.integrity_problems()
    assert problems == [f"row {number} of frame belongs to nothing in connection" for number in range(1, 6)]


def test_a_page_of_garbage_is_a_problem_and_no_failure(path: Path, begin: Begin, frames: Any) -> None:
    """Whether SQLite reports it in a row of its own or gives up: the list says it."""
    with Archive.open(path, mode="write") as archive:
        begin(archive)([frames.one(number, b"%05d" % number + b"x" * 1000) for number in range(1, 301)])
    data = bytearray(path.read_bytes())
    page = data.index(b"00200xxx") // 4096 * 4096
    data[page : page + 4096] = b"\xa5" * 4096
    path.write_bytes(data)
    with Archive.open(path, mode="read") as archive:
        problems = archive.integrity_problems()
    assert problems
    assert all(problem.startswith("SQLite reports: ") for problem in problems)
