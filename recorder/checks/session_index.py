"""Indexes over the events of one session, each computed once, on first use, and shared by all rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeVar

from recorder.messaging import typenames
from recorder.messaging.events import (
    ConversationChanged,
    Evidence,
    MessagePublished,
    OddityNoticed,
    Proof,
    ReceiptReported,
    RequestAnswered,
    RequestMade,
)
from recorder.receipts.delays import DialogClocks, clocks_by_dialog
from recorder.receipts.echoes import MessageKey
from recorder.receipts.participants import PeopleWords, own_word, people_words
from recorder.receipts.queries import MessageView, role_of, view
from recorder.receipts.self_facts import self_roles
from recorder.receipts.selves import Selves, selves_of

from .findings import Limits, Observation, Severity
from .given_receipts import GivenReceipt, given_receipts
from .input import CheckInput, ConnectionFact

_Kind = TypeVar("_Kind")


class TakenBy(NamedTuple):
    """What took a sequence in a dialog: a message (status None), or a receipt of this status."""

    status: str | None
    frame: int


class SeenMessage(NamedTuple):
    """A message with evidence of its own, not only named by receipts."""

    dialog_id: str
    sequence: int
    sent: Evidence
    message: MessageView


class SessionIndex:
    """The check input and its limits, with lookups by type, message, dialog, connection and request."""

    def __init__(self, check_input: CheckInput, limits: Limits) -> None:
        self.input = check_input
        self.limits = limits

    def of(self, kind: type[_Kind]) -> list[_Kind]:
        """The events of one kind, in their order."""
        return self._by_kind.get(kind, [])  # type: ignore[return-value]  # sorted by exactly that

    @cached_property
    def _by_kind(self) -> dict[type, list[object]]:
        sorted_out: defaultdict[type, list[object]] = defaultdict(list)
        for event in self.input.events:
            sorted_out[type(event)].append(event)
        return dict(sorted_out)

    @cached_property
    def selves(self) -> Selves:
        """Who we are on each connection."""
        return selves_of(self.input.transcript)

    @cached_property
    def people_words(self) -> PeopleWords:
        """What our selves are called, where there is more than one."""
        return people_words(self_roles(self.input.transcript, self.selves))

    @cached_property
    def messages(self) -> dict[MessageKey, MessageView]:
        """Message views by dialog and sequence, including messages known only from receipts."""
        return {
            (message.dialog_id, message.sequence): message
            for message in view(self.input.transcript)
            if message.dialog_id is not None and message.sequence is not None
        }

    @cached_property
    def seen_messages(self) -> list[SeenMessage]:
        """Messages that were published or announced in this recording, in order."""
        return [
            SeenMessage(*key, each.sent, each) for key, each in self.messages.items() if each.sent is not None
        ]

    @cached_property
    def clocks(self) -> dict[str | None, DialogClocks]:
        """How far the service's clock and ours agree, by dialog."""
        return clocks_by_dialog(list(self.messages.values()))

    @cached_property
    def sequences(self) -> dict[str, list[int]]:
        """The sequences of the messages seen as they came, rising, by dialog.

        Those that only a snapshot shows are left out: it shows no more than the last one.
        """
        by_dialog: defaultdict[str, list[int]] = defaultdict(list)
        for seen in self.seen_messages:
            if not seen.sent.snapshot:
                by_dialog[seen.dialog_id].append(seen.sequence)
        return dict(by_dialog)

    @cached_property
    def given_receipts(self) -> list[GivenReceipt]:
        """All receipts, each once, however often it was announced."""
        return given_receipts(self.input.events, self.selves)

    @cached_property
    def own_receipts(self) -> list[GivenReceipt]:
        """Receipts with a request of our own in this recording."""
        return [receipt for receipt in self.given_receipts if receipt.claim is not None]

    @cached_property
    def requested_receipts(self) -> frozenset[tuple[str, int, str]]:
        """Dialog, sequence and status of the receipts that we requested, taken or not."""
        return frozenset(
            (receipt.dialog_id, sequence, receipt.status)
            for receipt in self.own_receipts
            for sequence in receipt.sequences
        )

    @cached_property
    def taken(self) -> dict[MessageKey, TakenBy]:
        """What took each sequence of a dialog: a message or a receipt; a message where both claim it."""
        numbers: dict[MessageKey, TakenBy] = {}
        for receipt in self.of(ReceiptReported):
            if receipt.own_sequence is not None:
                key = (receipt.dialog_id, receipt.own_sequence)
                numbers.setdefault(key, TakenBy(receipt.status, receipt.evidence.frame))
        for message in reversed(self.of(MessagePublished)):
            numbers[message.dialog_id, message.sequence] = TakenBy(None, message.evidence.frame)
        return numbers

    @cached_property
    def announced(self) -> dict[MessageKey, list[int]]:
        """Frames of all announcements of each message, replays included, snapshots left out."""
        frames: defaultdict[MessageKey, list[int]] = defaultdict(list)
        for message in self.of(MessagePublished):
            if message.evidence.proof is Proof.ANNOUNCED and not message.evidence.snapshot:
                frames[message.dialog_id, message.sequence].append(message.evidence.frame)
        return dict(frames)

    @cached_property
    def connections_by_dialog(self) -> dict[str, set[int]]:
        """Numbers of the connections that carried messages or receipts of each dialog."""
        connections: defaultdict[str, set[int]] = defaultdict(set)
        for message in self.of(MessagePublished):
            connections[message.dialog_id].add(message.evidence.connection)
        for receipt in self.of(ReceiptReported):
            connections[receipt.dialog_id].add(receipt.evidence.connection)
        return dict(connections)

    @cached_property
    def answers(self) -> dict[int, RequestAnswered]:
        """First response to each request, by the frame of the request."""
        found: dict[int, RequestAnswered] = {}
        for answer in self.of(RequestAnswered):
            if answer.request_frame is not None:
                found.setdefault(answer.request_frame, answer)
        return found

    @cached_property
    def asked(self) -> dict[int, RequestMade]:
        """Requests by their frame."""
        return {request.evidence.frame: request for request in self.of(RequestMade)}

    @cached_property
    def connections(self) -> dict[int, ConnectionFact]:
        """Connections by number."""
        return {connection.connection: connection for connection in self.input.connections}

    @cached_property
    def receipt_request_frames(self) -> frozenset[int]:
        """The frames of our requests for receipts."""
        return frozenset(receipt.claim.frame for receipt in self.own_receipts if receipt.claim is not None)

    @cached_property
    def subscription_frames(self) -> list[int]:
        """Frames of the requests that a history may follow, rising."""
        kinds = (typenames.SUBSCRIBE_MESSAGES, typenames.QUERY_MESSAGES)
        return sorted(frame for frame, request in self.asked.items() if request.type in kinds)

    @cached_property
    def subscriptions(self) -> dict[str, list[RequestMade]]:
        """Requests for the messages of each dialog, in their order."""
        kinds, by_dialog = (typenames.SUBSCRIBE_MESSAGES, typenames.QUERY_MESSAGES), defaultdict(list)
        for request in self.asked.values():
            if request.type in kinds and request.dialog_id is not None:
                by_dialog[request.dialog_id].append(request)
        return dict(by_dialog)

    def code_of(self, frame: int) -> int | None:
        """Code of the response to the request of this frame; None if there is none."""
        answer = self.answers.get(frame)
        return None if answer is None else answer.code

    def oddities(self, *kinds: str) -> Iterator[OddityNoticed]:
        """The oddities of these kinds."""
        return (oddity for oddity in self.of(OddityNoticed) if oddity.kind in kinds)

    def may_be_one(self, participant: str, author: str | None) -> bool:
        """Whether these are one person, or may be: an author without an id is us, a consumer may step up."""
        if author is None:
            return self.selves.is_one(participant) is True
        roles = {role_of(self.input.transcript, who) for who in (participant, author)}
        return participant == author or roles == {"CONSUMER"}

    def who(self, participant: str | None, *, mine: bool | None = None, connection: int | None = None) -> str:
        """``you``, ``ASSIGNED_AGENT 3d834d4d``, ``somebody``."""
        if mine or self.selves.is_one(participant):
            return own_word(participant, connection, self.people_words)
        if participant is None:
            return "somebody"
        role = self.input.transcript.roles.get(participant)
        return f"{role[1]} {participant[:8]}" if role else participant[:8]

    def giver(self, receipt: GivenReceipt) -> str:
        """Who gave a receipt, as ``who`` says it."""
        return self.who(receipt.participant, mine=receipt.mine, connection=receipt.first.connection)

    # --- how long somebody watched ----------------------------------------------------------------------

    @cached_property
    def end(self) -> Evidence:
        """The last moment anything could have been heard, on our clock."""
        return Evidence(
            Proof.CLAIMED,
            self.input.last_frame,
            0,
            _latest(self.input.last_at_us, (c.closed_at_us for c in self.input.connections)),
            _latest(self.input.last_offset_us, (c.closed_offset_us for c in self.input.connections)),
        )

    @property
    def end_words(self) -> str:
        """Why no more was heard, and after which frame."""
        if self.input.recording:
            return f"frame #{self.input.last_frame}, its last so far; the recording goes on"
        connections = self.input.connections
        closed = bool(connections) and all(connection.how is not None for connection in connections)
        return ended_words(self.input.last_frame, closed=closed)

    @cached_property
    def closed_dialogs(self) -> dict[str, Evidence]:
        """First evidence that each dialog is closed; later events may not reach this client."""
        closed: dict[str, Evidence] = {}
        for change in self.of(ConversationChanged):
            for dialog_id in _closed_in(change):
                closed.setdefault(dialog_id, change.evidence)
        return closed

    @cached_property
    def participants_by_dialog(self) -> dict[str, dict[str, Evidence]]:
        """Participants of each dialog with their earliest evidence; suggested agents are left out."""
        by_dialog: defaultdict[str, dict[str, Evidence]] = defaultdict(dict)
        for dialog_id, participant, evidence in _participant_evidence(self):
            known = by_dialog[dialog_id].get(participant)
            if known is None or evidence.frame < known.frame:
                by_dialog[dialog_id][participant] = evidence
        return dict(by_dialog)


