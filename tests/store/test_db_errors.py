"""What a database says when it cannot, in words a user can act on."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from recorder.store.db_errors import ServerUnreachable, archive_unusable, diagnose, is_damage, storage_failed


def sqlite_error(code: int, says: str = "x") -> sqlite3.Error:
    """An error as sqlite3 raises it."""
    error = sqlite3.OperationalError(says)
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "problem", "passing"),
    [
        (sqlite3.SQLITE_FULL, "the disk is full", True),
        (sqlite3.SQLITE_BUSY, "another program has locked it", True),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "another program has locked it", True),
        (sqlite3.SQLITE_READONLY_DBMOVED, "it is read-only", False),
        (sqlite3.SQLITE_IOERR_READ, "input/output error", False),
        (sqlite3.SQLITE_IOERR_WRITE, "refuses to write more", True),
        (sqlite3.SQLITE_IOERR_FSYNC, "fsync failed", False),
        (sqlite3.SQLITE_CORRUPT_INDEX, "the file is damaged", False),
    ],
)
def test_each_error_of_sqlite_in_words(code: int, problem: str, passing: bool) -> None:
    """By its code and never by its text; also when SQLAlchemy wraps it."""
    for error in (sqlite_error(code), OperationalError("SELECT secret", {"a": "secret"}, sqlite_error(code))):
        failure = diagnose(error)
        assert problem in failure.problem
        assert failure.passing is passing


def test_a_failed_fsync_is_never_tried_again() -> None:
    """The kernel may have dropped the pages and call them clean."""
    assert not diagnose(sqlite_error(sqlite3.SQLITE_IOERR_FSYNC)).passing


def test_neither_statements_nor_parameters_are_shown() -> None:
    """They hold content."""
    error = OperationalError("INSERT canary", {"a": "canary"}, sqlite3.OperationalError("odd\ncanary"))
    assert "canary" not in str(storage_failed("x.db", error)) + str(archive_unusable("x.db", error))


def test_damage_is_told_from_other_trouble() -> None:
    """It has another exit code for a reader's way on."""
    assert is_damage(sqlite_error(sqlite3.SQLITE_CORRUPT))
    assert is_damage(sqlite_error(sqlite3.SQLITE_NOTADB))
    assert is_damage(sqlite3.OperationalError("Could not decode to UTF-8 column 'url'"))
    assert not is_damage(sqlite_error(sqlite3.SQLITE_BUSY))
    assert diagnose(ServerUnreachable("gone")).passing


LIMITED = """
import resource, sys
from recorder.clock import VirtualClock
from recorder.errors import StorageFailed
from recorder.store.archive import Archive
from recorder.store.intake import IntakeOptions
from recorder.wire.frames import Side
from recorder.wire.records import RecordedFrame
clock = VirtualClock()
archive = Archive.open(sys.argv[1], mode="write")
intake = archive.begin_session(source="client", started_at_us=0, clock=clock, session="s",
    options=IntakeOptions(keep_secrets=True))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for n in range(1, 1000):
    try:
        intake([RecordedFrame(n, 1, n - 1, Side.CLIENT, n, n, 1, True, 0, b"x" * 1000, b"h")])
    except StorageFailed as error:
        print(n - 1, clock.now_s() >= 10.0, error.problem)
        break
import os; os._exit(0)
"""


def test_a_file_size_limit_ends_a_recording_with_a_reason(path: Path) -> None:
    """After the wait; all that was acknowledged is there."""
    from recorder.store.archive import Archive
    from recorder.store.verify import verify

    ran = subprocess.run([sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True)
    assert ran.stderr == ""
    count, waited, problem = ran.stdout.split(" ", 2)
    assert waited == "True"
    assert "file size limit" in problem
    with Archive.open(path, mode="read") as archive:
        (verdict,) = verify(archive)
    assert (verdict.state, verdict.frames) == ("interrupted", int(count))
    assert path.stat().st_size <= 200_000
