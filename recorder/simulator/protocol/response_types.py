"""Responses and notifications: their type names, and their JSON as the text of one frame.

Type names are those of the newest published examples; where a name was published only for the older
dialect (the clock), or only in a schema (plain string responses), that one is used.
"""

from __future__ import annotations

from typing import Any

import orjson

from recorder.messaging.requests import Json

STRING = ".ReqBody$StringResp"
STRING_AFTER_UPDATE = "StringResponse"
CLOCK = ".GetClock$Response"
SUBSCRIBED_EVENTS = "GenericSubscribeResponse"
SUBSCRIBED_CONVERSATIONS = "cqm.SubscribeExConversationsResponse"
CONVERSATION = "cm.RequestConversationResponse"
PUBLISHED = "ms.PublishEventResponse"
HISTORY = "ms.QueryMessagesResponse"
UPLOAD = "ms.BaseGenerateURLResponse"
DOWNLOAD = "ms.GenerateURLResponse"

EVENTS = "ms.MessagingEventNotification"
CONVERSATIONS = "cqm.ExConversationChangeNotification"
V2_EVENT = ".ams.ms.OnlineEventDistribution"
V2_CONVERSATIONS = ".ams.aam.ExConversationChangeNotification"


def response(request_id: str | None, body: Any, type_name: str, *, code: int = 200) -> str:
    """The text of a response; no ``reqId`` for a request without id, no ``body`` where it is None."""
    fields: Json = {"kind": "resp"}
    if request_id is not None:
        fields["reqId"] = request_id
    fields["code"] = code
    if body is not None:
        fields["body"] = body
    return _text(fields | {"type": type_name})


def notification(type_name: str, body: Json) -> str:
    """The text of a notification."""
    return _text({"kind": "notification", "body": body, "type": type_name})


def _text(fields: Json) -> str:
    return orjson.dumps(fields).decode()
