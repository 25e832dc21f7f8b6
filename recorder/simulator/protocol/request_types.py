"""The requests a consumer can make, parsed: one named tuple for each type whose body is read."""

from __future__ import annotations

from typing import Any, NamedTuple

from recorder.messaging.requests import Json


class InitConnectionRequest(NamedTuple):
    """InitConnection. ``token`` is None where no ConsumerAuthentication header brought one."""

    token: str | None


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


class PublishRequest(NamedTuple):
    """ms.PublishEvent. ``event`` is as sent, except that ``sequenceList`` is always a list."""

    dialog_id: str
    conversation_id: str | None
    event: Json
    metadata: list[Any] | None


class UploadUrlRequest(NamedTuple):
    """ms.GenerateURLForUploadFile. ``file_type`` is one of ``FILE_TYPES``."""

    file_type: str


class DownloadUrlRequest(NamedTuple):
    """ms.GenerateURLForDownloadFile: for the file at this path."""

    relative_path: str
