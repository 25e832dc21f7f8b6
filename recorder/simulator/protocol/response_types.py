"""What the service says: responses and notifications, as the JSON text of one frame.

Type names are those of the newest published examples; where a name was published only for the older
dialect (the clock), or only in a schema (plain string responses), that one is used.
"""

from __future__ import annotations

from typing import Any

import orjson

from .conversations import Json

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
    """A response; without ``reqId`` if the question had no id, without ``body`` if there is none."""
    told: Json = {"kind": "resp"}
    if request_id is not None:
        told["reqId"] = request_id
    told["code"] = code
    if body is not None:
        told["body"] = body
    return _text(told | {"type": type_name})


def refusal(request_id: str | None, code: int, says: str) -> str:
    """A response with a code of 400 or more and a sentence."""
    return response(request_id, says, STRING, code=code)


def messaging_events(changes: list[Json]) -> str:
    """The notification about events in dialogs; ``changes`` may be empty."""
    return notification(EVENTS, {"changes": changes})


def conversation_changes(subscription_id: str, changes: list[Json]) -> str:
    """The notification about conversations, for one subscription; ``changes`` may be empty."""
    body = {"subscriptionId": subscription_id, "changes": changes}
    return notification(CONVERSATIONS, body)


def notification(type_name: str, body: Json) -> str:
    """Any notification."""
    return _text({"kind": "notification", "body": body, "type": type_name})


def _text(told: Json) -> str:
    return orjson.dumps(told).decode()
