"""What a session holds besides its messages: requests with their answers, dialogs, participants.

Every event is looked at once, so a session may grow. Answers are noted in the order of their frames.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

Told = MessagePublished | ReceiptReported
"""What is told of the messages of a dialog."""


@dataclass(slots=True)
class DialogSpan:
    """Where a dialog is named first and last, and its conversation: the first that was named with it.

    ``conversation_frame`` is the frame that did.
    """

    first_frame: int
    last_frame: int
    conversation_id: str | None = None
    conversation_frame: int | None = None


@dataclass(slots=True)
class Register:
    """Requests by frame, their answers by the frame of the question, dialogs and participants by id.

    A participant comes with the first frame that names them.
    """

    asked: dict[int, RequestAsked] = field(default_factory=dict)
    answered: dict[int, RequestAnswered] = field(default_factory=dict)
    dialogs: dict[str, DialogSpan] = field(default_factory=dict)
    participants: dict[str, int] = field(default_factory=dict)

    def note(self, event: Event) -> None:
        """Take note of one event."""
        if isinstance(event, Told):
            self.note_told(event.dialog_id, (event,))
        elif type(event) in _OTHERS:
            _OTHERS[type(event)](self, event)

    def note_told(self, dialog_id: str, told: Sequence[Told]) -> None:
        """Take note of what was told of one dialog; at least one event."""
        frames = [event[-1][1] for event in told]
        self.name_dialog(dialog_id, min(frames))
        self.name_dialog(dialog_id, max(frames))
        participants, span = self.participants, self.dialogs[dialog_id]
        for event in told:
            if type(event) is ReceiptReported:
                who, frame = event[2], event[8][1]
            else:
                who, frame = event[3], event[9][1]
                if event[2] is not None and (
                    span.conversation_frame is None or frame < span.conversation_frame
                ):
                    span.conversation_id, span.conversation_frame = event[2], frame
            if who is not None and frame < participants.get(who, frame + 1):
                participants[who] = frame

    def name_dialog(self, dialog_id: str, frame: int, conversation_id: str | None = None) -> None:
        """A frame names this dialog, and maybe its conversation."""
        span = self.dialogs.get(dialog_id)
        if span is None:
            span = self.dialogs[dialog_id] = DialogSpan(frame, frame)
        span.first_frame, span.last_frame = min(frame, span.first_frame), max(frame, span.last_frame)
        if conversation_id is not None and frame < (span.conversation_frame or frame + 1):
            span.conversation_id, span.conversation_frame = conversation_id, frame

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
            self.name_dialog(dialog.dialog_id, event.evidence.frame, event.conversation_id)
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
