"""The files of an archive open for writing: moves its log, notices harm by others, rescues what is left."""

from __future__ import annotations

import ctypes
import sqlite3
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection

from recorder.counted import counted
from recorder.errors import ArchiveHarmed, RecorderError

from .in_place import FilesInPlace, Harm
from .lock import ArchiveLock
from .log_identity import WAL, StampedLog, side_path
from .rescue import Rescued, rescue
from .sqlite_writer import handle_of
from .write_errors import DATABASE_ERRORS

CHECK_EVERY_S = 0.5

_LONG_LOG, _VERY_LONG_LOG = 4_096_000, 65_536_000  # bytes
_PER_COMMIT = 8_192  # bytes that a commit adds to the log besides its payloads: two pages


class ArchiveFiles:
    """The file, its write-ahead log and its lock file, as long as the archive is open.

    Once one of them was harmed, nothing is written any more: what is left of them stays as it is.

    Attributes:
        log_path: SQLite's write-ahead log.
        check_due_s: when ``check_if_due`` does something, monotonic seconds.
    """

    def __init__(
        self, where: str, path: Path, connection: Connection, *, log: StampedLog, lock: ArchiveLock
    ) -> None:
        self.log_path = side_path(path, WAL)
        self.check_due_s = 0.0
        self._where = where
        self._path = path
        self._connection = connection
        self._log = log
        self._lock = lock
        self._in_place = FilesInPlace(path)
        self._failed: ArchiveHarmed | None = None
        self._closed = False
        self._long_log = _LONG_LOG
        self._written = 0  # bytes, at least, since the size of the log was looked at

    # Harm ---------------------------------------------------------------------------------------

    @property
    def harmed(self) -> bool:
        """Whether somebody harmed them, as far as it was noticed."""
        return self._failed is not None

    def close(self) -> None:
        """The archive is about to be closed: look no more."""
        self._closed = True

    def check_if_due(self, now_s: float) -> None:
        """Check them if the last time is half a second ago. Raises as ``check``."""
        if now_s >= self.check_due_s:
            self.check_due_s = now_s + CHECK_EVERY_S
            self.check()

    def check(self) -> None:
        """Look whether they are in place and unharmed; takes microseconds. Not within a transaction.

        Raises:
            ArchiveHarmed: they are not; what could be saved is in the file that the hint names.
        """
        if self._closed:
            return
        if self._failed is None:
            harm = self._in_place.harm()
            if harm is None:
                return
            self._failed = ArchiveHarmed(self._where, harm.problem, hint=self._rescue(harm))
        raise self._failed

    def _rescue(self, harm: Harm) -> str:
        self._keep_open_for_ever()
        unharmed = "the archive itself is whole; " if harm.archive_is_whole else ""
        try:
            saved = rescue(handle_of(self._connection), self._path, last_s=self._lock.written_at_s())
        except (OSError, RecorderError, *DATABASE_ERRORS) as error:
            return f"{unharmed}nothing could be saved of what was recorded ({error})"
        return unharmed + _words(saved)

    def _keep_open_for_ever(self) -> None:
        # Closed as the last connection, SQLite would move the log into whatever is in the place of the file,
        # and remove what is in the place of the log.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._connection))
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._connection.connection))

    # The log --------------------------------------------------------------------------------------

    def begin_log(self) -> None:
        """Begin the log if it is empty: before every other write. Raises ``sqlite3.Error``."""
        if self._log.must_begin:
            self._log.begin()

    def keep_log_long(self) -> None:
        """Make checkpoints in commits only when the log is very long; else ``checkpoint`` is called for them.

        It takes milliseconds, where a commit takes a tenth of one.
        """
        self._long_log = _VERY_LONG_LOG

    def prepare_write(self) -> None:
        """Before every write: begin the log if it is empty. Raises as ``check`` where harm is known."""
        if self._failed is not None:
            self.check()
        if self._log.must_begin:
            self._log.begin()

    def committed(self, size: int, *, commits: int = 1) -> None:
        """So many bytes were committed: if the log has become long, move it. Raises as ``check``."""
        self._in_place.note_commit()
        self._written += _PER_COMMIT * commits + size
        if self._written >= self._long_log:
            self.checkpoint_if_long()

    def checkpoint_if_long(self) -> None:
        """Move the log if it is long. Not within a transaction. Raises as ``check``."""
        self._written = 0
        with suppress(OSError):
            if self.log_path.stat().st_size >= self._long_log:
                self.checkpoint()

    def checkpoint(self) -> None:
        """Move the log into the file, as far as no reader is in the way; what fails is left in the log.

        Raises:
            ArchiveHarmed: as ``check``: it would be moved into the wrong file.
        """
        self.check()
        with suppress(sqlite3.Error):
            self._log.checkpoint()
        self._in_place.note()

    def empty_log(self) -> bool:
        """Move the log into the file and cut it off; False if a reader prevents that.

        Raises:
            ArchiveHarmed: as ``check``.
            sqlite3.Error: it could not be done; the log stays.
        """
        self.check()
        try:
            return self._log.empty()
        finally:
            self._in_place.note()


def _words(saved: Rescued) -> str:
    how = f"recorder archive verify --archive '{saved.file}'"
    if saved.whole:
        return f"all that was recorded until then is in {saved.file}: {how}"
    return f"{counted(saved.frames, 'frame')} could still be read, to be found in {saved.file}: {how}"
