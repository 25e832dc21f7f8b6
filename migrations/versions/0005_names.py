"""Names of participants, and whether messages had to be left out.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, empty: the rows are of earlier rules, and derived again when needed."""
    op.add_column("participant", sa.Column("name", sa.Text, comment="their name, if a user profile told it"))
    op.add_column(
        "projection",
        sa.Column(
            "left_out",
            sa.Boolean,
            comment="whether messages have no row, because their numbers need more than 64 bits",
        ),
    )
