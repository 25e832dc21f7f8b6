"""One consumer's view: the transcript of its own connections, and which ids are its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from recorder.messaging.events import (
    ConversationChanged,
    ConversationOpened,
    Event,
    MessagePublished,
    Proof,
    ReceiptReported,
    RequestAnswered,
    RequestMade,
)
from recorder.receipts.fold import apply
from recorder.receipts.queries import MessageView, message_view, view
from recorder.receipts.selves import Selves
from recorder.receipts.state import Message, Transcript

from .receipt_batches import MessageId

CONSUMER = "CONSUMER"
POST_SURVEY = "post_survey"
"""The dialog besides the main one that scripts have a name for; none is there before the main one ends."""


class ReceivedMessage(NamedTuple):
    """A message and when it was first seen: pushed, or answered where it is our own."""

    key: MessageId
    at_s: float


Target = MessageId | int
"""A message: by its key, or, as long as it has no sequence, by the frame that asked for it."""


class ConsumerView:
    """The live transcript of one consumer, and what a script refers to in it.

    Attributes:
        transcript: as ``receipts.fold`` makes it.
        messages: each once, in the order of arrival.
        answers: what answered our requests, by the frame of the request.
        bodies: what was in those answers.
        unanswered: frames of requests that an answer may still come to.
        lost: frames of requests whose connection ended before their answer.
        other_consumers: the views of the other consumers of the script; their ids are not ours.
        last_publish: frame of the last publish of a step.
        last_request: frame of the last request of a step.
        conversation_id: the conversation that steps refer to; None before there is one.
    """

    def __init__(self) -> None:
        self.transcript = Transcript()
        self.messages: list[ReceivedMessage] = []
        self.answers: dict[int, RequestAnswered] = {}
        self.bodies: dict[int, object] = {}
        self.unanswered: set[int] = set()
        self.lost: set[int] = set()
        self.other_consumers: tuple[ConsumerView, ...] = ()
        self.last_publish: int | None = None
        self.last_request: int | None = None
        self.conversation_id: str | None = None
        self._keys: set[MessageId] = set()
        self._pushed: dict[str, int] = {}
        self._us: set[str] = set()
        self._connections: set[int] = set()
        self._opened: dict[int, str] = {}
        self._conversation_of: dict[str, str] = {}

    def learn(self, events: Iterable[Event], now_s: float) -> list[ReceivedMessage]:
        """Apply the events of one payload; returns the messages that are new."""
        before = len(self.messages)
        for event in events:
            self.transcript = apply(self.transcript, event)
            self._note(event, now_s)
        return self.messages[before:]

    def _note(self, event: Event, now_s: float) -> None:
        match event:
            case MessagePublished() if not event.evidence.snapshot:  # what it shows was or will be pushed
                self._note_message(event, now_s)
            case RequestMade():
                self._connections.add(event.evidence.connection)
                if event.request_id is not None:
                    self.unanswered.add(event.evidence.frame)
            case RequestAnswered() if event.request_frame is not None:
                self.unanswered.discard(event.request_frame)
                self.answers[event.request_frame] = event
            case ConversationOpened() if event.request_frame is not None:
                self._opened[event.request_frame] = event.conversation_id
                self.conversation_id = self.conversation_id or event.conversation_id
            case ReceiptReported() if event.own_sequence is not None:
                self._note_pushed(event.dialog_id, event.own_sequence, event.evidence.proof)
            case ConversationChanged():
                for dialog in event.dialogs:
                    self._conversation_of[dialog.dialog_id] = event.conversation_id
            case _:
                pass

    def _note_message(self, event: MessagePublished, now_s: float) -> None:
        key = MessageId(event.dialog_id, event.sequence)
        self._note_pushed(event.dialog_id, event.sequence, event.evidence.proof)
        if event.conversation_id is not None:
            self._conversation_of[event.dialog_id] = event.conversation_id
        if key not in self._keys:
            self._keys.add(key)
            self.messages.append(ReceivedMessage(key, now_s))
        message = self.message(key)
        if message.mine and message.author is not None:
            self._us.add(message.author)

    def _note_pushed(self, dialog_id: str, sequence: int, proof: Proof) -> None:
        """Count pushed sequences only: an answer may arrive before pushes of lower sequences."""
        if proof >= Proof.ANNOUNCED:
            self._pushed[dialog_id] = max(sequence, self._pushed.get(dialog_id, 0))

    def connection_ended(self) -> None:
        """Requests without an answer are lost."""
        self.lost |= self.unanswered
        self.unanswered.clear()

    # --- whose ---

    def message(self, key: MessageId) -> Message:
        """The state of a message in the transcript."""
        return self.transcript.message(key.dialog_id, key.sequence)

    @property
    def own_ids(self) -> set[str]:
        """The ids we are known by, from tokens and from echoes of what we wrote."""
        return self._us | self.transcript.token_ids

    @property
    def selves(self) -> Selves:
        """Who we are on each connection: by its token; without one, by the only id that we are known by."""
        ids = self.own_ids
        known = dict.fromkeys(self._connections, min(ids)) if len(ids) == 1 else {}
        named = {number: min(names) for number, names in self.transcript.identities.items()}
        return Selves({**known, **named}, frozenset(ids))

    def is_us(self, participant: str | None, role: str | None) -> bool:
        """Whether this participant is the consumer we play (who may change ids when stepping up)."""
        if participant is None:
            return role == CONSUMER
        if participant in self.own_ids:
            return True
        return role == CONSUMER and not any(participant in fellow.own_ids for fellow in self.other_consumers)

    def is_ours(self, key: MessageId) -> bool:
        """Whether we wrote it; also true while it may be the echo of a publish not answered yet."""
        message = self.message(key)
        if message.mine or self.is_us(message.author, message.role):
            return True
        return message.role is None and self._may_be_echo(key, message)

    def _may_be_echo(self, key: MessageId, message: Message) -> bool:
        asked = self.transcript.own_publishes
        open_asks = [asked[frame] for frame in (*self.unanswered, *self.lost) if frame in asked]
        return any((ask.dialog_id, ask.text) == (key.dialog_id, message.text) for ask in open_asks)

    def received(self) -> Iterator[MessageId]:
        """Messages of the other side, newest first."""
        return (seen.key for seen in reversed(self.messages) if not self.is_ours(seen.key))

    # --- messages ---

    def answered(self, frame: int) -> Target:
        """The message that the publish in this frame became; the frame while it is none."""
        ask = self.transcript.own_publishes.get(frame)
        if ask is None or ask.answered is None:
            return frame
        _, dialog_id, sequence = ask.answered
        return MessageId(dialog_id, sequence)

    def message_view(self, target: Target) -> MessageView | None:
        """The message with its status and receipts; None while it is not in the transcript."""
        if isinstance(target, int):
            return next(
                (message for message in view(self.transcript) if message.request_frame == target), None
            )
        try:
            return message_view(self.transcript, *target, selves=self.selves)
        except KeyError:
            return None

    # --- dialogs ---

    def opened_by(self, frame: int) -> str | None:
        """The conversation that the request in this frame opened."""
        return self._opened.get(frame)

    def conversation(self) -> str | None:
        """The one that was opened; else the only open one there is."""
        if self.conversation_id is not None:
            return self.conversation_id
        open_ones = [
            conversation_id
            for conversation_id, snapshot in self.transcript.conversations.items()
            if snapshot.state != "CLOSE"
        ]
        return open_ones[0] if len(open_ones) == 1 else None

    def dialog(self, name: str | None) -> str | None:
        """A dialog by name: ``main``, a type in lower case (``post_survey``), or its id.

        None as long as there is no such dialog; what is no name known here is taken for an id.
        """
        conversation_id = self.conversation()
        if name is None or name == "main":
            return conversation_id  # the main dialog has the conversation's id
        snapshot = self.transcript.conversations.get(conversation_id or "")
        dialogs = snapshot.dialogs if snapshot is not None else ()
        of_type = [dialog.dialog_id for dialog in dialogs if (dialog.type or "").lower() == name]
        if of_type:
            return of_type[-1]
        return None if name == POST_SURVEY else name

    def conversation_of(self, dialog_id: str) -> str | None:
        """The conversation a dialog belongs to; the current one where no frame named another."""
        return self._conversation_of.get(dialog_id) or self.conversation()

    def dialogs_of(self, conversation_id: str) -> set[str]:
        """All dialogs known to belong to it, the main one (which has its id) included."""
        belonging = (one for one, whose in self._conversation_of.items() if whose == conversation_id)
        return {conversation_id, *belonging}

    def is_closed(self, dialog_id: str) -> bool:
        """Whether the newest snapshot of its conversation says so."""
        snapshot = self.transcript.conversations.get(self.conversation_of(dialog_id) or dialog_id)
        if snapshot is None:
            return False
        states = [dialog.state for dialog in snapshot.dialogs if dialog.dialog_id == dialog_id]
        return "CLOSE" in states or snapshot.state == "CLOSE"

    def last_sequence(self, dialog_id: str) -> int:
        """The highest sequence that was pushed in a dialog, receipts' own ones included; 0 if none."""
        return self._pushed.get(dialog_id, 0)
