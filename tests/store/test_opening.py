"""Look first, then touch: whatever is wrong is said before anything is changed, and nothing stays locked."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import URL

from recorder.errors import ArchiveUnusable, BadOption, NotFound, StorageFailed
from recorder.store import opening, schema
from recorder.store.archive import Archive
from recorder.store.lock import holder_of, lock_path

Begin = Callable[..., Any]

SCRIPTS = schema.scripts_location()


def silent(_: str) -> None:
    """Say it to nobody."""


@pytest.mark.parametrize(
    ("where", "meant"),
    [
        pytest.param("x.db", Path("x.db"), id="a-name"),
        pytest.param("./a b/x", Path("a b/x"), id="a-path"),
        pytest.param(Path("postgresql://h/d"), Path("postgresql:/h/d"), id="a-path-is-a-path"),
        pytest.param("sqlite:///x.db", Path("x.db"), id="sqlite-relative"),
        pytest.param("sqlite:////tmp/x.db", Path("/tmp/x.db"), id="sqlite-absolute"),
        pytest.param("C:x.db", Path("C:x.db"), id="a-colon-is-no-url"),
    ],
)
def test_a_path_is_meant(where: str | Path, meant: Path) -> None:
    """By anything that does not look like a URL, and by SQLite's kind of URL."""
    assert opening.file_or_url(where) == meant


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_database_is_meant(scheme: str) -> None:
    """By each of the ways in which people write it."""
    meant = opening.file_or_url(f"{scheme}://me@host:5433/name")
    assert isinstance(meant, URL)
    assert (meant.host, meant.port, meant.database, meant.username) == ("host", 5433, "name", "me")


@pytest.mark.parametrize("where", ["", "mysql://h/d", "sqlite://", "http://h/x.db"])
def test_other_urls_are_refused(where: str) -> None:
    """It says what would do."""
    with pytest.raises(BadOption) as refused:
        opening.file_or_url(where)
    assert refused.value.hint is not None


