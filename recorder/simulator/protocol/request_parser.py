"""Parse a consumer's request: from a text frame to one typed request, or an error response.

Every request type is a row in ``REQUEST_PARSERS``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from recorder.messaging.requests import Json
from recorder.messaging.typenames import normal_type

from .conversations import TTR_S

MAX_NESTING = 100
"""Levels of nesting accepted. Responses nest a little deeper, and orjson writes up to 254."""


class RequestRefused(Exception):
    """The request gets an error response: an HTTP status, or a code like one, and a sentence."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class RequestEnvelope(NamedTuple):
    """A request whose body is not parsed yet. ``type`` is in its v3 spelling."""

    id: str
    type: str
    raw: Json


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


FILE_TYPES = ("JPG", "JPEG", "PNG", "GIF")
MAX_FILE_BYTES = 3 * 1024 * 1024
MAX_TTR_S = 366 * 86_400


def parse_envelope(data: str | bytes) -> RequestEnvelope:
    """Parse the envelope of a request; ``kind`` may be missing, ids may be numbers.

    Raises:
        RequestRefused: code 400; the frame is no JSON object with ``id`` and ``type``.
    """
    raw = _read_object(data)
    request_id = _id_in(raw, "id")
    if raw.get("kind", "req") != "req":
        raise RequestRefused(400, 'kind must be "req"')
    return RequestEnvelope(request_id, normal_type(text_in(raw, "type")), raw)


def request_id_of(data: str | bytes) -> str | None:
    """The ``id`` of a request, however malformed the rest is; None if it has none."""
    try:
        return _id_in(_read_object(data), "id")
    except RequestRefused:
        return None


def event_type_of(envelope: RequestEnvelope) -> object:
    """The ``type`` of the event a request publishes; None if it publishes none."""
    body = envelope.raw.get("body")
    event = body.get("event") if isinstance(body, dict) else None
    return event.get("type") if isinstance(event, dict) else None


def parse_request(envelope: RequestEnvelope) -> Any:
    """Parse a request by its type: a named tuple, its only parameter, or None if it has none.

    Raises:
        RequestRefused: the type is unknown, or the body lacks a field or has an invalid one.
    """
    parse = REQUEST_PARSERS.get(envelope.type)
    if parse is None:
        raise RequestRefused(400, f"Unknown request type {envelope.type}")
    return parse(envelope.raw)


def as_list(value: Any) -> list[Any]:
    """The array; a single element may stand in place of an array of one."""
    return value if isinstance(value, list) else [value]


def _read_object(data: str | bytes) -> Json:
    try:
        raw = orjson.loads(data)
    except ValueError:
        raise RequestRefused(400, "Not JSON") from None
    if not isinstance(raw, dict):
        raise RequestRefused(400, "Not a JSON object")
    if _deeper_than(raw, MAX_NESTING):
        raise RequestRefused(400, f"Nested deeper than {MAX_NESTING} levels")
    return raw


def _deeper_than(value: Any, levels: int) -> bool:
    level = [value]
    for _ in range(levels):
        inner = [item for item in level if isinstance(item, dict | list)]
        level = [child for item in inner for child in (item.values() if isinstance(item, dict) else item)]
        if not level:
            return False
    return any(isinstance(item, dict | list) for item in level)


def _without_parameters(raw: Json) -> None:
    return None


def _init_connection(raw: Json) -> str | None:
    """The token; None where no ConsumerAuthentication header brings one."""
    headers = [item for item in as_list(raw.get("headers", [])) if isinstance(item, dict)]
    tokens = [item.get("jwt") for item in headers if str(item.get("type")).endswith("ConsumerAuthentication")]
    return next((token for token in tokens if isinstance(token, str) and token), None)


def _subscribe_conversations(raw: Json) -> SubscribeConversationsRequest:
    body = _body(raw, optional=True)
    return SubscribeConversationsRequest(
        states=_open_close_in(body, "convState"),
        stages=_open_close_in(body, "stage"),
        from_ms=_number_in(body, "minLastUpdatedTime", float("-inf")),
        until_ms=_number_in(body, "maxLastUpdatedTime", float("inf")),
    )


