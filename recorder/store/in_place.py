"""Whether the files of an archive that is recorded into are still those that were opened, and unharmed.

Whoever removes, replaces or cuts a file does not disturb the process that has it open: it would go on
writing into a file without a name, or into a hole. A look takes microseconds, and is taken every half second.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from .lock import lock_path
from .log_identity import WAL, LogHeader, SideFile, log_state, read_log_header, side_path
from .sqlite_connect import connect

_LOG_HEADER, _FRAME_HEADER = 32, 24


class Harm(NamedTuple):
    """What others did to the files.

    Attributes:
        problem: in a few words.
        archive_is_whole: whether it concerns the lock file alone.
    """

    problem: str
    archive_is_whole: bool = False


class _Seen(NamedTuple):
    """Identity, size and time of change of a file; all 0 if it is not there."""

    device: int = 0
    inode: int = 0
    size: int = 0
    changed_ns: int = 0

    @property
    def identity(self) -> tuple[int, int]:
        return self.device, self.inode

    def is_as(self, other: _Seen) -> bool:
        """Whether nothing was written in between, as far as the file system tells."""
        is_same = self.identity == other.identity and self.size == other.size
        return is_same and self.changed_ns == other.changed_ns


def _seen(path: Path) -> _Seen:
    try:
        status = path.stat()
    except OSError:
        return _Seen()
    return _Seen(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _header(path: Path) -> LogHeader | None:
    with suppress(OSError):  # gone since it was looked at
        return read_log_header(path)
    return None


class FilesInPlace:
    """The archive file, its write-ahead log and its lock file as they were last seen.

    Call ``note`` after each checkpoint: nothing else of ours writes into the archive file, or shortens the
    log; and ``note_commit`` after each commit, so that a log cut to no less than it had at the last look is
    noticed, too.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log_path = side_path(path, WAL)
        self._log_name = os.fspath(self._log_path)
        self._lock = _seen(lock_path(path))
        self.note()

    def note(self) -> None:
        """The files are as they are now because of us."""
        self._file = _seen(self._path)
        self._log = _seen(self._log_path)
        self._header = _header(self._path)
        self._log_size = self._log.size

    def note_commit(self) -> None:
        """The log may be longer because of us; takes some microseconds."""
        try:
            size = os.stat(self._log_name).st_size  # noqa: PTH116 - much faster
        except OSError:  # harm() says so
            return
        if size > self._log_size:
            self._log_size = size

    def harm(self) -> Harm | None:
        """What was done to the files since the last look; None if nothing."""
        problem = self._file_problem() or self._log_problem()
        if problem is not None:
            return Harm(problem)
        if _seen(lock_path(self._path)).identity != self._lock.identity:
            return Harm("its lock file was removed or replaced while it was recorded into", True)
        return None

    def _file_problem(self) -> str | None:
        now = _seen(self._path)
        if now.is_as(self._file):
            return None
        if now.identity != self._file.identity:
            if now.inode:
                return "another file was put in its place while it was recorded into"
            gone = "the file" if self._path.parent.is_dir() else "its directory"
            return f"{gone} was removed or renamed while it was recorded into"
        if now.size < self._file.size or not self._is_ours():
            return "the file was cut short or written over while it was recorded into"
        self._file = now  # touched, or by a program that wrote into the archive as it may
        return None

    def _is_ours(self) -> bool:
        try:
            with closing(connect(self._path, "ro", immutable=True)) as handle:
                pages = handle.execute("PRAGMA page_count").fetchone()[0]
                size = handle.execute("PRAGMA page_size").fetchone()[0]
            return pages * size <= self._file.size and log_state(self._path) is SideFile.SAME
        except (OSError, sqlite3.Error):
            return False

    def _log_problem(self) -> str | None:
        now = _seen(self._log_path)
        if now.identity != self._log.identity:
            return "its write-ahead log was removed or replaced while it was recorded into"
        if now.size < self._log_size or not self._log_goes_on(now.size):
            return "its write-ahead log was cut short or written over while it was recorded into"
        self._log = now
        self._log_size = now.size
        return None

    def _log_goes_on(self, size: int) -> bool:
        """Whether the log begins as it did, and has no hole since the last look, to this size."""
        header = _header(self._path)
        if header == self._header:
            return header is None or self._log_pages_are_there(header, size)
        self._header = header  # begun anew by another program that writes; or written over
        return header is not None and log_state(self._path) is SideFile.SAME

    def _log_pages_are_there(self, header: LogHeader, size: int) -> bool:
        # Where it was cut before more was written, there are zeros instead of the number of a page. On a full
        # disk the log may end with part of a frame.
        frame_size = _FRAME_HEADER + header.page_size
        seen = max(self._log.size - _LOG_HEADER, 0) // frame_size
        frames = max(size - _LOG_HEADER, 0) // frame_size
        try:
            handle = os.open(self._log_path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            places = (_LOG_HEADER + frame * frame_size for frame in range(max(seen - 1, 0), frames))
            return all(os.pread(handle, 4, at) != bytes(4) for at in places)
        finally:
            os.close(handle)
