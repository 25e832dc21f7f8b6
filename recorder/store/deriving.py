"""Keep the derived tables up to what the frames tell: bring them up to date, or make them anew.

The rows of a session change in one transaction: whoever reads sees them as of one frame or another, never
between, and a kill leaves them as they were. They follow from the frames alone: made in one piece or in
many, they are the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Table, select

from recorder.receipts.queries import MessageView
from recorder.receipts.touched import Touched

from . import reading
from .archive import Archive
from .asking import Question
from .collector import collector_paused
from .derived import MessageRows, OtherRows, Row
from .derivedreading import messages_in
from .derivedtables import DERIVED, dialog, message, participant, projection, receipt, request
from .info import ConnectionInfo, SessionInfo
from .kept import Kept
from .ledger import Ledger
from .tables import session
from .versions import DERIVED as VERSION

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


def basis_now(session: SessionInfo, connections: Sequence[ConnectionInfo]) -> Basis:
    """What they would be derived from now."""
    ended = sum(each.how is not None for each in connections)
    return Basis(VERSION, session.frames, len(connections), ended, session.state == "interrupted")


def is_up_to_date(archive: Archive, session: SessionInfo) -> bool:
    """Whether the derived rows tell all that the session's frames do. Never while it is recorded."""
    if session.state == "recording":
        return False
    with archive._asking() as reader:
        known = basis_of(reader, reading.session_row(reader, session.session))
    return known is not None and known == basis_now(session, archive.connections(session))


def messages_of(archive: Archive, session: SessionInfo, dialog_id: str) -> list[MessageView] | None:
    """The messages of one dialog from its rows; None if they are not up to date, or there are none."""
    if not is_up_to_date(archive, session):
        return None
    with archive._asking() as reader:
        return messages_in(reader, reading.session_row(reader, session.session), dialog_id) or None


def refresh(archive: Archive, session: str | SessionInfo) -> bool:
    """Bring the derived rows of one session up to date; whether there was anything to do.

    Raises:
        NotFound: there is no such session.
        StorageFailed: they cannot be written, and are as they were.
    """
    found = session if isinstance(session, SessionInfo) else archive.find_session(session)
    if is_up_to_date(archive, found):
        return False
    Projection(archive, found.session).refresh()
    return True