def snapshot(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Everything about the files of a folder that opening one of them might change."""
    return {
        each.name: (each.stat().st_mtime_ns, stat.S_IMODE(each.stat().st_mode), each.read_bytes())
        for each in folder.iterdir()
    }


def test_opening_to_read_changes_nothing(path: Path, begin: Begin, frames: Any) -> None:
    """No file is made, narrowed, locked or written; the name is the one that was typed."""
    with Archive.open(path, mode="write") as archive:
        begin(archive)(frames.some(3))
    path.chmod(0o644)
    lock_path(path).unlink()
    before = snapshot(path.parent)
    opened = opening.for_reading(f"sqlite:///{path}", SCRIPTS)
    try:
        assert (opened.where, opened.path, opened.lock, opened.url) == (str(path), path, None, None)
        assert opened.revision == schema.head_revision()
    finally:
        opened.connection.close()
    assert snapshot(path.parent) == before


def test_opening_to_write_takes_the_lock(path: Path) -> None:
    """For a new file and for one that is there; the lock lies beside the file behind a link."""
    link = path.with_name("link.db")
    for _ in range(2):
        opened = opening.for_writing(path, SCRIPTS, create=True, say=silent)
        assert opened.lock is not None
        assert holder_of(path) is not None
        opened.connection.close()
        opened.lock.release()
        assert holder_of(path) is None
    link.symlink_to(path)
    opened = opening.for_writing(link, SCRIPTS, create=False, say=silent)
    assert (opened.where, opened.path) == (str(link), path)
    assert holder_of(path) is not None
    opened.connection.close()
    assert opened.lock is not None
    opened.lock.release()


def open_existing(where: str | Path) -> opening.OpenedArchive:
    """For writing; it is not to be made."""
    return opening.for_writing(where, SCRIPTS, create=False, say=silent)


def open_to_read(where: str | Path) -> opening.OpenedArchive:
    """For reading."""
    return opening.for_reading(where, SCRIPTS)


@pytest.mark.parametrize("opened", [open_to_read, open_existing])
def test_reading_creates_no_archive(path: Path, opened: Any) -> None:
    """Neither the file nor a lock beside it."""
    with pytest.raises(NotFound) as missing:
        opened(path)
    assert missing.value.kind == "archive"
    assert missing.value.hint == "--archive or the variable RECORDER_ARCHIVE names another"
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("opened", [open_to_read, open_existing])
def test_where_a_missing_archive_was_looked_for_is_told(
    tmp_path: Path, opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFound, match=r'no archive "recorder\.db"') as missing:
        opened("recorder.db")
    assert missing.value.hint is not None
    assert missing.value.hint.startswith(f"looked in {tmp_path}; ")


def test_a_directory_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """It would rather be a slip of the fingers."""
    with pytest.raises(StorageFailed, match="there is no directory"):
        opening.for_writing(tmp_path / "no" / "x.db", SCRIPTS, create=True, say=silent)
    assert list(tmp_path.iterdir()) == []


def test_a_file_refused_by_inspection_gets_no_lock_file(path: Path) -> None:
    """A file of somebody else's keeps its folder clean."""
    path.write_text("somebody's notes, of a hundred bytes and more" * 20)
    with pytest.raises(ArchiveUnusable):
        opening.for_writing(path, SCRIPTS, create=True, say=silent)
    assert [each.name for each in path.parent.iterdir()] == ["x.db"]


def test_a_file_refused_after_locking_is_unlocked(path: Path) -> None:
    """The same process can open it as soon as the reason is gone."""
    Archive.open(path, mode="write").close()
    second = path.with_name("second.db")
    os.link(path, second)
    with pytest.raises(ArchiveUnusable, match="second name"):
        opening.for_writing(path, SCRIPTS, create=True, say=silent)
    assert holder_of(path) is None
    second.unlink()
    Archive.open(path, mode="write").close()


def test_a_failed_upgrade_lets_the_lock_go(path: Path, tmp_path: Path) -> None:
    """And says nothing of a lock to the next one."""
    Archive.open(path, mode="write").close()
    scripts = tmp_path / "scripts"
    shutil.copytree(SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / "9999_later.py").write_text("")
    (scripts / "env.py").write_text("raise LookupError")
    with pytest.raises(LookupError):
        opening.for_writing(path, scripts, create=False, say=silent)
    assert holder_of(path) is None
    Archive.open(path, mode="write").close()


def test_opening_says_what_it_did_to_the_file(path: Path) -> None:
    """In a sentence, and only if it did something."""
    Archive.open(path, mode="write").close()
    path.chmod(0o640)
    said: list[str] = []
    for _ in range(2):
        opened = opening.for_writing(path, SCRIPTS, create=False, say=said.append)
        opened.connection.close()
        assert opened.lock is not None
        opened.lock.release()
    assert len(said) == 1
    assert "0640" in said[0]


def connections_to(database: str) -> int:
    """How many connections of ours a server has."""
    import psycopg

    with psycopg.connect(database) as connection:
        asked = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'recorder'"
        row = connection.execute(asked).fetchone()
        assert row is not None
        return int(row[0])


def test_a_database_is_opened_and_called_without_its_secrets(database: str) -> None:
    """It has no path and no lock file; a reader leaves no trace in it."""
    opened = opening.for_writing(database, SCRIPTS, create=True, say=silent)
    opened.connection.close()
    assert opened.where.startswith("postgresql://")
    assert (opened.path, opened.lock, opened.revision) == (None, None, schema.head_revision())
    assert opened.url is not None
    assert str(opened.url.password) not in opened.where
    reader = opening.for_reading(database, SCRIPTS)
    reader.connection.close()
    assert (reader.where, reader.revision) == (opened.where, opened.revision)


@pytest.mark.parametrize(("opened", "refusal"), [(open_to_read, ArchiveUnusable), (open_existing, NotFound)])
def test_a_database_that_is_refused_is_let_go(database: str, opened: Any, refusal: Any) -> None:
    """No connection to the server is left behind, and no table."""
    before = connections_to(database)
    for _ in range(3):
        with pytest.raises(refusal) as refused:
            opened(database)
        del refused  # the traceback would keep what the frames in it hold
    # The server notices a moment after us that a connection has gone.
    assert any(connections_to(database) <= before for _ in range(1000))
    with pytest.raises(ArchiveUnusable, match="holds no archive"):
        open_to_read(database)
