"""Everything a consumer may ask, understood: what ``requests`` reads and ``service`` answers."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from .conversations import Json


class Connect(NamedTuple):
    """InitConnection. ``token`` is None where it brought none."""

    token: str | None


class AskTime(NamedTuple):
    """GetClock."""


class StayAlive(NamedTuple):
    """KeepAlive: does nothing but keep the connection."""


class SetProfile(NamedTuple):
    """userprofile.SetUserProfile: taken, and not looked at."""


class SubscribeConversations(NamedTuple):
    """cqm.SubscribeExConversations. An empty set of states or stages lets all pass."""

    states: frozenset[str]
    stages: frozenset[str]
    from_ms: float
    until_ms: float


class UnsubscribeConversations(NamedTuple):
    """cqm.UnsubscribeExConversations."""

    subscription_id: str


class OpenConversation(NamedTuple):
    """cm.ConsumerRequestConversation. ``asked`` is its body."""

    asked: Json


class FieldChange(NamedTuple):
    """One field of an update. ``dialog_id`` and ``cause`` only where one dialog is closed."""

    field: str
    raw: Json
    dialog_id: str | None = None
    cause: str | None = None


class UpdateConversation(NamedTuple):
    """cm.UpdateConversationField, with all its fields."""

    conversation_id: str
    changes: tuple[FieldChange, ...]


class SubscribeEvents(NamedTuple):
    """ms.SubscribeMessagingEvents. ``from_sequence`` is inclusive."""

    dialog_id: str
    conversation_id: str | None
    from_sequence: float


class QueryEvents(NamedTuple):
    """ms.QueryMessages: the history as an answer. ``from_sequence`` is inclusive."""

    dialog_id: str
    from_sequence: float


class EventKind(StrEnum):
    """What sort of event is published: it decides about the number."""

    MESSAGE = "message"
    RECEIPT = "receipt"
    CHAT_STATE = "chat state"


class Publish(NamedTuple):
    """ms.PublishEvent. ``event`` is as it came, but that ``sequenceList`` is always a list."""

    dialog_id: str
    conversation_id: str | None
    kind: EventKind
    event: Json
    metadata: list[Any] | None


class AskUpload(NamedTuple):
    """ms.GenerateURLForUploadFile. ``file_type`` is one of ``FILE_TYPES``."""

    file_type: str


class AskDownload(NamedTuple):
    """ms.GenerateURLForDownloadFile."""

    relative_path: str


Question = (
    Connect
    | AskTime
    | StayAlive
    | SetProfile
    | SubscribeConversations
    | UnsubscribeConversations
    | OpenConversation
    | UpdateConversation
    | SubscribeEvents
    | QueryEvents
    | Publish
    | AskUpload
    | AskDownload
)
