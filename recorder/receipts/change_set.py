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
    PublishLost,
    PublishRefused,
    PublishRequested,
    ReceiptRefused,
    ReceiptReported,
    RequestAnswered,
    RequestMade,
)

from .echoes import Echo, MessageKey, probable_echoes
from .entities import SessionEntities
from .queries import own_ids
from .state import Transcript


@dataclass(slots=True)
class Conclusions:
    """Our own ids and probable echoes: conclusions from all facts that every message view depends on."""

    me: frozenset[str]
    echoes: Mapping[MessageKey, Echo]
    some_lost: bool

    @classmethod
    def of(cls, transcript: Transcript) -> Conclusions:
        """The conclusions of this transcript."""
        me = own_ids(transcript)
        some_lost = any(publish.lost for publish in transcript.own_publishes.values())
        return cls(me, probable_echoes(transcript, me), some_lost)


@dataclass(slots=True)
class ChangeSet:
    """What may have changed. Events pass ``watch`` before they are folded; ``finish`` follows."""

    before: Conclusions
    messages: set[MessageKey] = field(default_factory=set)
    publishes: set[int] = field(default_factory=set)
    requests: set[int] = field(default_factory=set)
    dialogs: set[str] = field(default_factory=set)
    participants: set[str] = field(default_factory=set)
    everything: bool = False
    _roles: dict[str, str | None] = field(default_factory=dict)
    _draws_conclusions: bool = False

    def watch(
        self, events: Iterable[Event], entities: SessionEntities, transcript: Transcript
    ) -> Iterator[Event]:
        """Yield the events unchanged, and note what each may change."""
        for event in events:
            rule = _CHANGE_RULES.get(type(event))
            if rule is not None:
                rule(self, event, entities, transcript)
            yield event

    def finish(self, transcript: Transcript) -> Conclusions:
        """Add what changed because conclusions did, and return the new ones. Call it after the fold."""
        for participant, role in self._roles.items():
            role_now = transcript.roles.get(participant)
            self.everything = self.everything or (role_now is not None and role_now[1] != role)
        before = self.before
        if not self._draws_conclusions:
            return before
        now = Conclusions.of(transcript)
        self.everything = self.everything or now.me != before.me
        for key in now.echoes.keys() ^ before.echoes.keys() | _changed(now.echoes, before.echoes):
            self.messages.add(key)
        self.publishes |= {
            echo.request_frame for echoes in (now.echoes, before.echoes) for echo in echoes.values()
        }
        return now

    def _note_participant(
        self, participant: str | None, role: str | None, entities: SessionEntities, transcript: Transcript
    ) -> None:
        if participant is None:
            return
        self.participants.add(participant)
        if role is not None and participant in entities.participants:
            known = transcript.roles.get(participant)
            self._roles.setdefault(participant, None if known is None else known[1])

    def on_published(
        self, event: MessagePublished, entities: SessionEntities, transcript: Transcript
    ) -> None:
        """A message was published or announced, perhaps again."""
        self.messages.add((event.dialog_id, event.sequence))
        self.dialogs.add(event.dialog_id)
        self._note_participant(event.author, event.role, entities, transcript)
        known = transcript.dialogs.get(event.dialog_id, {}).get(event.sequence)
        ours = event.request_frame is not None or (known is not None and known.request_frame is not None)
        self._draws_conclusions = self._draws_conclusions or ours or self.before.some_lost
        if event.request_frame is not None:
            self.publishes.add(event.request_frame)

    def on_receipt(
        self, event: ReceiptReported | ReceiptRefused, entities: SessionEntities, transcript: Transcript
    ) -> None:
        """Receipts were requested, announced or refused."""
        self.messages |= {(event.dialog_id, sequence) for sequence in event.sequences}
        self.dialogs.add(event.dialog_id)
        role = event.role if isinstance(event, ReceiptReported) else None
        self._note_participant(event.participant, role, entities, transcript)

    def on_publish(self, event: PublishRequested, entities: SessionEntities, transcript: Transcript) -> None:
        """A publish went out."""
        self.publishes.add(event.evidence.frame)
        self._draws_conclusions = True
        self._note_participant(event.author, None, entities, transcript)
        if event.dialog_id is not None:
            self.dialogs.add(event.dialog_id)

    def on_outcome(self, event: PublishRefused | PublishLost, *_: object) -> None:
        """A publish was refused, or will not be answered any more."""
        self.publishes.add(event.request_frame)
        self._draws_conclusions = True

    def on_identified(self, event: Identified, entities: SessionEntities, transcript: Transcript) -> None:
        """We learnt who we are."""
        self._draws_conclusions = True
        self._note_participant(event.participant, None, entities, transcript)

    def on_request(self, event: RequestMade, *_: object) -> None:
        """A request went out."""
        self.requests.add(event.evidence.frame)

    def on_response(self, event: RequestAnswered, *_: object) -> None:
        """An answer came."""
        if event.request_frame is not None:
            self.requests.add(event.request_frame)

    def on_chat_state(self, event: Any, entities: SessionEntities, transcript: Transcript) -> None:
        """A chat state names a dialog and somebody."""
        if event.dialog_id is not None:
            self.dialogs.add(event.dialog_id)
        self._note_participant(event.participant, event.role, entities, transcript)

    def on_conversation(
        self, event: ConversationChanged, entities: SessionEntities, transcript: Transcript
    ) -> None:
        """A snapshot lists roles and dialogs; those of the previous snapshot may be gone."""
        self.dialogs.add(event.conversation_id)  # the main dialog goes by that id, listed or not
        before = transcript.conversations.get(event.conversation_id)
        for snapshot in (event, before):
            if snapshot is not None:
                self.dialogs |= {dialog.dialog_id for dialog in snapshot.dialogs}
        for participant in event.participants:
            self._note_participant(participant.participant, participant.role, entities, transcript)


def _changed(now: Mapping[MessageKey, Echo], before: Mapping[MessageKey, Echo]) -> set[MessageKey]:
    return {key for key in now.keys() & before.keys() if now[key] != before[key]}


_CHANGE_RULES: dict[type, Callable[..., None]] = {
    MessagePublished: ChangeSet.on_published,
    ReceiptReported: ChangeSet.on_receipt,
    ReceiptRefused: ChangeSet.on_receipt,
    PublishRequested: ChangeSet.on_publish,
    PublishRefused: ChangeSet.on_outcome,
    PublishLost: ChangeSet.on_outcome,
    Identified: ChangeSet.on_identified,
    RequestMade: ChangeSet.on_request,
    RequestAnswered: ChangeSet.on_response,
    ChatStateReported: ChangeSet.on_chat_state,
    ConversationChanged: ChangeSet.on_conversation,
}