def rebuild(archive: Archive, session: str | SessionInfo | None = None) -> list[str]:
    """Drop the derived rows of a session, or of all, and make them anew; the ids of these sessions.

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
        Projection(archive, each).refresh()
    return chosen


class Projection:
    """The derived rows of one session and, kept in memory, the fold they follow from.

    The first ``refresh`` reads the whole session and writes all of its rows. Each later one reads only
    what came since, and writes only what that changed: the time it takes depends on these frames, not on
    the session. For a session that ended there is nothing to keep it for.
    """

    def __init__(self, archive: Archive, session: str) -> None:
        self._archive = archive
        self._kept = Kept(archive, session)
        with archive._asking() as reader:
            self._session_id = reading.session_row(reader, self._kept.info.session)
        self._basis: Basis | None = None

    def refresh(self) -> None:
        """Bring the rows up to date.

        Raises:
            NotFound: the session was deleted.
            StorageFailed: they cannot be written, and are as they were.
        """
        touched = self._kept.catch_up()
        try:
            with collector_paused():
                self._write(None if self._basis is None else touched)
        except BaseException:
            self._basis = None  # what was heard and not written would be missing for ever
            raise

    # --- writing --------------------------------------------------------------------------------------------

    def _write(self, touched: Touched | None) -> None:
        kept = self._kept
        ended = sum(each.how is not None for each in kept.connections)
        basis = Basis(VERSION, kept.last, len(kept.connections), ended, kept.interrupted)
        with self._archive._writing() as ledger:
            run = ledger.connection.exec_driver_sql
            run(ledger.begin)
            reading.session_row(ledger.connection, kept.info.session)  # it may have been deleted meanwhile
            stored = _lock(ledger, self._session_id)
            rows = _Rows(ledger.connection, self._session_id)
            if touched is None or touched.everything or stored != self._basis:
                self._write_all(rows)
            else:
                self._write_touched(rows, touched)
            rows.replace_basis(basis)
            run("COMMIT")
        self._basis = basis

    def _write_all(self, rows: _Rows) -> None:
        with rows.in_bulk():
            self._insert_all(rows)

    def _insert_all(self, rows: _Rows) -> None:
        made = self._messages()
        for messages, receipts in made.everything(_PIECE_ROWS):
            rows.insert(message, messages)
            rows.insert(receipt, receipts)
        others = self._others()
        for table, all_of_it in (
            (request, others.requests()),
            (dialog, others.dialogs()),
            (participant, others.participants()),
        ):
            rows.insert(table, list(all_of_it))

    def _messages(self) -> MessageRows:
        return MessageRows(self._session_id, self._kept.transcript, self._kept.concluded)

    def _others(self) -> OtherRows:
        kept = self._kept
        return OtherRows(self._session_id, kept.transcript, kept.register, kept.concluded)

    def _write_touched(self, rows: _Rows, touched: Touched) -> None:
        made = self._messages()
        for dialog_id, sequence in sorted(touched.messages):
            told, given = made.message(dialog_id, sequence)
            rows.replace(message, told[0][:3], told)
            rows.replace(receipt, told[0][:3], given)
        for frame in sorted(touched.asks):
            rows.replace(message, made.ask_key(frame), list(made.ask(frame)))
        others = self._others()
        for table, some in (
            (request, others.requests(touched.requests)),
            (dialog, others.dialogs(touched.dialogs)),
            (participant, others.participants(touched.participants)),
        ):
            for row in some:
                rows.replace(table, row[:2], [row])


class _Rows:
    """Writes derived rows of one session, within a transaction."""

    def __init__(self, connection: Connection, session_id: int) -> None:
        self._connection = connection
        self._session_id = session_id
        self._statements: dict[tuple[str, int], str] = {}

    @contextmanager
    def in_bulk(self) -> Iterator[None]:
        """Remove all rows of the session, and let the block insert new ones.

        Where an SQLite file holds derived rows of no other session, the indices are made afterwards: rows
        come in the order of their keys, not in that of the indices.
        """
        on_sqlite = self._connection.dialect.name == "sqlite"
        alone = on_sqlite and not self._others_are_there()
        indices = [index for table in DERIVED for index in table.indexes] if alone else []
        for index in indices:
            index.drop(self._connection)
        for table in DERIVED:
            # Without a condition SQLite drops whole pages instead of looking at rows.
            self._delete(table, () if alone else (self._session_id,))
        yield
        for index in indices:
            index.create(self._connection)

    def _others_are_there(self) -> bool:
        other = select(projection.c.session_id).where(projection.c.session_id != self._session_id).limit(1)
        return self._connection.execute(other).first() is not None

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows, in the order of the key."""
        if rows:
            self._connection.exec_driver_sql(self._insert_into(table), rows)

    def replace(self, table: Table, key: Row, rows: Sequence[Row]) -> None:
        """Put these rows in the place of those whose key begins so."""
        self._delete(table, key)
        self.insert(table, rows)

    def replace_basis(self, basis: Basis) -> None:
        """Note what the rows follow from."""
        row = (
            self._session_id,
            basis.version,
            basis.frame,
            basis.connections,
            basis.ended,
            basis.interrupted,
        )
        self.replace(projection, row[:1], [row])

    def _delete(self, table: Table, key: Row) -> None:
        statement = self._statements.get((table.name, len(key)))
        if statement is None:
            delete = table.delete()
            for column, value in zip(table.primary_key.columns, key, strict=False):
                delete = delete.where(column == value)
            statement = str(delete.compile(self._connection.engine))
            self._statements[table.name, len(key)] = statement
        self._connection.exec_driver_sql(statement, key)

    def _insert_into(self, table: Table) -> str:
        statement = self._statements.get((table.name, -1))
        if statement is None:
            names = [column.name for column in table.columns]
            statement = str(table.insert().inline().compile(self._connection.engine, column_keys=names))
            self._statements[table.name, -1] = statement
        return statement


def _lock(ledger: Ledger, session_id: int) -> Basis | None:
    """What the rows follow from, with nobody else changing them until the transaction ends."""
    if ledger.connection.dialect.name == "postgresql":
        ledger.connection.execute(session.select().where(session.c.id == session_id).with_for_update())
    return basis_of(ledger.connection, session_id)
