"""Reads the frames of a session as fast as the database gives them, with only the columns that a fold reads.

In short transactions; values that no recorder writes are refused, as by ``CheckedQuery``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, bindparam, select

from .db_errors import InvalidContent
from .frame_chunks import ScannedFrame, Statement, fetch_chunk, frames_by_chunk, invalid_column
from .tables import frame

OpenReader = Callable[[], AbstractContextManager[Connection]]
"""Opens a short transaction that reads."""

_CHUNK_FRAMES = {"sqlite": 2_048, "postgresql": 512}
_SCAN = (
    select(*(frame.c["sender" if name == "from_service" else name] for name in ScannedFrame._fields))
    .where(
        frame.c.session_id == bindparam("session_id"),
        frame.c.number > bindparam("after"),
    )
    .order_by(frame.c.number)
)
_COLUMNS = tuple(_SCAN.selected_columns)


def scan_frames(
    open_reader: OpenReader, session_id: int, *, after: int = 0, last: int | None = None
) -> Iterator[ScannedFrame]:
    """The frames of a session in order, numbered above ``after`` and up to ``last``.

    Frames that are committed meanwhile are included.

    Raises:
        InvalidContent: at the first chunk that holds what no recorder writes.
    """

    def chunk_after(number: int) -> list[Any]:
        with open_reader() as reader:
            rows = _chunk(reader, session_id, number, last)
            invalid = invalid_column(rows)
            if invalid is not None:
                raise InvalidContent(f"{_COLUMNS[invalid]} holds something strange")
        return rows

    return frames_by_chunk(chunk_after, after)


def _chunk(reader: Connection, session_id: int, after: int, last: int | None) -> list[Any]:
    query = chunk_query(reader.dialect, bounded=last is not None)
    parameters = query.row({"session_id": session_id, "after": after, "last": last})
    with reader.exec_driver_sql(query.sql, parameters) as result:
        # From the driver's own cursor: SQLAlchemy's rows cost as much again as reading them.
        return fetch_chunk(result.cursor)


@lru_cache
def chunk_query(dialect: Dialect, *, bounded: bool) -> Statement:
    """SELECT of the fields of ``ScannedFrame``, in order of number, for a chunk of frames.

    Its parameters are ``session_id``, ``after`` and, if ``bounded``, ``last``.
    """
    # Unbounded, not bounded by the highest number: SQLite compares text as larger, and would hide it.
    select_frames = _SCAN.where(frame.c.number <= bindparam("last")) if bounded else _SCAN
    compiled = select_frames.compile(dialect=dialect)
    statement = f"{compiled} LIMIT {_CHUNK_FRAMES[dialect.name]}"
    return Statement(statement, tuple(compiled.positiontup or ()))
