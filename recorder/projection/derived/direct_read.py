"""Lists messages straight from an archive file, row by row, without loading a database library.

``message list`` answers at once so, however long the session is (tests/benchmarks/message_list.py).
Wherever there is doubt it returns None: the caller opens the archive as usual, which says what is wrong.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from recorder.errors import ArchiveUnusable, NotFound
from recorder.receipts.listing import MessageListing
from recorder.store import versions
from recorder.store.remarks import Notify, silent
from recorder.store.session_names import pick

from .queries import StoredMessages, checked_listing, is_up_to_date


class _Session(NamedTuple):
    """Columns of ``session``."""

    id: int
    session: str
    name: str | None
    state: str | None


@contextmanager
def direct_listing(
    archive: str | Path, session: str, dialog: str | None = None, *, say: Notify = silent
) -> Iterator[MessageListing | None]:
    """The messages of a session or of one dialog, from the derived tables of an archive file.

    None if they are not up to date, somebody records, or anything is unusual. ``session`` is an id, a unique
    prefix of one, a name, or ``last``; ``say`` is called with a remark on it, see ``pick``. Iterating over
    the listing raises ``ArchiveUnusable`` where a row cannot be read.
    """
    remarks: list[str] = []
    path = Path(archive)
    if "://" in str(archive) or not os.access(path.parent, os.W_OK) or not path.is_file():
        yield None
        return
    with ExitStack() as opened:
        try:
            uri = f"file:{quote(os.fsencode(path))}?mode=ro"
            handle = opened.enter_context(closing(sqlite3.connect(uri, uri=True)))
            found = _read(handle, session, dialog, remarks.append)
        except (sqlite3.Error, ValueError, NotFound):
            found = None
        if found is None:
            yield None
            return
        for remark in remarks:
            say(remark)
        yield checked_listing(found, (sqlite3.Error, ValueError), partial(_damaged, path, found.session))


def _read(handle: sqlite3.Connection, name: str, dialog: str | None, say: Notify) -> MessageListing | None:
    if handle.execute("PRAGMA application_id").fetchone() != (versions.APPLICATION_ID,):
        return None
    handle.execute("BEGIN")  # one snapshot for all that is read
    if handle.execute("SELECT version_num FROM alembic_version").fetchall() != [(versions.SCHEMA_REVISION,)]:
        return None
    rows = handle.execute("SELECT id, session, name, end_state AS state FROM session ORDER BY id")
    session = pick([_Session(*row) for row in rows], name, say, connected=True)
    if session.state not in ("complete", "interrupted"):
        return None
    if not is_up_to_date(handle.execute, session.id, interrupted=session.state == "interrupted"):
        return None
    return StoredMessages(handle.execute, session.id).listing(session.session, dialog)


def _damaged(path: Path, session: str, problem: Exception) -> ArchiveUnusable:
    says = f"the file is damaged: {problem}" if isinstance(problem, ValueError) else "the file is damaged"
    hint = f"recorder archive rebuild {session} derives the rows again; archive verify tells more"
    return ArchiveUnusable(str(path), says, hint=hint)
