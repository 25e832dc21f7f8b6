"""What a replay planned: every receipt, the moment it was planned for, and what came of it.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table, empty: of earlier replays no plan was kept."""
    op.create_table(
        "receipt_plan",
        sa.Column("session_id", ROW_NUMBER, autoincrement=False, comment="row number of its session"),
        sa.Column(
            "number",
            sa.BigInteger,
            autoincrement=False,
            comment="place among the plans of the session, from 1",
        ),
        sa.Column("consumer", sa.Text, nullable=False, comment="who in the script was to give it"),
        sa.Column(
            "connection",
            sa.Integer,
            comment="number of its connection when it was planned; null without one",
        ),
        sa.Column("dialog", sa.Text, nullable=False, comment="id of the dialog"),
        sa.Column("sequence", sa.BigInteger, nullable=False, comment="the message it is for"),
        sa.Column("status", sa.Text, nullable=False, comment="ACCEPT, READ, ACCESS, …"),
        sa.Column("step", sa.Integer, comment="the step that planned it; null: the standing rule"),
        sa.Column(
            "due_offset_us",
            sa.BigInteger,
            comment="planned moment, monotonic µs since the session began",
        ),
        sa.Column("frame", sa.BigInteger, comment="number of the frame it went out in; null if it did not"),
        sa.Column(
            "sent_offset_us",
            sa.BigInteger,
            comment="when that had left, monotonic µs since the session began",
        ),
        sa.Column("unsent", sa.Text, comment="why it never went out"),
        sa.PrimaryKeyConstraint("session_id", "number", name="pk_receipt_plan"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.id"], name="fk_receipt_plan_session", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
