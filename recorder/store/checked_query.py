"""Queries whose rows are checked against the types and limits of ``tables.py``.

SQLite stores any kind of value in any column, so a file that was damaged or edited by hand may hold text
for a number. It is noticed here, where rows are read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterator
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Integer,
    Label,
    LargeBinary,
    Row,
    Select,
    Text,
    select,
    type_coerce,
)
from sqlalchemy.types import NullType

from recorder.wire.records import FIDELITIES

from .completeness import COMPLETE, INTERRUPTED, REFUSED
from .db_errors import InvalidContent
from .stored_text import storable
from .tables import compressed, connection, forwarded, frame, http_exchange, session

CheckedColumn = Column[Any] | Label[Any]
"""A column of a table, or a count with a label."""

# PostgreSQL answers with a bool, SQLite with 0 or 1.
_TYPES: tuple[tuple[type, frozenset[type]], ...] = (
    (Boolean, frozenset({bool, int})),
    (Integer, frozenset({int})),  # the wider and the narrower ones are kinds of it
    (LargeBinary, frozenset({bytes})),
    (Text, frozenset({str})),
)


class _TextsWhere(Container[object]):
    """The texts for which ``predicate`` holds."""

    def __init__(self, predicate: Callable[[str], bool]) -> None:
        self._predicate = predicate

    def __contains__(self, value: object) -> bool:
        return self._predicate(str(value))


def _is_header_list(text: str) -> bool:
    try:
        pairs = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(pairs, list) and all(
        isinstance(pair, list) and [type(text) for text in pair] == [str, str] for pair in pairs
    )


_COUNT = range(1 << 63)
_BIT = frozenset({0, 1})

# What a column may hold, where not every value of its type will do; a choice of a few is a frozenset.
_LIMITS: dict[Column[Any], Container[object]] = {
    session.c.session: _TextsWhere(lambda text: storable(text) == text),  # or nobody could name it
    session.c.end_state: frozenset({COMPLETE, INTERRUPTED, REFUSED}),
    session.c.frames: _COUNT,
    connection.c.request_headers: _TextsWhere(_is_header_list),
    connection.c.response_headers: _TextsWhere(_is_header_list),
    connection.c.closed_by: _BIT,
    connection.c.how: frozenset({"closed", "lost", "refused", "failed"}),
    connection.c.frame_count: _COUNT,
    connection.c.barrier_count: _COUNT,
    frame.c.number: range(1, 1 << 63),
    frame.c.idx: _COUNT,
    frame.c.sender: _BIT,
    frame.c.opcode: frozenset(range(16)),
    frame.c.fin: _BIT,
    frame.c.rsv: frozenset(range(8)),
    frame.c.redacted: _BIT,
    compressed.c.number: range(1, 1 << 63),
    compressed.c.length: _COUNT,
    forwarded.c.number: range(1, 1 << 63),
    connection.c.fidelity: frozenset(FIDELITIES),
    http_exchange.c.request_size: _COUNT,
    http_exchange.c.response_size: _COUNT,
}

_WORDS = {int: "a number", float: "a fraction", bytes: "bytes", str: "text", type(None): "nothing"}


class CheckedQuery:
    """Columns that are read together, each of a table or the ``label`` of a count.

    ``select`` asks for them; narrow and order it, and give it to ``rows``.
    """

    def __init__(self, *columns: CheckedColumn) -> None:
        self._names = [str(each) if isinstance(each, Column) else each.name for each in columns]
        self._types = [_types(column) for column in columns]
        limits = [
            (place, allowed)
            for place, column in enumerate(columns)
            if (allowed := _limit(column)) is not None
        ]
        self._choices = [(place, allowed) for place, allowed in limits if isinstance(allowed, frozenset)]
        self._ranges = [(place, allowed) for place, allowed in limits if not isinstance(allowed, frozenset)]
        self._seen: set[object] = set()
        # As it is stored: SQLAlchemy would turn the number 5 into five bytes, and 2 into True.
        as_stored: list[Label[Any]] = [type_coerce(each, NullType()).label(each.name) for each in columns]
        self.select: Select[Any] = select(*as_stored)

    def rows(self, reader: Connection, query: Select[Any]) -> Iterator[Row[Any]]:
        """The rows of a narrowed ``select``, checked one by one.

        Raises:
            InvalidContent: at the first row that holds what no recorder writes.
        """
        seen, ranges = self._seen, self._ranges
        chosen = itemgetter(*(place for place, _ in self._choices)) if self._choices else _nothing
        with reader.execute(query) as rows:
            for row in rows:
                # Types, and values where there are few, recur in the same few combinations.
                kind = (tuple(map(type, row)), chosen(row))
                if kind not in seen:
                    self._check(row)
                    seen.add(kind)
                for place, allowed in ranges:
                    if (value := row[place]) is not None and value not in allowed:
                        raise InvalidContent(f"{self._names[place]} holds what it cannot")
                yield row

    def _check(self, row: Row[Any]) -> None:
        for name, types, found in zip(self._names, self._types, map(type, row), strict=True):
            if found not in types:
                raise InvalidContent(f"{name} holds {_WORDS.get(found, 'something strange')}")
        for place, choice in self._choices:
            if row[place] not in choice and row[place] is not None:
                raise InvalidContent(f"{self._names[place]} holds what it cannot")


def _nothing(_: object) -> None:
    return None


def _types(column: CheckedColumn) -> frozenset[type]:
    if not isinstance(column, Column):
        return frozenset({int})
    allowed = next(types for kind, types in _TYPES if isinstance(column.type, kind))
    return allowed | {type(None)} if column.nullable else allowed


def _limit(column: CheckedColumn) -> Container[object] | None:
    return _LIMITS.get(column) if isinstance(column, Column) else _COUNT
