"""The life of one message, frame by frame: why we believe what we say of it.

What was heard before is told again, marked as such: on the wire nothing tells a history that is replayed
from what happens now, except that the same sequence was heard before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

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

from .queries import MessageView, is_me, own_ids, role_of
from .state import Transcript


class Rung(NamedTuple):
    """One thing that happened to a message, and the frame that proves it. ``says`` is for people.

    Attributes:
        kind: asked, answered, refused (our requests); announced, echoed (the message, echoed if it is
            ours); receipt; replayed (heard before under the same own sequence), repeated (heard before,
            but not known to be the same event), conflict (one sequence with other content).
        participant, role, mine: whose doing it is, as far as is known.
        status: of a receipt, else None.
        own_sequence: the number that the event itself took, None where unknown.
        repeats: number of the frame that told the same first, else None.
    """

    says: str
    participant: str | None
    evidence: Evidence
    kind: str = "announced"
    role: str | None = None
    mine: bool | None = None
    status: str | None = None
    own_sequence: int | None = None
    repeats: int | None = None


def life(events: Iterable[Event], transcript: Transcript, message: MessageView) -> list[Rung]:
    """Everything the events tell of one message, in their order, repeats included.

    ``transcript`` and ``message`` are what the same events were folded to.
    """
    ladder = _Ladder(transcript, message)
    return [rung for event in events if (rung := ladder.rung(event)) is not None]


_Told = tuple[str | None, ...]
"""What tells one kind of thing heard from another."""


class _Ladder:
    """Remembers what was heard of one message, to tell what is new from what is heard again."""

    def __init__(self, transcript: Transcript, message: MessageView) -> None:
        self._transcript = transcript
        self._me = own_ids(transcript)
        self._message = message
        self._key = (message.dialog_id, message.sequence)
        self._asks = _asks(transcript, message)
        self._first: dict[_Told, int] = {}

    def rung(self, event: Event) -> Rung | None:
        """The rung this event is; None if it does not bear on the message."""
        read = _READERS.get(type(event))
        rung = None if read is None else read(self, event)
        return None if rung is None else self._with_author(rung)

    def _with_author(self, rung: Rung) -> Rung:
        """Whose doing it is. What we asked, and its answer, are ours by construction."""
        mine = True if rung.mine or rung.kind in _OURS else is_me(rung.participant, self._me)
        unnamed = mine and rung.participant is None and len(self._me) == 1
        participant = next(iter(self._me)) if unnamed else rung.participant
        role = rung.role or role_of(self._transcript, participant)
        return rung._replace(participant=participant, role=role, mine=mine)

    def _heard_before(self, told: _Told, frame: int) -> int | None:
        """The frame that told the same first, which may be this one: a history has many things in it."""
        first = self._first.get(told)
        if first is None:
            self._first[told] = frame
        return first

    # --- the message itself ---

    def on_asked(self, event: PublishAsked) -> Rung | None:
        if event.evidence.frame not in self._asks:
            return None
        return Rung("publish requested", event.author, event.evidence, "asked")

    def on_publish_refused(self, event: PublishRefused) -> Rung | None:
        if event.ask not in self._asks:
            return None
        return Rung(f"publish refused with {event.code}", None, event.evidence, "refused")

    def on_published(self, event: MessagePublished) -> Rung | None:
        if (event.dialog_id, event.sequence) != self._key:
            return None
        kind, says, before = self._answered(event) if event.ask is not None else self._announced(event)
        rung = Rung(says, event.author, event.evidence, kind, event.role)
        return rung._replace(own_sequence=event.sequence, repeats=before)

    def _answered(self, event: MessagePublished) -> tuple[str, str, int | None]:
        before = self._heard_before(("answer",), event.evidence.frame)
        again = "" if before is None else f", as in #{before}"
        return "answered", f"publish answered with this sequence{again}", before

    def _announced(self, event: MessagePublished) -> tuple[str, str, int | None]:
        frame, echo = event.evidence.frame, self._message.echo
        first = self._heard_before(("announced",), frame)
        same = self._heard_before(("content", event.author, event.type, event.text), frame)
        if first is not None and same is not None:
            return "replayed", f"message replayed, same sequence as in #{same}", same
        if first is not None:
            return "conflict", f"announced with other content than in #{first}", first
        if echo is not None and frame == echo.announced.frame:
            return "echoed", f"same text announced, so #{echo.ask} was probably stored", None
        if self._asks:
            return "echoed", "message echoed", None
        return "announced", "message announced", None

    # --- receipts ---

    def on_receipt(self, event: ReceiptReported) -> Rung | None:
        if not self._names(event):
            return None
        evidence = event.evidence
        told = (evidence.proof.word, event.participant, event.status)
        before = self._heard_before(told, evidence.frame)
        same = self._same_event(told, event.own_sequence, evidence.frame)
        kind, words = _RECEIPT_WORDS[evidence.proof]
        if before is not None:
            kind, words = _again(event, words, before, same)
        rung = Rung(f"{event.status} {words}", event.participant, evidence, kind, event.role, event.mine)
        return rung._replace(status=event.status, own_sequence=event.own_sequence, repeats=same or before)

    def _same_event(self, told: _Told, own_sequence: int | None, frame: int) -> int | None:
        return None if own_sequence is None else self._heard_before((*told, str(own_sequence)), frame)

    def on_receipt_refused(self, event: ReceiptRefused) -> Rung | None:
        if not self._names(event):
            return None
        says = f"{event.status} refused with {event.code}"
        return Rung(says, event.participant, event.evidence, "refused", status=event.status)

    def _names(self, event: ReceiptReported | ReceiptRefused) -> bool:
        return event.dialog_id == self._message.dialog_id and self._message.sequence in event.sequences


def _again(event: ReceiptReported, words: str, before: int, same: int | None) -> tuple[str, str]:
    """What a receipt is that was heard before in the same way."""
    if event.evidence.proof is not Proof.ANNOUNCED:
        return _RECEIPT_WORDS[event.evidence.proof][0], f"{words} again, first in #{before}"
    if same is not None:
        return "replayed", f"replayed, same sequence as in #{same}"
    return "repeated", f"given again, first in #{before}"


_OURS = frozenset({"asked", "answered", "refused"})

_RECEIPT_WORDS = {
    Proof.REFUSED: ("refused", "refused"),
    Proof.CLAIMED: ("asked", "requested"),
    Proof.ACKNOWLEDGED: ("answered", "answered with 2xx"),
    Proof.ANNOUNCED: ("receipt", "announced"),
}

_READERS: dict[type, Callable[[_Ladder, Any], Rung | None]] = {
    PublishAsked: _Ladder.on_asked,
    PublishRefused: _Ladder.on_publish_refused,
    MessagePublished: _Ladder.on_published,
    ReceiptReported: _Ladder.on_receipt,
    ReceiptRefused: _Ladder.on_receipt_refused,
}


def _asks(transcript: Transcript, message: MessageView) -> frozenset[int]:
    """The frames that asked for this message: usually one, none if it is not ours."""
    found = set() if message.ask is None else {message.ask}
    if message.sequence is not None:
        found |= {
            frame
            for frame, ask in transcript.asks.items()
            if ask.answered is not None and ask.answered[1:] == (message.dialog_id, message.sequence)
        }
    return frozenset(found)
