"""Who may see a message, whether only a snapshot shows it, and the contents of one sequence.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns and the table, empty: the rows are of earlier rules, and derived again when needed."""
    op.add_column(
        "message",
        sa.Column(
            "audience",
            sa.Text,
            comment="who may see it: ALL, AGENTS_AND_MANAGERS, …; null where nobody said",
        ),
    )
    op.add_column(
        "message",
        sa.Column(
            "snapshot", sa.Boolean, comment="whether only a conversation's snapshot shows it; null if unseen"
        ),
    )
    make_content()


def make_content() -> None:
    """One content of a message under whose sequence several stand."""
    op.create_table(
        "content",
        sa.Column("session_id", ROW_NUMBER, autoincrement=False, comment="row of its session"),
        sa.PrimaryKeyConstraint("session_id", "dialog", "sequence", "place", name="pk_content"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.id"], name="fk_content_session", ondelete="CASCADE"
        ),
        sa.Column("dialog", sa.Text, comment="id of the dialog"),
        sa.Column("sequence", sa.BigInteger, autoincrement=False, comment="the message whose content it is"),
        sa.Column(
            "place",
            sa.Integer,
            autoincrement=False,
            comment="place among the contents of that message, by frame, from 0",
        ),
        sa.Column("author", sa.Text, comment="id of the participant who wrote it"),
        sa.Column("type", sa.Text, comment="text/plain, hosted/file, RichContentEvent, …"),
        sa.Column("text", sa.Text, comment="the text, if it has one"),
        sa.Column("proof", sa.Text, nullable=False, comment="acknowledged or announced"),
        sa.Column("frame", sa.BigInteger, nullable=False, comment="the frame that proves it"),
        sa.Column("connection", sa.Integer, nullable=False, comment="number of the connection of that frame"),
        sa.Column("at_us", sa.BigInteger, comment="time of that frame, µs since the epoch, UTC, our clock"),
        sa.Column(
            "offset_us", sa.BigInteger, comment="time of that frame, monotonic µs since the session began"
        ),
        sa.Column(
            "server_ms", sa.BigInteger, comment="the service's time of the message, ms since the epoch"
        ),
        sa.Column(
            "snapshot",
            sa.Boolean,
            nullable=False,
            comment="whether only a conversation's snapshot shows it",
        ),
        sqlite_with_rowid=False,
    )
