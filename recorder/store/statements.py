"""Statements that are compiled once: to compile one takes longer than SQLite to run it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Dialect, Insert, Table, Update, bindparam, create_mock_engine

from .batch import RowChange
from .driver_values import Row
from .tables import metadata

MOST_PARAMETERS = 999
"""Of one statement: SQLite takes no more before 3.32."""


class Statement(NamedTuple):
    """SQL for the driver, and the names of its parameters in order."""

    sql: str
    names: Sequence[str]

    def row(self, values: Mapping[str, object]) -> tuple[object, ...]:
        """These values in the order of the parameters."""
        return tuple([values[name] for name in self.names])


_dialects: dict[tuple[str, str, str], Dialect] = {}


def _first_of_its_kind(dialect: Dialect) -> Dialect:
    """The dialect for which such a statement was compiled first: every engine has a dialect of its own."""
    return _dialects.setdefault((dialect.name, dialect.driver, dialect.paramstyle), dialect)


def insert_statement(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> Statement:
    """INSERT of these columns of a table. The dialect must use positional parameters, here as below."""
    return _insert_statement(_first_of_its_kind(dialect), table, columns)


@lru_cache
def _insert_statement(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> Statement:
    return _compiled(dialect, table.insert().inline(), columns)


def insert_rows(handle: sqlite3.Connection, statement: Statement, rows: Sequence[Row]) -> None:
    """Insert rows into an SQLite file, many by one statement: that takes half as long as one by one."""
    at_once = MOST_PARAMETERS // len(statement.names)
    whole = len(rows) - len(rows) % at_once
    for first in range(0, whole, at_once):
        parameters: list[object] = []
        for row in rows[first : first + at_once]:
            parameters += row
        handle.execute(_of_rows(statement.sql, len(statement.names), at_once), parameters)
    if len(rows) == whole + 1:
        handle.execute(statement.sql, rows[whole])
    elif len(rows) > whole:
        handle.executemany(statement.sql, rows[whole:])


@lru_cache
def _of_rows(insert: str, columns: int, rows: int) -> str:
    """This INSERT of one row as one of several."""
    row = f"({', '.join('?' * columns)})"
    return f"{insert.removesuffix(row)}{', '.join([row] * rows)}"


def update_statement(dialect: Dialect, change: RowChange) -> Statement:
    """UPDATE for changes of the same table, key columns and value columns as this one."""
    table, dialect = metadata.tables[change.table], _first_of_its_kind(dialect)
    return _update_statement(dialect, table, tuple(change.key), tuple(change.values))


@lru_cache
def _update_statement(
    dialect: Dialect, table: Table, key: tuple[str, ...], columns: tuple[str, ...]
) -> Statement:
    update = table.update().where(*(table.c[name] == bindparam(key_name(name)) for name in key))
    return _compiled(dialect, update, columns)


def create_statements(dialect: Dialect) -> tuple[str, ...]:
    """CREATE of all tables and their indexes, in an order in which they can be made."""
    return _create_statements(_first_of_its_kind(dialect))


@lru_cache
def _create_statements(dialect: Dialect) -> tuple[str, ...]:
    """What ``metadata.create_all`` executes."""
    statements: list[str] = []

    def keep(statement: Any, *_: Any) -> None:
        statements.append(str(statement.compile(dialect=dialect)))

    engine = create_mock_engine(f"{dialect.name}+{dialect.driver}://", keep)
    metadata.create_all(engine, checkfirst=False)
    return tuple(statements)


def _compiled(dialect: Dialect, statement: Insert | Update, columns: Sequence[str]) -> Statement:
    compiled = statement.compile(dialect=dialect, column_keys=list(columns))
    return Statement(str(compiled), tuple(compiled.positiontup or ()))


def change_row(statement: Statement, change: RowChange) -> Row:
    """The parameters of ``update_statement`` for this change."""
    keys = {key_name(name): value for name, value in change.key.items()}
    return statement.row({**change.values, **keys})


def key_name(column: str) -> str:
    """Parameter name of a key column, which may be among the changed columns too."""
    return f"key_{column}"
