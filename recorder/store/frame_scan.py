"""Reads the frames of a session as fast as the database gives them, with only the columns that a fold reads.

In short transactions; values that no recorder writes are refused, as by ``CheckedQuery``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from typing import Any

from .db_errors import InvalidContent
from .frame_chunks import ScannedFrame, fetch_chunk, frames_by_chunk, invalid_column
from .reader import Reader

OpenReader = Callable[[], AbstractContextManager[Reader]]
"""Opens a short transaction that reads."""

_COLUMNS = tuple("sender" if name == "from_service" else name for name in ScannedFrame._fields)
_CHUNK_FRAMES = {"sqlite": 2_048, "postgresql": 512}


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
                raise InvalidContent(f"frame.{_COLUMNS[invalid]} holds something strange")
        return rows

    return frames_by_chunk(chunk_after, after)


def _chunk(reader: Reader, session_id: int, after: int, last: int | None) -> list[Any]:
    query = chunk_query(reader.dialect, bounded=last is not None)
    bounds = () if last is None else (last,)
    with closing(reader.run(query, session_id, after, *bounds)) as rows:
        return fetch_chunk(rows)


def chunk_query(dialect: str, *, bounded: bool) -> str:
    """SELECT of the fields of ``ScannedFrame``, in order of number, for a chunk of frames.

    Its parameters are the session's row number, the number of the frame before and, if ``bounded``, that of
    the last one.
    """
    # Unbounded, not bounded by the highest number: SQLite compares text as larger, and would hide it.
    bound = " AND number <= ?" if bounded else ""
    conditions = f"session_id = ? AND number > ?{bound} ORDER BY number LIMIT {_CHUNK_FRAMES[dialect]}"
    return f"SELECT {', '.join(_COLUMNS)} FROM frame WHERE {conditions}"  # noqa: S608 - our own names
