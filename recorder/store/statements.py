"""INSERT and UPDATE statements, compiled once: to compile one takes longer than SQLite to run it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Engine, Insert, Table, Update, bindparam

from .rows import Row, RowChange


class Statement(NamedTuple):
    """SQL for the driver, and the names of its parameters in order."""

    sql: str
    names: Sequence[str]

    def row(self, values: Mapping[str, object]) -> Row:
        """These values in the order of the parameters."""
        return tuple([values[name] for name in self.names])


class Statements:
    """The statements of one database, whose dialect must use positional parameters."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._inserts: dict[tuple[str, tuple[str, ...]], Statement] = {}
        self._updates: dict[tuple[str, tuple[str, ...], tuple[str, ...]], Statement] = {}

    def insert(self, table: Table, columns: Iterable[str]) -> Statement:
        """INSERT of these columns of a table."""
        names = tuple(columns)
        known = self._inserts.get((table.name, names))
        if known is None:
            known = self._compiled(table.insert().inline(), names)
            self._inserts[table.name, names] = known
        return known

    def update(self, change: RowChange) -> Statement:
        """UPDATE for changes of the same table, key columns and value columns as this one."""
        kind = change.table.name, tuple(change.key), tuple(change.values)
        known = self._updates.get(kind)
        if known is None:
            update = change.table.update()
            for name in change.key:
                update = update.where(change.table.c[name] == bindparam(key_name(name)))
            known = self._updates[kind] = self._compiled(update, tuple(change.values))
        return known

    def _compiled(self, statement: Insert | Update, columns: Sequence[str]) -> Statement:
        compiled = statement.compile(self._engine, column_keys=list(columns))
        return Statement(str(compiled), tuple(compiled.positiontup or ()))


def change_row(statement: Statement, change: RowChange) -> Row:
    """The parameters of ``Statements.update`` for this change."""
    keys = {key_name(name): value for name, value in change.key.items()}
    return statement.row({**change.values, **keys})


def key_name(column: str) -> str:
    """Parameter name of a key column, which may be among the changed columns too."""
    return f"key_{column}"
