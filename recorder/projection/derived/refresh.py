"""Keep the derived tables up to what the frames tell: bring them up to date, or make them anew.

The rows of a session change in one transaction: whoever reads sees them as of one frame or another, never
between, and a kill leaves them as they were. They follow from the frames alone: made in one piece or in
many, they are the same rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass

from sqlalchemy import Connection

from recorder.errors import RecorderError
from recorder.receipts.change_set import ChangeSet, Conclusions
from recorder.receipts.queries import MessageView
from recorder.runtime.gc_control import collector_paused
from recorder.store import reading
from recorder.store.archive import Archive
from recorder.store.checked_query import Question
from recorder.store.db_errors import NotAsWritten
from recorder.store.derived_tables import dialog, message, participant, projection, receipt, request
from recorder.store.info import SessionInfo
from recorder.store.tables import session
from recorder.store.versions import DERIVED as VERSION
from recorder.store.writer import Ledger

from ..incremental import Kept
from . import queries
from .other_rows import OtherRows
from .row_writer import DerivedRows, derived_rows
from .rows import MessageRows

_PIECE_ROWS = 4_096

_BASIS = Question(
    projection.c.version,
    projection.c.frame,
    projection.c.connections,
    projection.c.ended,
    projection.c.interrupted,
)


@dataclass(frozen=True, slots=True)
class Basis:
    """What the rows of a session were derived from; columns as in ``projection``."""

    version: int
    frame: int
    connections: int
    ended: int
    interrupted: bool


def basis_of(reader: Connection, session_id: int) -> Basis | None:
    """What the rows of a session were derived from, None if it has none."""
    asked = _BASIS.select.where(projection.c.session_id == session_id)
    for row in _BASIS.answers(reader, asked):
        return Basis(row.version, row.frame, row.connections, row.ended, bool(row.interrupted))
    return None


def is_up_to_date(archive: Archive, session: SessionInfo) -> bool:
    """Whether the derived rows follow from all frames of the session. Never while it is recorded."""
    if session.state == "recording":
        return False
    with archive._asking() as reader:
        session_id = reading.session_row(reader, session.session)
        return queries.is_up_to_date(_run_sql(reader), session_id, interrupted=session.state == "interrupted")


def messages_of(archive: Archive, session: SessionInfo, dialog_id: str) -> list[MessageView] | None:
    """The messages of one dialog from its rows; None if they are not up to date, or there are none."""
    if not is_up_to_date(archive, session):
        return None
    with archive._asking() as reader:
        session_id = reading.session_row(reader, session.session)
        try:
            return queries.messages_in(_run_sql(reader), session_id, dialog_id) or None
        except ValueError as error:
            raise NotAsWritten(str(error)) from error


def _run_sql(reader: Connection) -> queries.RunSql:
    """How ``queries`` asks the database of an open archive."""
    marker = "?" if reader.dialect.name == "sqlite" else "%s"
    return lambda sql, parameters: reader.exec_driver_sql(sql.replace("?", marker), parameters)


def refresh(archive: Archive, session: str | SessionInfo) -> bool:
    """Bring the derived rows of one session up to date; whether there was anything to do.

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
    """
    try:
        refresh(archive, session)
    except RecorderError as problem:
        say(f"the derived tables are behind ({problem}); recorder archive rebuild {session} makes them")


def rebuild(archive: Archive, session: str | SessionInfo | None = None, *, jobs: int = 1) -> list[str]:
    """Drop the derived rows of a session, or of all, and make them anew; the ids of these sessions.

    The frames of a long session are read by ``jobs`` processes.

    Raises:
        NotFound: there is no such session.
        StorageFailed: they cannot be written; those of the session at hand are as they were.
    """
    if session is None:
        chosen = [each.session for each in archive.sessions()]
    else:
        chosen = [
            session.session if isinstance(session, SessionInfo) else archive.find_session(session).session
        ]
    for each in chosen:
        Projection(archive, each, once=True).refresh(jobs=jobs)
    return chosen


class Projection:
    """The derived rows of one session and, kept in memory, the fold they follow from.

    The first ``refresh`` reads the whole session and writes all of its rows. Each later one reads only
    what came since, and writes only what that changed: the time it takes depends on these frames, not on
    the session. For a session that ended there is nothing to keep it for.

    Args:
        once: keep nothing: each ``refresh`` is a first one.
    """

    def __init__(self, archive: Archive, session: str, *, once: bool = False) -> None:
        self._archive = archive
        self._once = once
        self._kept = Kept(archive, session, once=once)
        with archive._asking() as reader:
            self._session_id = reading.session_row(reader, self._kept.info.session)
        self._basis: Basis | None = None

    def refresh(self, *, jobs: int = 1) -> None:
        """Bring the rows up to date. The first time ``jobs`` processes read a long session.

        Raises:
            NotFound: the session was deleted.
            StorageFailed: they cannot be written, and are as they were.
        """
        touched = self._kept.catch_up(jobs=jobs, leave=self._once)
        try:
            with collector_paused():
                self._write(None if self._basis is None else touched)
        except BaseException:
            self._basis = None  # what was heard and not written would be missing for ever
            raise
        finally:
            if self._once:
                self._kept.begin()

    # --- writing --------------------------------------------------------------------------------------------

    def _write(self, touched: ChangeSet | None) -> None:
        kept = self._kept
        ended = sum(each.how is not None for each in kept.connections)
        basis = Basis(VERSION, kept.last, len(kept.connections), ended, kept.interrupted)
        with self._archive._writing() as ledger, derived_rows(ledger, self._session_id) as rows:
            reading.session_row(ledger.connection, kept.info.session)  # it may have been deleted meanwhile
            stored = _lock(ledger, self._session_id)
            if touched is None or touched.everything or stored != self._basis:
                self._write_all(rows)
            else:
                self._write_touched(rows, touched)
            rows.replace(projection, (self._session_id,), [(self._session_id, *astuple(basis))])
        self._basis = None if self._once else basis

    def _write_all(self, rows: DerivedRows) -> None:
        with rows.in_bulk():
            self._insert_all(rows)

    def _insert_all(self, rows: DerivedRows) -> None:
        if not self._insert_messages(rows):
            # Only all dialogs together told who we are, or what role somebody has: now all are told.
            rows.clear(message, receipt)
            self._insert_messages(rows)
        others = self._others()
        for table, all_of_it in (
            (request, others.requests()),
            (dialog, others.dialogs()),
            (participant, others.participants()),
        ):
            rows.insert(table, list(all_of_it))

    def _insert_messages(self, rows: DerivedRows) -> bool:
        """Fold what was left, and write the rows of each dialog at once; whether they are right."""
        kept, made = self._kept, self._messages(rows)
        for messages, receipts in made.everything(_PIECE_ROWS, untold=list(kept.untold), tell=kept.tell):
            rows.insert(message, messages)
            rows.insert(receipt, receipts)
        kept.concluded = Conclusions.of(kept.transcript)
        return made.hold(kept.concluded)

    def _messages(self, rows: DerivedRows) -> MessageRows:
        kept = self._kept
        return MessageRows(self._session_id, kept.transcript, kept.concluded, marks=rows.marks)

    def _others(self) -> OtherRows:
        kept = self._kept
        return OtherRows(self._session_id, kept.transcript, kept.register, kept.concluded)

    def _write_touched(self, rows: DerivedRows, touched: ChangeSet) -> None:
        made = self._messages(rows)
        for dialog_id, sequence in sorted(touched.messages):
            told, given = made.message(dialog_id, sequence)
            rows.replace(message, told[0][:3], told)
            rows.replace(receipt, told[0][:3], given)
        for frame in sorted(touched.publishes):
            rows.replace(message, made.ask_key(frame), list(made.ask(frame)))
        others = self._others()
        for table, some in (
            (request, others.requests(touched.requests)),
            (dialog, others.dialogs(touched.dialogs)),
            (participant, others.participants(touched.participants)),
        ):
            for row in some:
                rows.replace(table, row[:2], [row])


def _lock(ledger: Ledger, session_id: int) -> Basis | None:
    """What the rows follow from, with nobody else changing them until the transaction ends."""
    if ledger.connection.dialect.name == "postgresql":
        ledger.connection.execute(session.select().where(session.c.id == session_id).with_for_update())
    return basis_of(ledger.connection, session_id)
