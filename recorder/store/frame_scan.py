"""Read the frames of a session as fast as the database gives them, and only what a fold needs of them.

Like every other reading it is done in short transactions, and believes nothing no recorder can have written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, bindparam, select

from .db_errors import NotAsWritten
from .frame_chunks import Ask, Skimmed, frames_in, strange_column, take
from .tables import frame

Asking = Callable[[], AbstractContextManager[Connection]]
"""A short transaction that reads."""

_CHUNK_FRAMES = {"sqlite": 2_048, "postgresql": 512}
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


def skim(asking: Asking, session_id: int, *, after: int = 0, last: int | None = None) -> Iterator[Skimmed]:
    """The frames of a session in order, numbered above ``after`` and up to ``last``.

    Frames that are committed while this goes on are among them.

    Raises:
        NotAsWritten: at the first chunk that holds what no recorder writes.
    """

    def chunk_after(number: int) -> list[Any]:
        with asking() as reader:
            rows = _chunk(reader, session_id, number, last)
            strange = strange_column(rows)
            if strange is not None:
                raise NotAsWritten(f"{_COLUMNS[strange]} holds something strange")
        return rows

    return frames_in(chunk_after, after)


def _chunk(reader: Connection, session_id: int, after: int, last: int | None) -> list[Any]:
    ask = asked_of(reader.dialect, bounded=last is not None)
    # The driver's own cursor: SQLAlchemy's rows cost as much again as reading them.
    cursor = reader.connection.cursor()
    try:
        cursor.execute(ask.statement, ask.parameters(session_id=session_id, after=after, last=last))
        return take(cursor)
    finally:
        cursor.close()


@lru_cache
def asked_of(dialect: Dialect, *, bounded: bool) -> Ask:
    """How a database is asked for the next frames; ``bounded``: up to ``last``."""
    # Without a bound not even "last of all": SQLite holds text for larger than any number, and hides it.
    asked = _SKIM.where(frame.c.number <= bindparam("last")) if bounded else _SKIM
    compiled = asked.compile(dialect=dialect)
    statement = f"{compiled} LIMIT {_CHUNK_FRAMES[dialect.name]}"
    return Ask(statement, tuple(compiled.positiontup or ()))
