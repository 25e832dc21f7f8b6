"""Reads the messages of a dialog from the derived tables, on any DB-API connection.

Loads no database library, so that ``direct_read`` can answer before one could have been imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar, get_args, get_type_hints

from recorder.messaging.events import Evidence, Proof
from recorder.receipts.queries import MessageView
from recorder.store import versions

from .row_views import ContentRow, MessageRow, ReceiptRow, in_listing_order, view_of
from .text_columns import encode_text

RunSql = Callable[[str, tuple[object, ...]], Iterable[Any]]
"""Runs SQL whose parameters are marked ``?``, and returns the rows; ``sqlite3.Connection.execute`` is one."""

RowT = TypeVar("RowT", MessageRow, ReceiptRow, ContentRow)
RowOfMessageT = TypeVar("RowOfMessageT", ReceiptRow, ContentRow)

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
_CONTENTS = f"SELECT {', '.join(ContentRow._fields)} FROM content {_OF_DIALOG} ORDER BY sequence, place"  # noqa: S608
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
    rows = list(_checked(run(_MESSAGES, key), MessageRow))
    receipts = _by_sequence(_checked(run(_RECEIPTS, key), ReceiptRow))
    contents = _by_sequence(_checked(run(_CONTENTS, key), ContentRow))

    def publish_evidence(number: int) -> Evidence:
        for row in run(_FRAME_TIMES, (session_id, number)):
            return Evidence(Proof.CLAIMED, *row)
        raise ValueError("a derived row names a frame that is not there")

    return [
        view_of(row, receipts.get(row.place, ()), contents.get(row.place, ()), publish_evidence)
        for row in in_listing_order(rows)
    ]


def _by_sequence(rows: Iterable[RowOfMessageT]) -> dict[int, list[RowOfMessageT]]:
    found: dict[int, list[RowOfMessageT]] = {}
    for row in rows:
        found.setdefault(row.sequence, []).append(row)
    return found


def _checked(rows: Iterable[Sequence[Any]], kind: type[RowT]) -> Iterator[RowT]:
    """The rows as ``kind``, each value of a type that it names."""
    types = [get_args(hint) or (hint,) for hint in get_type_hints(kind).values()]
    for row in rows:
        if not all(type(value) in allowed for value, allowed in zip(row, types, strict=True)):
            raise ValueError("a derived row holds a value of another type than its column")
        yield kind(*row)
