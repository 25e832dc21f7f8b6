"""Questions to the derived tables: what their rows follow from, and the messages of a dialog."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from recorder.messaging.events import Evidence, Proof
from recorder.receipts.queries import MessageView
from recorder.store.checked_query import Question
from recorder.store.db_errors import NotAsWritten
from recorder.store.derived_tables import message, receipt
from recorder.store.tables import frame

from .row_views import in_listing_order, view_of
from .text_columns import held

_MESSAGE = Question(*message.c)
_RECEIPT = Question(*receipt.c)
_ASKED = Question(frame.c.number, frame.c.connection, frame.c.at_us, frame.c.offset_us)


def messages_in(reader: Connection, session_id: int, dialog: str) -> list[MessageView]:
    """The messages of one dialog, as ``receipts.queries.view`` lists them; none if it has no rows.

    Raises:
        NotAsWritten: these rows were not derived by us.
    """
    here = held(dialog)
    asked = _MESSAGE.select.where(message.c.session_id == session_id, message.c.dialog == here)
    rows = list(_MESSAGE.answers(reader, asked))
    given: dict[int, list[Any]] = {}
    asked = _RECEIPT.select.where(receipt.c.session_id == session_id, receipt.c.dialog == here)
    for row in _RECEIPT.answers(reader, asked.order_by(receipt.c.sequence, receipt.c.place)):
        given.setdefault(row.sequence, []).append(row)

    def asked_in(number: int) -> Evidence:
        wanted = _ASKED.select.where(frame.c.session_id == session_id, frame.c.number == number)
        for row in _ASKED.answers(reader, wanted):
            return Evidence(Proof.CLAIMED, row.number, row.connection, row.at_us, row.offset_us)
        raise NotAsWritten("a derived row names a frame that is not there")

    try:
        return [view_of(row, given.get(row.place, ()), asked_in) for row in in_listing_order(rows)]
    except ValueError as error:
        raise NotAsWritten("a derived row holds what it cannot") from error
