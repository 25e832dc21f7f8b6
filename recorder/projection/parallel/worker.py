"""The worker process: reads ranges of frames of a session, and writes their events to a file.

On an SQLite file it runs one statement that it is given, and loads no database library: importing one takes
as long as reading a hundred thousand frames. A PostgreSQL database is opened as ``Archive``.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import IO, Any

from recorder.runtime.gc_control import collector_paused
from recorder.store.frame_chunks import ScannedFrame, Statement, fetch_chunk, frames_by_chunk, invalid_column

from .columns import encode_range

ReadFrames = Callable[[int, int], Iterator[ScannedFrame]]
"""Reads the frames of a session above one number and up to another."""


def run_worker(task: str, output: IO[str]) -> None:
    """Read the ranges, append each to the file, and print its size and offset.

    ``task`` is JSON: ``spans``, the ranges; ``file``, a descriptor to write to; and either ``archive`` (an
    address) and ``session``, or ``sqlite``: ``uri``, ``pragmas``, ``session_id``, ``statement``, ``names``.

    Raises:
        ValueError: the archive holds what no recorder writes; the parent process will find it too.
    """
    fields = json.loads(task)
    start = 0
    opened = _opened_file(**fields["sqlite"]) if "sqlite" in fields else _opened_archive(fields)
    with opened as read, collector_paused(), os.fdopen(fields["file"], "wb", closefd=False) as file:
        for after, last in fields["spans"]:
            encoded = encode_range(read(after, last))
            file.write(encoded)
            file.flush()
            print(len(encoded), start, file=output, flush=True)
            start += len(encoded)


@contextmanager
def _opened_archive(fields: dict[str, Any]) -> Iterator[ReadFrames]:
    from recorder.store.archive import Archive  # slow to import

    with Archive.open(fields["archive"], mode="read") as archive:
        yield lambda after, last: archive.scan_frames(fields["session"], after=after, last=last)


@contextmanager
def _opened_file(
    uri: str, pragmas: dict[str, int], session_id: int, statement: str, names: list[str]
) -> Iterator[ReadFrames]:
    query = Statement(statement, names)
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as handle:
        for name, value in pragmas.items():
            handle.execute(f"PRAGMA {name}={value}")

        def chunk(last: int, after: int) -> list[Any]:
            with closing(handle.cursor()) as cursor:
                cursor.execute(query.sql, query.row({"session_id": session_id, "after": after, "last": last}))
                rows = fetch_chunk(cursor)
            if invalid_column(rows) is not None:
                raise ValueError("the archive holds what no recorder writes")
            return rows

        yield lambda after, last: frames_by_chunk(partial(chunk, last), after)


if __name__ == "__main__":
    run_worker(sys.stdin.read(), sys.stdout)
