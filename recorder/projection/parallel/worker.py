"""What a process does that helps another read a session: read its pieces, leave what they tell in a file.

It is one file and one statement away from its work, and so loads no database library: that would take it as
long as reading a hundred thousand frames. A PostgreSQL database it opens as everybody does.
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
from recorder.store.frame_chunks import Ask, Skimmed, frames_in, strange_column, take

from .columns import pack

Read = Callable[[int, int], Iterator[Skimmed]]
"""The frames of a session above one number and up to another."""


def help_out(task: str, say: IO[str]) -> None:
    """Read the pieces, add each to the file, and say its size and where it begins.

    ``task`` is JSON: ``spans``, the pieces; ``file``, a descriptor to write to; and either ``archive`` (an
    address) and ``session``, or ``sqlite``: ``uri``, ``pragmas``, ``session_id``, ``statement``, ``names``.

    Raises:
        ValueError: there is something no recorder can have written; who asked will find it too.
    """
    asked = json.loads(task)
    start = 0
    opened = _opened_file(**asked["sqlite"]) if "sqlite" in asked else _opened_archive(asked)
    with opened as read, collector_paused(), os.fdopen(asked["file"], "wb", closefd=False) as file:
        for after, last in asked["spans"]:
            packed = pack(read(after, last))
            file.write(packed)
            file.flush()
            print(len(packed), start, file=say, flush=True)
            start += len(packed)


@contextmanager
def _opened_archive(asked: dict[str, Any]) -> Iterator[Read]:
    from recorder.store.archive import Archive  # which takes a while to import

    with Archive.open(asked["archive"], mode="read") as archive:
        yield lambda after, last: archive.skim(asked["session"], after=after, last=last)


@contextmanager
def _opened_file(
    uri: str, pragmas: dict[str, int], session_id: int, statement: str, names: list[str]
) -> Iterator[Read]:
    ask = Ask(statement, names)
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as handle:
        for name, value in pragmas.items():
            handle.execute(f"PRAGMA {name}={value}")

        def chunk(last: int, after: int) -> list[Any]:
            with closing(handle.cursor()) as cursor:
                cursor.execute(ask.statement, ask.parameters(session_id=session_id, after=after, last=last))
                rows = take(cursor)
            if strange_column(rows) is not None:
                raise ValueError("there is something no recorder can have written")
            return rows

        yield lambda after, last: frames_in(partial(chunk, last), after)


if __name__ == "__main__":
    help_out(sys.stdin.read(), sys.stdout)
