"""How frames were come by, what stood compressed on the wire, when a proxy passed it on, HTTP beside it.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
IN_ORDER = {"sqlite_with_rowid": False}


def upgrade() -> None:
    """Add the columns, empty, and the tables; no row that is there changes."""
    add_columns()
    make_compressed()
    make_forwarded()
    make_http_exchange()
    if op.get_bind().dialect.name != "sqlite":  # which keeps no comments
        op.alter_column("session", "source", comment="client, proxy, replay, or the format of a file")


def add_columns() -> None:
    """Where a connection's frames come from, and digests of rows."""
    of_row = "digest of what people read of this row; null until it ended"
    op.add_column("session", sa.Column("row_digest", sa.LargeBinary, comment=of_row))
    op.add_column(
        "connection",
        sa.Column(
            "provenance", sa.Text, comment="how its frames were come by: client, proxy, netlog, cdp, har, …"
        ),
    )
    op.add_column(
        "connection",
        sa.Column("fidelity", sa.Text, comment="what that source can tell: bytes, messages or lines"),
    )
    op.add_column("connection", sa.Column("row_digest", sa.LargeBinary, comment=of_row))
    op.add_column(
        "projection",
        sa.Column(
            "row_digest", sa.LargeBinary, comment="digest of the derived rows; null where none was written"
        ),
    )


def of_session(
    table: str, number: sa.Column
) -> tuple[sa.Column, sa.Column, sa.PrimaryKeyConstraint, sa.ForeignKeyConstraint]:
    """What each of these tables has: whose row it is, its place there, and that it goes with its session."""
    return (
        sa.Column("session_id", ROW_NUMBER, autoincrement=False, comment="row number of its session"),
        number,
        sa.PrimaryKeyConstraint("session_id", "number", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.id"], name=f"fk_{table}_session", ondelete="CASCADE"
        ),
    )


def make_compressed() -> None:
    """How the payload of a frame stood on the wire that was compressed."""
    op.create_table(
        "compressed",
        *of_session(
            "compressed",
            sa.Column("number", sa.BigInteger, autoincrement=False, comment="number of the frame"),
        ),
        sa.Column("length", sa.BigInteger, nullable=False, comment="bytes of its payload on the wire"),
        sa.Column(
            "digest",
            sa.LargeBinary,
            nullable=False,
            comment="SHA-256 of them, unmasked, before inflating",
        ),
        sa.Column("data", sa.LargeBinary, comment="the bytes themselves; null unless secrets are kept"),
        sa.Column("withheld", sa.Text, comment="why the frame's payload is empty; null where it is inflated"),
        **IN_ORDER,
    )


def make_forwarded() -> None:
    """When a proxy had passed a frame on."""
    op.create_table(
        "forwarded",
        *of_session(
            "forwarded",
            sa.Column("number", sa.BigInteger, autoincrement=False, comment="number of the frame"),
        ),
        sa.Column("at_us", sa.BigInteger, comment="µs since the epoch, UTC, our clock"),
        sa.Column("offset_us", sa.BigInteger, comment="monotonic µs since the session began"),
        **IN_ORDER,
    )


def make_http_exchange() -> None:
    """A request and its answer beside the WebSockets."""
    op.create_table(
        "http_exchange",
        *of_session(
            "http_exchange",
            sa.Column(
                "number",
                sa.Integer,
                autoincrement=False,
                comment="place among those of the session, from 1",
            ),
        ),
        sa.Column("connection", sa.Integer, comment="number of the connection whose upgrade was refused"),
        sa.Column(
            "purpose",
            sa.Text,
            nullable=False,
            comment="upgrade, domain-lookup, signup, login, upload, other",
        ),
        sa.Column("at_us", sa.BigInteger, comment="time of the request, µs since the epoch, UTC, our clock"),
        sa.Column(
            "offset_us",
            sa.BigInteger,
            comment="time of the request, monotonic µs since the session began",
        ),
        sa.Column("method", sa.Text, nullable=False, comment="GET, POST, …"),
        sa.Column("url", sa.Text, nullable=False, comment="where to, secrets blanked"),
        sa.Column("status", sa.Integer, comment="HTTP status of the answer; null if none came"),
        sa.Column(
            "answered_at_us",
            sa.BigInteger,
            comment="time of the answer, µs since the epoch, UTC, our clock",
        ),
        sa.Column(
            "answered_offset_us",
            sa.BigInteger,
            comment="time of the answer, monotonic µs since the session began",
        ),
        sa.Column("request_type", sa.Text, comment="media type of the request's body"),
        sa.Column("response_type", sa.Text, comment="media type of the answer's body"),
        sa.Column("request_size", sa.BigInteger, comment="bytes of the request's body, as they came"),
        sa.Column("response_size", sa.BigInteger, comment="bytes of the answer's body, as they came"),
        sa.Column(
            "request_body",
            sa.Text,
            comment="the first 64 KiB of it, secrets blanked; null if it is no text",
        ),
        sa.Column(
            "response_body",
            sa.Text,
            comment="the first 64 KiB of it, secrets blanked; null if it is no text",
        ),
        **IN_ORDER,
    )
