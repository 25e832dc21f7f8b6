"""The requests a consumer can make, parsed: one named tuple for each that has several parameters."""

from __future__ import annotations

from typing import Any, NamedTuple

from recorder.messaging.requests import Json


class SubscribeConversationsRequest(NamedTuple):
    """cqm.SubscribeExConversations. An empty set of states or stages matches all."""

    states: frozenset[str]
    stages: frozenset[str]
    from_ms: float
    until_ms: float


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


class HistoryRequest(NamedTuple):
    """ms.SubscribeMessagingEvents or ms.QueryMessages. ``from_sequence`` is inclusive."""

    dialog_id: str
    conversation_id: str | None
    from_sequence: float


class PublishRequest(NamedTuple):
    """ms.PublishEvent. ``event`` is as sent, except that ``sequenceList`` is always a list."""

    dialog_id: str
    conversation_id: str | None
    event: Json
    metadata: list[Any] | None
