"""What is none of the archive's is refused or kept; see also tests/faults/test_leftovers.py."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from recorder.errors import ArchiveUnusable
from recorder.store.archive import Archive
from recorder.store.side_files import check, set_aside, written_at


def test_an_archive_without_side_files_is_in_its_file_alone(path: Path) -> None:
    """And with its own log, part of it is in that."""
    with Archive.open(path, mode="write"):
        assert check(path) is True
    assert check(path) is False


def test_a_journal_that_is_none_of_its_own_is_refused(path: Path) -> None:
    """SQLite would play it back."""
    Archive.open(path, mode="write").close()
    journal = path.with_name("x.db-journal")
    journal.write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(8) + b"\0\0\0\x01" * 3 + bytes(5000))
    with pytest.raises(ArchiveUnusable, match="rollback journal beside it") as refused:
        check(path)
    assert f"mv '{journal}'" in (refused.value.hint or "")


def test_what_is_set_aside_is_called_after_its_time_and_replaces_nothing(path: Path) -> None:
    """Twice in the same second, too."""
    said: list[str] = []
    for content in (b"one", b"two", b"three"):
        log = path.with_name("x.db-wal")
        log.write_bytes(content)
        os.utime(log, (1_700_000_000, 1_700_000_000))
        assert written_at(log) == "20231114T221320Z"
        set_aside(path, said.append)
    kept = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    first = "x.db.log-without-its-file-20231114T221320Z"
    assert kept == {first: b"one", f"{first}-2": b"two", f"{first}-3": b"three"}
    assert all("that is gone" in sentence for sentence in said)


def test_a_log_that_cannot_be_read_is_no_missing_log(path: Path) -> None:
    """The newest frames may be in it."""
    Archive.open(path, mode="write").close()
    log = path.with_name("x.db-wal")
    log.symlink_to(log)
    with pytest.raises(ArchiveUnusable, match="cannot be read"):
        check(path)


def test_an_empty_side_file_is_left(path: Path) -> None:
    """There is nothing in it to keep."""
    path.with_name("x.db-wal").touch()
    set_aside(path, pytest.fail)
    assert [file.name for file in path.parent.iterdir()] == ["x.db-wal"]
