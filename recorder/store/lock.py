"""The lock file of an archive: one recorder at a time, who it is, and how many frames were on disk.

``x.db.lock`` is locked with ``flock`` for as long as ``x.db`` is open for writing; it stays behind
unlocked, since removing a lock file lets two processes lock two files of the same name. It also
keeps marks: how many frames of a session were certainly on disk. Should SQLite's write-ahead log be
lost, the archive would look whole and just be shorter; the marks say what is missing.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from recorder.errors import ArchiveBusy, StorageFailed
from recorder.wire.records import iso_utc

_TRIES = 10
_BETWEEN_TRIES_S = 0.02


@dataclass(frozen=True, slots=True)
class LockNote:
    """Contents of a lock file. Everything is None or empty if it cannot be parsed."""

    pid: int | None = None
    host: str | None = None
    since: str | None = None
    command: str | None = None
    archive: str | None = None
    marks: Mapping[str, int] = field(default_factory=dict)

    @property
    def holder(self) -> str:
        """``pid 12 on myhost since 2026-01-02T03:04:05Z``, as far as it is known."""
        if self.pid is None:
            return "another process"
        where = "" if self.host in (None, platform.node()) else f" on {self.host}"
        stopped = " (it is stopped)" if not where and _is_stopped(self.pid) else ""
        return f"pid {self.pid}{where} since {self.since}{stopped}"


def _is_stopped(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[:1] == ["T"]


def lock_path(archive: Path) -> Path:
    """Path of the lock file of this archive."""
    return archive.with_name(archive.name + ".lock")


def read_note(archive: Path) -> LockNote:
    """Contents of the lock file of this archive, whether or not it is locked."""
    try:
        data = lock_path(archive).read_bytes()
    except OSError:
        return LockNote()
    return _parse(data)


def _parse(data: bytes) -> LockNote:
    # The note is written over the older one; the rest of a longer one is not read.
    try:
        note, _ = json.JSONDecoder().raw_decode(data.decode())
        marks = {str(session): int(frames) for session, frames in note["marks"].items()}
        pid = None if note["pid"] is None else int(note["pid"])
        archive = note.get("archive")
        return LockNote(pid, note["host"], note["since"], note["command"], archive, marks)
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
        return LockNote()


def holder_of(archive: Path) -> str | None:
    """Who records into this archive right now; None if nobody does."""
    try:
        handle = os.open(lock_path(archive), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return read_note(archive).holder
    finally:
        os.close(handle)
    return None


class ArchiveLock:
    """The lock, held from construction to ``release``.

    Raises:
        ArchiveBusy: another process holds it.
        StorageFailed: there is no place to put it.
    """

    def __init__(self, archive: Path) -> None:
        self._archive = archive
        self._handle = self._open()
        try:
            self._acquire()
        except BaseException:
            os.close(self._handle)
            raise
        note = _parse(os.pread(self._handle, 1 << 24, 0))
        self.marks = dict(note.marks)
        """Frames that were certainly on disk, by session. ``mark`` writes them down."""
        self._archive_id = note.archive
        self._holder: dict[str, object] = {
            "pid": os.getpid(),
            "host": platform.node(),
            "since": None,
            "command": Path(sys.argv[0]).name,  # never its arguments: they may name what is secret
        }
        self.mark({})
        # The file's modification time is now: the store has no clock of its own.
        seconds = int(os.fstat(self._handle).st_mtime)
        self._holder["since"] = (iso_utc(seconds * 1_000_000) or "").replace(".000000", "")
        self.mark({})

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            handle = os.open(lock_path(self._archive), flags, 0o600)
            os.fchmod(handle, 0o600)
        except OSError as error:
            says = f"no lock file can be made beside it ({(error.strerror or '').lower()})"
            raise StorageFailed(str(self._archive), says) from error
        return handle

    def _acquire(self) -> None:
        # holder_of locks for a moment to find out whether anybody records: hence the tries.
        for _ in range(_TRIES):
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                Event().wait(_BETWEEN_TRIES_S)
            else:
                return
        raise ArchiveBusy(str(self._archive), read_note(self._archive).holder)

    def set_archive(self, archive_id: str | None) -> None:
        """This is the lock of the archive with this id: marks of another that had its name are dropped."""
        if self._archive_id not in (None, archive_id):
            self.marks.clear()
        self._archive_id = archive_id
        self._write()

    def mark(self, frames_on_disk: Mapping[str, int]) -> None:
        """Write that so many frames of these sessions are certainly on disk."""
        self.marks.update(frames_on_disk)
        self._write()

    def forget(self, sessions: set[str]) -> None:
        """Drop the marks of these sessions: they are deleted, or known to be whole in the file itself."""
        for session in sessions & self.marks.keys():
            del self.marks[session]
        self._write()

    def _write(self) -> None:
        note = json.dumps({**self._holder, "archive": self._archive_id, "marks": self.marks}).encode() + b"\n"
        try:
            os.pwrite(self._handle, note, 0)
            os.ftruncate(self._handle, len(note))
        except OSError:
            # A full disk must not end a recording that still has room in its own pages: the marks
            # are a second line of defence, and the first one reports this by itself.
            return

    def written_at_s(self) -> float:
        """When it was last written, seconds since the epoch: at most a second of recording ago."""
        return os.fstat(self._handle).st_mtime

    def release(self) -> None:
        """Unlock it."""
        self._holder.update(pid=None, host=None, since=None, command=None)
        self._write()
        os.close(self._handle)
