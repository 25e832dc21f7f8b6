"""Requests with their responses, dialogs and participants of a session.

Every event is added once, so a session may grow. Responses are added in the order of their frames.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from recorder.messaging.events import (
    ChatStateReported,
    ConversationChanged,
    Identified,
    MessagePublished,
    ParticipantNamed,
    PublishRequested,
    ReceiptReported,
    RequestAnswered,
    RequestMade,
)


class RefusedRequest(NamedTuple):
    """A request that was answered with ``code``, 400 or more, in ``frame``; ``reason`` as in the answer."""

    request_frame: int
    type: str
    frame: int
    code: int
    reason: str | None


MessageEvent = MessagePublished | ReceiptReported
"""An event about messages of a dialog."""


@dataclass(slots=True)
class DialogSpan:
    """First and last frame that name a dialog, and the conversation that was first named with it.

    ``conversation_frame`` is the frame of that conversation id.
    """

    first_frame: int
    last_frame: int
    conversation_id: str | None = None
    conversation_frame: int | None = None


@dataclass(slots=True)
class SessionEntities:
    """Requests by frame, responses by the frame of their request, dialogs and participants by id.

    ``participants`` holds the first frame that names each of them.
    """

    requests: dict[int, RequestMade] = field(default_factory=dict)
    responses: dict[int, RequestAnswered] = field(default_factory=dict)
    dialogs: dict[str, DialogSpan] = field(default_factory=dict)
    participants: dict[str, int] = field(default_factory=dict)

    def add_span(self, dialog_id: str, span: DialogSpan, participants: Mapping[str, int]) -> None:
        """Add events of one dialog by their span, and the first frame that names each participant."""
        self.add_dialog(dialog_id, span.first_frame)
        self.add_dialog(dialog_id, span.last_frame)
        if span.conversation_id is not None and span.conversation_frame is not None:
            self.add_dialog(dialog_id, span.conversation_frame, span.conversation_id)
        for participant, frame in participants.items():
            self.add_participant(participant, frame)

    def add_dialog(self, dialog_id: str, frame: int, conversation_id: str | None = None) -> None:
        """Add a frame that names this dialog, and perhaps its conversation."""
        span = self.dialogs.get(dialog_id)
        if span is None:
            span = self.dialogs[dialog_id] = DialogSpan(frame, frame)
        span.first_frame, span.last_frame = min(frame, span.first_frame), max(frame, span.last_frame)
        if conversation_id is not None and frame < (span.conversation_frame or frame + 1):
            span.conversation_id, span.conversation_frame = conversation_id, frame

    def add_participant(self, participant: str | None, frame: int) -> None:
        """Add a frame that names this participant. A handshake is frame 0, and its event may come late."""
        if participant is not None and frame < self.participants.get(participant, frame + 1):
            self.participants[participant] = frame

    def refused_requests(self) -> list[RefusedRequest]:
        """The requests whose first response refused them, by the frame of the request."""
        return [
            RefusedRequest(frame, request.type, answer.evidence.frame, answer.code, answer.reason)
            for frame, request in sorted(self.requests.items())
            if (answer := self.responses.get(frame)) is not None
            and answer.code is not None
            and answer.code >= 400
        ]

    def _on_request(self, event: RequestMade) -> None:
        self.requests[event.evidence.frame] = event

    def _on_response(self, event: RequestAnswered) -> None:
        """Add the first response to a request; one without a request is ignored."""
        if event.request_frame is not None:
            self.responses.setdefault(event.request_frame, event)

    def _on_identified(self, event: Identified) -> None:
        self.add_participant(event.participant, event.evidence.frame)

    def _on_named(self, event: ParticipantNamed) -> None:
        self.add_participant(event.participant, event.evidence.frame)

    def _on_publish_or_chat_state(self, event: PublishRequested | ChatStateReported) -> None:
        if event.dialog_id is not None:
            self.add_dialog(event.dialog_id, event.evidence.frame)
        who = event.author if isinstance(event, PublishRequested) else event.participant
        self.add_participant(who, event.evidence.frame)

    def _on_conversation(self, event: ConversationChanged) -> None:
        for dialog in event.dialogs:
            self.add_dialog(dialog.dialog_id, event.evidence.frame, event.conversation_id)
        for participant in event.participants:
            self.add_participant(participant.participant, event.evidence.frame)


ENTITY_RULES: dict[type, Callable[[SessionEntities, Any], None]] = {
    RequestMade: SessionEntities._on_request,
    RequestAnswered: SessionEntities._on_response,
    Identified: SessionEntities._on_identified,
    ParticipantNamed: SessionEntities._on_named,
    PublishRequested: SessionEntities._on_publish_or_chat_state,
    ChatStateReported: SessionEntities._on_publish_or_chat_state,
    ConversationChanged: SessionEntities._on_conversation,
}
"""How each kind of event that is no ``MessageEvent`` is added."""
