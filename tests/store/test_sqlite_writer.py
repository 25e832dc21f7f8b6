"""An archive file is made all at once, and guarded while it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from recorder.errors import StorageFailed
from recorder.store.archive import Archive


def test_the_file_is_marked_as_ours_and_guarded(path: Path) -> None:
    """Every PRAGMA that a promise rests on, read back."""
    with Archive.open(path, mode="write") as archive, archive.reader() as connection:
        values = {
            name: connection.value(f"PRAGMA {name}")
            for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys", "trusted_schema")
        }
        timeout = connection.value("PRAGMA busy_timeout")
        checked = connection.value("PRAGMA cell_size_check")
    assert values == {
        "journal_mode": "wal",
        "synchronous": 1,
        "secure_delete": 1,
        "foreign_keys": 1,
        "trusted_schema": 0,
    }
    assert (timeout, checked) == (5000, 1)
    assert path.read_bytes()[68:72] == b"UMSR"


def test_leftovers_of_a_killed_creation_are_removed(path: Path) -> None:
    """There was never a file at the real name, and the next try makes it."""
    path.with_name("x.db.new").write_bytes(b"half")
    path.with_name("x.db.new-wal").write_bytes(b"half")
    with Archive.open(path, mode="write"):
        pass
    assert {file.name for file in path.parent.iterdir()} == {"x.db", "x.db.lock"}


@pytest.mark.parametrize("missing", [True, False])
def test_where_nothing_can_be_written_it_says_so(tmp_path: Path, missing: bool) -> None:
    """A folder that is not there, and one that cannot be written."""
    folder = tmp_path / "folder"
    if not missing:
        folder = Path("/proc/self")
    with pytest.raises(StorageFailed) as failed:
        Archive.open(folder / "x.db", mode="write")
    assert failed.value.exit_code == 6
