"""The one connection that writes to an archive: commits batches whole or not at all, retries where it helps.

Several sessions may share it, from several threads; ``guard`` lets one in at a time.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from functools import partial
from itertools import groupby

from sqlalchemy import Connection, Table, select

from recorder.errors import RecorderError, StorageFailed

from . import postgresql
from .archive_files import ArchiveFiles
from .batch import Batch
from .columns import FRAME_COLUMNS
from .db_errors import ServerUnreachable, WriteFailure, diagnose, storage_failed
from .driver_values import PYTHON_VALUES, SQLITE_VALUES, Row
from .opened import OpenedArchive
from .reader import FileReader, Reader
from .remarks import Notify, silent
from .retry import RETRY_EVERY_S, MonotonicClock, RetryPolicy
from .row_digests import write_digests
from .rows import SessionRows
from .sqlite_connect import BUSY_TIMEOUT_S
from .statements import Statement, change_row, insert_rows, insert_statement, update_statement
from .tables import compressed, connection, forwarded, frame, http_exchange, receipt_plan
from .write_errors import DATABASE_ERRORS

BARRIER_EVERY_S = 1.0

_PAYLOAD = FRAME_COLUMNS.index("payload")


class ArchiveWriter:
    """Commits batches into one archive, which was opened for writing."""

    def __init__(self, opened: OpenedArchive, connection: Connection, say: Notify = silent) -> None:
        self._say = say
        self.where = opened.where
        self.connection = connection
        self.guard = threading.RLock()
        self.files = _files_of(opened, connection)
        """The files of the archive; None for PostgreSQL."""
        self._lock = opened.lock
        self._url = opened.url
        self.sqlite = opened.reader.handle if isinstance(opened.reader, FileReader) else None
        """The driver's own connection; None for PostgreSQL.

        Through SQLAlchemy every commit would take half as long again (tests/benchmarks/store_intake.py).
        """
        self.values = PYTHON_VALUES if self.sqlite is None else SQLITE_VALUES
        """How rows of many frames are to hold NULL, true, false and blobs."""
        self._execute = None if self.sqlite is None else self.sqlite.cursor().execute
        self._full = False
        self._retried_in_vain = False
        self._barrier_at_s: float | None = None
        self._unsynced: set[SessionRows] = set()
        self._unnoted: list[int] = []
        self._claimed: set[int] = set()
        self._dialect = connection.dialect
        self._insert_frame = insert_statement(self._dialect, frame, FRAME_COLUMNS)

    @property
    def reader(self) -> Reader:
        """The same connection, for queries."""
        return postgresql.ServerReader(self.connection) if self.sqlite is None else FileReader(self.sqlite)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """No other thread writes within the block; an error rolls back what is not committed.

        Raises:
            StorageFailed: a write failed.
        """
        with self.guard:
            try:
                if self.files is not None:
                    self.files.begin_log()
                yield
                if self.files is not None:
                    self.files.checkpoint_if_long()
            except DATABASE_ERRORS as error:
                self.rollback()
                if self.files is not None:
                    self.files.check()  # that may be why
                raise storage_failed(self.where, error) from error
            except BaseException:
                self.rollback()
                raise

    def barrier_is_due(self, clock: MonotonicClock, *, after_s: float = BARRIER_EVERY_S) -> bool:
        """Whether the last barrier, of whichever session, is at least ``after_s`` old."""
        at_s = self._barrier_at_s
        return at_s is None or clock.now_s() - at_s >= after_s

    @property
    def is_synced(self) -> bool:
        """Whether no frame was committed since the last barrier."""
        return not self._unsynced

    def commit(self, batch: Batch, *rows: SessionRows, full: bool, retry: RetryPolicy) -> None:
        """Return when the batch, of one or more sessions, is committed.

        ``full``: with ``synchronous=FULL``, so that it survives a power cut.

        Raises:
            StorageFailed: it is not committed, and no part of it is.
        """
        self._commit(batch, full, retry)
        if batch.frames or batch.forwarded or batch.exchanges or batch.plans:
            self._unsynced.update(rows)

    def commit_frame(self, row: Row, of: SessionRows, *, full: bool, retry: RetryPolicy) -> None:
        """``commit`` of one row of ``frame``, in a fraction of the time; call ``note_commits`` soon."""
        files, execute = self.files, self._execute
        if execute is None or files is None or full is not self._full or self._retried_in_vain:
            self.commit(Batch(frames=[row]), of, full=full, retry=retry)
            return
        try:
            files.prepare_write()
            execute(self._insert_frame.sql, row)  # one statement is atomic by itself
        except DATABASE_ERRORS as error:
            self._try_again(Batch(frames=[row]), full, retry, error)
        self._unnoted.append(len(row[_PAYLOAD]))  # type: ignore[arg-type]  # a blob
        self._unsynced.add(of)

    def note_commits(self) -> None:
        """Let the files know what ``commit_frame`` has committed, as there is time. Raises as ``commit``."""
        if self._unnoted and self.files is not None:
            sizes, self._unnoted = self._unnoted, []
            with self.guard:
                self.files.committed(sum(sizes), commits=len(sizes))

    @property
    def check_due_s(self) -> float | None:
        """When ``check_if_due`` does something; None: never."""
        return None if self.files is None else self.files.check_due_s

    def check_if_due(self, clock: MonotonicClock) -> None:
        """Look every half second whether the files are in place and unharmed. Not within a transaction.

        Raises:
            StorageFailed: they are not.
        """
        if self.files is not None:
            self.files.check_if_due(clock.now_s())

    def mark_unsynced(self, rows: SessionRows) -> None:
        """Include this session in the next barrier: something of it is committed that no barrier covers."""
        self._unsynced.add(rows)

    def commit_barrier(self, batch: Batch, *rows: SessionRows, retry: RetryPolicy) -> None:
        """Commit the batch so that it and all before it survive a power cut; write how far each session is.

        Raises:
            StorageFailed: as ``commit``; also if the files were harmed.
        """
        self.mark(self._commit_positions(batch, {*self._unsynced, *rows}, full=True, retry=retry))

    def write_barrier(self, *, retry: RetryPolicy) -> Mapping[str, int]:
        """Write how far every session has come, as ``commit_barrier`` does, without waiting for the disk.

        Once the log was synced after this, give what this returned to ``mark``.

        Raises:
            StorageFailed: as ``commit_barrier``.
        """
        return self._commit_positions(Batch(), set(self._unsynced), full=False, retry=retry)

    def _commit_positions(
        self, batch: Batch, sessions: Set[SessionRows], *, full: bool, retry: RetryPolicy
    ) -> Mapping[str, int]:
        """Commit the batch after the position of every session; returns the frames of each."""
        if self.files is not None:
            self.files.check()
        positions = [change for each in sessions for change in each.barrier()]
        self._commit(batch._replace(changes=[*positions, *batch.changes]), full, retry)
        for each in sessions:
            each.barrier_written()
        self._unsynced.clear()
        self._barrier_at_s = retry.clock.now_s()
        return {each.session: each.frames for each in sessions}

    def mark(self, frames_on_disk: Mapping[str, int]) -> None:
        """Write into the lock file how many frames of these sessions are on disk."""
        if self._lock is not None:
            self._lock.mark(frames_on_disk)

    def _commit(self, batch: Batch, full: bool, retry: RetryPolicy) -> None:
        try:
            self._try(batch, full, again=False)
        except DATABASE_ERRORS as error:
            self._try_again(batch, full, retry, error)
        except BaseException:
            self.rollback()
            raise
        self._set_retried_in_vain(False)
        if self.files is not None:
            self.files.committed(sum([len(row[_PAYLOAD]) for row in batch.frames]))  # type: ignore

    def _try_again(self, batch: Batch, full: bool, retry: RetryPolicy, error: Exception) -> None:
        """Return when the batch, which has failed with this error, is committed. Raises as ``commit``."""
        began_s = retry.clock.now_s()
        # Wait once for all: a thousand sessions to end would each wait for the same full disk.
        give_up_s = began_s + (0 if self._retried_in_vain else retry.wait_s)
        first = error
        while True:
            self.rollback()
            if self.files is not None:
                self.files.check()  # that may be why
            failure, now_s = diagnose(error), retry.clock.now_s()
            if not failure.passing or now_s >= give_up_s:
                self._set_retried_in_vain(True)
                raise StorageFailed(self.where, failure.problem, hint=failure.hint) from error
            if error is first:
                self._say_waiting(failure, give_up_s - now_s)
            retry.clock.sleep_until(min(now_s + RETRY_EVERY_S, give_up_s))
            try:
                self._try(batch, full, again=True)
            except DATABASE_ERRORS as again:
                error = again
            except BaseException:
                self.rollback()
                raise
            else:
                waited_s = retry.clock.now_s() - began_s
                self._say(f"{self.where} can be written again; nothing was lost in {waited_s:.1f} s")
                return

    def _say_waiting(self, failure: WriteFailure, wait_s: float) -> None:
        hint = "" if failure.hint is None else f"; {failure.hint}"
        self._say(
            f"cannot write {self.where}: {failure.problem}; trying again for {wait_s:.0f} s,"
            f" and receiving nothing meanwhile{hint}"
        )

    def _set_retried_in_vain(self, in_vain: bool) -> None:
        if in_vain != self._retried_in_vain and self.sqlite is not None:
            with suppress(sqlite3.Error):  # it may be closed already
                self.sqlite.execute(f"PRAGMA busy_timeout={0 if in_vain else round(BUSY_TIMEOUT_S * 1000)}")
        self._retried_in_vain = in_vain

    def _try(self, batch: Batch, full: bool, *, again: bool) -> None:
        if again:
            self._reconnect()
            if self._is_stored(batch):
                return
        if self.files is not None:
            self.files.prepare_write()
        if full is not self._full:
            self._set_full(full)
        if len(batch.frames) == 1 and _is_frames_only(batch):
            self._insert(batch.frames, self._insert_frame)  # one statement is atomic by itself
            return
        self._run(self.begin)
        self._write(batch)
        self._run("COMMIT")

    def _run(self, statement: str) -> None:
        if self.sqlite is None:
            self.connection.exec_driver_sql(statement)
        else:
            self.sqlite.execute(statement)

    def _run_for(self, rows: Sequence[Row], statement: str) -> None:
        if self.sqlite is None:
            self.connection.exec_driver_sql(statement, list(rows))
        else:
            self.sqlite.executemany(statement, rows)

    def _insert(self, rows: Sequence[Row], statement: Statement) -> None:
        if self.sqlite is None:
            self._run_for(rows, statement.sql)
        else:
            insert_rows(self.sqlite, statement, rows)

    @property
    def begin(self) -> str:
        """The statement that begins a transaction which writes."""
        # A deferred one could fail in its middle, at once, whatever the timeout.
        return "BEGIN" if self._url else "BEGIN IMMEDIATE"

    def _write(self, batch: Batch) -> None:
        if batch.opened:
            opened = insert_statement(self._dialect, connection, tuple(batch.opened[0]))
            self._insert([opened.row(row) for row in batch.opened], opened)
        if batch.frames:
            self._insert(batch.frames, self._insert_frame)
        for table, rows in _beside_frames(batch).items():
            if rows:
                columns = tuple(table.columns.keys())
                self._insert(rows, insert_statement(self._dialect, table, columns))
        for statement, changes in groupby(batch.changes, key=partial(update_statement, self._dialect)):
            self._run_for([change_row(statement, change) for change in changes], statement.sql)
        for session_id in batch.ended:
            write_digests(self.reader, session_id)

    def _is_stored(self, batch: Batch) -> bool:
        # A COMMIT that reported a failure may have worked. Any one row of the batch shows it: all or nothing.
        if batch.frames:
            session_id, number = batch.frames[-1][:2]
            query = select(frame.c.id).where(frame.c.session_id == session_id, frame.c.number == number)
        elif batch.opened:
            row = batch.opened[-1]
            query = select(connection.c.number).where(
                connection.c.session_id == row["session_id"], connection.c.number == row["number"]
            )
        else:
            beside = [(table, rows[-1]) for table, rows in _beside_frames(batch).items() if rows]
            if not beside:
                return False  # changes may be made twice
            table, (session_id, number, *_) = beside[0]
            query = select(table.c.number).where(table.c.session_id == session_id, table.c.number == number)
        return self.connection.execute(query).first() is not None

    def _reconnect(self) -> None:
        if self._url is None or not (self.connection.closed or self.connection.invalidated):
            return
        self.connection.close()
        try:
            self.connection = postgresql.open_connection(self._url, writing=True)
        except RecorderError as error:
            raise ServerUnreachable(str(error)) from error
        for session_id in self._claimed:
            postgresql.lock_session(self.connection, session_id)

    def rollback(self) -> None:
        """Roll back the open transaction, if there is one."""
        if self.sqlite is not None:
            with suppress(*DATABASE_ERRORS):
                if self.sqlite.in_transaction:
                    self.sqlite.execute("ROLLBACK")
        elif not (self.connection.closed or self.connection.invalidated):
            with suppress(*DATABASE_ERRORS):
                self.connection.exec_driver_sql("ROLLBACK")

    def _set_full(self, full: bool) -> None:
        # PostgreSQL waits for its own log at every commit: there a barrier costs nothing more.
        if self._url is None:
            self.connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if full else 'NORMAL'}")
        self._full = full

    def is_writing(self, session_id: int) -> bool:
        """Whether this session is being written here."""
        return session_id in self._claimed

    def claim(self, session_id: int) -> None:
        """Show others that this session is being written."""
        self._claimed.add(session_id)
        if self._url is not None:
            postgresql.lock_session(self.connection, session_id)

    def release(self, rows: SessionRows) -> None:
        """Show others that this session is not being written any more."""
        self._unsynced.discard(rows)
        self._claimed.discard(rows.session_id)
        if self._url is not None:
            with suppress(*DATABASE_ERRORS):
                postgresql.unlock_session(self.connection, rows.session_id)


def _files_of(opened: OpenedArchive, connection: Connection) -> ArchiveFiles | None:
    if opened.path is None or opened.log is None or opened.lock is None:
        return None
    return ArchiveFiles(opened.where, opened.path, connection, log=opened.log, lock=opened.lock)


def _is_frames_only(batch: Batch) -> bool:
    beside = batch.compressed or batch.forwarded or batch.exchanges or batch.plans
    return not (batch.opened or batch.changes or beside)


def _beside_frames(batch: Batch) -> Mapping[Table, Sequence[Row]]:
    """The new rows of each table whose rows stand beside frames; its key is session and number."""
    return {
        compressed: batch.compressed,
        forwarded: batch.forwarded,
        http_exchange: batch.exchanges,
        receipt_plan: batch.plans,
    }
