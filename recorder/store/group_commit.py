"""Many sessions recorded from one thread: what has come to all of them is one transaction.

::

    gathering.hold()
    …                       # every session hands its records in; none is committed yet
    gathering.commit()      # now all of them are, or none is

What is handed in outside such a stretch is committed before the call returns, as with an ``Intake``
alone. Whoever holds must deliver nothing of what was handed in before ``commit`` has returned.

What takes a disk milliseconds is done when there are some to spare: ``settle`` is told how many.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from recorder.errors import StorageFailed
from recorder.wire.records import FrameSink, Record

from .intake import Intake
from .rows import Batch
from .writer import BARRIER_EVERY_S, Ledger, Patience

LULL_S = 0.01
"""So much time to spare is enough for a barrier, or for moving a second's worth of log into the file."""

_AT_LATEST_S = 2.0


class Gathering:
    """Commits for many sessions. Made by ``Archive.gathering``; not for more than one thread."""

    def __init__(self, ledger: Ledger, *, patience: Patience) -> None:
        self._ledger = ledger
        self._patience = patience
        self._holding = False
        self._staged: list[tuple[Intake, Batch]] = []
        self._ended: list[Intake] = []
        self._ended_before: list[Intake] = []  # before the barrier that is under way
        self._syncer = ThreadPoolExecutor(1, "sync")
        self._syncing: Future[None] | None = None
        self._marks: Mapping[str, int] = {}
        self._has_closed_once = False
        self._log_is_safe = False
        ledger.leave_the_log()

    def sink(self, intake: Intake) -> FrameSink:
        """The sink of one session in this gathering. It makes no barriers: ``settle`` does, for all."""

        def take(records: Sequence[Record]) -> None:
            if not records:
                return
            prepared = (intake, intake.prepare(records))
            if self._holding:
                self._staged.append(prepared)
            else:
                self._write([prepared])

        return take

    def hold(self) -> None:
        """From now on records are taken, and committed only by ``commit``."""
        self._holding = True

    def commit(self) -> None:
        """Return when all that was taken since ``hold`` is committed.

        Raises:
            StorageFailed: none of it is, and no session it came from can be recorded any further.
        """
        self._holding = False
        staged, self._staged = self._staged, []
        if staged:
            self._write(staged)

    def finish(
        self, intake: Intake, ended_at_us: int | None, *, complete: bool = True, detail: str | None = None
    ) -> None:
        """As ``Intake.finish``, but safe against a power cut only from the next barrier on, a second later.

        Raises:
            StorageFailed: there is no end record, and the session counts as interrupted.
        """
        if intake.finished:
            return
        self._write([(intake, intake.prepare_end(ended_at_us, complete, detail))])
        self._ledger.uncover(intake.rows)
        self._ended.append(intake)

    def settle(self, spare_s: float = LULL_S) -> None:
        """See to a barrier, if one is due; to be called often, with the time until nobody may be held up.

        A barrier is due after a second, and waits for ``LULL_S`` to spare for another one at most.
        Waits for the disk only the first time: from then on a thread of its own does.

        Raises:
            StorageFailed: what was committed since the last one might not survive a power cut.
        """
        if self._syncing is not None:
            if not self._syncing.done():
                return
            self._note_synced()
        is_lull = spare_s >= LULL_S
        if is_lull and self._log_is_safe:
            self._log_is_safe = False
            with self._ledger.guard:
                self._ledger.empty_the_log()
        elif not self._ledger.is_covered and self._barrier_is_due(is_lull):
            self._begin_barrier()

    def _barrier_is_due(self, is_lull: bool) -> bool:
        after_s = BARRIER_EVERY_S if is_lull else _AT_LATEST_S
        return self._ledger.barrier_is_due(self._patience.clock, after_s=after_s)

    def _begin_barrier(self) -> None:
        log = self._ledger.log
        if log is None or not self._has_closed_once:  # SQLite itself makes the log's name safe
            self.close()
            return
        with self._ledger.guard:
            self._marks = self._ledger.stand(patience=self._patience)
            self._ended_before, self._ended = self._ended, []
        self._syncing = self._syncer.submit(_sync, log)

    def close(self) -> None:
        """Make everything so far safe against a power cut. Sessions may still be recorded after it.

        Raises:
            StorageFailed: as ``settle``.
        """
        if self._syncing is not None:
            self._note_synced()
        with self._ledger.guard:
            self._ledger.commit_barrier(Batch(), patience=self._patience)
            _release(self._ended)
        self._has_closed_once = True

    def _note_synced(self) -> None:
        """Wait until the log is on disk, and note what that means."""
        syncing, self._syncing = self._syncing, None
        assert syncing is not None  # noqa: S101 - the callers have looked
        try:
            syncing.result()
        except OSError as error:
            says = f"the write-ahead log could not be brought to disk ({error.strerror})"
            raise StorageFailed(self._ledger.where, says) from error
        with self._ledger.guard:
            self._ledger.mark(self._marks)
            _release(self._ended_before)
        self._log_is_safe = True

    def _write(self, staged: Sequence[tuple[Intake, Batch]]) -> None:
        whole = Batch(
            [row for _, batch in staged for row in batch.opened],
            [row for _, batch in staged for row in batch.frames],
            [change for _, batch in staged for change in batch.changes],
        )
        intakes = dict.fromkeys(intake for intake, _ in staged)
        with self._ledger.guard:
            try:
                rows = [intake.rows for intake in intakes]
                self._ledger.commit(whole, *rows, full=False, patience=self._patience)
            except BaseException as error:
                for intake in intakes:
                    intake.fail(error)
                raise
        for intake, batch in staged:
            intake.frames += len(batch.frames)


def _release(ended: list[Intake]) -> None:
    """They are on disk whole: nobody has to see them as being written any more."""
    for intake in ended:
        intake.release()
    ended.clear()


def _sync(log: Path) -> None:
    # On this file SQLite keeps no locks, so that closing it again takes none away.
    handle = os.open(log, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
