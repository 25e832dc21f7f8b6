"""Lists the messages of a dialog straight from an archive file, without loading a database library.

``message list --dialog`` takes little longer so than Python needs to start (tests/benchmarks/rebuild.py).
Wherever there is doubt it returns None: the caller opens the archive as usual, which says what is wrong.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from recorder.errors import NotFound
from recorder.receipts.queries import MessageView
from recorder.store import versions
from recorder.store.remarks import Notify, silent
from recorder.store.session_names import pick

from .queries import is_up_to_date, messages_in


class _Session(NamedTuple):
    """Columns of ``session``."""

    id: int
    session: str
    name: str | None
    state: str | None


def direct_messages(
    archive: str | Path, session: str, dialog: str, *, say: Notify = silent
) -> tuple[str, list[MessageView]] | None:
    """The session's id and the messages of one dialog, from the derived tables of an archive file.

    None if they are not up to date, somebody records, or anything is unusual. ``session`` is an id, a unique
    prefix of one, a name, or ``last``; ``say`` is called with a remark on it, see ``pick``.
    """
    remarks: list[str] = []
    path = Path(archive)
    if "://" in str(archive) or not os.access(path.parent, os.W_OK) or not path.is_file():
        return None
    try:
        with closing(sqlite3.connect(f"file:{quote(os.fsencode(path))}?mode=ro", uri=True)) as handle:
            found = _read(handle, session, dialog, remarks.append)
    except (sqlite3.Error, ValueError, NotFound):
        return None
    for remark in remarks if found is not None else ():
        say(remark)
    return found


def _read(
    handle: sqlite3.Connection, name: str, dialog: str, say: Notify
) -> tuple[str, list[MessageView]] | None:
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
    messages = messages_in(handle.execute, session.id, dialog)
    return (session.session, messages) if messages else None
