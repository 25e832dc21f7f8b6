"""A connection to the file that is meant, and to no other; one that reads alone takes no lock away."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from recorder.store.sqlite_connect import connect, file_uri


@pytest.mark.parametrize(
    "name", ["a b.db", "per%20cent.db", "what?.db", "number#1.db", "ümlaut.db", "&mode=rw.db"]
)
def test_the_uri_leads_to_the_file_whatever_its_name(tmp_path: Path, name: str) -> None:
    """Nothing in a path is read as part of the URI."""
    path = tmp_path / name
    path.touch()
    with closing(connect(path, "rw")) as handle:
        handle.execute("CREATE TABLE t (x)")
    with closing(connect(path, "ro")) as handle:
        assert handle.execute("SELECT name FROM sqlite_schema").fetchall() == [("t",)]
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_no_file_is_made(tmp_path: Path) -> None:
    """It has to be there."""
    for mode in ("ro", "rw"):
        with pytest.raises(sqlite3.OperationalError):
            connect(tmp_path / "x.db", mode)
    assert list(tmp_path.iterdir()) == []


def locks_on(path: Path) -> int:
    """How many locks this process holds on the file."""
    inode = f":{path.stat().st_ino} "
    return sum(inode in line for line in Path("/proc/locks").read_text().splitlines())


def test_reading_the_file_alone_takes_no_lock_of_the_writer_away(tmp_path: Path) -> None:
    """Closing a file drops every lock that the process has on it; SQLite knows, and waits with it."""
    path = tmp_path / "x.db"
    path.touch()
    assert file_uri(path, "ro", immutable=True).endswith("?mode=ro&immutable=1")
    with closing(connect(path, "rw")) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE t (x)")
        held = locks_on(path)
        assert held
        with closing(connect(path, "ro", immutable=True)) as alone:
            alone.execute("PRAGMA user_version").fetchone()
        assert locks_on(path) == held
