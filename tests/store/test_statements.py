"""Statements for drivers: compiled once, bound in their own order, the same effect as SQLAlchemy's."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, select

from recorder.store.batch import RowChange
from recorder.store.statements import change_row, create_statements, insert_statement, update_statement
from recorder.store.tables import connection, metadata, session

VALUES = {"session_id": 1, "number": 2, "url": "wss://host/"}
COLUMNS = tuple(VALUES)


@pytest.fixture
def database():
    """An empty archive in memory, with one session."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as opened:
        told = {"id": 1, "session": "a", "source": "jsonl", "recorder_version": "1"}
        opened.execute(session.insert(), told)
        yield opened
    engine.dispose()


def connections(database) -> list[tuple[object, ...]]:
    asked = select(connection.c.number, connection.c.url, connection.c.barrier_count)
    return [tuple(row) for row in database.execute(asked.order_by(connection.c.number))]


def test_an_insert_binds_what_is_told_in_any_order_and_leaves_the_rest_null(database):
    """The names of the statement say the order of its places."""
    insert = insert_statement(database.dialect, connection, COLUMNS)
    database.exec_driver_sql(insert.sql, insert.row(dict(reversed(VALUES.items()))))
    assert connections(database) == [(2, "wss://host/", None)]


def test_an_update_changes_the_row_with_its_key_and_no_other(database):
    """Two rows; one is told how far it has come."""
    insert = insert_statement(database.dialect, connection, COLUMNS)
    database.exec_driver_sql(insert.sql, [insert.row({**VALUES, "number": number}) for number in (1, 2)])
    change = RowChange("connection", {"session_id": 1, "number": 2}, {"barrier_count": 7})
    update = update_statement(database.dialect, change)
    database.exec_driver_sql(update.sql, change_row(update, change))
    assert connections(database) == [(1, "wss://host/", None), (2, "wss://host/", 7)]


def test_a_key_may_be_changed_itself(database):
    """What is looked for and what it becomes are bound apart."""
    insert = insert_statement(database.dialect, connection, COLUMNS)
    database.exec_driver_sql(insert.sql, insert.row(VALUES))
    change = RowChange("connection", {"session_id": 1, "number": 2}, {"number": 3})
    update = update_statement(database.dialect, change)
    database.exec_driver_sql(update.sql, change_row(update, change))
    assert [number for number, _, _ in connections(database)] == [3]


def test_a_kind_of_statement_is_compiled_once():
    """Alike are changes of one table, by one key, of the same columns; others are not."""
    dialect = create_engine("sqlite://").dialect
    key = {"session_id": 1, "number": 2}
    one = update_statement(dialect, RowChange("connection", key, {"barrier_count": 7}))
    again = RowChange("connection", {**key, "number": 3}, {"barrier_count": 8})
    assert update_statement(dialect, again) is one
    assert update_statement(dialect, RowChange("connection", key, {"frame_count": 7})) != one
    assert update_statement(dialect, RowChange("session", {"id": 1}, {"frames": 7})) != one
    insert = insert_statement(dialect, connection, COLUMNS)
    assert insert_statement(dialect, connection, tuple(VALUES)) is insert
    assert insert_statement(dialect, connection, (*COLUMNS, "how")) != insert
    other_archive = create_engine("sqlite://").dialect
    assert insert_statement(other_archive, connection, COLUMNS) is insert
    assert create_statements(other_archive) is create_statements(dialect)