def _unsubscribe_conversations(raw: Json) -> str:
    return _id_in(_body(raw), "subscriptionId")


def _open_conversation(raw: Json) -> Json:
    body = _body(raw, optional=True)
    if body.get("ttrDefName") not in (None, *TTR_S):
        raise RequestRefused(400, f"ttrDefName must be one of {', '.join(TTR_S)}")
    if body.get("channelType") not in (None, "MESSAGING"):
        raise RequestRefused(400, "channelType must be MESSAGING")
    return body


def _update_conversation(raw: Json) -> UpdateConversationRequest:
    body = _body(raw)
    conversation_id = _id_in(body, "conversationId")
    if not body.get("conversationField"):
        raise RequestRefused(400, "conversationField is missing")
    changes = tuple(_field_change(item) for item in as_list(body["conversationField"]))
    return UpdateConversationRequest(conversation_id, changes)


def _field_change(raw: Any) -> FieldChange:
    if not isinstance(raw, dict):
        raise RequestRefused(400, "conversationField must be an object or a list of objects")
    field = text_in(raw, "field")
    parse = FIELD_PARSERS.get(field)
    if parse is None:
        raise RequestRefused(400, f"Unknown or forbidden conversationField {field}")
    return parse(raw)


def _conversation_close(raw: Json) -> FieldChange:
    if raw.get("conversationState") != "CLOSE":
        raise RequestRefused(400, "conversationState must be CLOSE")
    return FieldChange(raw["field"], raw)


def _dialog_close(raw: Json) -> FieldChange:
    dialog = raw.get("dialog")
    if not isinstance(dialog, dict):
        raise RequestRefused(400, "dialog is missing")
    if dialog.get("state") != "CLOSE":
        raise RequestRefused(400, "dialog.state must be CLOSE")
    cause = dialog.get("closedCause")
    return FieldChange(
        raw["field"], raw, _id_in(dialog, "dialogId"), cause if isinstance(cause, str) else None
    )


def _ttr(raw: Json) -> FieldChange:
    if raw.get("ttrType") not in ("CUSTOM", *TTR_S):
        raise RequestRefused(400, "ttrType must be CUSTOM, NORMAL, PRIORITIZED or URGENT")
    if not 0 <= _number_in(raw, "value", -1) <= MAX_TTR_S:
        raise RequestRefused(400, "value must be a number of seconds")
    return FieldChange(raw["field"], raw)


def _csat(raw: Json) -> FieldChange:
    if not 1 <= _number_in(raw, "csatRate", 1) <= 5:
        raise RequestRefused(400, "csatRate must be 1 to 5")
    return FieldChange(raw["field"], raw)


# The fields a consumer may update. Participants and skills are for agents only.
FIELD_PARSERS: dict[str, Callable[[Json], FieldChange]] = {
    "ConversationStateField": _conversation_close,
    "Stage": _conversation_close,
    "DialogChange": _dialog_close,
    "TTRField": _ttr,
    "CSATRate": _csat,
}


def _subscribe_events(raw: Json) -> HistoryRequest:
    body = _body(raw)
    from_sequence = _number_in(body, "fromSeq", 0)
    dialog_id, conversation_id = _id_in(body, "dialogId"), _optional_id(body, "conversationId")
    return HistoryRequest(dialog_id, conversation_id, from_sequence)


def _query_messages(raw: Json) -> HistoryRequest:
    # v2 asks with newerThanSequence. Whether it means "from" or "after" is published nowhere; it is read
    # as fromSeq is, because clients pass the same number in both.
    body = _body(raw)
    after = _number_in(body, "newerThanSequence", 0)
    return HistoryRequest(_id_in(body, "dialogId"), None, _number_in(body, "fromSeq", after))


def _publish(raw: Json) -> PublishRequest:
    body = _body(raw)
    dialog_id = _id_in(body, "dialogId")
    event = body.get("event")
    if not isinstance(event, dict):
        raise RequestRefused(400, "event is missing")
    parse = EVENT_PARSERS.get(text_in(event, "type"))
    if parse is None:
        raise RequestRefused(400, f"Unknown event type {event['type']}")
    metadata = None if raw.get("metadata") is None else as_list(raw["metadata"])
    return PublishRequest(dialog_id, _optional_id(body, "conversationId"), parse(event), metadata)


