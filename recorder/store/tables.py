"""The tables of an archive, column by column: the truth lies in ``frame``, the rest says where it came from.

Those in ``DERIVED`` are made from the frames, for people who write SQL, and can be dropped and made again
with the same result. The rows of each lie in the order of its key, and are written in it: twice as fast, and
half the size.

Every type here exists on SQLite and on PostgreSQL. Times are microseconds in 64 bits; what came from
a peer is kept as bytes, because neither database can hold every text (a NUL, half a surrogate pair).
The migrations build these same tables, and a test compares the two.
"""

from __future__ import annotations

from typing import Any

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
from sqlalchemy.types import TypeEngine

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


def _key(name: str, kind: type[TypeEngine[Any]], comment: str) -> Column[Any]:
    """A column of the primary key that the database does not count up by itself."""
    return Column(name, kind, primary_key=True, autoincrement=False, comment=comment)


def _session_key(comment: str) -> Column[Any]:
    """The row number of a session, whose rows here go with it."""
    key = ForeignKey("session.id", ondelete="CASCADE")
    return Column("session_id", _ROW_NUMBER, key, primary_key=True, autoincrement=False, comment=comment)


setting = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True, comment="what is set: redaction_key"),
    Column("value", LargeBinary, nullable=False, comment="its value; 32 random bytes for redaction_key"),
)
"""What belongs to the whole archive. ``redaction_key`` keys the placeholders that stand for secrets;
``archive_id`` tells the lock file of this archive from that of another."""

session = Table(
    "session",
    metadata,
    Column("id", _ROW_NUMBER, primary_key=True, comment="inside the archive only"),
    Column("session", Text, nullable=False, comment="public id, 12 hex digits"),
    Column("name", Text, comment="what the user called it, or null"),
    Column("source", Text, nullable=False, comment="client, proxy, replay, or the format of a file"),
    Column("started_at_us", BigInteger, comment="µs since the epoch, UTC; null in a capture without times"),
    Column("ended_at_us", BigInteger, comment="µs since the epoch, UTC; part of the end record"),
    Column("end_state", Text, comment="end record: complete, interrupted or refused; null before it"),
    Column("frames", BigInteger, comment="end record: how many frames the session holds"),
    Column("detail", Text, comment="end record: one sentence more, such as what stopped it"),
    Column("recorder_version", Text, nullable=False, comment="version of the program that wrote it"),
    Column("source_digest", Text, comment="SHA-256 of the imported file, hex; null for live sessions"),
    Column("row_digest", LargeBinary, comment="digest of what people read of this row; null until it ended"),
    UniqueConstraint("session"),
)
"""What one run recorded. Without an end record it was interrupted, unless somebody still writes it.

``refused``: no connection came about. ``interrupted`` with an end record: something is known to be missing.
"""

