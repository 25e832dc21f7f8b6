"""Commits the records of many sessions, recorded from one thread, in one transaction.

::

    group.begin()
    …                   # every session hands its records in; none is committed yet
    group.commit()      # now all of them are, or none is

Records that are handed in outside ``begin`` and ``commit`` are committed before the call returns, as with an
``Intake`` alone. Between the two, nothing of what was handed in may be delivered.

Barriers and checkpoints take a disk milliseconds: ``use_idle_time`` does them when there are some to spare.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from pathlib import Path

from recorder.errors import StorageFailed
from recorder.wire.records import StoredRecord

from .batch import Batch
from .intake import Intake
from .retry import RetryPolicy
from .writer import BARRIER_EVERY_S, ArchiveWriter

IDLE_S = 0.01
"""Idle time that is enough for a barrier, or for a checkpoint of a second's worth of log."""

_BARRIER_AT_LATEST_S = 2.0


class GroupCommit:
    """Commits for many sessions. Made by ``Archive.group_commit``; for one thread only."""

    def __init__(self, writer: ArchiveWriter, *, retry: RetryPolicy) -> None:
        self._writer = writer
        self._retry = retry
        self._open = False
        self._staged: list[tuple[Intake, Batch]] = []
        self._ended: list[Intake] = []
        self._ended_before_sync: list[Intake] = []
        self._syncer = ThreadPoolExecutor(1, "sync")
        self._syncing: Future[None] | None = None
        self._marks: Mapping[str, int] = {}
        self._log_name_is_safe = False
        self._log_is_synced = False
        if writer.files is not None:
            writer.files.keep_log_long()

    def sink(self, intake: Intake) -> Callable[[Sequence[StoredRecord]], None]:
        """The sink of one session. It writes no barriers: ``use_idle_time`` does, for all sessions."""

        def take(records: Sequence[StoredRecord]) -> None:
            if not records or (not self._open and intake.commit_lone(records)):
                return
            prepared = (intake, intake.prepare(records))
            if self._open:
                self._staged.append(prepared)
            else:
                self._write([prepared])

        return take

    def begin(self) -> None:
        """Collect records from now on, until ``commit``."""
        self._open = True

    def commit(self) -> None:
        """Return when all that was taken since ``begin`` is committed.

        Raises:
            StorageFailed: none of it is, and no session it came from can be recorded any further.
        """
        self._open = False
        staged, self._staged = self._staged, []
        if staged:
            self._write(staged)

    def finish(
        self,
        intake: Intake,
        ended_at_us: int | None,
        *,
        complete: bool = True,
        detail: str | None = None,
        let_in: bool = True,
    ) -> None:
        """As ``Intake.finish``, but safe against a power cut only from the next barrier on, a second later.

        Raises:
            StorageFailed: there is no end record, and the session counts as interrupted.
        """
        if intake.finished:
            return
        self._write([(intake, intake.prepare_end(ended_at_us, complete, detail, let_in=let_in))])
        self._writer.mark_unsynced(intake.rows)
        self._ended.append(intake)

    def use_idle_time(self, spare_s: float = IDLE_S) -> None:
        """Write a barrier or a checkpoint if one is due; call it often, with the time until a deadline.

        A barrier is due after a second, and waits at most another one for ``IDLE_S`` to spare.
        Only the first one waits for the disk here: later ones are synced in a thread.

        Raises:
            StorageFailed: what was committed since the last one might not survive a power cut; or the files
                of the archive were harmed, which is looked at every half second.
        """
        self._writer.note_commits()
        if self._syncing is not None:
            if not self._syncing.done():
                return
            self._note_synced()
        is_idle = spare_s >= IDLE_S
        if is_idle:
            with self._writer.guard:
                self._writer.check_if_due(self._retry.clock)
        if is_idle and self._log_is_synced:
            self._log_is_synced = False
            if self._writer.files is not None:
                with self._writer.guard:
                    self._writer.files.checkpoint()
        elif not self._writer.is_synced and self._barrier_is_due(is_idle):
            self._begin_barrier()

    def _barrier_is_due(self, is_idle: bool) -> bool:
        after_s = BARRIER_EVERY_S if is_idle else _BARRIER_AT_LATEST_S
        return self._writer.barrier_is_due(self._retry.clock, after_s=after_s)

    def _begin_barrier(self) -> None:
        files = self._writer.files
        if files is None or not self._log_name_is_safe:  # SQLite itself makes the log's name safe
            self.close()
            return
        with self._writer.guard:
            self._marks = self._writer.write_barrier(retry=self._retry)
            self._ended_before_sync, self._ended = self._ended, []
        self._syncing = self._syncer.submit(_sync, files.log_path)

    def close(self) -> None:
        """Write a barrier for everything so far. Sessions may still be recorded after it.

        Raises:
            StorageFailed: as ``use_idle_time``.
        """
        if self._syncing is not None:
            self._note_synced()
        with self._writer.guard:
            self._writer.commit_barrier(Batch(), retry=self._retry)
            _release(self._ended)
        self._log_name_is_safe = True

    def _note_synced(self) -> None:
        """Wait until the log is on disk; mark its frames, release the sessions that ended before."""
        syncing, self._syncing = self._syncing, None
        assert syncing is not None  # noqa: S101 - the callers have checked
        try:
            syncing.result()
        except OSError as error:
            says = f"the write-ahead log could not be brought to disk ({error.strerror})"
            raise StorageFailed(self._writer.where, says) from error
        with self._writer.guard:
            self._writer.mark(self._marks)
            _release(self._ended_before_sync)
        self._log_is_synced = True

    def _write(self, staged: Sequence[tuple[Intake, Batch]]) -> None:
        whole = staged[0][1] if len(staged) == 1 else _joined([batch for _, batch in staged])
        intakes = dict.fromkeys(intake for intake, _ in staged)
        with self._writer.guard:
            try:
                rows = [intake.rows for intake in intakes]
                self._writer.commit(whole, *rows, full=False, retry=self._retry)
            except BaseException as error:
                for intake in intakes:
                    intake.fail(error)
                raise
        for intake, batch in staged:
            intake.frames += len(batch.frames)


def _joined(batches: Sequence[Batch]) -> Batch:
    return Batch._make(list(chain.from_iterable(rows)) for rows in zip(*batches, strict=True))


def _release(ended: list[Intake]) -> None:
    """Show that these sessions, whole on disk, are not being written any more."""
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
