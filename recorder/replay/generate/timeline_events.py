"""The records a script is generated from, and the timeline events derived from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from recorder.messaging import typenames
from recorder.messaging.envelopes import Request
from recorder.messaging.events import (
    ChatStateReported,
    ConversationChanged,
    Event,
    MessagePublished,
    PublishRequested,
    ReceiptReported,
    Stamp,
)
from recorder.messaging.hosted_files import HOSTED_FILE_TYPES, file_caption, hosted_file

from ..run.receipt_batches import MessageId

CONSUMER = "CONSUMER"
AGENT_ROLES = ("ASSIGNED_AGENT", "AGENT", "MANAGER")
"""Roles of participants that the simulator's agent stands for."""
WHOLE_CONVERSATION = ""
"""In ``RequestSent.closings``: the whole conversation is closed, not one dialog."""

# --- input ----------------------------------------------------------------------------------------------


class RecordedPayload(NamedTuple):
    """A payload of either side, as the archive has it."""

    stamp: Stamp
    from_client: bool
    data: bytes
    binary: bool = False


class RecordedOpen(NamedTuple):
    """A connection was opened. ``token``: from its Authorization header, perhaps redacted; None: none."""

    connection: int
    offset_us: int | None
    token: str | None


class RecordedClose(NamedTuple):
    """A connection ended; ``by_client`` None: without a close frame."""

    connection: int
    offset_us: int | None
    by_client: bool | None
    code: int | None


SessionRecord = RecordedPayload | RecordedOpen | RecordedClose

# --- output; ``at_s`` is seconds since the session began, None if unknown ---------------------------------


class RequestSent(NamedTuple):
    """The consumer sent a request; ``events`` are the messaging events it implies, ``data`` the payload."""

    frame: int
    at_s: float | None
    connection: int
    request: Request
    events: tuple[Event, ...]
    data: bytes = b""

    @property
    def body(self) -> Mapping[str, Any]:
        """The body of the request; empty where it is no JSON object."""
        return self.request.body if isinstance(self.request.body, dict) else {}

    @property
    def message(self) -> PublishRequested | None:
        """The message it asks to publish; None: another request."""
        return next((event for event in self.events if isinstance(event, PublishRequested)), None)

    @property
    def text(self) -> str | None:
        """The plain text it asks to publish; None: another request, or another type of message."""
        message = self.message
        return message.text if message is not None and message.type == "text/plain" else None

    @property
    def receipt(self) -> ReceiptReported | None:
        """The receipt it publishes; None: another request."""
        return next((event for event in self.events if isinstance(event, ReceiptReported)), None)

    @property
    def changes(self) -> list[dict[str, Any]]:
        """The ``conversationField`` entries of a cm.UpdateConversationField; empty: another request."""
        if self.request.type != typenames.UPDATE_CONVERSATION:
            return []
        fields = self.body.get("conversationField")
        return [one for one in (fields if isinstance(fields, list) else [fields]) if isinstance(one, dict)]

    @property
    def closings(self) -> list[str]:
        """What it asks to close: dialog ids, or ``WHOLE_CONVERSATION``."""
        return [closed for change in self.changes if (closed := _closed_by(change)) is not None]

    @property
    def dialog_id(self) -> str | None:
        """The dialog it publishes in; None: it publishes nothing."""
        published = self.message or self.receipt or self.chat_state
        return None if published is None else published.dialog_id

    @property
    def chat_state(self) -> ChatStateReported | None:
        """The chat state it publishes; None: another request."""
        return next((event for event in self.events if isinstance(event, ChatStateReported)), None)


class RawPayloadSent(NamedTuple):
    """The consumer sent a payload that is no request."""

    frame: int
    at_s: float | None
    data: bytes
    binary: bool


class ResponseReceived(NamedTuple):
    """The service answered a request. ``key``: of the message it published, if it did."""

    frame: int
    at_s: float | None
    request_frame: int
    code: int | None
    conversation_id: str | None
    key: MessageId | None


class UnansweredMessageSeen(NamedTuple):
    """A message of ours whose publish request got no answer before its connection ended."""

    at_s: float | None
    request_frame: int
    key: MessageId


class MessageArrived(NamedTuple):
    """A message of the other side arrived for the first time. ``event``: its raw event, if it was found."""

    frame: int
    at_s: float | None
    key: MessageId
    message: MessagePublished
    event: Mapping[str, Any] | None = None

    @property
    def text(self) -> str | None:
        """What was written, a file's caption included; None: nothing (a file is named anew each time)."""
        message = self.message
        file = hosted_file((self.event or {}).get("message")) if message.type in HOSTED_FILE_TYPES else None
        return message.text if file is None else file_caption(file)


class ReceiptArrived(NamedTuple):
    """The other side gave a receipt for a message of ours; each participant's counts once per status."""

    at_s: float | None
    key: MessageId
    status: str
    server_ms: int | None = None


class ChatStateArrived(NamedTuple):
    """The other side published its chat state."""

    at_s: float | None
    dialog_id: str | None
    state: str


class ConversationUpdated(NamedTuple):
    """A notification gave the current state of a conversation."""

    at_s: float | None
    conversation: ConversationChanged


class Connected(NamedTuple):
    """A connection was opened while no other one was open."""

    at_s: float | None


class SecondConnectionOpened(NamedTuple):
    """A connection was opened while another one of the consumer was open, like a second window."""

    at_s: float | None
    connection: int


class Disconnected(NamedTuple):
    """The last open connection ended."""

    at_s: float | None
    by_client: bool | None
    code: int | None


TimelineEvent = (
    RequestSent
    | RawPayloadSent
    | ResponseReceived
    | UnansweredMessageSeen
    | MessageArrived
    | ReceiptArrived
    | ChatStateArrived
    | ConversationUpdated
    | Connected
    | SecondConnectionOpened
    | Disconnected
)


def _closed_by(change: dict[str, Any]) -> str | None:
    """The dialog id, or ``WHOLE_CONVERSATION``, that this change closes; None: it closes nothing."""
    if change.get("conversationState") == "CLOSE":
        return WHOLE_CONVERSATION
    dialog = change.get("dialog")
    if not isinstance(dialog, dict) or dialog.get("state") != "CLOSE":
        return None
    return str(dialog.get("dialogId") or "") or None
