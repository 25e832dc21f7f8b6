"""Whatever lies beside an archive: nothing is mixed, nothing is deleted, and both ways out are told."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from faults.tools.leftovers import LEFTOVERS, ended_run, killed_run

from recorder.errors import ArchiveUnusable, NotFound
from recorder.store.archive import Archive
from recorder.store.verify import verify


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the archive is."""
    folder = tmp_path / "here"
    folder.mkdir()
    return folder / "x.db"


def contents(folder: Path) -> list[bytes]:
    """What the files hold that somebody might miss, whatever they are called."""
    passing = (".lock", "-shm")
    return sorted(file.read_bytes() for file in folder.iterdir() if not file.name.endswith(passing))


def sessions(path: Path) -> list[tuple[str, str]]:
    """Sessions and verdicts of an archive."""
    with Archive.open(path, mode="read") as archive:
        return [(verdict.session or "the file", verdict.state) for verdict in verify(archive)]


ASKS = [name for name, leftover in LEFTOVERS.items() if not leftover.goes_on]


@pytest.mark.parametrize("name", ASKS)
def test_a_log_of_another_file_is_believed_by_nobody(path: Path, name: str, run) -> None:
    """Neither by who reads nor by who records: exit 7, both ways out, and not one byte is changed."""
    LEFTOVERS[name].make(path)
    before = contents(path.parent)
    for mode in ("read", "write"):
        with pytest.raises(ArchiveUnusable, match="is that of another file") as refused:
            Archive.open(path, mode=mode)
        assert refused.value.hint is not None
        assert "without that" in refused.value.hint
        assert "put that file back" in refused.value.hint
        assert contents(path.parent) == before
    for command in (
        ["message", "list", "last"],
        ["session", "list"],
        ["archive", "verify"],
        ["archive", "info"],
    ):
        assert run(*command, "--archive", str(path)).exit_code == 7
    assert contents(path.parent) == before


@pytest.mark.parametrize("name", ASKS)
def test_without_the_other_log_the_file_is_whole(path: Path, name: str) -> None:
    """The first way out, as the hint words it."""
    LEFTOVERS[name].make(path)
    with pytest.raises(ArchiveUnusable) as refused:
        Archive.open(path, mode="write")
    hint = refused.value.hint or ""
    command = hint.partition(": ")[2].partition(";")[0]
    subprocess.run(["sh", "-c", command], check=True)
    ended_run(path, "next")
    found = dict(sessions(path))
    assert found.pop("next") == "complete"
    # That the lost session was recorded is known from the lock file, and told as long as it is.
    assert set(found.items()) <= {
        ("first", "complete"), ("other", "complete"), ("killed", "damaged"), ("killed", "interrupted")
    }  # fmt: skip
    with Archive.open(path, mode="read") as archive:
        assert archive.integrity_problems() == []


def test_with_its_own_file_the_log_is_whole(path: Path) -> None:
    """The second way out."""
    copy = path.with_name("copy.db")
    ended_run(path, "first")
    ended_run(copy, "other")
    killed_run(path, "killed")
    own = path.with_name("own.db")
    path.replace(own)
    copy.replace(path)
    with pytest.raises(ArchiveUnusable):
        Archive.open(path, mode="read")
    own.replace(path)
    assert sessions(path) == [("first", "complete"), ("killed", "interrupted")]


@pytest.mark.parametrize("name", [name for name, leftover in LEFTOVERS.items() if leftover.goes_on])
def test_what_cannot_be_meant_is_kept_under_another_name(path: Path, name: str) -> None:
    """Where there is no file that a log could belong to, or no log: it is said, and the run goes on."""
    LEFTOVERS[name].make(path)
    log = path.with_name("x.db-wal").read_bytes()
    had_file = path.exists()
    if had_file:
        Archive.open(path, mode="read").close()
    else:
        with pytest.raises(NotFound):
            Archive.open(path, mode="read")
    said: list[str] = []
    with Archive.open(path, mode="write", say=said.append) as archive:
        archive.sessions()
    (kept,) = path.parent.glob("x.db.log-*")
    assert kept.read_bytes() == log
    assert any(kept.name in sentence for sentence in said)
    ended_run(path, "next")
    assert sessions(path)[-1] == ("next", "complete")
    assert kept.read_bytes() == log


def test_a_log_that_was_kept_can_be_put_back(path: Path) -> None:
    """The file was moved away, and a run came before it was moved back."""
    killed_run(path, "killed")
    away = path.with_name("away.db")
    path.replace(away)
    Archive.open(path, mode="write").close()
    (kept,) = path.parent.glob("x.db.log-*")
    kept.replace(away.with_name("away.db-wal"))
    assert sessions(away) == [("killed", "interrupted")]


def test_a_pair_that_was_renamed_together_is_still_one(path: Path) -> None:
    """File and log know each other whatever they are called."""
    killed_run(path, "killed")
    for suffix in ("", "-wal"):
        path.with_name(f"x.db{suffix}").replace(path.with_name(f"y.db{suffix}"))
    assert sessions(path.with_name("y.db")) == [("killed", "interrupted")]
    ended_run(path.with_name("y.db"), "next")
    assert sessions(path.with_name("y.db")) == [("killed", "interrupted"), ("next", "complete")]
