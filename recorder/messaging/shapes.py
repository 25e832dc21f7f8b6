"""The type of an object that names none, told by its fields.

LivePerson's pages and its clients' logs print notifications, publishes and bare changes without a type, often
without the envelope. A type is assumed only where the protocol gives those fields to no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from . import typenames

_Json = dict[str, Any]

_ROUTING_TASK: Final = "routing.RoutingTaskNotification"
_AGENT_STATE: Final = "routing.AgentStateNotification"

# What the ``result`` of a change holds → the notification that brings it, and what it brings.
_RESULTS: Final = (
    (("conversationDetails", "convId"), typenames.CONVERSATION_CHANGE, "conversations"),
    (("ringsDetails",), _ROUTING_TASK, "rings"),
    (("availability",), _AGENT_STATE, "states of agents"),
)

# The field of a change that a publish never has.
_OF_CHANGES: Final = frozenset(
    {"originatorId", "originatorPId", "originatorMetadata", "sequence", "serverTimestamp"}
)

# Event type → a field that it has.
_EVENTS: Final = {
    "ContentEvent": "message",
    "RichContentEvent": "content",
    "AcceptStatusEvent": "sequenceList",
    "ChatStateEvent": "chatState",
}

BARE_TYPES: Final = frozenset({*_EVENTS, "UPSERT", "DELETE"})
"""The types of events and of changes: an object of such a type lacks the envelope, not the type of one."""

# Fields of a request's body → its type.
_REQUESTS: Final = (
    ({"conversationId", "conversationField"}, typenames.UPDATE_CONVERSATION),
    ({"convState"}, typenames.SUBSCRIBE_CONVERSATIONS),
    ({"fileSize", "fileType"}, typenames.UPLOAD_URL),
)


class Shape(NamedTuple):
    """A type that an object's fields are those of.

    Attributes:
        is_request: a request; otherwise a notification.
        type: in its v3 spelling.
        body: the body that belongs to it; the object itself where it stands without an envelope.
        reason: what tells the type, to follow "read as ms.X, because ".
    """

    is_request: bool
    type: str
    body: Any
    reason: str


def shapes_of(raw: _Json, *, from_client: bool) -> list[Shape]:
    """Every type whose fields an object without a type has; more than one: nobody can tell."""
    kind = raw.get("kind")
    shapes: list[Shape] = []
    if kind != "notification":
        shapes += _requests(raw, sent_so=kind == "req" or "id" in raw, from_client=from_client)
    if kind != "req" and "id" not in raw:
        shapes += _notifications(raw, sent_so=kind == "notification", from_client=from_client)
    return shapes


def _requests(raw: _Json, *, sent_so: bool, from_client: bool) -> Iterator[Shape]:
    """``sent_so``: the envelope says that it is a request."""
    body = raw.get("body", raw)
    if _is_bare_event(raw) and from_client:
        yield Shape(True, typenames.PUBLISH, {"event": raw}, f"it is a {raw['type']} by itself")
    if type(body) is dict and _holds_event(body) and not _OF_CHANGES & body.keys():
        yield Shape(True, typenames.PUBLISH, body, "it holds an event and a dialogId")
    if not (sent_so or from_client):
        return
    if any(type(header) is dict and "jwt" in header for header in _listed(raw.get("headers"))):
        yield Shape(True, typenames.INIT_CONNECTION, raw.get("body"), "its headers hold a token")
    if type(body) is dict and body is not raw:
        for fields, name in _REQUESTS:
            if fields <= body.keys():
                yield Shape(True, name, body, f"its body holds {' and '.join(sorted(fields))}")


def _notifications(raw: _Json, *, sent_so: bool, from_client: bool) -> Iterator[Shape]:
    """``sent_so``: the envelope says that it is a notification."""
    body = raw.get("body", raw)
    if type(body) is not dict:
        return
    if "changes" in body:
        yield from _of_changes(_listed(body["changes"]), body, "its changes hold")
    if "result" in raw and body is raw:
        yield from _of_changes([raw], {"changes": [raw]}, "as one change it holds")
    if _is_bare_event(raw) and not from_client:
        reason = f"it is a {raw['type']} by itself"
        yield Shape(False, typenames.MESSAGING_EVENT, {"changes": [{"event": raw}]}, reason)
    if _holds_event(body) and (sent_so or not from_client or _OF_CHANGES & body.keys()):
        if body is raw:
            yield Shape(False, typenames.MESSAGING_EVENT, {"changes": [raw]}, "it is a change by itself")
        else:
            yield Shape(False, typenames.ONLINE_EVENT, body, "its body is one change, with an event")


def _of_changes(changes: list[Any], body: _Json, holding: str) -> Iterator[Shape]:
    """The notifications that bring changes like all of these."""
    if not changes or not all(type(change) is dict for change in changes):
        return
    if all(type(change.get("event")) is dict for change in changes):
        yield Shape(False, typenames.MESSAGING_EVENT, body, f"{holding} events")
    results = [change.get("result") for change in changes]
    if not all(type(result) is dict for result in results):
        return
    for fields, name, what in _RESULTS:
        if all(any(field in result for field in fields) for result in results):
            yield Shape(False, name, body, f"{holding} {what}")


def _holds_event(body: _Json) -> bool:
    return type(body.get("event")) is dict and "dialogId" in body


def _is_bare_event(raw: _Json) -> bool:
    kind = raw.get("type")
    return type(kind) is str and kind in _EVENTS and _EVENTS[kind] in raw


def _listed(value: Any) -> list[Any]:
    return value if type(value) is list else [value]
