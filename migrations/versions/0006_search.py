"""An index of what sessions say, to find texts by.

Revision ID: 0006
Revises: 0005
"""

import sqlite3

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make its tables, empty: a session comes in when its rows are derived again."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TABLE search_text (session_id BIGINT PRIMARY KEY"
            " REFERENCES session (id) ON DELETE CASCADE, runs TSVECTOR NOT NULL)"
        )
        op.execute("CREATE INDEX ix_search_text_runs ON search_text USING gin (runs)")
        return
    op.execute(
        "CREATE TABLE search_text (session_id INTEGER NOT NULL PRIMARY KEY"
        " REFERENCES session (id) ON DELETE CASCADE, text TEXT NOT NULL)"
    )
    op.execute(
        "CREATE TABLE search_waiting (session_id INTEGER NOT NULL PRIMARY KEY"
        " REFERENCES session (id) ON DELETE CASCADE)"
    )
    modules = op.get_bind().exec_driver_sql("SELECT count(*) FROM pragma_module_list WHERE name = 'fts5'")
    if modules.scalar_one() and sqlite3.sqlite_version_info >= (3, 34):
        op.execute(
            "CREATE VIRTUAL TABLE search_runs USING fts5(text, content='search_text',"
            " content_rowid='session_id', tokenize='trigram case_sensitive 1', detail='none', columnsize=0)"
        )
