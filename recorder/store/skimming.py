"""Read the frames of a session as fast as the database gives them, and only what a fold needs of them.

Like every other reading it is done in short transactions, and believes nothing no recorder can have written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, bindparam, select

from .hearing import Skimmed
from .reading import CHUNK_BYTES
from .tables import frame
from .trouble import NotAsWritten

Asking = Callable[[], AbstractContextManager[Connection]]
"""A short transaction that reads."""

_CHUNK_FRAMES = {"sqlite": 2_048, "postgresql": 512}
_PIECE = 64
"""Rows taken from the cursor at a time: memory is bounded by what they hold."""

_SKIM = (
    select(
        frame.c.number,
        frame.c.connection,
        frame.c.at_us,
        frame.c.offset_us,
        frame.c.sender,
        frame.c.opcode,
        frame.c.fin,
        frame.c.violation,
        frame.c.payload,
    )
    .where(
        frame.c.session_id == bindparam("session_id"),
        frame.c.number > bindparam("after"),
    )
    .order_by(frame.c.number)
)
_BITS = frozenset({0, 1})
_INT, _INT_OR_NONE = frozenset({int}), frozenset({int, type(None)})
_BIT, _TEXT_OR_NONE = frozenset({int, bool}), frozenset({str, type(None)})
_TYPES = (_INT, _INT, _INT_OR_NONE, _INT_OR_NONE, _INT, _INT, _BIT, _TEXT_OR_NONE, frozenset({bytes}))
_SENDER, _OPCODE, _FIN = 4, 5, 6


def skim(asking: Asking, session_id: int, *, after: int = 0, last: int | None = None) -> Iterator[Skimmed]:
    """The frames of a session in order, numbered above ``after`` and up to ``last``.

    Frames that are committed while this goes on are among them.

    Raises:
        NotAsWritten: at the first chunk that holds what no recorder writes.
    """
    while True:
        with asking() as reader:
            rows = _chunk(reader, session_id, after, last)
            _check(rows)
        if not rows:
            return
        yield from rows
        after = rows[-1][0]


def _chunk(reader: Connection, session_id: int, after: int, last: int | None) -> list[Any]:
    asked = {"session_id": session_id, "after": after, "last": last}
    statement, names = _compiled(reader.dialect, last is not None)
    # The driver's own cursor: SQLAlchemy's rows cost as much again as reading them.
    cursor = reader.connection.cursor()
    try:
        cursor.execute(statement, tuple(asked[name] for name in names))
        return _take(cursor)
    finally:
        cursor.close()


@lru_cache
def _compiled(dialect: Dialect, bounded: bool) -> tuple[str, tuple[str, ...]]:
    """The statement in the words of the driver, and the names of its parameters in their order."""
    # Without a bound not even "last of all": SQLite holds text for larger than any number, and hides it.
    asked = _SKIM.where(frame.c.number <= bindparam("last")) if bounded else _SKIM
    compiled = asked.compile(dialect=dialect)
    statement = f"{compiled} LIMIT {_CHUNK_FRAMES[dialect.name]}"
    return statement, tuple(compiled.positiontup or ())


def _take(cursor: Any) -> list[Any]:
    rows: list[Any] = []
    size = 0
    while size <= CHUNK_BYTES and (piece := cursor.fetchmany(_PIECE)):
        rows += piece
        size += sum(len(row[-1]) for row in piece)
    return rows


def _check(rows: Iterable[Any]) -> None:
    columns = list(zip(*rows, strict=True))
    if not columns:
        return
    for allowed, column, told in zip(_TYPES, columns, _SKIM.selected_columns, strict=True):
        if not set(map(type, column)) <= allowed:
            raise NotAsWritten(f"{told} holds something strange")
    if not set(columns[_SENDER]) <= _BITS or not set(columns[_FIN]) <= _BITS:
        raise NotAsWritten("a frame's sender or fin holds what it cannot")
    if not all(0 <= opcode < 16 for opcode in set(columns[_OPCODE])):
        raise NotAsWritten(f"{frame.c.opcode} holds what it cannot")
