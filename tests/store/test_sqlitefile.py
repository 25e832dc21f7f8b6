"""A file is inspected before it is changed, kept private, and made all at once."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recorder.errors import ArchiveUnusable, StorageFailed
from recorder.store import revisions, sqlitefile, versions
from recorder.store.archive import Archive

Begin = Callable[..., Any]


def whole(path: Path) -> bytes:
    """An archive with a few sessions' worth of pages."""
    with Archive.open(path, mode="write") as archive, archive.writer() as writer:
        for n in range(40):
            values = (f"s{n}", "x" * 400)
            statement = (
                "INSERT INTO session (session, source, detail, recorder_version) VALUES (?, 'client', ?, '')"
            )
            writer.connection.exec_driver_sql(statement, values)
    path.with_name(path.name + ".lock").unlink()
    return path.read_bytes()


def foreign(path: Path, application_id: int = 0) -> bytes:
    """Another program's SQLite database."""
    with sqlite3.connect(path) as handle:
        handle.execute(f"PRAGMA application_id={application_id}")
        handle.execute("CREATE TABLE urls (id INTEGER PRIMARY KEY, url TEXT)")
    handle.close()
    return path.read_bytes()


BAD = {
    "empty": lambda path: b"",
    "text": lambda path: b"what a nice day\n" * 100,
    "short": lambda path: b"SQLite format 3\0",
    "another-program": foreign,
    "our-id-without-our-tables": lambda path: foreign(path, versions.APPLICATION_ID),
    "cut-short": lambda path: whole(path)[:-1000],
    "cut-in-the-first-page": lambda path: whole(path)[:2000],
    "wrong-magic": lambda path: b"X" + whole(path)[1:],
    "wrong-page-size": lambda path: (data := whole(path))[:16] + b"\x03\x03" + data[18:],
    "future-format": lambda path: (data := whole(path))[:18] + b"\x63\x63" + data[20:],
    "zeroed-schema": lambda path: (data := whole(path))[:100] + bytes(3996) + data[4096:],
    "zeroed-tables": lambda path: (data := whole(path))[:4096] + bytes(len(data) - 4096),
}


@pytest.mark.parametrize("mode", ["read", "write"])
@pytest.mark.parametrize("kind", BAD)
def test_a_file_that_is_no_archive_is_not_changed(path: Path, kind: str, mode: Any) -> None:
    """One clear sentence, exit code 7, the same bytes, and no file beside it."""
    data = BAD[kind](path)
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    with pytest.raises(ArchiveUnusable) as refused:
        Archive.open(path, mode=mode)
    assert refused.value.exit_code == 7
    assert "\n" not in str(refused.value)
    assert str(path) in str(refused.value)
    assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(data).digest()
    assert [file.name for file in path.parent.iterdir()] == ["x.db"]


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _loop(path: Path) -> None:
    path.symlink_to(path.with_name("y.db"))
    path.with_name("y.db").symlink_to(path)


@pytest.mark.parametrize("mode", ["read", "write"])
@pytest.mark.parametrize(
    ("make", "says"),
    [
        pytest.param(Path.mkdir, "it is a directory", id="directory"),
        pytest.param(_fifo, "it is no regular file", id="fifo"),
        pytest.param(_loop, "links lead in a circle", id="symlink-loop"),
        pytest.param(lambda path: path.symlink_to("nowhere"), "does not exist", id="dangling-symlink"),
    ],
)
def test_a_path_that_is_no_regular_file_is_refused(path: Path, make: Any, says: str, mode: Any) -> None:
    """Without waiting for the other end of a pipe."""
    make(path)
    with pytest.raises(ArchiveUnusable, match=says):
        Archive.open(path, mode=mode)


def test_a_symbolic_link_leads_to_the_same_lock(path: Path) -> None:
    """Two names for one archive do not make two recorders."""
    with Archive.open(path, mode="write"):
        link = path.with_name("link.db")
        link.symlink_to(path)
        with pytest.raises(StorageFailed, match="being recorded into"):
            Archive.open(link, mode="write")


