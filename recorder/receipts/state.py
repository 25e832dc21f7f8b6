"""What is known of a session's messages and receipts: the transcript, as facts.

A transcript holds *facts*, not conclusions: for every receipt the best proof of it, for every publish
what was asked and what came of it. Conclusions (the status of a message, who "I" am where only an echo
tells, whether a claim still stands) are drawn in ``queries`` from all facts together. That is what
makes ``fold`` indifferent to order and repetition: each field here only ever moves one way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from recorder.messaging.events import ConversationChanged, Evidence, OddityNoticed

LADDER = ("ACCEPT", "READ")
"""The statuses that move a message up, in order. All others are kept and shown beside."""


class ReceiptKey(NamedTuple):
    """Whose word on a message, and which. ``participant`` None is ourselves before we learnt our id."""

    participant: str | None
    status: str


class Proven(NamedTuple):
    """The best proof that a receipt was given, and the role its author was said to have then."""

    evidence: Evidence
    role: str | None


@dataclass(slots=True)
class OwnReceipt:
    """One receipt as we tried to give it: claims and refusals, by the frame of the request."""

    claims: dict[int, Evidence] = field(default_factory=dict)
    refusals: dict[int, Evidence] = field(default_factory=dict)


@dataclass(slots=True)
class Message:
    """What was heard of one sequence in one dialog.

    ``published`` is the best proof that the message stands there, None while only receipts name it;
    author, role, type and text are as that proof told them. ``mine`` and ``ask`` stem from the answer to
    our own publish. ``tried`` are our own requests for receipts, None if none. The receipts that were
    given stand in ``Transcript.receipts``.
    """

    published: Evidence | None = None
    author: str | None = None
    role: str | None = None
    type: str | None = None
    text: str | None = None
    mine: bool = False
    ask: int | None = None
    tried: dict[ReceiptKey, OwnReceipt] | None = None


@dataclass(slots=True)
class Ask:
    """One publish of ours, by the frame it went out in, and what came of it.

    ``answered`` is the answer's evidence with the sequence it named; ``refused`` the answer's evidence
    with its code; ``lost`` says that the connection ended first.
    """

    asked: Evidence | None = None
    dialog_id: str | None = None
    type: str | None = None
    text: str | None = None
    author: str | None = None
    answered: tuple[Evidence, str, int] | None = None
    refused: tuple[Evidence, int] | None = None
    lost: bool = False


@dataclass(slots=True)
class Transcript:
    """Messages and receipts of a session, folded.

    Attributes:
        dialogs: dialog id → sequence → message; every message that a receipt names is among them.
        receipts: dialog id → whose word → sequence → its proof. One receipt names many messages, and so
            finds them beside each other: by message, a million frames would take a third longer.
        asks: our own publishes by the frame they went out in.
        identities: who we are according to tokens.
        roles: participant → (frame that told it, role); the newest frame wins.
        conversations: conversation id → newest snapshot.
        oddities: what the protocol does not describe.
    """

    dialogs: dict[str, dict[int, Message]] = field(default_factory=dict)
    receipts: dict[str, dict[ReceiptKey, dict[int, Proven]]] = field(default_factory=dict)
    asks: dict[int, Ask] = field(default_factory=dict)
    identities: set[str] = field(default_factory=set)
    roles: dict[str, tuple[int, str]] = field(default_factory=dict)
    conversations: dict[str, ConversationChanged] = field(default_factory=dict)
    oddities: set[OddityNoticed] = field(default_factory=set)

    def receipts_for(self, dialog_id: str, sequence: int) -> dict[ReceiptKey, Proven]:
        """The receipts given for one message; empty where there are none."""
        said = self.receipts.get(dialog_id, {})
        return {key: proofs[sequence] for key, proofs in said.items() if sequence in proofs}
