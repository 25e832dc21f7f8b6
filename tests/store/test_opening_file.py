"""Look first, then touch: what is wrong with a file is told before it is changed; nothing stays locked."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recorder.errors import ArchiveUnusable, StorageFailed
from recorder.store import opening, revisions
from recorder.store.archive import Archive
from recorder.store.lock import holder_of
from recorder.store.remarks import silent

Begin = Callable[..., Any]

SCRIPTS = revisions.scripts_location()


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
