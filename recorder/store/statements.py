"""Statements of one kind, compiled once: to compile one takes SQLAlchemy longer than a database to run it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Engine, Insert, Table, Update, bindparam

from .rows import Change, Row


class Statement(NamedTuple):
    """For a driver: the words, and the names of what is bound to its places, in their order."""

    sql: str
    names: Sequence[str]

    def row(self, values: Mapping[str, object]) -> Row:
        """These values in the statement's order."""
        return tuple([values[name] for name in self.names])


class Statements:
    """The statements of one database. Its dialect must number its places, not name them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._inserts: dict[tuple[str, tuple[str, ...]], Statement] = {}
        self._updates: dict[tuple[str, tuple[str, ...], tuple[str, ...]], Statement] = {}

    def insert(self, table: Table, columns: Iterable[str]) -> Statement:
        """Rows of a table, of which these columns are told."""
        told = tuple(columns)
        known = self._inserts.get((table.name, told))
        if known is None:
            known = self._compiled(table.insert().inline(), told)
            self._inserts[table.name, told] = known
        return known

    def update(self, change: Change) -> Statement:
        """Changes like this one: of the same table, by the same key, of the same columns."""
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


def change_row(statement: Statement, change: Change) -> Row:
    """What is bound to ``Statements.update`` for this change."""
    keys = {key_name(name): value for name, value in change.key.items()}
    return statement.row({**change.values, **keys})


def key_name(column: str) -> str:
    """What the place of a key is called, which may be a changed column as well."""
    return f"key_{column}"
