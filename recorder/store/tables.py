"""The tables of an archive, column by column: the truth lies in ``frame``, the rest says where it came from.

Every type here exists on SQLite and on PostgreSQL. Times are microseconds in 64 bits; what came from
a peer is kept as bytes, because neither database can hold every text (a NUL, half a surrogate pair).
The migrations build these same tables, and a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
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

# Every constraint has a name, or a later migration could not alter it.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite makes only an INTEGER primary key the row's own number; PostgreSQL wants the 64 bits spelt out.
_ROW_NUMBER = BigInteger().with_variant(Integer(), "sqlite")

setting = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True, comment="what is set: redaction_key"),
    Column("value", LargeBinary, nullable=False, comment="its value; 32 random bytes for redaction_key"),
)
"""What belongs to the whole archive. ``redaction_key`` keys the placeholders that stand for secrets."""

session = Table(
    "session",
    metadata,
    Column("id", _ROW_NUMBER, primary_key=True, comment="inside the archive only"),
    Column("session", Text, nullable=False, comment="public id, 12 hex digits"),
    Column("name", Text, comment="what the user called it, or null"),
    Column("source", Text, nullable=False, comment="client, proxy, replay, har, jsonl or text"),
    Column("started_at_us", BigInteger, comment="µs since the epoch, UTC; null in a capture without times"),
    Column("ended_at_us", BigInteger, comment="µs since the epoch, UTC; part of the end record"),
    Column("end_state", Text, comment="end record: complete or interrupted; null until there is one"),
    Column("frames", BigInteger, comment="end record: how many frames the session holds"),
    Column("detail", Text, comment="end record: one sentence more, such as what stopped it"),
    Column("recorder_version", Text, nullable=False, comment="version of the program that wrote it"),
    Column("source_digest", Text, comment="SHA-256 of the imported file, hex; null for live sessions"),
    UniqueConstraint("session"),
)
"""What one run recorded. Without an end record it was interrupted, unless somebody still writes it."""

connection = Table(
    "connection",
    metadata,
    Column(
        "session_id",
        _ROW_NUMBER,
        ForeignKey("session.id", ondelete="CASCADE"),
        primary_key=True,
        comment="row number of its session",
    ),
    Column("number", Integer, primary_key=True, autoincrement=False, comment="place in the session, from 1"),
    Column("url", Text, comment="where to, secrets blanked; null where unknown"),
    Column("opened_at_us", BigInteger, comment="µs since the epoch, UTC"),
    Column("opened_offset_us", BigInteger, comment="monotonic µs since the session began"),
    Column("request_line", Text, comment="first line of the upgrade request"),
    Column("request_headers", Text, comment="JSON: [[name, value], …], order, case and repeats kept"),
    Column("response_status", Integer, comment="HTTP status of the upgrade, 101 if it worked"),
    Column("response_headers", Text, comment="JSON, as request_headers"),
    Column("closed_at_us", BigInteger, comment="µs since the epoch, UTC"),
    Column("closed_offset_us", BigInteger, comment="monotonic µs since the session began"),
    Column("close_code", Integer, comment="code of the first Close frame"),
    Column("close_reason", Text, comment="its reason"),
    Column("closed_by", SmallInteger, comment="sender of the first Close frame: 0 client, 1 service"),
    Column("how", Text, comment="closed, lost, refused or failed; null until it ended"),
    Column("detail", Text, comment="one sentence more where there is something to say"),
    Column("frame_count", BigInteger, comment="end record: how many frames it holds"),
    Column("frame_digest", LargeBinary, comment="end record: rolling digest over all of them"),
    Column("barrier_count", BigInteger, comment="last barrier: how many frames were on disk for certain"),
    Column("barrier_digest", LargeBinary, comment="last barrier: rolling digest over these"),
    Column("barrier_at_us", BigInteger, comment="last barrier: time of the last frame it covers"),
)
"""One WebSocket, upgrade to close, with what is needed to prove that none of its frames went missing."""

frame = Table(
    "frame",
    metadata,
    Column("id", _ROW_NUMBER, primary_key=True, comment="row number, in the order of arrival"),
    Column("session_id", _ROW_NUMBER, nullable=False, comment="row number of its session"),
    Column("number", BigInteger, nullable=False, comment="place in the session, from 1, without gaps"),
    Column("connection", Integer, nullable=False, comment="number of its connection"),
    Column("idx", BigInteger, nullable=False, comment="place in its connection, from 0, without gaps"),
    Column("sender", SmallInteger, nullable=False, comment="0 client, 1 service"),
    Column("at_us", BigInteger, comment="µs since the epoch, UTC, our clock"),
    Column("offset_us", BigInteger, comment="monotonic µs since the session began"),
    Column("opcode", SmallInteger, nullable=False, comment="0–15, as on the wire"),
    Column("fin", Boolean, nullable=False, comment="whether it ends its payload"),
    Column("rsv", SmallInteger, nullable=False, comment="the three reserved bits as a number, RSV1 is 4"),
    Column("head", LargeBinary, comment="header bytes as on the wire, mask key included; null if unknown"),
    Column("payload", LargeBinary, nullable=False, comment="payload, unmasked; wire bytes = head + masked"),
    Column("violation", Text, comment="what RFC 6455 forbids about it, in a few words"),
    Column("redacted", Boolean, nullable=False, comment="secrets were blanked"),
    Column(
        "chain",
        Integer,
        nullable=False,
        comment="first 4 bytes of the rolling digest of its connection up to here, big-endian, signed",
    ),
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

FRAME_COLUMNS = tuple(column.name for column in frame.columns if column.name != "id")
"""What is written for a frame, in this order."""
