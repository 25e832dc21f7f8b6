"""The messages of a session as CSV: a row for each receipt, and one for each message without any.

Times are in UTC, and a text that a spreadsheet would run as a formula gets an apostrophe before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from recorder.messaging.events import Evidence
from recorder.receipts.delays import Clocks, clocks_by_dialog, delay
from recorder.receipts.queries import MessageView, ReceiptView
from recorder.wire.records import iso_utc

from .csv_text import Value, csv_text
from .session_view import SessionView

COLUMNS = (
    "session", "dialog", "sequence", "author", "author_id", "role", "type", "text", "audience", "status",
    "sent_at", "sent_server_ms", "sent_frame", "sent_proof",
    "receipt", "receipt_by", "receipt_by_id", "receipt_role", "receipt_at", "receipt_server_ms",
    "receipt_frame", "receipt_proof", "after_s", "after_clock",
)  # fmt: skip


def messages_csv(view: SessionView) -> str:
    """The heading, and the rows in the order of messages and their receipts."""
    return csv_text(COLUMNS, _rows(view))


def _rows(view: SessionView) -> Iterator[Sequence[Value]]:
    clocks = clocks_by_dialog(view.messages)
    for message in view.messages:
        begin = (
            view.session.session, message.dialog_id, message.sequence, view.author(message),
            None if "names" in view.left_out else message.author, message.role,
            message.type, message.text, message.audience, message.status, *_evidence(message.sent),
        )  # fmt: skip
        if not message.receipts:
            yield begin
        for receipt in message.receipts:
            yield (*begin, *_receipt(view, message, receipt, clocks[message.dialog_id]))


def _receipt(
    view: SessionView, message: MessageView, receipt: ReceiptView, clocks: Clocks
) -> Iterator[Value]:
    passed = delay(message.sent, receipt.evidence, clocks)
    yield from (receipt.status, view.giver(receipt))
    yield from (None if "names" in view.left_out else receipt.participant, receipt.role)
    yield from _evidence(receipt.evidence)
    yield from (None, None) if passed is None else (round(passed.seconds, 6), passed.clock)


def _evidence(evidence: Evidence | None) -> tuple[Value, ...]:
    if evidence is None:
        return (None, None, None, None)
    return (iso_utc(evidence.at_us), evidence.server_ms, evidence.frame, evidence.proof.word)
