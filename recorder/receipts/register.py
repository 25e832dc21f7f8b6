"""What a session holds besides its messages: requests with their answers, dialogs, participants.

Fed with events in the order of their frames; each is looked at once, so a session may grow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from recorder.messaging.events import (
    ChatStateReported,
    ConversationChanged,
    Event,
    Identified,
    MessagePublished,
    PublishAsked,
    ReceiptReported,
    RequestAnswered,
    RequestAsked,
)

from .state import Transcript


@dataclass(slots=True)
class DialogSpan:
    """Where a dialog is named first and last, its conversation, and how many messages were seen in it."""

    first_frame: int
    last_frame: int
    conversation_id: str | None = None
    messages: int = 0


@dataclass(slots=True)
class Register:
    """Requests by frame, their answers by the frame of the question, dialogs and participants by id.

    A participant comes with the first frame that names them.
    """

    asked: dict[int, RequestAsked] = field(default_factory=dict)
    answered: dict[int, RequestAnswered] = field(default_factory=dict)
    dialogs: dict[str, DialogSpan] = field(default_factory=dict)
    participants: dict[str, int] = field(default_factory=dict)

    def watch(self, events: Iterable[Event], transcript: Transcript) -> Iterator[Event]:
        """Pass the events on unchanged, each noted. ``transcript`` is folded from what comes out."""
        on_published, on_receipt, others = self._published, self._receipt, _OTHERS
        for event in events:
            kind = type(event)
            if kind is ReceiptReported:
                on_receipt(event)  # type: ignore[arg-type]  # mypy does not narrow by a stored type
            elif kind is MessagePublished:
                on_published(event, transcript)  # type: ignore[arg-type]
            elif kind in others:
                others[kind](self, event)
            yield event

    def _receipt(self, event: ReceiptReported) -> None:
        frame = event[8].frame
        span = self.dialogs.get(event[0])
        if span is None:
            self.dialogs[event[0]] = DialogSpan(frame, frame)
        else:
            span.last_frame = frame
        who = event[2]
        if who is not None and who not in self.participants:
            self.participants[who] = frame

    def _published(self, event: MessagePublished, transcript: Transcript) -> None:
        frame = event[9].frame
        span = self.name_dialog(event[0], frame)
        if span.conversation_id is None:
            span.conversation_id = event[2]
        known = transcript.dialogs.get(event[0], {}).get(event[1])
        if known is None or known.published is None:
            span.messages += 1
        self.name_participant(event[3], frame)

    def name_dialog(self, dialog_id: str, frame: int) -> DialogSpan:
        """A frame names this dialog."""
        span = self.dialogs.get(dialog_id)
        if span is None:
            span = self.dialogs[dialog_id] = DialogSpan(frame, frame)
        span.last_frame = frame
        return span

    def name_participant(self, participant: str | None, frame: int) -> None:
        """A frame names this participant. A handshake, which is frame 0, may be told late."""
        if participant is not None and frame < self.participants.get(participant, frame + 1):
            self.participants[participant] = frame

    def on_request(self, event: RequestAsked) -> None:
        """A request went out."""
        self.asked[event.evidence.frame] = event

    def on_answer(self, event: RequestAnswered) -> None:
        """An answer came; one that nobody asked for is none of a request."""
        if event.ask is not None:
            self.answered.setdefault(event.ask, event)

    def on_identified(self, event: Identified) -> None:
        """A connection speaks for somebody."""
        self.name_participant(event.participant, event.evidence.frame)

    def on_said(self, event: PublishAsked | ChatStateReported) -> None:
        """Something was said of a dialog that is neither a message nor a receipt (yet)."""
        if event.dialog_id is not None:
            self.name_dialog(event.dialog_id, event.evidence.frame)
        who = event.author if isinstance(event, PublishAsked) else event.participant
        self.name_participant(who, event.evidence.frame)

    def on_conversation(self, event: ConversationChanged) -> None:
        """A snapshot lists dialogs and participants."""
        for dialog in event.dialogs:
            span = self.name_dialog(dialog.dialog_id, event.evidence.frame)
            if span.conversation_id is None:
                span.conversation_id = event.conversation_id
        for participant in event.participants:
            self.name_participant(participant.participant, event.evidence.frame)


_OTHERS: dict[type, Callable[[Register, Any], None]] = {
    RequestAsked: Register.on_request,
    RequestAnswered: Register.on_answer,
    Identified: Register.on_identified,
    PublishAsked: Register.on_said,
    ChatStateReported: Register.on_said,
    ConversationChanged: Register.on_conversation,
}
