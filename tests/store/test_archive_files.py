"""The log is moved before it is long, and the files are looked at in time."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recorder.errors import StorageFailed
from recorder.store.archive import Archive
from recorder.store.archive_files import CHECK_EVERY_S, ArchiveFiles

Begin = Callable[..., Any]


def files_of(archive: Archive) -> ArchiveFiles:
    """Those of an archive that is open for writing."""
    assert archive._writer is not None
    assert archive._writer.files is not None
    return archive._writer.files


@pytest.mark.parametrize(("many", "largest"), [(False, 5_500_000), (True, 70_000_000)])
def test_the_log_does_not_grow_beyond_a_length(
    path: Path, begin: Begin, frames: Any, many: bool, largest: int
) -> None:
    """Four megabytes, moved within a commit; sixty-four, where it is also moved in idle time."""
    with Archive.open(path, mode="write") as archive:
        if many:
            files_of(archive).keep_log_long()
        intake = begin(archive)
        sizes = []
        for number in range(1, 100):
            intake([frames.one(number, os.urandom(1_000_000))])
            sizes.append(path.with_name("x.db-wal").stat().st_size)
    assert max(sizes) < largest
    assert many == (max(sizes) > 60_000_000)
    with Archive.open(path, mode="read") as archive:
        assert archive.info().frames == 99


def test_the_files_are_looked_at_every_half_second(path: Path) -> None:
    """Not more often, whoever asks; and a check that is due is."""
    with Archive.open(path, mode="write") as archive:
        files = files_of(archive)
        files.check_if_due(10.0)
        assert files.check_due_s == 10.0 + CHECK_EVERY_S
        lock = path.with_name("x.db.lock")
        lock.rename(path.with_name("aside"))
        files.check_if_due(10.4)
        assert not files.harmed
        path.with_name("aside").rename(lock)
        files.check_if_due(10.5)
        assert files.check_due_s == 11.0


def test_once_harmed_always_harmed(path: Path) -> None:
    """Put back or not: what was written meanwhile is nowhere."""
    archive = Archive.open(path, mode="write")
    files = files_of(archive)
    path.rename(path.with_name("aside"))
    with pytest.raises(StorageFailed, match="removed or renamed") as first:
        files.check()
    path.with_name("aside").rename(path)
    for again in (files.check, files.checkpoint, files.empty_log):
        with pytest.raises(StorageFailed) as failed:
            again()
        assert failed.value is first.value
    archive.close()
