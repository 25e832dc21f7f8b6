"""A log belongs to its file in every state that the two can be in together, and to no other file."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from faults.tools.leftovers import hot_journal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recorder.store.archive import Archive
from recorder.store.log_identity import (
    JOURNAL,
    WAL,
    SideFile,
    StampedLog,
    journal_state,
    log_state,
    new_stamp,
    read_log_header,
    read_stamp,
    side_path,
)
from recorder.store.sqlite_connect import connect

Begin = Callable[..., Any]


@pytest.fixture
def handle(path: Path) -> Iterator[sqlite3.Connection]:
    """The connection that writes into a file with one table."""
    path.touch()
    with closing(connect(path, "rw")) as opened:
        opened.execute("PRAGMA journal_mode=WAL")
        opened.execute("PRAGMA wal_autocheckpoint=0")
        opened.execute(f"PRAGMA user_version={new_stamp()}")
        opened.execute("CREATE TABLE t (x)")
        yield opened


def pair(path: Path, target: Path) -> Path:
    """A copy of file and log, as a process that is killed now would leave them."""
    target.mkdir(parents=True)
    for suffix in ("", WAL):
        if side_path(path, suffix).exists():
            shutil.copy(side_path(path, suffix), target)
    return target / path.name


STEPS = ("write", "checkpoint", "checkpoint beside a reader", "empty", "open again")


@given(steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=8))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_any_steps_the_log_belongs_to_its_file_and_not_to_older_copies(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    """However it came about; a copy from before the log began anew is told apart."""
    folder = tmp_path_factory.mktemp("steps")
    path = folder / "x.db"
    path.touch()
    handle = connect(path, "rw")
    handle.execute("PRAGMA journal_mode=WAL")
    handle.execute("PRAGMA wal_autocheckpoint=0")
    handle.execute("CREATE TABLE t (x)")
    log = StampedLog(handle)
    copies: list[tuple[bytes, bytes]] = []
    for number, step in enumerate(steps):
        if step == "write":
            log.begin()
            handle.execute("INSERT INTO t VALUES (randomblob(9000))")
        elif step == "checkpoint":
            log.checkpoint()
        elif step == "checkpoint beside a reader":
            with closing(connect(path, "ro")) as reader:
                reader.execute("BEGIN")
                reader.execute("SELECT count(*) FROM t").fetchone()
                log.begin()
                handle.execute("INSERT INTO t VALUES (randomblob(9000))")
                log.checkpoint()
        elif step == "empty":
            log.empty()
        else:
            log = StampedLog(handle)
        now = pair(path, folder / str(number))
        assert log_state(now) in (SideFile.SAME, SideFile.NONE), step
        header = read_log_header(now)
        copies.append((now.read_bytes(), b"" if header is None else header.salts))
        for file, salts in copies[:-1]:
            (folder / "mixed.db").write_bytes(file)
            if side_path(now, WAL).exists():
                shutil.copy(side_path(now, WAL), folder / "mixed.db-wal")
            if header is not None and salts != header.salts:
                # The moment at which a log is whole in the file is the one copy that fits the next log, too.
                whole = read_stamp(folder / "mixed.db") == read_stamp(now)
                assert log_state(folder / "mixed.db") is SideFile.OTHER or whole, step
    handle.close()


def test_the_first_page_of_a_log_has_the_stamp_of_the_file(path: Path, handle: sqlite3.Connection) -> None:
    """At its beginning, and when it begins anew; the stamp is another one then."""
    log = StampedLog(handle)
    first = read_stamp(path), read_log_header(path)
    assert log_state(path) is SideFile.SAME
    handle.execute("INSERT INTO t VALUES (1)")
    log.checkpoint()
    assert not log.must_begin
    assert read_stamp(path) != first[0]
    assert read_log_header(path) != first[1]
    assert log_state(path) is SideFile.SAME
    assert log.empty()
    assert log.must_begin
    assert log_state(path) is SideFile.NONE
    log.begin()
    assert log_state(path) is SideFile.SAME


def test_a_log_that_had_just_begun_anew_when_its_writer_was_killed_holds_nothing(
    path: Path, handle: sqlite3.Connection, tmp_path: Path
) -> None:
    """Killed between the head of its first frame and the page: what stands there is a page of the old log."""
    log = StampedLog(handle)
    handle.execute("INSERT INTO t VALUES (randomblob(90000))")
    old = side_path(path, WAL).read_bytes()
    log.checkpoint()  # the new log begins over the old one
    new = side_path(path, WAL).read_bytes()
    assert new[:32] != old[:32]
    first = slice(32, 32 + 24 + 4096)
    outcomes = set()
    for written in range(first.start, first.stop + 1, 8):
        killed = pair(path, tmp_path / str(written))
        left = new[:written] + old[written:]
        side_path(killed, WAL).write_bytes(left)
        outcomes.add(state := log_state(killed))
        assert state is (SideFile.SAME if left[first] == new[first] else SideFile.NONE), written
        with closing(connect(killed, "rw")) as recovered:
            assert recovered.execute("SELECT count(*) FROM t").fetchone() == (1,)
    assert len(outcomes) == 2


def test_a_file_that_is_too_short_for_what_its_first_page_says_has_a_stamp(
    path: Path, handle: sqlite3.Connection, tmp_path: Path
) -> None:
    """Killed while the log was moved into the file: its first page goes first."""
    StampedLog(handle)
    handle.execute("INSERT INTO t VALUES (randomblob(90000))")
    short = pair(path, tmp_path / "killed")
    handle.execute("PRAGMA wal_checkpoint(PASSIVE)")
    with short.open("r+b") as file:
        file.write(path.read_bytes()[:4096])
    assert log_state(short) is SideFile.SAME
    with closing(connect(short, "rw")) as recovered:
        assert recovered.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize(
    ("content", "state"),
    [
        pytest.param(b"", SideFile.NONE, id="empty"),
        pytest.param(b"what a nice day\n" * 1000, SideFile.UNREADABLE, id="text"),
        pytest.param(bytes(5000), SideFile.UNREADABLE, id="zeros"),
        pytest.param(bytes.fromhex("377f0682") + b"x" * 5000, SideFile.UNREADABLE, id="magic-alone"),
    ],
)
def test_what_is_no_log_is_called_so(
    path: Path, handle: sqlite3.Connection, content: bytes, state: SideFile
) -> None:
    """SQLite would take no notice of it, and write over it."""
    handle.close()
    side_path(path, WAL).write_bytes(content)
    assert log_state(path) is state
    assert read_log_header(path) is None


def test_a_log_without_a_first_page_belongs_to_a_file_without_a_stamp(path: Path, tmp_path: Path) -> None:
    """Both were made before there were stamps."""
    path.touch()
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        old.execute("PRAGMA journal_mode=WAL")
        old.execute("CREATE TABLE t (x)")
        old.execute("INSERT INTO t VALUES (1)")
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        old.execute("UPDATE t SET x = 2")
        killed = pair(path, tmp_path / "old")
    assert read_stamp(killed) == 0
    assert log_state(killed) is SideFile.SAME
    with closing(sqlite3.connect(path)) as stamped:
        stamped.execute("PRAGMA user_version=5")
    shutil.copy(path, killed)
    assert log_state(killed) is SideFile.OTHER


def test_a_journal_belongs_to_the_file_whose_first_page_it_holds(path: Path, tmp_path: Path) -> None:
    """As when a copy becomes an archive that is written, and that is broken off; SQLite then undoes it."""
    hot_journal(path, stamp=7)
    assert journal_state(path) is SideFile.SAME
    other = tmp_path / "other.db"
    hot_journal(other, stamp=8)
    shutil.copy(side_path(other, JOURNAL), side_path(path, JOURNAL))
    assert journal_state(path) is SideFile.OTHER
    side_path(path, JOURNAL).write_bytes(b"no journal" * 100)
    assert journal_state(path) is SideFile.UNREADABLE
    side_path(path, JOURNAL).unlink()
    assert journal_state(path) is SideFile.NONE


def test_the_log_is_begun_with_a_stamp_after_a_session_was_deleted(
    path: Path, begin: Begin, frames: Any, tmp_path: Path
) -> None:
    """That empties it; the next thing that is written may be another session, with no frame yet."""
    with Archive.open(path, mode="write") as archive:
        begin(archive, session="gone").finish(0)
        archive.delete_session("gone")
        assert log_state(path) is SideFile.NONE
        begin(archive, session="s")
        assert log_state(path) is SideFile.SAME
        with Archive.open(pair(path, tmp_path / "killed"), mode="read") as reader:
            assert [session.session for session in reader.sessions()] == ["s"]


def test_stamps_are_random_and_never_that_of_a_file_without_one() -> None:
    """They fit the four bytes with a sign that SQLite has for them."""
    stamps = {new_stamp() for _ in range(1000)}
    assert len(stamps) > 990
    assert all(0 < stamp < 2**31 for stamp in stamps)


def test_an_archive_that_is_recorded_into_has_its_own_log_at_every_moment(
    path: Path, begin: Begin, frames: Any, tmp_path: Path
) -> None:
    """Copied after every call, and opened as the next run would open it."""
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive, session="s")
        for number in range(1, 30):
            intake([frames.one(number, os.urandom(300_000))])
            if number % 7 == 0:
                copy = pair(path, tmp_path / str(number))
                with Archive.open(copy, mode="read") as reader:
                    assert len(list(reader.frames("s"))) == number