def test_a_hard_link_is_refused_for_writing(path: Path) -> None:
    """SQLite would keep two write-ahead logs for one file."""
    with Archive.open(path, mode="write"):
        pass
    os.link(path, path.with_name("second.db"))
    with pytest.raises(ArchiveUnusable, match="hard link"):
        Archive.open(path, mode="write")
    Archive.open(path, mode="read").close()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_every_file_is_private_under_any_umask(path: Path, begin: Begin, frames: Any, umask: int) -> None:
    """The archive, its side files, its lock and its backup."""
    before = os.umask(umask)
    try:
        with Archive.open(path, mode="write") as archive:
            begin(archive)(frames.some(3))
            archive.backup(path.with_name("copy.db"))
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(["x.db", "x.db-wal", "x.db-shm", "x.db.lock", "copy.db"], 0o600)


def test_a_file_others_could_read_is_narrowed_and_told(path: Path) -> None:
    """With its side files."""
    with Archive.open(path, mode="write"):
        pass
    path.chmod(0o644)
    said: list[str] = []
    with Archive.open(path, mode="write", say=said.append):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(said) == 1
    assert "0644" in said[0]


@pytest.mark.parametrize(
    "name", ["a b.db", "per%20cent.db", "what?.db", "number#1.db", "ümlaut.db", "&x=1.db"]
)
def test_any_file_name_works(tmp_path: Path, name: str, begin: Begin, frames: Any) -> None:
    """Nothing in it is read as part of a URI."""
    path = tmp_path / name
    with Archive.open(path, mode="write") as archive:
        begin(archive)(frames.some(1))
    with Archive.open(path, mode="read") as archive:
        assert archive.info().frames == 1
    assert {file.name for file in tmp_path.iterdir()} >= {name, name + ".lock"}


def test_deleted_content_is_in_no_file(path: Path, begin: Begin, frames: Any) -> None:
    """Not in the archive, not in its write-ahead log."""
    canary = b"canary-" * 700
    with Archive.open(path, mode="write") as archive:
        for session in ("gone", "stays"):
            intake = begin(archive, session=session)
            intake([frames.one(1, canary if session == "gone" else b"y")])
            intake.finish(0)
        archive.delete_session("gone")
        for file in path.parent.iterdir():
            assert b"canary-" not in file.read_bytes(), file


def test_a_backup_is_an_archive_of_its_own(path: Path, begin: Begin, frames: Any) -> None:
    """Also of what was still in the write-ahead log; it replaces no file."""
    copy = path.with_name("copy.db")
    with Archive.open(path, mode="write") as archive:
        begin(archive, session="s")(frames.some(5))
        archive.backup(copy)
        with pytest.raises(Exception, match="already"):
            archive.backup(copy)
    with Archive.open(copy, mode="read") as archive:
        assert list(archive.frames("s")) == frames.some(5)


READ_AS_SOMEBODY_ELSE = """
import os, sys
from pathlib import Path
from sqlalchemy import create_engine
create_engine("sqlite://").connect().close()  # loads what it loads lazily, too
from recorder.store.archive import Archive  # imported while we may still read our own code
os.setgid(65534); os.setuid(65534)
with Archive.open(sys.argv[1], mode="read", scripts=Path(sys.argv[2])) as archive:
    print([frame.number for frame in archive.frames("s")])
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not write here")
def test_an_archive_on_read_only_media_can_be_read(tmp_path: Path, begin: Begin, frames: Any) -> None:
    """As an account that can read the file and write nothing."""
    folder = Path(f"/var/tmp/recorder-read-only-{os.getpid()}")
    folder.mkdir()
    try:
        path = folder / "x.db"
        with Archive.open(path, mode="write") as archive:
            begin(archive, session="s")(frames.some(3))
        path.chmod(0o444)
        scripts = shutil.copytree(revisions.scripts_location(), folder / "migrations")
        folder.chmod(0o555)
        ran = subprocess.run(
            [sys.executable, "-c", READ_AS_SOMEBODY_ELSE, str(path), str(scripts)],
            capture_output=True, text=True, cwd="/",
        )  # fmt: skip
        assert (ran.stdout, ran.stderr) == ("[1, 2, 3]\n", "")
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("version", "has_it"),
    [
        ((3, 6, 23), False),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 53, 4), False),
    ],
)
def test_which_sqlite_has_the_wal_reset_bug(version: tuple[int, ...], has_it: bool) -> None:
    """By its version alone."""
    assert sqlitefile.has_wal_reset_bug(version) is has_it
