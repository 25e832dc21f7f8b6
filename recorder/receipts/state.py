"""The transcript: what is known of the messages and receipts of a session, as facts.

A transcript holds *facts*, not conclusions: for every message and every receipt the event that proves it
best, for every publish what was asked and what came of it. Conclusions (the status of a message, who "I"
am where only an echo tells, whether a claim still stands) are drawn in ``queries`` from all facts
together. Each field here only ever moves one way, so ``fold`` does not depend on order and repetition.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from recorder.messaging.events import (
    ConversationChanged,
    Evidence,
    MessagePublished,
    OddityNoticed,
    ReceiptRefused,
    ReceiptReported,
    check_layout,
)

from .precedence import message_order

check_layout(
    MessagePublished,
    "dialog_id sequence conversation_id author role mine type text request_frame evidence audience",
)

STATUS_ORDER = ("ACCEPT", "READ")
"""The statuses that decide the status of a message, lowest first. Others are kept and listed only."""


Giver = str | int | None
"""Who did something: their id; our connection, while our id on it is not known; None: nobody said."""

Content = tuple[str | None, str | None, str | None, str | None]
"""Author, type, text and audience of a message, as one event tells them."""


def content_of(event: MessagePublished) -> Content:
    """What this event says that the message is."""
    return event.author, event.type, event.text, event.audience


class ReceiptKey(NamedTuple):
    """Participant and status of a receipt."""

    participant: Giver
    status: str


def giver_of(event: ReceiptReported | ReceiptRefused) -> Giver:
    """Who gave a receipt; the connection, if it is ours and does not say who we are."""
    ours = type(event) is ReceiptRefused or event.mine  # type: ignore[union-attr]
    return event.evidence.connection if event.participant is None and ours else event.participant


@dataclass(slots=True)
class ReceiptRequests:
    """Our own requests for one receipt: their evidence, and that of refusals, by the frame of the request."""

    claims: dict[int, Evidence] = field(default_factory=dict)
    refusals: dict[int, Evidence] = field(default_factory=dict)


@dataclass(slots=True)
class OwnActions:
    """What we did about one message. ``mine`` and ``request_frame`` come from the answer to our publish.

    ``receipt_requests`` are our own requests for receipts, whatever came of them.
    """

    mine: bool = False
    request_frame: int | None = None
    receipt_requests: dict[ReceiptKey, ReceiptRequests] = field(default_factory=dict)


class Message(NamedTuple):
    """All that is known of one sequence in one dialog.

    ``published`` is the best proof that the message stands there, None while only receipts name it;
    author, role, type and text are those of that proof; ``mine``, ``request_frame`` and ``receipt_requests``
    are those of ``OwnActions``. Receipts of others are in ``Transcript.receipts``. ``audience`` is that of
    the best proof that names one.
    """

    published: Evidence | None
    author: str | None
    role: str | None
    type: str | None
    text: str | None
    mine: bool
    request_frame: int | None
    receipt_requests: Mapping[ReceiptKey, ReceiptRequests]
    audience: str | None = None


@dataclass(slots=True)
class OwnPublish:
    """One publish of ours, by the frame it went out in, and what came of it.

    ``answered`` is the answer's evidence with the sequence it named; ``refused`` the answer's evidence
    with its code; ``taken`` is that of a 2xx answer without a sequence; ``lost`` says that the connection
    ended first.
    """

    asked: Evidence | None = None
    dialog_id: str | None = None
    type: str | None = None
    text: str | None = None
    author: str | None = None
    audience: str | None = None
    answered: tuple[Evidence, str, int] | None = None
    refused: tuple[Evidence, int] | None = None
    taken: Evidence | None = None
    lost: bool = False


ReceiptsByKey = Mapping[ReceiptKey, Mapping[int, ReceiptReported]]
"""Receipts of one dialog: participant and status → sequence → its best proof."""


@dataclass(slots=True)
class Transcript:
    """Messages and receipts of a session, folded.

    A fact is the event itself that proves it: a million frames would take a third longer to copy from.

    Attributes:
        published: dialog id → sequence → the best proof of that message.
        contents: dialog id → sequence → the best proof of each content, where there were several.
        receipts: dialog id → participant and status → sequence → the best proof of that receipt.
        own_actions: dialog id → sequence → what we did about that message.
        own_publishes: our own publishes by the frame they went out in.
        unresolved: the frames of those that no answer gave a sequence, and none refused.
        given_again: dialog id → participant and status → own sequences of receipts that this participant gave
            more than once for a message, each under another number.
        identities: connection → who we are on it according to tokens, with the first frame that says so.
        roles: participant → (frame of the newest event with a role, that role).
        names: participant, or the connection of one of us → (frame of the newest profile, name in it).
        conversations: conversation id → newest snapshot.
        oddities: what the protocol does not describe.
    """

    published: dict[str, dict[int, MessagePublished]] = field(default_factory=dict)
    contents: dict[str, dict[int, dict[Content, MessagePublished]]] = field(default_factory=dict)
    receipts: dict[str, dict[ReceiptKey, dict[int, ReceiptReported]]] = field(default_factory=dict)
    own_actions: dict[str, dict[int, OwnActions]] = field(default_factory=dict)
    own_publishes: dict[int, OwnPublish] = field(default_factory=dict)
    unresolved: set[int] = field(default_factory=set)
    given_again: dict[str, dict[ReceiptKey, set[int]]] = field(default_factory=dict)
    identities: dict[int, dict[str, int]] = field(default_factory=dict)
    roles: dict[str, tuple[int, str]] = field(default_factory=dict)
    names: dict[str | int, tuple[int, str]] = field(default_factory=dict)
    conversations: dict[str, ConversationChanged] = field(default_factory=dict)
    oddities: set[OddityNoticed] = field(default_factory=set)

    @property
    def token_ids(self) -> set[str]:
        """Who we are according to tokens, on whatever connection."""
        return {name for names in self.identities.values() for name in names}

    @property
    def dialogs(self) -> dict[str, dict[int, Message]]:
        """Dialog id → sequence → message, composed on each access; ``message`` composes one."""
        return {
            dialog_id: {sequence: self.message(dialog_id, sequence) for sequence in self.sequences(dialog_id)}
            for dialog_id in self.dialog_ids()
        }

    def dialog_ids(self) -> list[str]:
        """The dialogs of which anything is known."""
        return list(dict.fromkeys(chain(self.published, self.receipts, self.own_actions)))

    def sequences(self, dialog_id: str) -> list[int]:
        """The messages known of a dialog, those among them that only a receipt names."""
        receipts = self.receipts.get(dialog_id, {}).values()
        published, own = self.published.get(dialog_id, {}), self.own_actions.get(dialog_id, {})
        return list(dict.fromkeys(chain(published, *receipts, own)))

    def message(self, dialog_id: str, sequence: int) -> Message:
        """All that is known of one message.

        Raises:
            KeyError: neither the message nor a receipt for it is known.
        """
        published = self.published.get(dialog_id, {}).get(sequence)
        own = self.own_actions.get(dialog_id, {}).get(sequence)
        if published is None and own is None and not self.receipts_for(dialog_id, sequence):
            raise KeyError(dialog_id, sequence)
        actions = OwnActions() if own is None else own
        own_part = (actions.mine, actions.request_frame, actions.receipt_requests)
        if published is None:
            return Message(None, None, None, None, None, *own_part)
        _, _, _, author, role, _, kind, text, _, evidence, audience = published
        if audience is None:
            audience = self._other_audience(dialog_id, sequence)
        return Message(evidence, author, role, kind, text, *own_part, audience)

    def _other_audience(self, dialog_id: str, sequence: int) -> str | None:
        """The audience by the best proof that names one."""
        told = (event for event in self.proofs_of_contents(dialog_id, sequence) if event.audience is not None)
        best = min(told, key=message_order, default=None)
        return None if best is None else best.audience

    def proofs_of_contents(self, dialog_id: str, sequence: int) -> list[MessagePublished]:
        """The best proof of each content of a message; empty where it has only one."""
        return list(self.contents.get(dialog_id, {}).get(sequence, {}).values())

    def receipts_for(self, dialog_id: str, sequence: int) -> dict[ReceiptKey, ReceiptReported]:
        """The receipts given for one message; empty where there are none."""
        receipts = self.receipts.get(dialog_id, {})
        return {key: proofs[sequence] for key, proofs in receipts.items() if sequence in proofs}

    def repeated_giver(self, dialog_id: str, own_sequence: int | None, status: str) -> str | None:
        """Who gave the receipt with this own sequence, if it is one of several for the same message."""
        again = self.given_again.get(dialog_id, {}).items()
        names = (key.participant for key, own in again if key.status == status and own_sequence in own)
        return min((name for name in names if type(name) is str), default=None)

    def own_publish(self, frame: int) -> OwnPublish:
        """Our publish of this frame, which is added if it is not known."""
        publish = self.own_publishes.get(frame)
        if publish is None:
            publish = self.own_publishes[frame] = OwnPublish()
            self.unresolved.add(frame)
        return publish

    def own_action(self, dialog_id: str, sequence: int) -> OwnActions:
        """What we did about one message; added if nothing is known."""
        by_sequence = self.own_actions.setdefault(dialog_id, {})
        own = by_sequence.get(sequence)
        if own is None:
            own = by_sequence[sequence] = OwnActions()
        return own

    def requests_for(self, dialog_id: str, sequence: int, key: ReceiptKey) -> ReceiptRequests:
        """Our requests for one receipt; added if there are none."""
        requests = self.own_action(dialog_id, sequence).receipt_requests
        return requests.setdefault(key, ReceiptRequests())
