"""The tables that are derived from the frames, column by column, for people who write SQL.

They can be dropped and made again with the same result. The rows of each lie in the order of its key, and
are written in it: twice as fast, and half the size.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text

from .tables import metadata

__all__ = ["DERIVED", "dialog", "message", "metadata", "participant", "projection", "receipt", "request"]

_IN_ORDER: dict[str, Any] = {"sqlite_with_rowid": False}


def _of_session() -> Column[int]:
    return Column(
        "session_id",
        BigInteger().with_variant(Integer(), "sqlite"),
        ForeignKey("session.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        comment="row of its session",
    )


projection = Table(
    "projection",
    metadata,
    _of_session(),
    Column("version", Integer, nullable=False, comment="of the rules by which it was derived"),
    Column("frame", BigInteger, nullable=False, comment="number of the last frame that was looked at"),
    Column("connections", Integer, nullable=False, comment="how many connections were known by then"),
    Column("ended", Integer, nullable=False, comment="how many of them had ended"),
    Column("interrupted", Boolean, nullable=False, comment="whether the recording had broken off"),
    **_IN_ORDER,
)
"""How far the derived rows of a session go. Without a row here it has none."""


message = Table(
    "message",
    metadata,
    _of_session(),
    Column("dialog", Text, primary_key=True, comment="id of the dialog; empty where a publish named none"),
    Column(
        "place",
        BigInteger,
        primary_key=True,
        autoincrement=False,
        comment="sequence; for a publish that has none, minus the number of its frame",
    ),
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
    Index("ix_message_session_id_sent_frame", "session_id", "sent_frame"),
    **_IN_ORDER,
)
"""One message, or one publish of ours that did not become one."""


receipt = Table(
    "receipt",
    metadata,
    _of_session(),
    Column("dialog", Text, primary_key=True, comment="id of the dialog"),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False, comment="the message it is for"),
    Column(
        "place",
        Integer,
        primary_key=True,
        autoincrement=False,
        comment="place among the receipts for that message, from 0",
    ),
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
    **_IN_ORDER,
)
"""One participant's one status on one message, with the best proof of it.

Receipts are asked for by their message, and lie in its order. An index of their frames would be a third of
their size and a tenth of a rebuild: what a frame proves, ``frame show`` tells.
"""


request = Table(
    "request",
    metadata,
    _of_session(),
    Column("frame", BigInteger, primary_key=True, autoincrement=False, comment="the frame it went out in"),
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
    **_IN_ORDER,
)
"""One request of ours, and its answer."""


dialog = Table(
    "dialog",
    metadata,
    _of_session(),
    Column("dialog", Text, primary_key=True, comment="id of the dialog"),
    Column("conversation", Text, comment="id of its conversation, if a snapshot named the dialog"),
    Column("type", Text, comment="MAIN, POST_SURVEY, …, by the newest snapshot"),
    Column("state", Text, comment="OPEN or CLOSE, by the newest snapshot"),
    Column("first_frame", BigInteger, nullable=False, comment="the first frame that names it"),
    Column("last_frame", BigInteger, nullable=False, comment="the last frame that names it"),
    Column("messages", BigInteger, nullable=False, comment="how many messages were seen in it"),
    **_IN_ORDER,
)
"""One dialog."""


participant = Table(
    "participant",
    metadata,
    _of_session(),
    Column("participant", Text, primary_key=True, comment="id of the participant"),
    Column("role", Text, comment="their role, as it was told last"),
    Column("mine", Boolean, comment="whether that is us; null where the recording does not tell"),
    Column(
        "first_frame", BigInteger, nullable=False, comment="the first frame that names them; 0: a handshake"
    ),
    **_IN_ORDER,
)
"""Somebody who wrote, gave a receipt, or was named."""

DERIVED = (message, receipt, request, dialog, participant, projection)
"""What can be dropped and made again."""