connection = Table(
    "connection",
    metadata,
    _session_key("row number of its session"),
    _key("number", Integer, "place in the session, from 1"),
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
    Column("provenance", Text, comment="how its frames were come by: client, proxy, netlog, cdp, har, …"),
    Column("fidelity", Text, comment="what that source can tell: bytes, messages or lines"),
    Column("row_digest", LargeBinary, comment="digest of what people read of this row; null until it ended"),
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

compressed = Table(
    "compressed",
    metadata,
    _session_key("row number of its session"),
    _key("number", BigInteger, "number of the frame"),
    Column("length", BigInteger, nullable=False, comment="bytes of its payload on the wire"),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of them, unmasked, before inflating"),
    Column("data", LargeBinary, comment="the bytes themselves; null unless secrets are kept"),
    Column("withheld", Text, comment="why the frame's payload is empty; null where it is inflated"),
    sqlite_with_rowid=False,
)
"""How the payload of a frame stood on the wire that was compressed (RFC 7692). Part of the frame's digest."""

forwarded = Table(
    "forwarded",
    metadata,
    _session_key("row number of its session"),
    _key("number", BigInteger, "number of the frame"),
    Column("at_us", BigInteger, comment="µs since the epoch, UTC, our clock"),
    Column("offset_us", BigInteger, comment="monotonic µs since the session began"),
    sqlite_with_rowid=False,
)
"""When a proxy had passed a frame on. Written after the frame, and so no part of its digest."""

http_exchange = Table(
    "http_exchange",
    metadata,
    _session_key("row number of its session"),
    _key("number", Integer, "place among those of the session, from 1"),
    Column("connection", Integer, comment="number of the connection whose upgrade was refused"),
    Column("purpose", Text, nullable=False, comment="upgrade, domain-lookup, signup, login, upload, other"),
    Column("at_us", BigInteger, comment="time of the request, µs since the epoch, UTC, our clock"),
    Column("offset_us", BigInteger, comment="time of the request, monotonic µs since the session began"),
    Column("method", Text, nullable=False, comment="GET, POST, …"),
    Column("url", Text, nullable=False, comment="where to, secrets blanked"),
    Column("status", Integer, comment="HTTP status of the answer; null if none came"),
    Column("answered_at_us", BigInteger, comment="time of the answer, µs since the epoch, UTC, our clock"),
    Column(
        "answered_offset_us", BigInteger, comment="time of the answer, monotonic µs since the session began"
    ),
    Column("request_type", Text, comment="media type of the request's body"),
    Column("response_type", Text, comment="media type of the answer's body"),
    Column("request_size", BigInteger, comment="bytes of the request's body, as they came"),
    Column("response_size", BigInteger, comment="bytes of the answer's body, as they came"),
    Column("request_body", Text, comment="the first 64 KiB of it, secrets blanked; null if it is no text"),
    Column("response_body", Text, comment="the first 64 KiB of it, secrets blanked; null if it is no text"),
    sqlite_with_rowid=False,
)
"""A request and its answer beside the WebSockets, as a summary: REST legs, and upgrades that were refused."""

# --- derived -------------------------------------------------------------------------------------------

projection = Table(
    "projection",
    metadata,
    _session_key("row of its session"),
    Column("version", Integer, nullable=False, comment="of the rules by which it was derived"),
    Column("frame", BigInteger, nullable=False, comment="number of the last frame that was looked at"),
    Column("connections", Integer, nullable=False, comment="how many connections were known by then"),
    Column("ended", Integer, nullable=False, comment="how many of them had ended"),
    Column("interrupted", Boolean, nullable=False, comment="whether the recording had broken off"),
    Column("row_digest", LargeBinary, comment="digest of the derived rows; null where none was written"),
    Column(
        "left_out",
        Boolean,
        comment="whether messages have no row, because their numbers need more than 64 bits",
    ),
    sqlite_with_rowid=False,
)
"""How far the derived rows of a session go. Without a row here it has none."""

message = Table(
    "message",
    metadata,
    _session_key("row of its session"),
    _key("dialog", Text, "id of the dialog; empty where a publish named none"),
    _key("place", BigInteger, "sequence; for a publish that has none, minus the number of its frame"),
    Column("sequence", BigInteger, comment="number in the dialog; null for a publish that has none (yet)"),
    Column("author", Text, comment="id of the participant who wrote it"),
    Column("role", Text, comment="their role: CONSUMER, ASSIGNED_AGENT, …"),
    Column("mine", Boolean, comment="whether we wrote it; null where the recording does not tell"),
    Column("type", Text, comment="text/plain, hosted/file, RichContentEvent, …"),
    Column("text", Text, comment="the text, if it has one"),
    Column(
        "status", Text, nullable=False, comment="pending, failed, unknown, unseen, sent, accepted or read"
    ),
    Column("status_by", Text, comment="whose receipt makes it accepted or read"),
    Column("status_frame", BigInteger, comment="the frame that proves that receipt"),
    Column("proof", Text, comment="how well it is proven that it was sent: announced, acknowledged, …"),
    Column("sent_frame", BigInteger, comment="the frame that proves it; null for one that is unseen"),
    Column("connection", Integer, comment="number of the connection of that frame"),
    Column("sent_at_us", BigInteger, comment="time of that frame, µs since the epoch, UTC, our clock"),
    Column("sent_offset_us", BigInteger, comment="time of that frame, monotonic µs since the session began"),
    Column("server_ms", BigInteger, comment="the service's time of the message, ms since the epoch"),
    Column("ask_frame", BigInteger, comment="the frame in which we asked to publish it, if we did"),
    Column("echo", Boolean, nullable=False, comment="the answer never came: only probably what was asked"),
    Column("audience", Text, comment="who may see it: ALL, AGENTS_AND_MANAGERS, …; null where nobody said"),
    Column("snapshot", Boolean, comment="whether only a conversation's snapshot shows it; null if unseen"),
    Index("ix_message_session_id_sent_frame", "session_id", "sent_frame"),
    sqlite_with_rowid=False,
)
"""One message, or one publish of ours that did not become one."""

content = Table(
    "content",
    metadata,
    _session_key("row of its session"),
    _key("dialog", Text, "id of the dialog"),
    _key("sequence", BigInteger, "the message whose content it is"),
    _key("place", Integer, "place among the contents of that message, by frame, from 0"),
    Column("author", Text, comment="id of the participant who wrote it"),
    Column("type", Text, comment="text/plain, hosted/file, RichContentEvent, …"),
    Column("text", Text, comment="the text, if it has one"),
    Column("proof", Text, nullable=False, comment="acknowledged or announced"),
    Column("frame", BigInteger, nullable=False, comment="the frame that proves it"),
    Column("connection", Integer, nullable=False, comment="number of the connection of that frame"),
    Column("at_us", BigInteger, comment="time of that frame, µs since the epoch, UTC, our clock"),
    Column("offset_us", BigInteger, comment="time of that frame, monotonic µs since the session began"),
    Column("server_ms", BigInteger, comment="the service's time of the message, ms since the epoch"),
    Column("snapshot", Boolean, nullable=False, comment="whether only a conversation's snapshot shows it"),
    sqlite_with_rowid=False,
)
"""One content of a message under whose sequence several stand, with the best proof of it.

A message with one content has no row here.
"""

receipt = Table(
    "receipt",
    metadata,
    _session_key("row of its session"),
    _key("dialog", Text, "id of the dialog"),
    _key("sequence", BigInteger, "the message it is for"),
    _key("place", Integer, "place among the receipts for that message, from 0"),
    Column("participant", Text, comment="who gave it; null is us before we learnt our id"),
    Column("role", Text, comment="their role: CONSUMER, ASSIGNED_AGENT, …"),
    Column("mine", Boolean, comment="whether we gave it; null where the recording does not tell"),
    Column("status", Text, nullable=False, comment="ACCEPT, READ, ACCESS, …"),
    Column("proof", Text, nullable=False, comment="refused, claimed, acknowledged or announced"),
    Column("frame", BigInteger, nullable=False, comment="the frame that proves it"),
    Column("connection", Integer, nullable=False, comment="number of the connection of that frame"),
    Column("at_us", BigInteger, comment="time of that frame, µs since the epoch, UTC, our clock"),
    Column("offset_us", BigInteger, comment="time of that frame, monotonic µs since the session began"),
    Column("server_ms", BigInteger, comment="the service's time of the receipt, ms since the epoch"),
    sqlite_with_rowid=False,
)
"""One participant's one status on one message, with the best proof of it.

Receipts are asked for by their message, and lie in its order. An index of their frames would be a third of
their size and a tenth of a rebuild: what a frame proves, ``frame show`` tells.
"""

request = Table(
    "request",
    metadata,
    _session_key("row of its session"),
    _key("frame", BigInteger, "the frame it went out in"),
    Column("connection", Integer, nullable=False, comment="number of its connection"),
    Column("request_id", Text, comment="its id, as text; null if it had none"),
    Column("type", Text, nullable=False, comment="ms.PublishEvent, cm.ConsumerRequestConversation, …"),
    Column(
        "code", BigInteger, comment="code of the answer, as in HTTP; null without an answer, or one in it"
    ),
    Column("answer_frame", BigInteger, comment="the frame of the answer; null if none was seen"),
    Column("asked_at_us", BigInteger, comment="µs since the epoch, UTC, our clock"),
    Column("asked_offset_us", BigInteger, comment="monotonic µs since the session began"),
    Column("answered_at_us", BigInteger, comment="µs since the epoch, UTC, our clock"),
    Column("answered_offset_us", BigInteger, comment="monotonic µs since the session began"),
    Index("ix_request_session_id_code", "session_id", "code"),
    sqlite_with_rowid=False,
)
"""One request of ours, and its answer."""

dialog = Table(
    "dialog",
    metadata,
    _session_key("row of its session"),
    _key("dialog", Text, "id of the dialog"),
    Column("conversation", Text, comment="id of its conversation, if a snapshot named the dialog"),
    Column("type", Text, comment="MAIN, POST_SURVEY, …, by the newest snapshot"),
    Column("state", Text, comment="OPEN or CLOSE, by the newest snapshot"),
    Column("first_frame", BigInteger, nullable=False, comment="the first frame that names it"),
    Column("last_frame", BigInteger, nullable=False, comment="the last frame that names it"),
    Column("messages", BigInteger, nullable=False, comment="how many messages were seen in it"),
    sqlite_with_rowid=False,
)
"""One dialog."""

participant = Table(
    "participant",
    metadata,
    _session_key("row of its session"),
    _key("participant", Text, "id of the participant"),
    Column("role", Text, comment="their role, as it was told last"),
    Column("mine", Boolean, comment="whether that is us; null where the recording does not tell"),
    Column(
        "first_frame", BigInteger, nullable=False, comment="the first frame that names them; 0: a handshake"
    ),
    Column("name", Text, comment="their name, if a user profile told it"),
    sqlite_with_rowid=False,
)
"""Somebody who wrote, gave a receipt, or was named."""

DERIVED = (message, content, receipt, request, dialog, participant, projection)
"""What can be dropped and made again."""
