"""Which messages, publishes, dialogs and people some new events may have changed, and no others.

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
    PublishAsked,
    PublishLost,
    PublishRefused,
    ReceiptRefused,
    ReceiptReported,
    RequestAnswered,
    RequestAsked,
)

from .echoes import Echo, MessageKey, probable_echoes
from .queries import own_ids
from .register import Register
from .state import Transcript


@dataclass(slots=True)
class Conclusions:
    """What follows from all facts of a session together, and every view of a message rests on."""

    me: frozenset[str]
    echoes: Mapping[MessageKey, Echo]
    some_lost: bool

    @classmethod
    def of(cls, transcript: Transcript) -> Conclusions:
        """Draw them."""
        me = own_ids(transcript)
        some_lost = any(ask.lost for ask in transcript.asks.values())
        return cls(me, probable_echoes(transcript, me), some_lost)


@dataclass(slots=True)
class Touched:
    """What may have changed. Watch events before they are registered and folded, then ``settle``."""

    before: Conclusions
    messages: set[MessageKey] = field(default_factory=set)
    asks: set[int] = field(default_factory=set)
    requests: set[int] = field(default_factory=set)
    dialogs: set[str] = field(default_factory=set)
    participants: set[str] = field(default_factory=set)
    everything: bool = False
    _roles: dict[str, str | None] = field(default_factory=dict)
    _concludes: bool = False

    def watch(self, events: Iterable[Event], register: Register, transcript: Transcript) -> Iterator[Event]:
        """Pass the events on unchanged, each noted."""
        for event in events:
            note = _NOTES.get(type(event))
            if note is not None:
                note(self, event, register, transcript)
            yield event

    def settle(self, transcript: Transcript) -> Conclusions:
        """Add what changed because conclusions did; return these. Call it when all is folded."""
        for participant, role in self._roles.items():
            told = transcript.roles.get(participant)
            self.everything = self.everything or (told is not None and told[1] != role)
        before = self.before
        if not self._concludes:
            return before
        now = Conclusions.of(transcript)
        self.everything = self.everything or now.me != before.me
        for key in now.echoes.keys() ^ before.echoes.keys() | _changed(now.echoes, before.echoes):
            self.messages.add(key)
        self.asks |= {echo.ask for echoes in (now.echoes, before.echoes) for echo in echoes.values()}
        return now

    def _who(
        self, participant: str | None, role: str | None, register: Register, transcript: Transcript
    ) -> None:
        if participant is None:
            return
        self.participants.add(participant)
        if role is not None and participant in register.participants:
            known = transcript.roles.get(participant)
            self._roles.setdefault(participant, None if known is None else known[1])

    def on_published(self, event: MessagePublished, register: Register, transcript: Transcript) -> None:
        """A message was told, or told again."""
        self.messages.add((event.dialog_id, event.sequence))
        self.dialogs.add(event.dialog_id)
        self._who(event.author, event.role, register, transcript)
        known = transcript.dialogs.get(event.dialog_id, {}).get(event.sequence)
        ours = event.ask is not None or (known is not None and known.ask is not None)
        self._concludes = self._concludes or ours or self.before.some_lost
        if event.ask is not None:
            self.asks.add(event.ask)

    def on_receipt(
        self, event: ReceiptReported | ReceiptRefused, register: Register, transcript: Transcript
    ) -> None:
        """Receipts were claimed, told or refused."""
        self.messages |= {(event.dialog_id, sequence) for sequence in event.sequences}
        self.dialogs.add(event.dialog_id)
        role = event.role if isinstance(event, ReceiptReported) else None
        self._who(event.participant, role, register, transcript)

    def on_asked(self, event: PublishAsked, register: Register, transcript: Transcript) -> None:
        """A publish went out."""
        self.asks.add(event.evidence.frame)
        self._concludes = True
        self._who(event.author, None, register, transcript)
        if event.dialog_id is not None:
            self.dialogs.add(event.dialog_id)

    def on_outcome(self, event: PublishRefused | PublishLost, *_: object) -> None:
        """A publish was refused, or will not be answered any more."""
        self.asks.add(event.ask)
        self._concludes = True

    def on_identified(self, event: Identified, register: Register, transcript: Transcript) -> None:
        """We learnt who we are."""
        self._concludes = True
        self._who(event.participant, None, register, transcript)

    def on_request(self, event: RequestAsked, *_: object) -> None:
        """A request went out."""
        self.requests.add(event.evidence.frame)

    def on_answer(self, event: RequestAnswered, *_: object) -> None:
        """An answer came."""
        if event.ask is not None:
            self.requests.add(event.ask)

    def on_said(self, event: Any, register: Register, transcript: Transcript) -> None:
        """A chat state names a dialog and somebody."""
        if event.dialog_id is not None:
            self.dialogs.add(event.dialog_id)
        self._who(event.participant, event.role, register, transcript)

    def on_conversation(self, event: ConversationChanged, register: Register, transcript: Transcript) -> None:
        """A snapshot tells roles, and of dialogs; those that the last one listed may be listed no more."""
        self.dialogs.add(event.conversation_id)  # the main dialog goes by that id, listed or not
        before = transcript.conversations.get(event.conversation_id)
        for snapshot in (event, before):
            if snapshot is not None:
                self.dialogs |= {dialog.dialog_id for dialog in snapshot.dialogs}
        for participant in event.participants:
            self._who(participant.participant, participant.role, register, transcript)


def _changed(now: Mapping[MessageKey, Echo], before: Mapping[MessageKey, Echo]) -> set[MessageKey]:
    return {key for key in now.keys() & before.keys() if now[key] != before[key]}


_NOTES: dict[type, Callable[..., None]] = {
    MessagePublished: Touched.on_published,
    ReceiptReported: Touched.on_receipt,
    ReceiptRefused: Touched.on_receipt,
    PublishAsked: Touched.on_asked,
    PublishRefused: Touched.on_outcome,
    PublishLost: Touched.on_outcome,
    Identified: Touched.on_identified,
    RequestAsked: Touched.on_request,
    RequestAnswered: Touched.on_answer,
    ChatStateReported: Touched.on_said,
    ConversationChanged: Touched.on_conversation,
}
