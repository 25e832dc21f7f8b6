"""The frame sink of one session: commits its frames, secrets blanked, before it returns.

The records of one call are one transaction. A commit survives ``kill -9`` the next instant; a
barrier, once a second of activity and at the end, makes all before it survive a power cut too.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from recorder.errors import StorageFailed
from recorder.wire.records import Record

from .rows import Batch, Redacts, SessionRows
from .writer import ArchiveWriter, RetryPolicy

T = TypeVar("T")

STORAGE_WAIT_S = 10.0


@dataclass(frozen=True, slots=True)
class IntakeOptions:
    """How the records of a session are stored.

    Attributes:
        keep_secrets: store tokens and cookies as they are.
        known_secrets: texts that are blanked too.
        redactor: blanks secrets before anything is written; by default one keyed for the archive, which
            knows ``known_secrets``.
        durability: "full": every commit survives a power cut; "barrier": only those before the last barrier.
        storage_wait_s: how long a full or locked disk is waited for, seconds.
    """

    keep_secrets: bool = False
    known_secrets: Iterable[str] = ()
    redactor: Redacts | None = None
    durability: Literal["barrier", "full"] = "barrier"
    storage_wait_s: float = STORAGE_WAIT_S


class Intake:
    """The frame sink of one session: call it with the records that one read of the socket gave.

    Made by ``Archive.begin_session``. Call it without records when nothing has come for
    a second: it writes the barrier that is due then. After a failure it stays failed, and every
    further call raises the same ``StorageFailed``.
    """

    def __init__(
        self, writer: ArchiveWriter, rows: SessionRows, *, retry: RetryPolicy, always_full: bool
    ) -> None:
        self.session = rows.session
        """Public id of the session."""
        self.frames = 0
        """How many frames are committed."""
        self.defers_barriers = False
        """Whether barriers are written only by ``barrier_if_due``, when the session is idle."""
        self._writer = writer
        self._rows = rows
        self._retry = retry
        self._always_full = always_full
        self._failed: StorageFailed | None = None
        self._finished = False

    def __call__(self, records: Sequence[Record]) -> None:
        """Return when all of these are committed.

        Raises:
            StorageFailed: none of them is.
        """
        self._guarded(lambda: self._store(records))

    def barrier(self) -> None:
        """Return when everything so far would survive a power cut.

        Raises:
            StorageFailed: it might not.
        """
        self._guarded(lambda: self._writer.commit_barrier(Batch(), self._rows, retry=self._retry))

    def finish(self, ended_at_us: int | None, *, complete: bool = True, detail: str | None = None) -> None:
        """Write the end record: from now on the session is ``complete``, or ``interrupted`` if not so.

        ``detail`` is one sentence more, such as what stopped it. A second call does nothing.

        Raises:
            StorageFailed: there is no end record, and the session counts as interrupted.
        """
        if not self._finished:
            self._guarded(lambda: self._finish(ended_at_us, complete, detail))

    # Used by GroupCommit, which commits for many --------------------------------------------------

    @property
    def rows(self) -> SessionRows:
        """Turns the records of this session into rows."""
        return self._rows

    @property
    def finished(self) -> bool:
        """Whether it has its end record."""
        return self._finished

    def prepare(self, records: Sequence[Record]) -> Batch:
        """The rows for these records; the caller commits them, or calls ``fail``. Raises as ``__call__``."""
        return self._guarded(lambda: self._rows.batch(records))

    def prepare_end(self, ended_at_us: int | None, complete: bool, detail: str | None) -> Batch:
        """The rows of the end record; the caller commits them, or calls ``fail``. Raises as ``finish``."""

        def end() -> Batch:
            changes = self._rows.end(ended_at_us, "complete" if complete else "interrupted", detail)
            self._rows.mark_moved()
            return Batch(changes=changes)

        batch = self._guarded(end)
        self._finished = True
        return batch

    def fail(self, error: BaseException) -> None:
        """Refuse further records: what was prepared last is not committed."""
        broken = StorageFailed(self._writer.where, "an earlier write was broken off")
        self._fail(error if isinstance(error, StorageFailed) else broken)

    def release(self) -> None:
        """Show that the session is not being written any more; call it once its end record is on disk."""
        self._writer.release(self._rows)

    def barrier_if_due(self, *, after_s: float) -> None:
        """Write a barrier if the last one is older than ``after_s`` and frames were committed since.

        Raises:
            StorageFailed: as ``barrier``.
        """
        if not self._writer.is_synced and self._writer.barrier_is_due(self._retry.clock, after_s=after_s):
            self.barrier()

    # Internals ---------------------------------------------------------------------------------------

    def _store(self, records: Sequence[Record]) -> None:
        due = self._writer.barrier_is_due(self._retry.clock) and not (records and self.defers_barriers)
        if not records and (not due or self._writer.is_synced):
            return
        batch = self._rows.batch(records)
        if due:
            self._writer.commit_barrier(batch, self._rows, retry=self._retry)
        else:
            self._writer.commit(batch, self._rows, full=self._always_full, retry=self._retry)
        self.frames += len(batch.frames)

    def _finish(self, ended_at_us: int | None, complete: bool, detail: str | None) -> None:
        state = "complete" if complete else "interrupted"
        batch = Batch(changes=self._rows.end(ended_at_us, state, detail))
        self._writer.commit_barrier(batch, self._rows, retry=self._retry)
        self._finished = True
        self._writer.release(self._rows)

    def _guarded(self, work: Callable[[], T]) -> T:
        with self._writer.guard:
            if self._failed is not None:
                raise self._failed
            if self._finished:
                raise StorageFailed(self._writer.where, f"session {self.session} has its end record already")
            try:
                return work()
            except StorageFailed as error:
                self._fail(error)
                raise
            except struct.error as error:
                beyond = StorageFailed(self._writer.where, "a time or number of a frame is beyond 64 bits")
                self._fail(beyond)
                raise beyond from error
            except BaseException:
                # Its digests count frames that are not committed: nothing may follow them.
                self._fail(StorageFailed(self._writer.where, "an earlier write was broken off"))
                raise

    def _fail(self, error: StorageFailed) -> None:
        self._failed = error
        self._writer.release(self._rows)
