"""What is known of a session's messages and receipts: the transcript, as facts.

A transcript holds *facts*, not conclusions: for every message and every receipt the event that proves it
best, for every publish what was asked and what came of it. Conclusions (the status of a message, who "I"
am where only an echo tells, whether a claim still stands) are drawn in ``queries`` from all facts
together. That is what makes ``fold`` indifferent to order and repetition: each field here only ever moves
one way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from recorder.messaging.events import (
    ConversationChanged,
    Evidence,
    MessagePublished,
    OddityNoticed,
    ReceiptReported,
    check_layout,
)

check_layout(MessagePublished, "dialog_id sequence conversation_id author role mine type text ask evidence")

LADDER = ("ACCEPT", "READ")
"""The statuses that move a message up, in order. All others are kept and shown beside."""


class ReceiptKey(NamedTuple):
    """Whose word on a message, and which. ``participant`` None is ourselves before we learnt our id."""

    participant: str | None
    status: str


@dataclass(slots=True)
class OwnReceipt:
    """One receipt as we tried to give it: claims and refusals, by the frame of the request."""

    claims: dict[int, Evidence] = field(default_factory=dict)
    refusals: dict[int, Evidence] = field(default_factory=dict)


@dataclass(slots=True)
class Own:
    """What we did about one message: ``mine`` and ``ask`` stem from the answer to our own publish of it.

    ``tried`` are our own requests for receipts, whatever came of them.
    """

    mine: bool = False
    ask: int | None = None
    tried: dict[ReceiptKey, OwnReceipt] = field(default_factory=dict)


class Message(NamedTuple):
    """What was heard of one sequence in one dialog, drawn together from the facts.

    ``published`` is the best proof that the message stands there, None while only receipts name it;
    author, role, type and text are as that proof told them. ``mine``, ``ask`` and ``tried``: see ``Own``.
    The receipts that were given stand in ``Transcript.receipts``.
    """

    published: Evidence | None
    author: str | None
    role: str | None
    type: str | None
    text: str | None
    mine: bool
    ask: int | None
    tried: Mapping[ReceiptKey, OwnReceipt]


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


Given = Mapping[ReceiptKey, Mapping[int, ReceiptReported]]
"""The receipts given in one dialog: whose word → sequence → what proves it."""


@dataclass(slots=True)
class Transcript:
    """Messages and receipts of a session, folded.

    A fact is the event itself that proves it: a million frames would take a third longer to copy from.

    Attributes:
        published: dialog id → sequence → the best proof of that message.
        receipts: dialog id → whose word → sequence → the best proof of that receipt. One receipt names
            many messages, and so finds them beside each other.
        own: dialog id → sequence → what we did about that message.
        asks: our own publishes by the frame they went out in.
        identities: who we are according to tokens.
        roles: participant → (frame that told it, role); the newest frame wins.
        conversations: conversation id → newest snapshot.
        oddities: what the protocol does not describe.
    """

    published: dict[str, dict[int, MessagePublished]] = field(default_factory=dict)
    receipts: dict[str, dict[ReceiptKey, dict[int, ReceiptReported]]] = field(default_factory=dict)
    own: dict[str, dict[int, Own]] = field(default_factory=dict)
    asks: dict[int, Ask] = field(default_factory=dict)
    identities: set[str] = field(default_factory=set)
    roles: dict[str, tuple[int, str]] = field(default_factory=dict)
    conversations: dict[str, ConversationChanged] = field(default_factory=dict)
    oddities: set[OddityNoticed] = field(default_factory=set)

    @property
    def dialogs(self) -> Mapping[str, Mapping[int, Message]]:
        """Dialog id → sequence → message; every message that a receipt names is among them.

        Drawn together when asked for: whoever wants very many reads ``published`` and its neighbours.
        """
        return _Dialogs(self)

    def receipts_for(self, dialog_id: str, sequence: int) -> dict[ReceiptKey, ReceiptReported]:
        """The receipts given for one message; empty where there are none."""
        said = self.receipts.get(dialog_id, {})
        return {key: proofs[sequence] for key, proofs in said.items() if sequence in proofs}


class _Dialogs(Mapping[str, Mapping[int, Message]]):
    def __init__(self, transcript: Transcript) -> None:
        self._published = transcript.published
        self._receipts = transcript.receipts
        self._own = transcript.own

    def __getitem__(self, dialog_id: str) -> Mapping[int, Message]:
        published = self._published.get(dialog_id, {})
        messages = _Messages(published, self._receipts.get(dialog_id, {}), self._own.get(dialog_id, {}))
        if not messages:
            raise KeyError(dialog_id)
        return messages

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(chain(self._published, self._receipts, self._own)))

    def __len__(self) -> int:
        return len(self._published.keys() | self._receipts.keys() | self._own.keys())


class _Messages(Mapping[int, Message]):
    def __init__(
        self, published: Mapping[int, MessagePublished], given: Given, own: Mapping[int, Own]
    ) -> None:
        self._published = published
        self._given = given
        self._own = own

    def __getitem__(self, sequence: int) -> Message:
        told, ours = self._published.get(sequence), self._own.get(sequence, _NOTHING)
        if told is None:
            if sequence not in self:
                raise KeyError(sequence)
            return Message(None, None, None, None, None, ours.mine, ours.ask, ours.tried)
        _, _, _, author, role, _, kind, text, _, evidence = told
        return Message(evidence, author, role, kind, text, ours.mine, ours.ask, ours.tried)

    def __contains__(self, sequence: object) -> bool:
        if sequence in self._published or sequence in self._own:
            return True
        return any(sequence in proofs for proofs in self._given.values())

    def __iter__(self) -> Iterator[int]:
        return iter(dict.fromkeys(chain(self._published, *self._given.values(), self._own)))

    def __bool__(self) -> bool:
        return bool(self._published or self._given or self._own)

    def __len__(self) -> int:
        return len(set().union(self._published, *self._given.values(), self._own))


_NOTHING = Own()
