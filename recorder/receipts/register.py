"""What a session holds besides its messages: requests with their answers, dialogs, participants.

Every event is looked at once, so a session may grow. Answers are noted in the order of their frames.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from recorder.messaging.events import (
    ChatStateReported,
    ConversationChanged,
    Identified,
    MessagePublished,
    PublishAsked,
    ReceiptReported,
    RequestAnswered,
    RequestAsked,
)

Told = MessagePublished | ReceiptReported
"""What is told of the messages of a dialog."""


class Named(NamedTuple):
    """What some events that are told of one dialog name.

    Attributes:
        first_frame, last_frame: the frames of the first and the last of them.
        conversation_id, conversation_frame: the conversation that is named first, and where; None and a
            number without meaning where none is.
        people: participant → the first frame that names them; what follows it is of no interest here.
    """

    first_frame: int
    last_frame: int
    conversation_id: str | None
    conversation_frame: int
    people: Mapping[str, Sequence[Any]]


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

    def note_told(self, dialog_id: str, named: Named) -> None:
        """Take note of what was told of the messages of one dialog."""
        self.name_dialog(dialog_id, named.first_frame)
        self.name_dialog(dialog_id, named.last_frame)
        if named.conversation_id is not None:
            self.name_dialog(dialog_id, named.conversation_frame, named.conversation_id)
        for participant, (frame, *_) in named.people.items():
            self.name_participant(participant, frame)

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


NOTES: dict[type, Callable[[Register, Any], None]] = {
    RequestAsked: Register.on_request,
    RequestAnswered: Register.on_answer,
    Identified: Register.on_identified,
    PublishAsked: Register.on_said,
    ChatStateReported: Register.on_said,
    ConversationChanged: Register.on_conversation,
}
"""What each kind of event that tells nothing of a message leaves in a register."""
