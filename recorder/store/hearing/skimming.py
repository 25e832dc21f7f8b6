"""Read the frames of a session as fast as the database gives them, and only what a fold needs of them.

Like every other reading it is done in short transactions, and believes nothing no recorder can have written.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, bindparam, select

from ..reading import CHUNK_BYTES
from ..tables import frame
from ..trouble import NotAsWritten
from .hearing import Skimmed

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
_COLUMNS = tuple(_SKIM.selected_columns)
_NUMBER, _CONNECTION, _AT_US, _OFFSET_US, _SENDER, _OPCODE, _FIN, _VIOLATION, _PAYLOAD = range(len(_COLUMNS))
_BITS, _OPCODES = bytes(range(2)), bytes(range(16))
_INT_OR_NONE, _TEXT_OR_NONE = frozenset({int, type(None)}), frozenset({str, type(None)})
_payload_of = itemgetter(_PAYLOAD)


def skim(asking: Asking, session_id: int, *, after: int = 0, last: int | None = None) -> Iterator[Skimmed]:
    """The frames of a session in order, numbered above ``after`` and up to ``last``.

    Frames that are committed while this goes on are among them.

    Raises:
        NotAsWritten: at the first chunk that holds what no recorder writes.
    """
    return chain.from_iterable(_chunks(asking, session_id, after, last))


def _chunks(asking: Asking, session_id: int, after: int, last: int | None) -> Iterator[list[Any]]:
    while True:
        with asking() as reader:
            rows = _chunk(reader, session_id, after, last)
            _check(rows)
        if not rows:
            return
        yield rows
        after = rows[-1][_NUMBER]


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
        size += sum(map(len, map(_payload_of, piece)))
    return rows


def _check(rows: Sequence[Any]) -> None:
    """Refuse what no recorder writes. Whole columns are looked at: each value by itself costs thrice that."""
    if not rows:
        return
    columns: list[tuple[Any, ...]] = list(zip(*rows, strict=True))
    for place in (_NUMBER, _CONNECTION):
        if not _all_ints(columns[place]):
            raise _strange(place)
    for place in (_AT_US, _OFFSET_US):
        if not _all_ints(columns[place]) and not set(map(type, columns[place])) <= _INT_OR_NONE:
            raise _strange(place)
    for place, allowed in ((_SENDER, _BITS), (_OPCODE, _OPCODES), (_FIN, _BITS)):
        if not _all_among(columns[place], allowed):
            raise _strange(place)
    violations, payloads = columns[_VIOLATION], columns[_PAYLOAD]
    if violations.count(None) < len(rows) and not set(map(type, violations)) <= _TEXT_OR_NONE:
        raise _strange(_VIOLATION)
    if set(map(type, payloads)) != {bytes}:
        raise _strange(_PAYLOAD)


def _all_ints(column: tuple[Any, ...]) -> bool:
    """Whether all are whole numbers of up to 64 bits, which all are that a database holds."""
    with suppress(TypeError, OverflowError):
        array("q", column)
        return True
    return False


def _all_among(column: tuple[Any, ...], allowed: bytes) -> bool:
    """Whether all are whole numbers, and none is another than these."""
    with suppress(TypeError, ValueError):
        return not bytes(column).strip(allowed)
    return False


def _strange(place: int) -> NotAsWritten:
    return NotAsWritten(f"{_COLUMNS[place]} holds something strange")
