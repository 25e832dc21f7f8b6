"""The frame sink of one session: commits its frames, secrets blanked, before it returns.

The records of one call are one transaction. A commit survives ``kill -9`` the next instant; a
barrier, once a second of activity and at the end, makes all before it survive a power cut too.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from recorder.errors import StorageFailed
from recorder.wire.records import StoredRecord

from .batch import Batch
from .redacts import Redacts
from .retry import RetryPolicy
from .rows import SessionRows
from .writer import ArchiveWriter

if TYPE_CHECKING:
    from threading import RLock

STORAGE_WAIT_S = 10.0


@dataclass(frozen=True, slots=True)
class IntakeOptions:
    """How the records of a session are stored.

    Attributes:
        keep_secrets: store tokens and cookies as they are.
        known_secrets: texts that are blanked too.
        secret_names: names of keys, parameters and headers whose values are blanked too.
        redactor: blanks secrets before anything is written; by default one keyed for the archive, which
            knows ``known_secrets`` and ``secret_names``.
        durability: "full": every commit survives a power cut; "barrier": only those before the last barrier.
        storage_wait_s: how long a full or locked disk is waited for, seconds.
    """

    keep_secrets: bool = False
    known_secrets: Iterable[str] = ()
    secret_names: Iterable[str] = ()
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
        self.rows = rows
        """Turns the records of this session into rows."""
        self.finished = False
        """Whether it has its end record."""
        self._retry = retry
        self._always_full = always_full
        self._failed: StorageFailed | None = None
        self._guarded = _Guard(self, writer.guard)

    @property
    def withheld(self) -> int:
        """How many frames were stored without their payload, since it could not be inflated."""
        return self.rows.withheld

    def __call__(self, records: Sequence[StoredRecord]) -> None:
        """Return when all of these are committed.

        Raises:
            StorageFailed: none of them is.
        """
        with self._guarded:
            self._writer.check_if_due(self._retry.clock)
            due = self._writer.barrier_is_due(self._retry.clock) and not (records and self.defers_barriers)
            if not records and (not due or self._writer.is_synced):
                return
            if not due and self.commit_lone(records):
                self._writer.note_commits()
                return
            batch = self.rows.batch(records)
            if due:
                self._writer.commit_barrier(batch, self.rows, retry=self._retry)
            else:
                self._writer.commit(batch, self.rows, full=self._always_full, retry=self._retry)
            self.frames += len(batch.frames)

    def barrier(self) -> None:
        """Return when everything so far would survive a power cut.

        Raises:
            StorageFailed: it might not.
        """
        with self._guarded:
            self._writer.commit_barrier(Batch(), self.rows, retry=self._retry)

    @property
    def check_due_s(self) -> float | None:
        """When to call ``check_if_due`` at the latest, monotonic seconds; None: it is not needed."""
        return self._writer.check_due_s

    def check_if_due(self) -> None:
        """Look, every half second, whether the files of the archive are in place and unharmed.

        For when nothing comes: recording a frame looks by itself.

        Raises:
            StorageFailed: they are not.
        """
        with self._guarded:
            self._writer.check_if_due(self._retry.clock)

    def finish(
        self,
        ended_at_us: int | None,
        *,
        complete: bool = True,
        detail: str | None = None,
        let_in: bool = True,
    ) -> None:
        """Write the end record: from now on the session is in the state of its ``completeness``.

        Without ``complete`` it is ``interrupted`` in any case; without ``let_in`` it is ``refused``, unless
        something is missing.

        ``detail`` is one sentence more, such as what stopped it. A second call does nothing.

        Raises:
            StorageFailed: there is no end record, and the session counts as interrupted.
        """
        if self.finished:
            return
        with self._guarded:
            changes = self.rows.end(ended_at_us, complete, detail, let_in=let_in)
            batch = Batch(changes=changes, ended=[self.rows.session_id])
            self._writer.commit_barrier(batch, self.rows, retry=self._retry)
            self.finished = True
            self.release()

    # Used by GroupCommit, which commits for many --------------------------------------------------

    def commit_lone(self, records: Sequence[StoredRecord]) -> bool:
        """Return True when the one frame that these are is committed; False if that takes a longer road.

        Call the writer's ``note_commits`` when there is time. Raises as ``__call__``.
        """
        if len(records) != 1:
            return False
        with self._writer.guard:
            if self._failed is not None or self.finished:
                self.check_open()
            try:
                row = self.rows.lone(records[0])
                if row is None:
                    return False
                self._writer.commit_frame(row, self.rows, full=self._always_full, retry=self._retry)
            except BaseException as error:
                self.broken_off(error)
                raise
        self.frames += 1
        return True

    def prepare(self, records: Sequence[StoredRecord]) -> Batch:
        """The rows for these records; the caller commits them, or calls ``fail``. Raises as ``__call__``."""
        with self._guarded:
            return self.rows.batch(records)

    def prepare_end(
        self, ended_at_us: int | None, complete: bool, detail: str | None, *, let_in: bool = True
    ) -> Batch:
        """The rows of the end record; the caller commits them, or calls ``fail``. Raises as ``finish``."""
        with self._guarded:
            changes = self.rows.end(ended_at_us, complete, detail, let_in=let_in)
            self.rows.mark_moved()
        self.finished = True
        return Batch(changes=changes, ended=[self.rows.session_id])

    def fail(self, error: BaseException) -> None:
        """Refuse further records: what was prepared last is not committed."""
        broken = StorageFailed(self._writer.where, "an earlier write was broken off")
        self._failed = error if isinstance(error, StorageFailed) else broken
        self.release()

    def release(self) -> None:
        """Show that the session is not being written any more; call it once its end record is on disk."""
        self._writer.release(self.rows)

    def barrier_if_due(self, *, after_s: float) -> None:
        """Write a barrier if the last one is older than ``after_s`` and frames were committed since.

        Raises:
            StorageFailed: as ``barrier``.
        """
        if not self._writer.is_synced and self._writer.barrier_is_due(self._retry.clock, after_s=after_s):
            self.barrier()

    # Used by the guard of this session ------------------------------------------------------------

    def check_open(self) -> None:
        """Raise ``StorageFailed`` if it has failed, or has its end record."""
        if self._failed is not None:
            raise self._failed
        if self.finished:
            raise StorageFailed(self._writer.where, f"session {self.session} has its end record already")

    def broken_off(self, error: BaseException) -> None:
        """A call was: its digests count frames that are not committed, and nothing may follow them."""
        if isinstance(error, struct.error):
            beyond = StorageFailed(self._writer.where, "a time or number of a frame is beyond 64 bits")
            self.fail(beyond)
            raise beyond from error
        self.fail(error)


class _Guard:
    """Lets one thread write at a time, and nothing after a call that was broken off.

    As a class: a generator takes a tenth of what a whole commit does.
    """

    def __init__(self, intake: Intake, lock: RLock) -> None:
        self._intake = intake
        self._lock = lock

    def __enter__(self) -> None:
        self._lock.acquire()
        try:
            self._intake.check_open()
        except BaseException:
            self._lock.release()
            raise

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        try:
            if error is not None:
                self._intake.broken_off(error)
        finally:
            self._lock.release()
