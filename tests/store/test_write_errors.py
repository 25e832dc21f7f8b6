"""Whatever SQLAlchemy or a driver raises is caught as one kind, and undone."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import NullPool, create_engine
from sqlalchemy.exc import OperationalError

from recorder.store.db_errors import InvalidContent, ServerUnreachable
from recorder.store.write_errors import DATABASE_ERRORS, rollback


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("", None, Exception()),
        sqlite3.OperationalError(),
        OverflowError(),
        InvalidContent(),
        ServerUnreachable(),
    ],
)
def test_errors_of_every_layer_are_errors_of_the_database(error):
    assert isinstance(error, DATABASE_ERRORS)


def test_a_rollback_undoes_what_is_open_and_is_silent_where_nothing_is():
    engine = create_engine("sqlite://", isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (a INTEGER)")
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")
        rollback(connection)
        rollback(connection)
        assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar_one() == 0
