"""What is harm, and what is not; each kind of harm is in tests/faults/test_outside_harm.py."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recorder.store.archive import Archive
from recorder.store.in_place import FilesInPlace

Begin = Callable[..., Any]


@pytest.fixture
def archive(path: Path, begin: Begin, frames: Any):
    """An archive that is recorded into, at the end as it should be."""
    with Archive.open(path, mode="write") as opened:
        begin(opened)(frames.some(20))
        yield opened


def test_files_that_grow_as_they_should_are_in_place(
    path: Path, archive: Archive, begin: Begin, frames: Any
) -> None:
    """Frames go into the log; nothing else changes."""
    watched = FilesInPlace(path)
    assert watched.harm() is None
    begin(archive)(frames.some(200))
    assert watched.harm() is None


def test_a_checkpoint_that_is_noted_is_no_harm(path: Path, archive: Archive) -> None:
    """It changes the file, and lets the log begin anew."""
    watched = FilesInPlace(path)
    assert archive._writer is not None
    assert archive._writer.files is not None
    archive._writer.files.checkpoint()
    watched.note()
    assert watched.harm() is None
    assert archive._writer.files.empty_log()
    watched.note()
    assert watched.harm() is None


def test_another_program_that_moves_the_log_as_it_may_is_no_harm(path: Path, archive: Archive) -> None:
    """The file is another one then, and it is still that of the log."""
    watched = FilesInPlace(path)
    assert archive._opened.log is not None
    archive._opened.log.checkpoint()
    assert watched.harm() is None


def test_each_harm_is_said_in_its_own_words(path: Path, archive: Archive) -> None:
    """And whether the archive itself is whole."""
    watched = FilesInPlace(path)
    lock = path.with_name("x.db.lock")
    aside = path.with_name("aside")
    for file, words in ((path, "the file was removed"), (path.with_name("x.db-wal"), "log was removed")):
        file.rename(aside)
        harm = watched.harm()
        assert harm is not None
        assert words in harm.problem
        assert not harm.archive_is_whole
        aside.rename(file)
        assert watched.harm() is None
    lock.rename(aside)
    harm = watched.harm()
    assert harm is not None
    assert "lock file" in harm.problem
    assert harm.archive_is_whole
    aside.rename(lock)
    os.utime(path)
    assert watched.harm() is None
