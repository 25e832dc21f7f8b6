"""The requests a consumer can make, parsed: one named tuple for each type the service answers."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from recorder.messaging.requests import Json


class InitConnectionRequest(NamedTuple):
    """InitConnection. ``token`` is None where no ConsumerAuthentication header brought one."""

    token: str | None


class GetClockRequest(NamedTuple):
    """GetClock."""


class KeepAliveRequest(NamedTuple):
    """KeepAlive: answered, and a sign of life like any other frame."""


class SetUserProfileRequest(NamedTuple):
    """userprofile.SetUserProfile: accepted; the profile is ignored."""


class SubscribeConversationsRequest(NamedTuple):
    """cqm.SubscribeExConversations. An empty set of states or stages matches all."""

    states: frozenset[str]
    stages: frozenset[str]
    from_ms: float
    until_ms: float


class UnsubscribeConversationsRequest(NamedTuple):
    """cqm.UnsubscribeExConversations: ends one subscription to conversations."""

    subscription_id: str


class OpenConversationRequest(NamedTuple):
    """cm.ConsumerRequestConversation. ``body`` is the request's body."""

    body: Json


class FieldChange(NamedTuple):
    """One field of UpdateConversationField. ``dialog_id`` and ``cause`` only for DialogChange."""

    field: str
    raw: Json
    dialog_id: str | None = None
    cause: str | None = None


class UpdateConversationRequest(NamedTuple):
    """cm.UpdateConversationField, with all the fields it changes."""

    conversation_id: str
    changes: tuple[FieldChange, ...]


class SubscribeEventsRequest(NamedTuple):
    """ms.SubscribeMessagingEvents. ``from_sequence`` is inclusive."""

    dialog_id: str
    conversation_id: str | None
    from_sequence: float


class QueryMessagesRequest(NamedTuple):
    """ms.QueryMessages: the history as an answer. ``from_sequence`` is inclusive."""

    dialog_id: str
    from_sequence: float


class EventKind(StrEnum):
    """The kind of a published event: messages and receipts take a sequence, chat states do not."""

    MESSAGE = "message"
    RECEIPT = "receipt"
    CHAT_STATE = "chat state"


class PublishRequest(NamedTuple):
    """ms.PublishEvent. ``event`` is as sent, except that ``sequenceList`` is always a list."""

    dialog_id: str
    conversation_id: str | None
    kind: EventKind
    event: Json
    metadata: list[Any] | None


class UploadUrlRequest(NamedTuple):
    """ms.GenerateURLForUploadFile. ``file_type`` is one of ``FILE_TYPES``."""

    file_type: str


class DownloadUrlRequest(NamedTuple):
    """ms.GenerateURLForDownloadFile: for the file at this path."""

    relative_path: str


ConsumerRequest = (
    InitConnectionRequest
    | GetClockRequest
    | KeepAliveRequest
    | SetUserProfileRequest
    | SubscribeConversationsRequest
    | UnsubscribeConversationsRequest
    | OpenConversationRequest
    | UpdateConversationRequest
    | SubscribeEventsRequest
    | QueryMessagesRequest
    | PublishRequest
    | UploadUrlRequest
    | DownloadUrlRequest
)
