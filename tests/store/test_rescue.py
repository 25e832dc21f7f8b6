"""What an open connection still holds is saved, as far as it can be read."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from faults.tools.leftovers import ended_run

from recorder.store.archive import Archive
from recorder.store.rescue import rescue
from recorder.store.verify import verify

Begin = Callable[..., Any]
AT_S = 1_700_000_000.5
NAME = "x.db.rescued-20231114T221320Z"


def driver(archive: Archive) -> sqlite3.Connection:
    """The connection of an archive that is open for writing."""
    assert archive._writer is not None
    assert archive._writer.sqlite is not None
    return archive._writer.sqlite


def test_a_rescued_archive_is_whole_and_replaces_nothing(path: Path, begin: Begin, frames: Any) -> None:
    """Log included; a second one gets a number."""
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive, session="s")
        intake(frames.some(30))
        for name in (NAME, f"{NAME}-2"):
            saved = rescue(driver(archive), path, last_s=AT_S)
            assert (saved.file.name, saved.whole, saved.frames) == (name, True, 30)
    with Archive.open(path.with_name(NAME), mode="read") as copy:
        assert list(copy.frames("s")) == frames.some(30)


def test_of_a_file_that_was_cut_the_rows_are_saved_that_can_be_read(path: Path, tmp_path: Path) -> None:
    """What was written before the file was opened again is nowhere else; the newest is in the log."""
    ended_run(path, "long", frames=6000)
    with Archive.open(path, mode="write") as archive:
        handle = driver(archive)
        handle.execute("UPDATE session SET name = 'still there'")
        handle.execute("INSERT INTO forwarded SELECT session_id, number, 1, 1 FROM frame WHERE number < 4")
        os.truncate(path, path.stat().st_size // 8192 * 4096)
        saved = rescue(handle, path, last_s=AT_S)
        assert archive._writer is not None
        assert archive._writer.files is not None
        archive._writer.files.close()
    assert not saved.whole
    assert saved.frames < 6000
    with Archive.open(saved.file, mode="read") as copy:
        assert copy.integrity_problems() == []
        with copy.reader() as reader:
            assert len(list(reader.run("SELECT * FROM forwarded"))) == 3, "a table without a rowid"
        assert [verdict.state for verdict in verify(copy)] in ([], ["damaged"])


def test_a_folder_that_is_gone_is_made_again(path: Path, begin: Begin, frames: Any) -> None:
    """So that the file is where it is looked for."""
    folder = path.parent / "gone"
    with Archive.open(path, mode="write") as archive:
        begin(archive)(frames.some(3))
        saved = rescue(driver(archive), folder / "x.db", last_s=AT_S)
    assert saved.file == folder / NAME
    assert folder.stat().st_mode & 0o777 == 0o700