def ended_words(last_frame: int, *, closed: bool) -> str:
    """What ended after this frame: a connection whose end was seen (``closed``), or the recording."""
    return f"the {'connection' if closed else 'recording'} ended after frame #{last_frame}"


def _latest(one: int | None, others: Iterable[int | None]) -> int | None:
    return max((value for value in (one, *others) if value is not None), default=None)


def _closed_in(change: ConversationChanged) -> list[str]:
    if change.stage == "CLOSE" or (not change.dialogs and change.state == "CLOSE"):
        return [change.conversation_id, *(dialog.dialog_id for dialog in change.dialogs)]
    return [dialog.dialog_id for dialog in change.dialogs if dialog.state == "CLOSE"]


def _participant_evidence(session: SessionIndex) -> Iterator[tuple[str, str, Evidence]]:
    for message in session.of(MessagePublished):
        if message.author is not None:
            yield message.dialog_id, message.author, message.evidence
    for receipt in session.of(ReceiptReported):
        if receipt.participant is not None:
            yield receipt.dialog_id, receipt.participant, receipt.evidence
    for change in session.of(ConversationChanged):
        dialogs = {change.conversation_id, *(dialog.dialog_id for dialog in change.dialogs)}
        for participant in change.participants:
            if participant.state != "SUGGESTED":
                for dialog_id in dialogs:
                    yield dialog_id, participant.participant, change.evidence


@dataclass(frozen=True, slots=True)
class Rule:
    """One check rule.

    Attributes:
        id: a stable kebab-case name.
        severity: how grave a violation is, unless somebody says otherwise.
        title: what holds if the rule is satisfied, in one line.
        explain: a paragraph: what is looked at, and what a recording cannot tell.
        run: yields an observation for each place the rule looks at.
    """

    id: str
    severity: Severity
    title: str
    explain: str
    run: Callable[[SessionIndex], Iterable[Observation]]
