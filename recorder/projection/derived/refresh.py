"""Brings the derived tables up to date with the frames, or makes them anew.

The rows of a session change in one transaction: readers see them as of one frame or another, never between,
and a kill leaves them as they were. They follow from the frames alone: derived at once or in steps, they are
the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from recorder.errors import ArchiveHarmed, RecorderError
from recorder.messaging.changes import LAST_SEQUENCE, LONG_SEQUENCE, LONG_SEQUENCE_IN_LIST
from recorder.receipts.change_set import ChangeSet, Conclusions
from recorder.runtime.gc_control import collector_paused
from recorder.store import reading, search_index
from recorder.store.archive import Archive
from recorder.store.checked_query import CheckedQuery
from recorder.store.columns import PROJECTION
from recorder.store.row_digests import write_derived_digest
from recorder.store.tables import content, dialog, message, participant, projection, receipt, request, session
from recorder.store.versions import DERIVATION_VERSION
from recorder.store.writer import ArchiveWriter
from recorder.wire.records import SessionInfo

from ..incremental import IncrementalTranscript
from .other_rows import OtherRows
from .row_writer import DerivedRows, derived_rows
from .rows import MessageRows
from .search_texts import index_session
from .stored_listing import is_up_to_date

_BATCH_ROWS = 4_096
_LONG_SEQUENCES = (LONG_SEQUENCE, LONG_SEQUENCE_IN_LIST)
_MESSAGE_TABLES = (message, receipt, content)
"""In the order of ``RowsOfMessages``; the key of each begins with session, dialog and sequence."""


ThroughSessions = Callable[[Sequence[SessionInfo]], Iterator[SessionInfo]]
"""Passes sessions on unchanged, to report progress."""


class Basis(NamedTuple):
    """What the rows of a session were derived from; columns as in ``projection``."""

    version: int
    frame: int
    connections: int
    ended: int
    interrupted: bool


_BASIS = CheckedQuery(PROJECTION, *Basis._fields)


def refresh(archive: Archive, session: str | SessionInfo) -> bool:
    """Bring the derived rows of one session up to date; returns whether there was anything to do.

    Raises:
        NotFound: there is no such session.
        StorageFailed: they cannot be written, and are as they were.
    """
    found = session if isinstance(session, SessionInfo) else archive.find_session(session)
    if is_up_to_date(archive, found):
        return False
    Projection(archive, found.session, once=True).refresh()
    return True


def refresh_or_say(archive: Archive, session: str, *, say: Callable[[str], None]) -> None:
    """Bring the derived rows of a session that has ended up to date; if that fails, ``say`` why.

    The recording is whole without them.

    Raises:
        ArchiveHarmed: it is not there any more.
    """
    try:
        refresh(archive, session)
    except ArchiveHarmed:
        raise
    except RecorderError as problem:
        say(f"the derived tables are behind ({problem}); recorder archive rebuild {session} makes them")


def rebuild(
    archive: Archive,
    session: str | SessionInfo | None = None,
    *,
    jobs: int = 1,
    through: ThroughSessions = iter,
) -> list[str]:
    """Drop the derived rows of a session (id, prefix, name or "last"), or of all, and derive them again.

    The frames of a long session are read by ``jobs`` processes; the sessions are taken by way of
    ``through``. Returns their ids.

    Raises:
        NotFound: there is no such session.
        StorageFailed: they cannot be written; those of the session at hand are as they were.
    """
    if session is None:
        chosen = archive.sessions()
    else:
        chosen = [session if isinstance(session, SessionInfo) else archive.find_session(session)]
    for each in through(chosen):
        Projection(archive, each.session, once=True).refresh(jobs=jobs)
    return [each.session for each in chosen]


class Projection:
    """The derived rows of one session, and the transcript they are made from, kept in memory.

    The first ``refresh`` reads the whole session and writes all of its rows. Each later one reads only
    the frames since, and writes only the rows that they change: the time depends on these frames, not on
    the session.

    Args:
        once: keep nothing in memory, for a session that has ended.
    """

    def __init__(self, archive: Archive, session: str, *, once: bool = False) -> None:
        self._archive = archive
        self._once = once
        self._folded = IncrementalTranscript(archive, session, once=once)
        with archive.reader() as reader:
            self._session_id = reading.session_row(reader, self._folded.info.session)
        self._basis: Basis | None = None

    def refresh(self, *, jobs: int = 1) -> None:
        """Bring the rows up to date. The first time ``jobs`` processes read a long session.

        Raises:
            NotFound: the session was deleted.
            StorageFailed: they cannot be written, and are as they were.
        """
        changes = self._folded.update(jobs=jobs, defer=self._once)
        try:
            with collector_paused():
                self._write(None if self._basis is None else changes)
        except BaseException:
            self._basis = None  # rows that were folded and not written would be missing for ever
            raise
        finally:
            if self._once:
                self._folded.reset()

    # --- writing --------------------------------------------------------------------------------------------

    def _write(self, changes: ChangeSet | None) -> None:
        folded = self._folded
        ended = sum(each.how is not None for each in folded.connections)
        basis = Basis(DERIVATION_VERSION, folded.last, len(folded.connections), ended, folded.interrupted)
        with self._archive.writer() as writer, derived_rows(writer, self._session_id) as rows:
            reading.session_row(writer.reader, folded.info.session)  # it may have been deleted meanwhile
            stored = _lock(writer, self._session_id)
            if changes is None or changes.everything or stored != self._basis:
                self._write_all(rows)
            else:
                self._write_changed(rows, changes)
            left_out = any(each.kind in _LONG_SEQUENCES for each in folded.transcript.oddities)
            rows.replace(projection, (self._session_id,), [(self._session_id, *basis, None, left_out)])
            if folded.info.state != "recording":  # else it would be read again and again
                write_derived_digest(writer.reader, self._session_id, rows.digests())
                index_session(writer.reader, self._session_id)
            else:
                search_index.forget(writer.reader, self._session_id)
        self._basis = None if self._once else basis

    def _write_all(self, rows: DerivedRows) -> None:
        with rows.in_bulk():
            self._insert_all(rows)

    def _insert_all(self, rows: DerivedRows) -> None:
        if not self._insert_messages(rows):
            # Who we are, or a role, followed only from all dialogs together: now all are folded.
            rows.clear(*_MESSAGE_TABLES)
            self._insert_messages(rows)
        others = self._others(rows)
        for table, rows_of_all in (
            (request, others.requests()),
            (dialog, others.dialogs()),
            (participant, others.participants()),
        ):
            rows.insert(table, list(rows_of_all))

    def _insert_messages(self, rows: DerivedRows) -> bool:
        """Fold each deferred dialog and write its rows; returns whether they are right."""
        folded, made = self._folded, self._messages(rows)
        for made_rows in made.all_rows(
            _BATCH_ROWS, unfolded=list(folded.unfolded), fold_dialog=folded.fold_dialog
        ):
            for table, some in zip(_MESSAGE_TABLES, made_rows, strict=True):
                rows.insert(table, some)
        folded.concluded = Conclusions.of(folded.transcript)
        return made.rest_on(folded.concluded)

    def _messages(self, rows: DerivedRows) -> MessageRows:
        folded = self._folded
        return MessageRows(self._session_id, folded.transcript, folded.concluded, values=rows.values)

    def _others(self, rows: DerivedRows) -> OtherRows:
        folded = self._folded
        return OtherRows(
            self._session_id, folded.transcript, folded.entities, folded.concluded, values=rows.values
        )

    def _write_changed(self, rows: DerivedRows, changes: ChangeSet) -> None:
        made = self._messages(rows)
        for dialog_id, sequence in sorted(changes.messages):
            if sequence > LAST_SEQUENCE:
                continue
            made_rows = made.message(dialog_id, sequence)
            for table, some in zip(_MESSAGE_TABLES, made_rows, strict=True):
                rows.replace(table, made_rows.messages[0][:3], some)
        for frame in sorted(changes.publishes):
            rows.replace(message, made.publish_key(frame), list(made.publish(frame)))
        others = self._others(rows)
        for table, rows_of_some in (
            (request, others.requests(changes.requests)),
            (dialog, others.dialogs(changes.dialogs)),
            (participant, others.participants(changes.participants)),
        ):
            for row in rows_of_some:
                rows.replace(table, row[:2], [row])


def _lock(writer: ArchiveWriter, session_id: int) -> Basis | None:
    """Lock the derived rows of a session until the transaction ends; returns what they were derived from.

    None if it has none.
    """
    if writer.connection.dialect.name == "postgresql":
        writer.connection.execute(session.select().where(session.c.id == session_id).with_for_update())
    rows = _BASIS.rows(writer.reader, "WHERE session_id = ?", session_id)
    return next(map(Basis._make, rows), None)
