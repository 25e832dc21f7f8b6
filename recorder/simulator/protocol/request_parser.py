"""What a client asked: from a text frame to one understood question, or a reason to refuse it.

Everything a consumer may ask is a row in ``READERS``. A question that is not understood is refused
with an HTTP-like code and a sentence of at most 128 characters, as string responses allow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from .conversations import ANSWER_WITHIN_S, Json
from .request_types import (
    AskDownload,
    AskTime,
    AskUpload,
    Connect,
    EventKind,
    FieldChange,
    OpenConversation,
    Publish,
    QueryEvents,
    Question,
    SetProfile,
    StayAlive,
    SubscribeConversations,
    SubscribeEvents,
    UnsubscribeConversations,
    UpdateConversation,
)

DEEPEST = 100
"""Levels of nesting that are read. What is written nests a little deeper, and orjson writes 254."""


class Refused(Exception):
    """The question gets this answer instead: an HTTP-like code and one sentence."""

    def __init__(self, code: int, says: str) -> None:
        super().__init__(says)
        self.code = code
        self.says = says[:128]


class Envelope(NamedTuple):
    """What a request says about itself, before it is understood. ``type`` is in its v3 spelling."""

    id: str
    type: str
    raw: Json


FILE_TYPES = ("JPG", "JPEG", "PNG", "GIF")
LARGEST_FILE = 3 * 1024 * 1024
LONGEST_TTR_S = 366 * 86_400


def read_envelope(data: str | bytes) -> Envelope:
    """Read the envelope of a request; ``kind`` may be missing, ids may be numbers.

    Raises:
        Refused: with code 400, if it is no JSON object with ``id`` and ``type``.
    """
    raw = _read_object(data)
    request_id = _id_in(raw, "id")
    if raw.get("kind", "req") != "req":
        raise Refused(400, 'kind must be "req"')
    return Envelope(request_id, normal_type(_text_in(raw, "type")), raw)


def id_of(data: str | bytes) -> str | None:
    """The id to answer to, however wrong the rest is; None where there is none."""
    try:
        return _id_in(_read_object(data), "id")
    except Refused:
        return None


def event_type_of(envelope: Envelope) -> object:
    """The type of the event that a request publishes, if it does and says so."""
    body = envelope.raw.get("body")
    event = body.get("event") if isinstance(body, dict) else None
    return event.get("type") if isinstance(event, dict) else None


def understand(envelope: Envelope) -> Question:
    """Read the body by the request's type.

    Raises:
        Refused: the type is unknown, or the body lacks something or holds nonsense.
    """
    reader = READERS.get(envelope.type)
    if reader is None:
        raise Refused(400, f"Unknown request type {envelope.type}")
    return reader(envelope.raw)


def normal_type(type_name: str) -> str:
    """The v3 spelling of a type: ``.ams.ms.PublishEvent`` and ``ms.PublishEvent`` are one."""
    name = type_name.removeprefix(".").removeprefix("ams.")
    return "cqm." + name.removeprefix("aam.") if name.startswith("aam.") else name


def as_list(value: Any) -> list[Any]:
    """An array of one may come as the element itself."""
    return value if isinstance(value, list) else [value]


def _read_object(data: str | bytes) -> Json:
    try:
        raw = orjson.loads(data)
    except ValueError:
        raise Refused(400, "Not JSON") from None
    if not isinstance(raw, dict):
        raise Refused(400, "Not a JSON object")
    if _deeper_than(raw, DEEPEST):
        raise Refused(400, f"Nested deeper than {DEEPEST} levels")
    return raw


def _deeper_than(value: Any, levels: int) -> bool:
    level = [value]
    for _ in range(levels):
        inner = [one for one in level if isinstance(one, dict | list)]
        level = [each for one in inner for each in (one.values() if isinstance(one, dict) else one)]
        if not level:
            return False
    return any(isinstance(one, dict | list) for one in level)


def _connect(raw: Json) -> Connect:
    headers = [one for one in as_list(raw.get("headers", [])) if isinstance(one, dict)]
    tokens = [one.get("jwt") for one in headers if str(one.get("type")).endswith("ConsumerAuthentication")]
    return Connect(next((token for token in tokens if isinstance(token, str) and token), None))


def _subscribe_conversations(raw: Json) -> SubscribeConversations:
    body = _body(raw, optional=True)
    return SubscribeConversations(
        states=_open_close_in(body, "convState"),
        stages=_open_close_in(body, "stage"),
        from_ms=_number_in(body, "minLastUpdatedTime", float("-inf")),
        until_ms=_number_in(body, "maxLastUpdatedTime", float("inf")),
    )


def _unsubscribe_conversations(raw: Json) -> UnsubscribeConversations:
    return UnsubscribeConversations(_id_in(_body(raw), "subscriptionId"))


def _open_conversation(raw: Json) -> OpenConversation:
    asked = _body(raw, optional=True)
    if asked.get("ttrDefName") not in (None, *ANSWER_WITHIN_S):
        raise Refused(400, f"ttrDefName must be one of {', '.join(ANSWER_WITHIN_S)}")
    if asked.get("channelType") not in (None, "MESSAGING"):
        raise Refused(400, "channelType must be MESSAGING")
    return OpenConversation(asked)


def _update_conversation(raw: Json) -> UpdateConversation:
    body = _body(raw)
    conversation_id = _id_in(body, "conversationId")
    if not body.get("conversationField"):
        raise Refused(400, "conversationField is missing")
    changes = tuple(_field_change(one) for one in as_list(body["conversationField"]))
    return UpdateConversation(conversation_id, changes)


def _field_change(raw: Any) -> FieldChange:
    if not isinstance(raw, dict):
        raise Refused(400, "conversationField must be an object or a list of objects")
    field = _text_in(raw, "field")
    check = FIELDS.get(field)
    if check is None:
        raise Refused(400, f"Unknown or forbidden conversationField {field}")
    return check(raw)


def _whole_close(raw: Json) -> FieldChange:
    if raw.get("conversationState") != "CLOSE":
        raise Refused(400, "conversationState must be CLOSE")
    return FieldChange(raw["field"], raw)


def _dialog_close(raw: Json) -> FieldChange:
    dialog = raw.get("dialog")
    if not isinstance(dialog, dict):
        raise Refused(400, "dialog is missing")
    if dialog.get("state") != "CLOSE":
        raise Refused(400, "dialog.state must be CLOSE")
    cause = dialog.get("closedCause")
    return FieldChange(
        raw["field"], raw, _id_in(dialog, "dialogId"), cause if isinstance(cause, str) else None
    )


def _ttr(raw: Json) -> FieldChange:
    if raw.get("ttrType") not in ("CUSTOM", *ANSWER_WITHIN_S):
        raise Refused(400, "ttrType must be CUSTOM, NORMAL, PRIORITIZED or URGENT")
    if not 0 <= _number_in(raw, "value", -1) <= LONGEST_TTR_S:
        raise Refused(400, "value must be a number of seconds")
    return FieldChange(raw["field"], raw)


def _csat(raw: Json) -> FieldChange:
    if not 1 <= _number_in(raw, "csatRate", 1) <= 5:
        raise Refused(400, "csatRate must be 1 to 5")
    return FieldChange(raw["field"], raw)


# What a consumer may change. Participants and skills are the agent's business.
FIELDS: dict[str, Callable[[Json], FieldChange]] = {
    "ConversationStateField": _whole_close,
    "Stage": _whole_close,
    "DialogChange": _dialog_close,
    "TTRField": _ttr,
    "CSATRate": _csat,
}


def _subscribe_events(raw: Json) -> SubscribeEvents:
    body = _body(raw)
    from_sequence = _number_in(body, "fromSeq", 0)
    return SubscribeEvents(_id_in(body, "dialogId"), _optional_id(body, "conversationId"), from_sequence)


def _query(raw: Json) -> QueryEvents:
    # v2 asks with newerThanSequence. Whether it means "from" or "after" is published nowhere; it is read
    # as fromSeq is, because clients pass the same number in both.
    body = _body(raw)
    after = _number_in(body, "newerThanSequence", 0)
    return QueryEvents(_id_in(body, "dialogId"), _number_in(body, "fromSeq", after))


def _publish(raw: Json) -> Publish:
    body = _body(raw)
    dialog_id = _id_in(body, "dialogId")
    event = body.get("event")
    if not isinstance(event, dict):
        raise Refused(400, "event is missing")
    check = EVENTS.get(_text_in(event, "type"))
    if check is None:
        raise Refused(400, f"Unknown event type {event['type']}")
    metadata = None if raw.get("metadata") is None else as_list(raw["metadata"])
    return Publish(dialog_id, _optional_id(body, "conversationId"), *check(event), metadata)


def _content(event: Json) -> tuple[EventKind, Json]:
    content_type, message = _text_in(event, "contentType"), event.get("message")
    if message is None:
        raise Refused(400, "message is missing")
    if content_type == "text/plain" and not isinstance(message, str):
        raise Refused(400, "message must be text")
    if content_type == "hosted/file" and not (isinstance(message, dict) and "relativePath" in message):
        raise Refused(400, "message must be an object with relativePath")
    return EventKind.MESSAGE, event


def _rich_content(event: Json) -> tuple[EventKind, Json]:
    if not isinstance(event.get("content"), dict):
        raise Refused(400, "content is missing")
    return EventKind.MESSAGE, event


def _receipt(event: Json) -> tuple[EventKind, Json]:
    _text_in(event, "status")
    if event.get("sequenceList") is None:
        raise Refused(400, "sequenceList is missing")
    sequences = as_list(event["sequenceList"])
    if not all(type(one) is int and one >= 0 for one in sequences):
        raise Refused(400, "sequenceList must hold sequences")
    return EventKind.RECEIPT, event | {"sequenceList": sequences}


def _chat_state(event: Json) -> tuple[EventKind, Json]:
    _text_in(event, "chatState")
    return EventKind.CHAT_STATE, event


EVENTS: dict[str, Callable[[Json], tuple[EventKind, Json]]] = {
    "ContentEvent": _content,
    "RichContentEvent": _rich_content,
    "AcceptStatusEvent": _receipt,
    "ChatStateEvent": _chat_state,
}


def _ask_upload(raw: Json) -> AskUpload:
    body = _body(raw)
    file_type = _text_in(body, "fileType").upper()
    if file_type not in FILE_TYPES:
        raise Refused(400, f"fileType must be one of {', '.join(FILE_TYPES)}")
    size = str(body.get("fileSize", ""))
    if not (size.isascii() and size.isdecimal() and len(size) < 12 and int(size) <= LARGEST_FILE):
        raise Refused(400, "check your file size")
    return AskUpload(file_type)


def _ask_download(raw: Json) -> AskDownload:
    return AskDownload(_text_in(_body(raw), "relativePath"))


READERS: dict[str, Callable[[Json], Question]] = {
    "InitConnection": _connect,
    "GetClock": lambda raw: AskTime(),
    "KeepAlive": lambda raw: StayAlive(),
    "userprofile.SetUserProfile": lambda raw: SetProfile(),
    "cqm.SubscribeExConversations": _subscribe_conversations,
    "cqm.UnsubscribeExConversations": _unsubscribe_conversations,
    "cm.ConsumerRequestConversation": _open_conversation,
    "cm.UpdateConversationField": _update_conversation,
    "ms.SubscribeMessagingEvents": _subscribe_events,
    "ms.QueryMessages": _query,
    "ms.PublishEvent": _publish,
    "ms.GenerateURLForUploadFile": _ask_upload,
    "ms.GenerateURLForDownloadFile": _ask_download,
}


def _body(raw: Json, *, optional: bool = False) -> Json:
    body = raw.get("body")
    if body is None and optional:
        return {}
    if not isinstance(body, dict):
        raise Refused(400, "body is missing" if body is None else "body must be an object")
    return body


def _text_in(holder: Json, name: str) -> str:
    value = holder.get(name)
    if not isinstance(value, str) or not value:
        raise Refused(400, f"{name} is missing" if value is None else f"{name} must be text")
    return value


def _id_in(holder: Json, name: str) -> str:
    value = holder.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return _text_in(holder, name)


def _optional_id(holder: Json, name: str) -> str | None:
    return None if holder.get(name) is None else _id_in(holder, name)


def _number_in(holder: Json, name: str, default: float) -> float:
    value = holder.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(400, f"{name} must be a number")
    return value


def _open_close_in(body: Json, name: str) -> frozenset[str]:
    values = [] if body.get(name) is None else as_list(body[name])
    if not all(value in ("OPEN", "CLOSE") for value in values):
        raise Refused(400, f"{name} must be OPEN or CLOSE")
    return frozenset(values)
