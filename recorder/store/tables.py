"""The tables of an archive, as they are made and written: the truth lies in ``frame``, the rest says where it
came from. What each column holds, ``columns`` says.

Those in ``DERIVED`` are made from the frames, for people who write SQL, and can be dropped and made again
with the same result. The rows of each lie in the order of its key, and are written in it: twice as fast, and
half the size.

Every type here exists on SQLite and on PostgreSQL. The migrations build these same tables, and a test
compares the two.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy
from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.schema import SchemaItem

from . import columns
from .columns import Columns, ColumnType, TableColumn

# Every constraint has a name, or a later migration could not alter it.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_TYPES: dict[ColumnType, Any] = {
    ColumnType.TEXT: Text,
    ColumnType.BYTES: LargeBinary,
    ColumnType.BOOLEAN: Boolean,
    ColumnType.SMALL: SmallInteger,
    ColumnType.NUMBER: Integer,
    ColumnType.LARGE: BigInteger,
    # SQLite makes only an INTEGER primary key the row's own number; PostgreSQL wants the 64 bits spelt out.
    ColumnType.ROW_NUMBER: BigInteger().with_variant(Integer(), "sqlite"),
}


def _table(of: Columns, *others: SchemaItem, **options: Any) -> Table:
    """The table of these columns, with its constraints and indices."""
    return Table(of.table, metadata, *map(_column, of.all), *others, **options)


def _column(column: TableColumn) -> sqlalchemy.Column[Any]:
    counted_up: dict[str, Any] = {}
    if column.key:  # a database counts up nothing but the row's own number
        counted_up = {"primary_key": True, "autoincrement": "auto" if column.name == "id" else False}
    # The rows of a session go with it.
    parent = (
        [ForeignKey("session.id", ondelete="CASCADE")] if column.key and column.name == "session_id" else []
    )
    return sqlalchemy.Column(
        column.name,
        _TYPES[column.type],
        *parent,
        nullable=column.nullable and not column.key,
        comment=column.comment,
        **counted_up,
    )


setting = _table(columns.SETTING)
"""What belongs to the whole archive. ``redaction_key`` keys the placeholders that stand for secrets;
``archive_id`` tells the lock file of this archive from that of another."""

session = _table(
    columns.SESSION,
    UniqueConstraint("session"),
)
"""What one run recorded. Without an end record it was interrupted, unless somebody still writes it.

``refused``: no connection came about. ``interrupted`` with an end record: something is known to be missing.
"""

connection = _table(columns.CONNECTION)
"""One WebSocket, upgrade to close, with what is needed to prove that none of its frames went missing."""

frame = _table(
    columns.FRAME,
    ForeignKeyConstraint(
        ["session_id", "connection"],
        ["connection.session_id", "connection.number"],
        ondelete="CASCADE",
    ),
    # The only index: it finds a frame, orders a session, refuses a frame that is written twice, and serves
    # the cascade. A second one would cost a tenth of the writing speed.
    Index("uq_frame_session_id_number", "session_id", "number", unique=True),
)
"""One RFC 6455 frame as it stood on the wire, secrets in its payload blanked."""

compressed = _table(columns.COMPRESSED, sqlite_with_rowid=False)
"""How the payload of a frame stood on the wire that was compressed (RFC 7692). Part of the frame's digest."""

forwarded = _table(columns.FORWARDED, sqlite_with_rowid=False)
"""When a proxy had passed a frame on. Written after the frame, and so no part of its digest."""

http_exchange = _table(columns.HTTP_EXCHANGE, sqlite_with_rowid=False)
"""A request and its answer beside the WebSockets, as a summary: REST legs, and upgrades that were refused."""

receipt_plan = _table(columns.RECEIPT_PLAN, sqlite_with_rowid=False)
"""A receipt that a replay planned, and what came of it. Says something of the run, and nothing of a frame."""

# --- derived -------------------------------------------------------------------------------------------

projection = _table(columns.PROJECTION, sqlite_with_rowid=False)
"""How far the derived rows of a session go. Without a row here it has none."""

message = _table(
    columns.MESSAGE,
    Index("ix_message_session_id_sent_frame", "session_id", "sent_frame"),
    sqlite_with_rowid=False,
)
"""One message, or one publish of ours that did not become one."""

content = _table(columns.CONTENT, sqlite_with_rowid=False)
"""One content of a message under whose sequence several stand, with the best proof of it.

A message with one content has no row here.
"""

receipt = _table(columns.RECEIPT, sqlite_with_rowid=False)
"""One participant's one status on one message, with the best proof of it.

Receipts are asked for by their message, and lie in its order. An index of their frames would be a third of
their size and a tenth of a rebuild: what a frame proves, ``frame show`` tells.
"""

request = _table(
    columns.REQUEST, Index("ix_request_session_id_code", "session_id", "code"), sqlite_with_rowid=False
)
"""One request of ours, and its answer."""

dialog = _table(columns.DIALOG, sqlite_with_rowid=False)
"""One dialog."""

participant = _table(columns.PARTICIPANT, sqlite_with_rowid=False)
"""Somebody who wrote, gave a receipt, or was named."""

DERIVED = tuple(metadata.tables[each.table] for each in columns.DERIVED)
"""What can be dropped and made again."""
