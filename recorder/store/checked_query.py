"""Queries whose rows are checked against the types and limits of ``columns``.

SQLite stores any kind of value in any column, so a file that was damaged or edited by hand may hold text
for a number. It is noticed here, where rows are read.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from operator import itemgetter
from typing import Any, cast

from .columns import COUNT, Columns, ColumnType, TableColumn
from .db_errors import InvalidContent
from .reader import Reader

# PostgreSQL answers with a bool, SQLite with 0 or 1.
_TYPES: Mapping[ColumnType, frozenset[type]] = {
    **dict.fromkeys(ColumnType, frozenset({int})),
    ColumnType.BOOLEAN: frozenset({bool, int}),
    ColumnType.BYTES: frozenset({bytes}),
    ColumnType.TEXT: frozenset({str}),
}
_WORDS = {int: "a number", float: "a fraction", bytes: "bytes", str: "text", type(None): "nothing"}


class CheckedQuery:
    """Columns of a table that are read together, and counts beside them.

    Args:
        of: the columns of the table.
        names: those to read; all, if none is named.
        counts: SQL of each count, by the name it gets.

    Attributes:
        select: the query up to its conditions.
    """

    def __init__(self, of: Columns, *names: str, counts: Mapping[str, str] | None = None) -> None:
        counts = counts or {}
        columns = [of.named(name) for name in names or of.names]
        columns += [
            TableColumn(name, ColumnType.LARGE, sql, False, allowed=COUNT) for name, sql in counts.items()
        ]
        self._names = [f"{of.table}.{column.name}" for column in columns]
        self._types = [_types(column) for column in columns]
        limits = [(place, each.allowed) for place, each in enumerate(columns) if each.allowed is not None]
        self._choices = [(place, allowed) for place, allowed in limits if isinstance(allowed, frozenset)]
        self._ranges = [(place, allowed) for place, allowed in limits if not isinstance(allowed, frozenset)]
        self._seen: set[object] = set()
        self._row_of = _row_maker([column.name for column in columns])
        asked = [counts.get(column.name, column.name) for column in columns]
        self.select = f"SELECT {', '.join(asked)} FROM {of.table}"  # noqa: S608 - our own names

    def rows(self, reader: Reader, conditions: str = "", *parameters: object) -> Iterator[Any]:
        """The rows under these conditions (``WHERE number > ? ORDER BY number``), checked one by one.

        Each has its columns as attributes.

        Raises:
            InvalidContent: at the first row that holds what no recorder writes.
        """
        seen, ranges, row_of = self._seen, self._ranges, self._row_of
        chosen = itemgetter(*(place for place, _ in self._choices)) if self._choices else _nothing
        with closing(reader.run(f"{self.select} {conditions}", *parameters)) as rows:
            for row in rows:
                # Types, and values where there are few, recur in the same few combinations.
                kind = (tuple(map(type, row)), chosen(row))
                if kind not in seen:
                    self._check(row)
                    seen.add(kind)
                for place, allowed in ranges:
                    if (value := row[place]) is not None and value not in allowed:
                        raise InvalidContent(f"{self._names[place]} holds what it cannot")
                yield row_of(row)

    def _check(self, row: Any) -> None:
        for name, types, found in zip(self._names, self._types, map(type, row), strict=True):
            if found not in types:
                raise InvalidContent(f"{name} holds {_WORDS.get(found, 'something strange')}")
        for place, choice in self._choices:
            if row[place] not in choice and row[place] is not None:
                raise InvalidContent(f"{self._names[place]} holds what it cannot")


def _row_maker(names: list[str]) -> Callable[[Iterable[object]], Any]:
    row: Any = namedtuple("Row", names)  # type: ignore[misc]  # named at run time
    return cast(Callable[[Iterable[object]], Any], row._make)


def _nothing(_: object) -> None:
    return None


def _types(column: TableColumn) -> frozenset[type]:
    allowed = _TYPES[column.type]
    return allowed | {type(None)} if column.nullable and not column.key else allowed
