"""Put files beside an archive that a killed run, a backup or a hasty hand may leave; see ``LEFTOVERS``.

By hand: ``python -m faults.tools.leftovers NAME FOLDER`` makes ``x.db`` and what lies beside it there.
``python -m faults.tools.leftovers --list`` tells the names.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple


def killed_run(
    archive: Path,
    session: str,
    *,
    frames: int = 40,
    copied_at: int = 0,
    copy: Path | None = None,
    pad: int = 500,
) -> None:
    """What a recorder leaves that is killed with SIGKILL after ``frames`` frames of this session.

    With ``copy`` the file, without its log, is copied there after ``copied_at`` frames. ``pad`` is the length
    of a payload.
    """
    if (child := os.fork()) == 0:
        try:
            with _recording(archive, session, pad) as take:
                for number in range(1, frames + 1):
                    take(number)
                    if copy is not None and number == copied_at:
                        subprocess.run(["cp", archive, copy], check=True)
                os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL, "the recorder failed before it could be killed"


@contextmanager
def _recording(archive: Path, session: str, pad: int) -> Iterator[Callable[[int], None]]:
    from recorder.clock import VirtualClock
    from recorder.store.archive import Archive
    from recorder.store.intake import IntakeOptions
    from recorder.wire.frames import Side
    from recorder.wire.records import RecordedFrame

    with Archive.open(archive, mode="write") as opened:
        intake = opened.begin_session(
            source="client", started_at_us=0, clock=VirtualClock(), session=session,
            options=IntakeOptions(keep_secrets=True),
        )  # fmt: skip

        def take(number: int) -> None:
            frame = RecordedFrame(
                number=number, connection=1, index=number - 1, sender=Side.SERVICE, at_us=number,
                offset_us=number, opcode=1, fin=True, rsv=0, head=None,
                payload=f"{session} {number} ".encode().ljust(pad, b"."),
            )  # fmt: skip
            intake([frame])

        yield take
        intake.finish(1)


def ended_run(archive: Path, session: str, frames: int = 10) -> None:
    """An archive, or one session more in it, that was closed as it should be."""
    if (child := os.fork()) == 0:
        try:
            with _recording(archive, session, 500) as take:
                for number in range(1, frames + 1):
                    take(number)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert status == 0


def _log(archive: Path) -> Path:
    return archive.with_name(archive.name + "-wal")


def _file_removed(archive: Path) -> None:
    killed_run(archive, "killed")
    archive.unlink()


def _older_backup(archive: Path) -> None:
    copy = archive.with_name("copy.db")
    ended_run(archive, "first")
    shutil.copy(archive, copy)
    killed_run(archive, "killed")
    shutil.copyfile(copy, archive)
    copy.unlink()


def _copy_of_an_earlier_moment(archive: Path) -> None:
    """Copied with cp while it was recorded into, between two checkpoints of the same run."""
    copy = archive.with_name("copy.db")
    killed_run(archive, "killed", frames=400, copy=copy, copied_at=200, pad=60_000)
    copy.replace(archive)


def _much_older_backup(archive: Path) -> None:
    copy = archive.with_name("copy.db")
    ended_run(archive, "first")
    shutil.copy(archive, copy)
    killed_run(archive, "second", frames=1)
    ended_run(archive, "third", frames=1)
    killed_run(archive, "killed")
    shutil.copyfile(copy, archive)
    copy.unlink()


def _other_archive(archive: Path) -> None:
    other = archive.with_name("other.db")
    ended_run(other, "other")
    killed_run(archive, "killed")
    other.replace(archive)
    other.with_name("other.db.lock").unlink()


def _log_of_another(archive: Path) -> None:
    other = archive.with_name("other.db")
    killed_run(other, "other")
    ended_run(archive, "first")
    _log(other).replace(_log(archive))
    for each in archive.parent.glob("other.db*"):
        each.unlink()


def hot_journal(database: Path, *, stamp: int = 0) -> None:
    """A database with a hot rollback journal, as a program leaves it that is killed in a transaction."""
    if (child := os.fork()) == 0:
        handle = sqlite3.connect(database, isolation_level=None)
        handle.execute(f"PRAGMA user_version={stamp}")
        handle.execute("PRAGMA cache_size=1")
        handle.execute("CREATE TABLE t (x)")
        handle.execute("BEGIN")
        for _ in range(20):
            handle.execute("INSERT INTO t VALUES (randomblob(3000))")
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)


def _journal_of_another(archive: Path) -> None:
    """SQLite would play it back into this file."""
    other = archive.with_name("other.db")
    hot_journal(other)
    ended_run(archive, "first")
    other.with_name("other.db-journal").replace(archive.with_name(archive.name + "-journal"))
    other.unlink()


def _text_as_log(archive: Path) -> None:
    ended_run(archive, "first")
    _log(archive).write_text("what a nice day\n" * 1000)


class Leftover(NamedTuple):
    """What lies there, and whether a recorder may go on by itself (with everything kept), or has to ask."""

    make: Callable[[Path], None]
    goes_on: bool


LEFTOVERS = {
    "file-removed": Leftover(_file_removed, True),
    "older-backup-beside-a-log": Leftover(_older_backup, False),
    "much-older-backup-beside-a-log": Leftover(_much_older_backup, False),
    "copy-of-an-earlier-moment": Leftover(_copy_of_an_earlier_moment, False),
    "other-archive-beside-a-log": Leftover(_other_archive, False),
    "log-of-another-archive": Leftover(_log_of_another, False),
    "journal-of-another-program": Leftover(_journal_of_another, False),
    "text-as-log": Leftover(_text_as_log, True),
}


def main() -> None:
    """Make the leftovers that are named."""
    if sys.argv[1:] == ["--list"]:
        print(*LEFTOVERS, sep="\n")
        return
    name, folder = sys.argv[1:]
    LEFTOVERS[name].make(Path(folder) / "x.db")


if __name__ == "__main__":
    main()
