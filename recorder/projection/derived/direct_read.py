"""Answer one question from an archive file before a database library could have been loaded.

``message list --dialog`` takes as long as Python needs to start. Where there is the least doubt there is no
answer from here: whoever asked opens the archive as usual, and is told there what is wrong.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from recorder.messaging.events import Evidence, Proof
from recorder.receipts.queries import MessageView
from recorder.store import versions

from .row_views import in_listing_order, view_of
from .text_columns import held

_INT, _TEXT, _NONE = frozenset({int}), frozenset({str}), frozenset({type(None)})
_INT_OR, _TEXT_OR = _INT | _NONE, _TEXT | _NONE


class _Message(NamedTuple):
    """Columns of ``message``, as stored."""

    dialog: str
    place: int
    sequence: int | None
    author: str | None
    role: str | None
    mine: int | None
    type: str | None
    text: str | None
    status: str
    status_by: str | None
    status_frame: int | None
    proof: str | None
    sent_frame: int | None
    connection: int | None
    sent_at_us: int | None
    sent_offset_us: int | None
    server_ms: int | None
    ask_frame: int | None
    echo: int


class _Receipt(NamedTuple):
    """Columns of ``receipt``, as stored."""

    sequence: int
    participant: str | None
    role: str | None
    mine: int | None
    status: str
    proof: str
    frame: int
    connection: int
    at_us: int | None
    offset_us: int | None
    server_ms: int | None


_MESSAGE_TYPES = (
    _TEXT, _INT, _INT_OR, _TEXT_OR, _TEXT_OR, _INT_OR, _TEXT_OR, _TEXT_OR, _TEXT, _TEXT_OR, _INT_OR, _TEXT_OR,
    _INT_OR, _INT_OR, _INT_OR, _INT_OR, _INT_OR, _INT_OR, _INT,
)  # fmt: skip
_RECEIPT_TYPES = (_INT, _TEXT_OR, _TEXT_OR, _INT_OR, _TEXT, _TEXT, _INT, _INT, _INT_OR, _INT_OR, _INT_OR)

# The rows of a session may be believed if they follow from all of its frames, by our rules.
_CURRENT = """
SELECT s.id FROM session s JOIN projection p ON p.session_id = s.id
WHERE s.id = ? AND s.end_state IN ('complete', 'interrupted') AND p.version = ? AND p.frame = s.frames
  AND p.interrupted = (s.end_state = 'interrupted')
  AND p.connections = (SELECT count(*) FROM connection c WHERE c.session_id = s.id)
  AND p.ended = (SELECT count(*) FROM connection c WHERE c.session_id = s.id AND c.how IS NOT NULL)
"""


def messages_of(where: str | Path, session: str, dialog: str) -> tuple[str, list[MessageView]] | None:
    """The session's id and the messages of one dialog; None if an open archive has to tell.

    ``session`` is an id, a unique beginning of one, a name, or ``last``.
    """
    path = Path(where)
    if "://" in str(where) or not os.access(path.parent, os.W_OK) or not path.is_file():
        return None
    try:
        with closing(sqlite3.connect(f"file:{quote(os.fsencode(path))}?mode=ro", uri=True)) as handle:
            return _answer(handle, session, dialog)
    except (sqlite3.Error, ValueError, IndexError, KeyError):
        return None


def _answer(handle: sqlite3.Connection, session: str, dialog: str) -> tuple[str, list[MessageView]] | None:
    if handle.execute("PRAGMA application_id").fetchone()[0] != versions.APPLICATION_ID:
        return None
    handle.execute("BEGIN")  # one moment for all that is read
    if handle.execute("SELECT version_num FROM alembic_version").fetchall() != [(versions.MODEL,)]:
        return None
    found = _pick(handle.execute("SELECT id, session, name FROM session ORDER BY id").fetchall(), session)
    if found is None or not handle.execute(_CURRENT, (found[0], versions.DERIVED)).fetchone():
        return None
    messages = _messages(handle, found[0], held(dialog) or "")
    return (found[1], messages) if messages else None


def _pick(known: Sequence[tuple[int, str, str | None]], name: str) -> tuple[int, str, str | None] | None:
    if name == "last":
        return known[-1] if known else None
    for fits in (
        [each for each in known if each[1] == name],
        [each for each in known if each[2] == name],
        [each for each in known if name and each[1].startswith(name)],
    ):
        if fits:
            return fits[0] if len(fits) == 1 else None
    return None


def _messages(handle: sqlite3.Connection, session_id: int, dialog: str) -> list[MessageView]:
    key = (session_id, dialog)
    asked = "SELECT {} FROM {} WHERE session_id = ? AND dialog = ?"
    told = handle.execute(asked.format(", ".join(_Message._fields), "message"), key)
    rows = [_Message(*row) for row in _checked(told, _MESSAGE_TYPES)]
    given: dict[int, list[_Receipt]] = {}
    order = " ORDER BY sequence, place"
    told = handle.execute(asked.format(", ".join(_Receipt._fields), "receipt") + order, key)
    for row in _checked(told, _RECEIPT_TYPES):
        given.setdefault(row[0], []).append(_Receipt(*row))

    def asked_in(number: int) -> Evidence:
        times = "SELECT number, connection, at_us, offset_us FROM frame WHERE session_id = ? AND number = ?"
        return Evidence(Proof.CLAIMED, *handle.execute(times, (session_id, number)).fetchall()[0])

    return [view_of(row, given.get(row.place, ()), asked_in) for row in in_listing_order(rows)]


def _checked(rows: Iterable[tuple[Any, ...]], types: Sequence[frozenset[type]]) -> Iterable[tuple[Any, ...]]:
    for row in rows:
        if not all(type(value) in allowed for value, allowed in zip(row, types, strict=True)):
            raise ValueError("a derived row holds what it cannot")
        yield row
