"""What SQLAlchemy raises where it runs a statement, and what to undo then."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from .db_errors import FILE_ERRORS, ServerUnreachable

DATABASE_ERRORS = (SQLAlchemyError, ServerUnreachable, *FILE_ERRORS)
"""What SQLAlchemy and the drivers raise."""


def rollback(connection: Connection) -> None:
    """Roll back the open transaction, if SQLite or the lost connection has not done so already."""
    with suppress(*DATABASE_ERRORS):
        connection.exec_driver_sql("ROLLBACK")
