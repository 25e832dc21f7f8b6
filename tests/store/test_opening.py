"""Look first, then touch: whatever is wrong is said before anything is changed, and nothing stays locked."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recorder.errors import BadOption, NotFound
from recorder.store import opening, postgresql, revisions
from recorder.store.archive import Archive
from recorder.store.lock import lock_path

Begin = Callable[..., Any]

SCRIPTS = revisions.scripts_location()


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
    where = f"{scheme}://me@host:5433/name"
    assert opening.file_or_url(where) == where
    meant = postgresql.read_url(where)
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
        assert opened.revision == revisions.head_revision()
    finally:
        opened.reader.close()
    assert snapshot(path.parent) == before


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
