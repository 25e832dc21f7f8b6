"""What follows from the frames, as tables for people who write SQL.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
IN_ORDER = {"sqlite_with_rowid": False}


def upgrade() -> None:
    """Make the derived tables, empty: ``recorder archive rebuild`` fills them."""
    make_projection()
    make_message()
    make_receipt()
    make_request()
    make_dialog()
    make_participant()


def of_session(table: str, *key: str) -> tuple[sa.Column, sa.PrimaryKeyConstraint, sa.ForeignKeyConstraint]:
    """What every derived table has: whose row it is, its key, and that it goes with its session."""
    return (
        sa.Column("session_id", ROW_NUMBER, autoincrement=False, comment="row of its session"),
        sa.PrimaryKeyConstraint("session_id", *key, name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.id"], name=f"fk_{table}_session", ondelete="CASCADE"
        ),
    )


def make_projection() -> None:
    """How far the derived rows of a session go."""
    op.create_table(
        "projection",
        *of_session("projection"),
        sa.Column("version", sa.Integer, nullable=False, comment="of the rules by which it was derived"),
        sa.Column(
            "frame", sa.BigInteger, nullable=False, comment="number of the last frame that was looked at"
        ),
        sa.Column(
            "connections", sa.Integer, nullable=False, comment="how many connections were known by then"
        ),
        sa.Column("ended", sa.Integer, nullable=False, comment="how many of them had ended"),
        sa.Column("interrupted", sa.Boolean, nullable=False, comment="whether the recording had broken off"),
        **IN_ORDER,
    )


def make_message() -> None:
    """One message, or one publish of ours that did not become one."""
    op.create_table(
        "message",
        *of_session("message", "dialog", "place"),
        sa.Column("dialog", sa.Text, comment="id of the dialog; empty where a publish named none"),
        sa.Column(
            "place",
            sa.BigInteger,
            autoincrement=False,
            comment="sequence; for a publish that has none, minus the number of its frame",
        ),
        sa.Column(
            "sequence", sa.BigInteger, comment="number in the dialog; null for a publish that has none (yet)"
        ),
        sa.Column("author", sa.Text, comment="id of the participant who wrote it"),
        sa.Column("role", sa.Text, comment="their role: CONSUMER, ASSIGNED_AGENT, …"),
        sa.Column("mine", sa.Boolean, comment="whether we wrote it; null where the recording does not tell"),
        sa.Column("type", sa.Text, comment="text/plain, hosted/file, RichContentEvent, …"),
        sa.Column("text", sa.Text, comment="the text, if it has one"),
        sa.Column(
            "status",
            sa.Text,
            nullable=False,
            comment="pending, failed, unknown, unseen, sent, accepted or read",
        ),
        sa.Column("status_by", sa.Text, comment="whose receipt makes it accepted or read"),
        sa.Column("status_frame", sa.BigInteger, comment="the frame that proves that receipt"),
        sa.Column(
            "proof", sa.Text, comment="how well it is proven that it was sent: announced, acknowledged, …"
        ),
        sa.Column(
            "sent_frame", sa.BigInteger, comment="the frame that proves it; null for one that is unseen"
        ),
        sa.Column("connection", sa.Integer, comment="number of the connection of that frame"),
        sa.Column(
            "sent_at_us", sa.BigInteger, comment="time of that frame, µs since the epoch, UTC, our clock"
        ),
        sa.Column(
            "sent_offset_us",
            sa.BigInteger,
            comment="time of that frame, monotonic µs since the session began",
        ),
        sa.Column(
            "server_ms", sa.BigInteger, comment="the service's time of the message, ms since the epoch"
        ),
        sa.Column("ask_frame", sa.BigInteger, comment="the frame in which we asked to publish it, if we did"),
        sa.Column(
            "echo", sa.Boolean, nullable=False, comment="the answer never came: only probably what was asked"
        ),
        **IN_ORDER,
    )
    op.create_index("ix_message_session_id_sent_frame", "message", ["session_id", "sent_frame"])


def make_receipt() -> None:
    """One participant's one status on one message."""
    op.create_table(
        "receipt",
        *of_session("receipt", "dialog", "sequence", "place"),
        sa.Column("dialog", sa.Text, comment="id of the dialog"),
        sa.Column("sequence", sa.BigInteger, autoincrement=False, comment="the message it is for"),
        sa.Column(
            "place",
            sa.Integer,
            autoincrement=False,
            comment="place among the receipts for that message, from 0",
        ),
        sa.Column("participant", sa.Text, comment="who gave it; null is us before we learnt our id"),
        sa.Column("role", sa.Text, comment="their role: CONSUMER, ASSIGNED_AGENT, …"),
        sa.Column("mine", sa.Boolean, comment="whether we gave it; null where the recording does not tell"),
        sa.Column("status", sa.Text, nullable=False, comment="ACCEPT, READ, ACCESS, …"),
        sa.Column("proof", sa.Text, nullable=False, comment="refused, claimed, acknowledged or announced"),
        sa.Column("frame", sa.BigInteger, nullable=False, comment="the frame that proves it"),
        sa.Column("connection", sa.Integer, nullable=False, comment="number of the connection of that frame"),
        sa.Column("at_us", sa.BigInteger, comment="time of that frame, µs since the epoch, UTC, our clock"),
        sa.Column(
            "offset_us", sa.BigInteger, comment="time of that frame, monotonic µs since the session began"
        ),
        sa.Column(
            "server_ms", sa.BigInteger, comment="the service's time of the receipt, ms since the epoch"
        ),
        **IN_ORDER,
    )


