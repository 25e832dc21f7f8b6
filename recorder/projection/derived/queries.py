"""Reads the messages of a dialog from the derived tables, on any DB-API connection.

Loads no database library, so that ``direct_read`` can answer before one could have been imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from recorder.messaging.events import Evidence, Proof
from recorder.receipts.queries import MessageView
from recorder.store import versions

from .row_views import MessageRow, ReceiptRow, in_listing_order, view_of
from .text_columns import encode_text

RunSql = Callable[[str, tuple[object, ...]], Iterable[Any]]
"""Runs SQL whose parameters are marked ``?``, and returns the rows; ``sqlite3.Connection.execute`` is one."""

# PostgreSQL answers with a bool, SQLite with 0 or 1.
_Types = frozenset[type]
_INT: _Types = frozenset({int})
_TEXT: _Types = frozenset({str})
_BOOL: _Types = frozenset({int, bool})
_NONE: _Types = frozenset({type(None)})
_INT_OR, _TEXT_OR, _BOOL_OR = _INT | _NONE, _TEXT | _NONE, _BOOL | _NONE
_MESSAGE_TYPES = (
    _TEXT, _INT, _INT_OR, _TEXT_OR, _TEXT_OR, _BOOL_OR, _TEXT_OR, _TEXT_OR, _TEXT, _TEXT_OR, _INT_OR,
    _TEXT_OR, _INT_OR, _INT_OR, _INT_OR, _INT_OR, _INT_OR, _INT_OR, _BOOL,
)  # fmt: skip
_RECEIPT_TYPES = (_INT, _TEXT_OR, _TEXT_OR, _BOOL_OR, _TEXT, _TEXT, _INT, _INT, _INT_OR, _INT_OR, _INT_OR)

# Derived rows are up to date if they follow from all frames and connections of the session, by our rules.
_UP_TO_DATE = """
SELECT 1 FROM session s JOIN projection p ON p.session_id = s.id
WHERE s.id = ? AND p.version = ? AND p.interrupted = ?
  AND p.frame = coalesce(s.frames, (SELECT max(f.number) FROM frame f WHERE f.session_id = s.id), 0)
  AND p.connections = (SELECT count(*) FROM connection c WHERE c.session_id = s.id)
  AND p.ended = (SELECT count(*) FROM connection c WHERE c.session_id = s.id AND c.how IS NOT NULL)
"""
_OF_DIALOG = "WHERE session_id = ? AND dialog = ?"
_MESSAGES = f"SELECT {', '.join(MessageRow._fields)} FROM message {_OF_DIALOG}"  # noqa: S608 - our own names
_RECEIPTS = f"SELECT {', '.join(ReceiptRow._fields)} FROM receipt {_OF_DIALOG} ORDER BY sequence, place"  # noqa: S608
_FRAME_TIMES = "SELECT number, connection, at_us, offset_us FROM frame WHERE session_id = ? AND number = ?"


def is_up_to_date(run: RunSql, session_id: int, *, interrupted: bool) -> bool:
    """Whether the derived rows of a session that is not being recorded follow from all of its frames."""
    return any(True for _ in run(_UP_TO_DATE, (session_id, versions.DERIVATION_VERSION, interrupted)))


def messages_in(run: RunSql, session_id: int, dialog: str) -> list[MessageView]:
    """The messages of one dialog, as ``receipts.queries.view`` lists them; none if it has no rows.

    Raises:
        ValueError: a row holds what is never derived.
    """
    key = (session_id, encode_text(dialog))
    rows = [MessageRow(*row) for row in _checked(run(_MESSAGES, key), _MESSAGE_TYPES)]
    receipts: dict[int, list[ReceiptRow]] = {}
    for row in _checked(run(_RECEIPTS, key), _RECEIPT_TYPES):
        receipts.setdefault(row[0], []).append(ReceiptRow(*row))

    def publish_evidence(number: int) -> Evidence:
        for row in run(_FRAME_TIMES, (session_id, number)):
            return Evidence(Proof.CLAIMED, *row)
        raise ValueError("a derived row names a frame that is not there")

    return [view_of(row, receipts.get(row.place, ()), publish_evidence) for row in in_listing_order(rows)]


def _checked(rows: Iterable[Sequence[Any]], types: Sequence[_Types]) -> Iterator[Sequence[Any]]:
    for row in rows:
        if not all(type(value) in allowed for value, allowed in zip(row, types, strict=True)):
            raise ValueError("a derived row holds a value of another type than its column")
        yield row
