"""Messages read back from the rows that were derived from them: the same as if they were folded anew.

Loads no database library: ``quick`` has no time for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from recorder.messaging.events import Evidence, Proof
from recorder.receipts.echoes import Echo
from recorder.receipts.queries import MessageView, ReceiptView
from recorder.receipts.state import LADDER

from .text_columns import told

_PROOFS = {proof.word: proof for proof in Proof}
_STATUSES = ("sent", "accepted", "read")

AskedIn = Callable[[int], Evidence]
"""The evidence of a publish of ours, by its frame."""


def view_of(message: Any, receipts: Iterable[Any], asked_in: AskedIn) -> MessageView:
    """The message as ``receipts.queries.view`` tells it, from its row and those of its receipts.

    Raises:
        ValueError: these rows were not derived by us.
    """
    views = tuple(_receipt_view(row) for row in receipts)
    sent = None if message.sent_frame is None else _evidence_of(message, "sent_")
    echo = None
    if message.echo and sent is not None:
        echo = Echo(message.ask_frame, asked_in(message.ask_frame), sent)
    return MessageView(
        dialog_id=told(message.dialog) or None,
        sequence=message.sequence,
        author=told(message.author),
        role=told(message.role),
        mine=_bool(message.mine),
        type=told(message.type),
        text=told(message.text),
        status=message.status,
        sent=sent,
        receipts=views,
        ask=message.ask_frame,
        decided_by=_decider(message, views),
        echo=echo,
    )


def in_listing_order(rows: Iterable[Any]) -> list[Any]:
    """Rows of ``message`` of one dialog as a view lists them: publishes without a sequence come last."""
    return sorted(rows, key=lambda row: (row.sequence is None, abs(row.place)))


def _receipt_view(row: Any) -> ReceiptView:
    return ReceiptView(
        told(row.participant), told(row.role), _bool(row.mine), told(row.status) or "", _evidence_of(row, "")
    )


def _evidence_of(row: Any, prefix: str) -> Evidence:
    proof = _PROOFS.get(row.proof)
    if proof is None:
        raise ValueError("a derived row holds a proof that is none")
    frame, at_us, offset_us = (getattr(row, prefix + name) for name in ("frame", "at_us", "offset_us"))
    return Evidence(proof, frame, row.connection, at_us, offset_us, row.server_ms)


def _decider(message: Any, receipts: tuple[ReceiptView, ...]) -> ReceiptView | None:
    if message.status_frame is None:
        return None
    status = LADDER[_STATUSES.index(message.status) - 1]
    fits = (
        each
        for each in receipts
        if (each.status, each.participant, each.evidence.frame)
        == (status, told(message.status_by), message.status_frame)
    )
    return next(fits, None)


def _bool(stored: int | bool | None) -> bool | None:
    return None if stored is None else bool(stored)