def make_request() -> None:
    """One request of ours, and its answer."""
    op.create_table(
        "request",
        *of_session("request", "frame"),
        sa.Column("frame", sa.BigInteger, autoincrement=False, comment="the frame it went out in"),
        sa.Column("connection", sa.Integer, nullable=False, comment="number of its connection"),
        sa.Column("request_id", sa.Text, comment="its id, as text; null if it had none"),
        sa.Column(
            "type", sa.Text, nullable=False, comment="ms.PublishEvent, cm.ConsumerRequestConversation, …"
        ),
        sa.Column(
            "code",
            sa.BigInteger,
            comment="code of the answer, as in HTTP; null without an answer, or one in it",
        ),
        sa.Column("answer_frame", sa.BigInteger, comment="the frame of the answer; null if none was seen"),
        sa.Column("asked_at_us", sa.BigInteger, comment="µs since the epoch, UTC, our clock"),
        sa.Column("asked_offset_us", sa.BigInteger, comment="monotonic µs since the session began"),
        sa.Column("answered_at_us", sa.BigInteger, comment="µs since the epoch, UTC, our clock"),
        sa.Column("answered_offset_us", sa.BigInteger, comment="monotonic µs since the session began"),
        **IN_ORDER,
    )
    op.create_index("ix_request_session_id_code", "request", ["session_id", "code"])


def make_dialog() -> None:
    """One dialog."""
    op.create_table(
        "dialog",
        *of_session("dialog", "dialog"),
        sa.Column("dialog", sa.Text, comment="id of the dialog"),
        sa.Column("conversation", sa.Text, comment="id of its conversation, if a snapshot named the dialog"),
        sa.Column("type", sa.Text, comment="MAIN, POST_SURVEY, …, by the newest snapshot"),
        sa.Column("state", sa.Text, comment="OPEN or CLOSE, by the newest snapshot"),
        sa.Column("first_frame", sa.BigInteger, nullable=False, comment="the first frame that names it"),
        sa.Column("last_frame", sa.BigInteger, nullable=False, comment="the last frame that names it"),
        sa.Column("messages", sa.BigInteger, nullable=False, comment="how many messages were seen in it"),
        **IN_ORDER,
    )


def make_participant() -> None:
    """Somebody who wrote, gave a receipt, or was named."""
    op.create_table(
        "participant",
        *of_session("participant", "participant"),
        sa.Column("participant", sa.Text, comment="id of the participant"),
        sa.Column("role", sa.Text, comment="their role, as it was told last"),
        sa.Column("mine", sa.Boolean, comment="whether that is us; null where the recording does not tell"),
        sa.Column(
            "first_frame",
            sa.BigInteger,
            nullable=False,
            comment="the first frame that names them; 0: a handshake",
        ),
        **IN_ORDER,
    )
