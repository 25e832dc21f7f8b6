"""The messages, publishes, dialogs and participants that new events may have changed.

Conclusions are drawn from all facts together, so a few events change everything: who we are, and the role
of somebody who was there before. ``everything`` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from recorder.messaging.events import (
    ChatStateReported,
    ConversationChanged,
    Event,
    Identified,
    MessagePublished,
    OddityNoticed,
    ParticipantNamed,
    Proof,
    PublishLost,
    PublishRefused,
    PublishRequested,
    PublishTaken,
    ReceiptRefused,
    ReceiptReported,
    RequestAnswered,
    RequestMade,
)

from .echoes import Echo, MessageKey, probable_echoes
from .entities import SessionEntities
from .selves import DOUBTS, Selves, selves_of
from .state import Transcript, giver_of


@dataclass(slots=True)
class Conclusions:
    """Our own ids and probable echoes: conclusions from all facts that every message view depends on.

    ``some_lost``: some publishes of ours may turn out to be messages that others are told of.
    """

    selves: Selves
    echoes: Mapping[MessageKey, Echo]
    some_lost: bool

    @classmethod
    def of(cls, transcript: Transcript) -> Conclusions:
        """The conclusions of this transcript."""
        selves = selves_of(transcript)
        publishes = transcript.own_publishes.values()
        some_lost = any(publish.lost or publish.taken is not None for publish in publishes)
        return cls(selves, probable_echoes(transcript, selves), some_lost)


@dataclass(slots=True)
class ChangeSet:
    """What may have changed. Events pass ``watch`` before they are folded; ``finish`` follows.

    ``before``, ``entities`` and ``transcript`` are those that the events are folded into.
    ``draws_conclusions``: whether the events may tell who we are, or what became of a publish.
    """

    before: Conclusions
    entities: SessionEntities
    transcript: Transcript
    messages: set[MessageKey] = field(default_factory=set)
    publishes: set[int] = field(default_factory=set)
    requests: set[int] = field(default_factory=set)
    dialogs: set[str] = field(default_factory=set)
    participants: set[str] = field(default_factory=set)
    everything: bool = False
    _roles: dict[str, str | None] = field(default_factory=dict)
    draws_conclusions: bool = False

    def watch(self, events: Iterable[Event]) -> Iterator[Event]:
        """Yield the events unchanged, and note what each may change."""
        for event in events:
            rule = _CHANGE_RULES.get(type(event))
            if rule is not None:
                rule(self, event)
            yield event

    def finish(self) -> Conclusions:
        """Add what changed because conclusions did, and return the new ones. Call it after the fold."""
        for participant, role in self._roles.items():
            role_now = self.transcript.roles.get(participant)
            self.everything = self.everything or (role_now is not None and role_now[1] != role)
        before = self.before
        if not self.draws_conclusions:
            return before
        now = Conclusions.of(self.transcript)
        self.everything = self.everything or now.selves != before.selves
        self.messages |= {key for key, _ in now.echoes.items() ^ before.echoes.items()}
        self.publishes |= {
            echo.request_frame for echoes in (now.echoes, before.echoes) for echo in echoes.values()
        }
        return now

    def _note_participant(self, participant: str | None, role: str | None) -> None:
        if participant is None:
            return
        self.participants.add(participant)
        if role is not None and participant in self.entities.participants:
            known = self.transcript.roles.get(participant)
            self._roles.setdefault(participant, None if known is None else known[1])

    def _on_published(self, event: MessagePublished) -> None:
        self.messages.add((event.dialog_id, event.sequence))
        self.dialogs.add(event.dialog_id)
        self._note_participant(event.author, event.role)
        known = self.transcript.own_actions.get(event.dialog_id, {}).get(event.sequence)
        ours = event.request_frame is not None or (known is not None and known.request_frame is not None)
        self.draws_conclusions = self.draws_conclusions or ours or self.before.some_lost
        if event.request_frame is not None:
            self.publishes.add(event.request_frame)

    def _on_receipt(self, event: ReceiptReported | ReceiptRefused) -> None:
        self.messages |= {(event.dialog_id, sequence) for sequence in event.sequences}
        self.dialogs.add(event.dialog_id)
        role = event.role if isinstance(event, ReceiptReported) else None
        self._note_participant(event.participant, role)
        if isinstance(event, ReceiptReported) and not self.draws_conclusions:
            self.draws_conclusions = self._may_tell_who_we_are(event)

    def _may_tell_who_we_are(self, event: ReceiptReported) -> bool:
        """Whether this is an answer to a receipt of ours, or may be announced as one."""
        if event.evidence.proof is Proof.ACKNOWLEDGED:
            return True
        giver = giver_of(event)
        return any(
            own.evidence.proof is Proof.ACKNOWLEDGED
            and (own.own_sequence == event.own_sequence or None in (own.own_sequence, event.own_sequence))
            for key, given in self.transcript.receipts.get(event.dialog_id, {}).items()
            if key.status == event.status and key.participant != giver
            for sequence in event.sequences
            if (own := given.get(sequence)) is not None
        )

    def _on_publish(self, event: PublishRequested) -> None:
        self.publishes.add(event.evidence.frame)
        self.draws_conclusions = True
        self._note_participant(event.author, None)
        if event.dialog_id is not None:
            self.dialogs.add(event.dialog_id)

    def _on_outcome(self, event: PublishRefused | PublishTaken | PublishLost) -> None:
        self.publishes.add(event.request_frame)
        self.draws_conclusions = True

    def _on_identified(self, event: Identified) -> None:
        self.draws_conclusions = True
        self._note_participant(event.participant, None)

    def _on_named(self, event: ParticipantNamed) -> None:
        self.everything = True  # a name given on a connection is that of whoever we are on it

    def _on_oddity(self, event: OddityNoticed) -> None:
        self.draws_conclusions = self.draws_conclusions or event.kind in DOUBTS

    def _on_request(self, event: RequestMade) -> None:
        self.requests.add(event.evidence.frame)

    def _on_response(self, event: RequestAnswered) -> None:
        if event.request_frame is not None:
            self.requests.add(event.request_frame)

    def _on_chat_state(self, event: Any) -> None:
        if event.dialog_id is not None:
            self.dialogs.add(event.dialog_id)
        self._note_participant(event.participant, event.role)

    def _on_conversation(self, event: ConversationChanged) -> None:
        # Dialogs of the previous snapshot may be gone.
        self.dialogs.add(event.conversation_id)  # the main dialog goes by that id, listed or not
        before = self.transcript.conversations.get(event.conversation_id)
        for snapshot in (event, before):
            if snapshot is not None:
                self.dialogs |= {dialog.dialog_id for dialog in snapshot.dialogs}
        for participant in event.participants:
            self._note_participant(participant.participant, participant.role)


_CHANGE_RULES: dict[type, Callable[..., None]] = {
    MessagePublished: ChangeSet._on_published,
    ReceiptReported: ChangeSet._on_receipt,
    ReceiptRefused: ChangeSet._on_receipt,
    PublishRequested: ChangeSet._on_publish,
    PublishRefused: ChangeSet._on_outcome,
    PublishTaken: ChangeSet._on_outcome,
    PublishLost: ChangeSet._on_outcome,
    OddityNoticed: ChangeSet._on_oddity,
    Identified: ChangeSet._on_identified,
    ParticipantNamed: ChangeSet._on_named,
    RequestMade: ChangeSet._on_request,
    RequestAnswered: ChangeSet._on_response,
    ChatStateReported: ChangeSet._on_chat_state,
    ConversationChanged: ChangeSet._on_conversation,
}
