"""Sessions, connections and frames.

Revision ID: 0001
Revises: nothing
"""

import os

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables of the first archive."""
    setting = make_setting()
    make_session()
    make_connection()
    make_frame()
    op.bulk_insert(setting, [{"name": "redaction_key", "value": os.urandom(32)}])


def make_setting() -> sa.Table:
    """What belongs to the whole archive."""
    return op.create_table(
        "setting",
        sa.Column("name", sa.Text, comment="what is set: redaction_key"),
        sa.Column(
            "value", sa.LargeBinary, nullable=False, comment="its value; 32 random bytes for redaction_key"
        ),
        sa.PrimaryKeyConstraint("name", name="pk_setting"),
    )


def make_session() -> None:
    """What one run recorded."""
    op.create_table(
        "session",
        sa.Column("id", ROW_NUMBER, comment="inside the archive only"),
        sa.Column("session", sa.Text, nullable=False, comment="public id, 12 hex digits"),
        sa.Column("name", sa.Text, comment="what the user called it, or null"),
        sa.Column("source", sa.Text, nullable=False, comment="client, proxy, replay, har, jsonl or text"),
        sa.Column(
            "started_at_us",
            sa.BigInteger,
            comment="µs since the epoch, UTC; null in a capture without times",
        ),
        sa.Column("ended_at_us", sa.BigInteger, comment="µs since the epoch, UTC; part of the end record"),
        sa.Column(
            "end_state",
            sa.Text,
            comment="end record: complete, interrupted or refused; null before it",
        ),
        sa.Column("frames", sa.BigInteger, comment="end record: how many frames the session holds"),
        sa.Column("detail", sa.Text, comment="end record: one sentence more, such as what stopped it"),
        sa.Column(
            "recorder_version", sa.Text, nullable=False, comment="version of the program that wrote it"
        ),
        sa.Column(
            "source_digest", sa.Text, comment="SHA-256 of the imported file, hex; null for live sessions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_session"),
        sa.UniqueConstraint("session", name="uq_session_session"),
    )


def make_connection() -> None:
    """One WebSocket, upgrade to close."""
    op.create_table(
        "connection",
        sa.Column("session_id", ROW_NUMBER, comment="row number of its session"),
        sa.Column("number", sa.Integer, autoincrement=False, comment="place in the session, from 1"),
        sa.Column("url", sa.Text, comment="where to, secrets blanked; null where unknown"),
        sa.Column("opened_at_us", sa.BigInteger, comment="µs since the epoch, UTC"),
        sa.Column("opened_offset_us", sa.BigInteger, comment="monotonic µs since the session began"),
        sa.Column("request_line", sa.Text, comment="first line of the upgrade request"),
        sa.Column(
            "request_headers", sa.Text, comment="JSON: [[name, value], …], order, case and repeats kept"
        ),
        sa.Column("response_status", sa.Integer, comment="HTTP status of the upgrade, 101 if it worked"),
        sa.Column("response_headers", sa.Text, comment="JSON, as request_headers"),
        sa.Column("closed_at_us", sa.BigInteger, comment="µs since the epoch, UTC"),
        sa.Column("closed_offset_us", sa.BigInteger, comment="monotonic µs since the session began"),
        sa.Column("close_code", sa.Integer, comment="code of the first Close frame"),
        sa.Column("close_reason", sa.Text, comment="its reason"),
        sa.Column(
            "closed_by", sa.SmallInteger, comment="sender of the first Close frame: 0 client, 1 service"
        ),
        sa.Column("how", sa.Text, comment="closed, lost, refused or failed; null until it ended"),
        sa.Column("detail", sa.Text, comment="one sentence more where there is something to say"),
        sa.Column("frame_count", sa.BigInteger, comment="end record: how many frames it holds"),
        sa.Column("frame_digest", sa.LargeBinary, comment="end record: rolling digest over all of them"),
        sa.Column(
            "barrier_count",
            sa.BigInteger,
            comment="last barrier: how many frames were on disk for certain",
        ),
        sa.Column("barrier_digest", sa.LargeBinary, comment="last barrier: rolling digest over these"),
        sa.Column("barrier_at_us", sa.BigInteger, comment="last barrier: time of the last frame it covers"),
        sa.PrimaryKeyConstraint("session_id", "number", name="pk_connection"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.id"], name="fk_connection_session", ondelete="CASCADE"
        ),
    )


def make_frame() -> None:
    """One RFC 6455 frame."""
    op.create_table(
        "frame",
        sa.Column("id", ROW_NUMBER, comment="row number, in the order of arrival"),
        sa.Column("session_id", ROW_NUMBER, nullable=False, comment="row number of its session"),
        sa.Column(
            "number", sa.BigInteger, nullable=False, comment="place in the session, from 1, without gaps"
        ),
        sa.Column("connection", sa.Integer, nullable=False, comment="number of its connection"),
        sa.Column(
            "idx", sa.BigInteger, nullable=False, comment="place in its connection, from 0, without gaps"
        ),
        sa.Column("sender", sa.SmallInteger, nullable=False, comment="0 client, 1 service"),
        sa.Column("at_us", sa.BigInteger, comment="µs since the epoch, UTC, our clock"),
        sa.Column("offset_us", sa.BigInteger, comment="monotonic µs since the session began"),
        sa.Column("opcode", sa.SmallInteger, nullable=False, comment="0–15, as on the wire"),
        sa.Column("fin", sa.Boolean, nullable=False, comment="whether it ends its payload"),
        sa.Column(
            "rsv",
            sa.SmallInteger,
            nullable=False,
            comment="the three reserved bits as a number, RSV1 is 4",
        ),
        sa.Column(
            "head",
            sa.LargeBinary,
            comment="header bytes as on the wire, mask key included; null if unknown",
        ),
        sa.Column(
            "payload",
            sa.LargeBinary,
            nullable=False,
            comment="payload, unmasked; wire bytes = head + masked",
        ),
        sa.Column("violation", sa.Text, comment="what RFC 6455 forbids about it, in a few words"),
        sa.Column("redacted", sa.Boolean, nullable=False, comment="secrets were blanked"),
        sa.Column(
            "chain",
            sa.Integer,
            nullable=False,
            comment="first 4 bytes of the rolling digest of its connection up to here, big-endian, signed",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_frame"),
        sa.ForeignKeyConstraint(
            ["session_id", "connection"],
            ["connection.session_id", "connection.number"],
            name="fk_frame_connection",
            ondelete="CASCADE",
        ),
    )
    op.create_index("uq_frame_session_id_number", "frame", ["session_id", "number"], unique=True)
