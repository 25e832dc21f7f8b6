"""What the rules stand on: a session sorted once, so that every rule is one walk over what concerns it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeVar

from recorder.messaging.events import (
    ConversationChanged,
    Evidence,
    MessagePublished,
    OddityNoticed,
    Proof,
    ReceiptReported,
    RequestAnswered,
    RequestAsked,
)
from recorder.receipts.queries import MessageView, own_ids, view

from .findings import Limits, Look, Severity
from .given_receipts import Act, acts_of
from .input import Case, ConnectionFact

_Kind = TypeVar("_Kind")
MessageKey = tuple[str, int]


class Number(NamedTuple):
    """What took a sequence in a dialog: a message, or the receipt of this status."""

    status: str | None
    frame: int


class Seen(NamedTuple):
    """A message that was seen itself, not only named by receipts."""

    dialog_id: str
    sequence: int
    sent: Evidence
    message: MessageView


class Ground:
    """One case with its limits, and its events sorted out; everything is computed when first asked for."""

    def __init__(self, case: Case, limits: Limits) -> None:
        self.case = case
        self.limits = limits

    def of(self, kind: type[_Kind]) -> list[_Kind]:
        """The events of one kind, in their order."""
        return self._by_kind.get(kind, [])  # type: ignore[return-value]  # sorted by exactly that

    @cached_property
    def _by_kind(self) -> dict[type, list[object]]:
        sorted_out: defaultdict[type, list[object]] = defaultdict(list)
        for event in self.case.events:
            sorted_out[type(event)].append(event)
        return dict(sorted_out)

    @cached_property
    def me(self) -> frozenset[str]:
        """Who we are."""
        return own_ids(self.case.transcript)

    @cached_property
    def messages(self) -> dict[MessageKey, MessageView]:
        """What stands under a sequence, or is named by a receipt."""
        return {
            (message.dialog_id, message.sequence): message
            for message in view(self.case.transcript)
            if message.dialog_id is not None and message.sequence is not None
        }

    @cached_property
    def seen(self) -> list[Seen]:
        """The messages that were seen themselves, in order."""
        return [Seen(*key, each.sent, each) for key, each in self.messages.items() if each.sent is not None]

    @cached_property
    def sequences(self) -> dict[str, list[int]]:
        """The sequences of the messages seen, rising, by dialog."""
        by_dialog: defaultdict[str, list[int]] = defaultdict(list)
        for seen in self.seen:
            by_dialog[seen.dialog_id].append(seen.sequence)
        return dict(by_dialog)

    @cached_property
    def acts(self) -> list[Act]:
        """The receipts that were given, once each."""
        return acts_of(self.case.events, self.me)

    @cached_property
    def own_acts(self) -> list[Act]:
        """Those of them that we asked for in this recording."""
        return [act for act in self.acts if act.claim is not None]

    @cached_property
    def taken(self) -> dict[MessageKey, Number]:
        """Every number that was seen taken, and by what; where both were told, by a message."""
        numbers: dict[MessageKey, Number] = {}
        for receipt in self.of(ReceiptReported):
            if receipt.own_sequence is not None:
                key = (receipt.dialog_id, receipt.own_sequence)
                numbers.setdefault(key, Number(receipt.status, receipt.evidence.frame))
        for message in reversed(self.of(MessagePublished)):
            numbers[message.dialog_id, message.sequence] = Number(None, message.evidence.frame)
        return numbers

    @cached_property
    def announced(self) -> dict[MessageKey, list[int]]:
        """The frames in which each message was announced, again and again."""
        frames: defaultdict[MessageKey, list[int]] = defaultdict(list)
        for message in self.of(MessagePublished):
            if message.evidence.proof is Proof.ANNOUNCED:
                frames[message.dialog_id, message.sequence].append(message.evidence.frame)
        return dict(frames)

    @cached_property
    def heard_on(self) -> dict[str, set[int]]:
        """The connections on which each dialog was heard of."""
        connections: defaultdict[str, set[int]] = defaultdict(set)
        for message in self.of(MessagePublished):
            connections[message.dialog_id].add(message.evidence.connection)
        for receipt in self.of(ReceiptReported):
            connections[receipt.dialog_id].add(receipt.evidence.connection)
        return dict(connections)

    @cached_property
    def answers(self) -> dict[int, RequestAnswered]:
        """Answers by the frame of their question."""
        found: dict[int, RequestAnswered] = {}
        for answer in self.of(RequestAnswered):
            if answer.ask is not None:
                found.setdefault(answer.ask, answer)
        return found

    @cached_property
    def asked(self) -> dict[int, RequestAsked]:
        """Requests by their frame."""
        return {request.evidence.frame: request for request in self.of(RequestAsked)}

    @cached_property
    def connections(self) -> dict[int, ConnectionFact]:
        """Connections by number."""
        return {connection.connection: connection for connection in self.case.connections}

    @cached_property
    def receipt_asks(self) -> frozenset[int]:
        """The frames of our requests for receipts."""
        return frozenset(act.claim.frame for act in self.own_acts if act.claim is not None)

    def oddities(self, *kinds: str) -> Iterator[OddityNoticed]:
        """The oddities of these kinds."""
        return (oddity for oddity in self.of(OddityNoticed) if oddity.kind in kinds)

    def who(self, participant: str | None, *, mine: bool | None = None) -> str:
        """``you``, ``ASSIGNED_AGENT 3d834d4d``, ``somebody``."""
        if mine or (participant is not None and participant in self.me):
            return "you"
        if participant is None:
            return "somebody"
        role = self.case.transcript.roles.get(participant)
        return f"{role[1]} {participant[:8]}" if role else participant[:8]

    # --- how long somebody watched ----------------------------------------------------------------------

    @cached_property
    def end(self) -> Evidence:
        """The last moment anything could have been heard, on our clock."""
        return Evidence(
            Proof.CLAIMED,
            self.case.last_frame,
            0,
            _latest(self.case.last_at_us, (c.closed_at_us for c in self.case.connections)),
            _latest(self.case.last_offset_us, (c.closed_offset_us for c in self.case.connections)),
        )

    @property
    def end_words(self) -> str:
        """Why no more was heard."""
        if self.case.recording:
            return "its last frame so far; the recording goes on"
        connections = self.case.connections
        ended = bool(connections) and all(connection.how is not None for connection in connections)
        return "the connection ended" if ended else "the recording ended"

    @cached_property
    def closings(self) -> dict[str, Evidence]:
        """When each dialog was first said to be closed: what comes later we may not be told."""
        closed: dict[str, Evidence] = {}
        for change in self.of(ConversationChanged):
            for dialog_id in _closed_in(change):
                closed.setdefault(dialog_id, change.evidence)
        return closed

    @cached_property
    def company(self) -> dict[str, dict[str, Evidence]]:
        """Who was in each dialog, by what first showed it. Who is only suggested is not there yet."""
        there: defaultdict[str, dict[str, Evidence]] = defaultdict(dict)
        for dialog_id, participant, evidence in _appearances(self):
            known = there[dialog_id].get(participant)
            if known is None or evidence.frame < known.frame:
                there[dialog_id][participant] = evidence
        return dict(there)


def _latest(one: int | None, others: Iterable[int | None]) -> int | None:
    return max((value for value in (one, *others) if value is not None), default=None)


def _closed_in(change: ConversationChanged) -> list[str]:
    if change.stage == "CLOSE" or (not change.dialogs and change.state == "CLOSE"):
        return [change.conversation_id, *(dialog.dialog_id for dialog in change.dialogs)]
    return [dialog.dialog_id for dialog in change.dialogs if dialog.state == "CLOSE"]


def _appearances(ground: Ground) -> Iterator[tuple[str, str, Evidence]]:
    for message in ground.of(MessagePublished):
        if message.author is not None:
            yield message.dialog_id, message.author, message.evidence
    for receipt in ground.of(ReceiptReported):
        if receipt.participant is not None:
            yield receipt.dialog_id, receipt.participant, receipt.evidence
    for change in ground.of(ConversationChanged):
        dialogs = {change.conversation_id, *(dialog.dialog_id for dialog in change.dialogs)}
        for participant in change.participants:
            if participant.state != "SUGGESTED":
                for dialog_id in dialogs:
                    yield dialog_id, participant.participant, change.evidence


@dataclass(frozen=True, slots=True)
class Rule:
    """One law a session can keep or break.

    Attributes:
        id: a stable kebab-case name.
        severity: how grave a violation is, unless somebody says otherwise.
        title: the law, in one line.
        explain: a paragraph: what is looked at, and what a recording cannot tell.
        run: looks, and tells of each thing it looked at.
    """

    id: str
    severity: Severity
    title: str
    explain: str
    run: Callable[[Ground], Iterable[Look]]
