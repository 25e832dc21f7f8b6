"""The life of one message, frame by frame: why we believe what we say of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from recorder.messaging.events import (
    Event,
    Evidence,
    MessagePublished,
    Proof,
    PublishAsked,
    PublishRefused,
    ReceiptRefused,
    ReceiptReported,
)


class Rung(NamedTuple):
    """One thing that happened to a message, and the frame that proves it. ``says`` is for people."""

    says: str
    participant: str | None
    evidence: Evidence


def life(events: Iterable[Event], dialog_id: str, sequence: int) -> list[Rung]:
    """Everything the events tell of one message, in the order of frames, repeats included."""
    heard = list(events)
    asks = {
        event.ask
        for event in heard
        if isinstance(event, MessagePublished) and (event.dialog_id, event.sequence) == (dialog_id, sequence)
    }
    return [rung for event in heard if (rung := _rung(event, dialog_id, sequence, asks)) is not None]


def ask_life(events: Iterable[Event], ask: int) -> list[Rung]:
    """The same for a publish of ours that never got a sequence, by the frame it went out in."""
    return [rung for event in events if (rung := _ask_rung(event, {ask})) is not None]


def _rung(event: Event, dialog_id: str, sequence: int, asks: set[int | None]) -> Rung | None:
    if isinstance(event, MessagePublished) and (event.dialog_id, event.sequence) == (dialog_id, sequence):
        says = "publish answered with this sequence" if event.ask is not None else "message announced"
        return Rung(says, event.author, event.evidence)
    if isinstance(event, ReceiptReported) and event.dialog_id == dialog_id and sequence in event.sequences:
        return Rung(
            f"{event.status} {_RECEIPT_WORDS[event.evidence.proof]}", event.participant, event.evidence
        )
    if isinstance(event, ReceiptRefused) and event.dialog_id == dialog_id and sequence in event.sequences:
        return Rung(f"{event.status} refused with {event.code}", event.participant, event.evidence)
    return _ask_rung(event, asks)


def _ask_rung(event: Event, asks: set[int | None]) -> Rung | None:
    if isinstance(event, PublishAsked) and event.evidence.frame in asks:
        return Rung("publish requested", event.author, event.evidence)
    if isinstance(event, PublishRefused) and event.ask in asks:
        return Rung(f"publish refused with {event.code}", None, event.evidence)
    return None


_RECEIPT_WORDS = {
    Proof.REFUSED: "refused",
    Proof.CLAIMED: "requested",
    Proof.ACKNOWLEDGED: "answered with 2xx",
    Proof.ANNOUNCED: "announced",
}
