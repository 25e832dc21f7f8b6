"""Takes the frames of one session, and returns when they are committed with their secrets blanked.

What one read of the socket gave is one transaction. A commit survives ``kill -9`` the next instant; a
barrier, once a second of activity and at the end, makes all before it survive a power cut too.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import TypeVar

from recorder.errors import StorageFailed
from recorder.wire.records import Record

from .rows import Batch, SessionRows
from .writer import Ledger, Patience

T = TypeVar("T")


class Intake:
    """The frame sink of one session: call it with what one read gave.

    Made by ``Archive.begin_session``. Calling it with no records is right when nothing has come for
    a second: it makes the barrier that is due then. After a failure it stays failed, and every
    further call raises the same ``StorageFailed``.
    """

    def __init__(self, ledger: Ledger, rows: SessionRows, *, patience: Patience, always_full: bool) -> None:
        self.session = rows.session
        """Public id of the session."""
        self.frames = 0
        """How many frames are committed."""
        self.waits_for_a_lull = False
        """Whether barriers are left to ``settle``, which somebody calls when nobody minds that a disk takes
        its time."""
        self._ledger = ledger
        self._rows = rows
        self._patience = patience
        self._always_full = always_full
        self._failed: StorageFailed | None = None
        self._finished = False

    def __call__(self, records: Sequence[Record]) -> None:
        """Return when all of these are committed.

        Raises:
            StorageFailed: none of them is.
        """
        self._guarded(lambda: self._take(records))

    def barrier(self) -> None:
        """Return when everything so far would survive a power cut.

        Raises:
            StorageFailed: it might not.
        """
        self._guarded(lambda: self._ledger.commit_barrier(Batch(), self._rows, patience=self._patience))

    def finish(self, ended_at_us: int | None, *, complete: bool = True, detail: str | None = None) -> None:
        """Write the end record: from now on the session is ``complete``, or ``interrupted`` if not so.

        ``detail`` is one sentence more, such as what stopped it. A second call does nothing.

        Raises:
            StorageFailed: there is no end record, and the session counts as interrupted.
        """
        if not self._finished:
            self._guarded(lambda: self._finish(ended_at_us, complete, detail))

    # For a gathering, which commits for many ------------------------------------------------------

    @property
    def rows(self) -> SessionRows:
        """What makes the rows of this session."""
        return self._rows

    @property
    def finished(self) -> bool:
        """Whether it has its end record."""
        return self._finished

    def prepare(self, records: Sequence[Record]) -> Batch:
        """The rows for these records, for another to commit, or else to call ``fail``. Raises as a call."""
        return self._guarded(lambda: self._rows.batch(records))

    def prepare_end(self, ended_at_us: int | None, complete: bool, detail: str | None) -> Batch:
        """The same for the end record. Raises as ``finish``."""

        def end() -> Batch:
            changes = self._rows.end(ended_at_us, "complete" if complete else "interrupted", detail)
            self._rows.unsettle()
            return Batch(changes=changes)

        batch = self._guarded(end)
        self._finished = True
        return batch

    def fail(self, error: BaseException) -> None:
        """What was prepared is not committed: nothing may follow it."""
        broken = StorageFailed(self._ledger.where, "an earlier write was broken off")
        self._fail(error if isinstance(error, StorageFailed) else broken)

    def release(self) -> None:
        """It is not being written any more; call it once everything is safe."""
        self._ledger.release(self._rows)

    def settle(self, *, after_s: float) -> None:
        """Make the barrier, if the last one is so old and there is anything to make safe.

        Raises:
            StorageFailed: as ``barrier``.
        """
        if not self._ledger.is_covered and self._ledger.barrier_is_due(self._patience.clock, after_s=after_s):
            self.barrier()

    # Within ---------------------------------------------------------------------------------------

    def _take(self, records: Sequence[Record]) -> None:
        due = self._ledger.barrier_is_due(self._patience.clock) and not (records and self.waits_for_a_lull)
        if not records and (not due or self._ledger.is_covered):
            return
        batch = self._rows.batch(records)
        if due:
            self._ledger.commit_barrier(batch, self._rows, patience=self._patience)
        else:
            self._ledger.commit(batch, self._rows, full=self._always_full, patience=self._patience)
        self.frames += len(batch.frames)

    def _finish(self, ended_at_us: int | None, complete: bool, detail: str | None) -> None:
        state = "complete" if complete else "interrupted"
        batch = Batch(changes=self._rows.end(ended_at_us, state, detail))
        self._ledger.commit_barrier(batch, self._rows, patience=self._patience)
        self._finished = True
        self._ledger.release(self._rows)

    def _guarded(self, work: Callable[[], T]) -> T:
        with self._ledger.guard:
            if self._failed is not None:
                raise self._failed
            if self._finished:
                raise StorageFailed(self._ledger.where, f"session {self.session} has its end record already")
            try:
                return work()
            except StorageFailed as error:
                self._fail(error)
                raise
            except struct.error as error:
                beyond = StorageFailed(self._ledger.where, "a time or number of a frame is beyond 64 bits")
                self._fail(beyond)
                raise beyond from error
            except BaseException:
                # Its digests count frames that are not committed: nothing may follow them.
                self._fail(StorageFailed(self._ledger.where, "an earlier write was broken off"))
                raise

    def _fail(self, error: StorageFailed) -> None:
        self._failed = error
        self._ledger.release(self._rows)