def _content(event: Json) -> Json:
    content_type, message = text_in(event, "contentType"), event.get("message")
    if message is None:
        raise RequestRefused(400, "message is missing")
    if content_type == "text/plain" and not isinstance(message, str):
        raise RequestRefused(400, "message must be text")
    if content_type == "hosted/file" and not (isinstance(message, dict) and "relativePath" in message):
        raise RequestRefused(400, "message must be an object with relativePath")
    return event


def _rich_content(event: Json) -> Json:
    if not isinstance(event.get("content"), dict):
        raise RequestRefused(400, "content is missing")
    return event


def _receipt(event: Json) -> Json:
    text_in(event, "status")
    if event.get("sequenceList") is None:
        raise RequestRefused(400, "sequenceList is missing")
    sequences = as_list(event["sequenceList"])
    if not all(type(item) is int and item >= 0 for item in sequences):
        raise RequestRefused(400, "sequenceList must hold sequences")
    return event | {"sequenceList": sequences}


def _chat_state(event: Json) -> Json:
    text_in(event, "chatState")
    return event


EVENT_PARSERS: dict[str, Callable[[Json], Json]] = {
    "ContentEvent": _content,
    "RichContentEvent": _rich_content,
    "AcceptStatusEvent": _receipt,
    "ChatStateEvent": _chat_state,
}


def _upload_url(raw: Json) -> str:
    body = _body(raw)
    file_type = text_in(body, "fileType").upper()
    if file_type not in FILE_TYPES:
        raise RequestRefused(400, f"fileType must be one of {', '.join(FILE_TYPES)}")
    size = str(body.get("fileSize", ""))
    if not (size.isascii() and size.isdecimal() and len(size) < 12 and int(size) <= MAX_FILE_BYTES):
        raise RequestRefused(400, "check your file size")
    return file_type


def _download_url(raw: Json) -> str:
    return text_in(_body(raw), "relativePath")


REQUEST_PARSERS: dict[str, Callable[[Json], Any]] = {
    "InitConnection": _init_connection,
    "GetClock": _without_parameters,
    "KeepAlive": _without_parameters,
    "userprofile.SetUserProfile": _without_parameters,
    "cqm.SubscribeExConversations": _subscribe_conversations,
    "cqm.UnsubscribeExConversations": _unsubscribe_conversations,
    "cm.ConsumerRequestConversation": _open_conversation,
    "cm.UpdateConversationField": _update_conversation,
    "ms.SubscribeMessagingEvents": _subscribe_events,
    "ms.QueryMessages": _query_messages,
    "ms.PublishEvent": _publish,
    "ms.GenerateURLForUploadFile": _upload_url,
    "ms.GenerateURLForDownloadFile": _download_url,
}


def _body(raw: Json, *, optional: bool = False) -> Json:
    body = raw.get("body")
    if body is None and optional:
        return {}
    if not isinstance(body, dict):
        raise RequestRefused(400, "body is missing" if body is None else "body must be an object")
    return body


def text_in(holder: Json, name: str) -> str:
    """The text of one field, not empty; ``RequestRefused`` (400) where it is missing or something else."""
    value = holder.get(name)
    if not isinstance(value, str) or not value:
        raise RequestRefused(400, f"{name} is missing" if value is None else f"{name} must be text")
    return value


def _id_in(holder: Json, name: str) -> str:
    value = holder.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return text_in(holder, name)


def _optional_id(holder: Json, name: str) -> str | None:
    return None if holder.get(name) is None else _id_in(holder, name)


def _number_in(holder: Json, name: str, default: float) -> float:
    value = holder.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RequestRefused(400, f"{name} must be a number")
    return value


def _open_close_in(body: Json, name: str) -> frozenset[str]:
    values = [] if body.get(name) is None else as_list(body[name])
    if not all(value in ("OPEN", "CLOSE") for value in values):
        raise RequestRefused(400, f"{name} must be OPEN or CLOSE")
    return frozenset(values)
