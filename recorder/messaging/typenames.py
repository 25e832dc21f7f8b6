"""One spelling for every type name: three generations of the protocol write the same name differently.

The v3 spelling is the one used here: ``ms.PublishEvent`` for ``.ams.ms.PublishEvent``. A name is only
changed when all of it is understood, so that look-alikes (``evilms.PublishEvent``) stay what they are.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

GET_CLOCK: Final = "GetClock"
KEEP_ALIVE: Final = "KeepAlive"
INIT_CONNECTION: Final = "InitConnection"
REQUEST_CONVERSATION: Final = "cm.ConsumerRequestConversation"
AGENT_REQUEST_CONVERSATION: Final = "cm.AgentRequestConversation"
UPDATE_CONVERSATION: Final = "cm.UpdateConversationField"
SUBSCRIBE_CONVERSATIONS: Final = "cqm.SubscribeExConversations"
UNSUBSCRIBE_CONVERSATIONS: Final = "cqm.UnsubscribeExConversations"
SUBSCRIBE_MESSAGES: Final = "ms.SubscribeMessagingEvents"
PUBLISH: Final = "ms.PublishEvent"
QUERY_MESSAGES: Final = "ms.QueryMessages"
UPLOAD_URL: Final = "ms.GenerateURLForUploadFile"
SUBSCRIBE_ROUTING: Final = "routing.SubscribeRoutingTasks"
GET_USER_PROFILE: Final = "userprofile.GetUserProfile"
SET_USER_PROFILE: Final = "userprofile.SetUserProfile"

MESSAGING_EVENT: Final = "ms.MessagingEventNotification"
ONLINE_EVENT: Final = "ms.OnlineEventDistribution"
CONVERSATION_CHANGE: Final = "cqm.ExConversationChangeNotification"

OLD_CONVERSATION_CHANGE: Final = "cm.ConversationChangeNotification"
ROUTING_TASK: Final = "routing.RoutingTaskNotification"
RING_UPDATED: Final = "routing.RingUpdated"

REQUEST_TYPES: Final = frozenset(
    {
        GET_CLOCK,
        KEEP_ALIVE,
        INIT_CONNECTION,
        REQUEST_CONVERSATION,
        AGENT_REQUEST_CONVERSATION,
        UPDATE_CONVERSATION,
        SUBSCRIBE_CONVERSATIONS,
        UNSUBSCRIBE_CONVERSATIONS,
        SUBSCRIBE_MESSAGES,
        PUBLISH,
        QUERY_MESSAGES,
        UPLOAD_URL,
        "ms.GenerateURLForDownloadFile",
        GET_USER_PROFILE,
        SET_USER_PROFILE,
        "routing.SetAgentState",
        SUBSCRIBE_ROUTING,
        "routing.UnsubscribeRoutingTasks",
        "routing.UpdateRingState",
        "routing.SubscribeAgentsState",
        "routing.UnsubscribeAgentsState",
        "routing.UpdateRoutingTaskSubscription",
        "cqm.UpdateExConversationSubscription",
        "cm.SubscribeConversations",
        "ms.token.GenerateDownloadToken",
        "ms.token.GenerateUploadToken",
        "brandprofile.GetBrands",
        "brandprofile.GetBrandProfile",
        "brandprofile.SetBrandProfile",
    }
)
"""Requests that some public material describes, in their v3 spelling."""

NOTIFICATION_TYPES: Final = frozenset(
    {
        MESSAGING_EVENT,
        ONLINE_EVENT,
        CONVERSATION_CHANGE,
        ROUTING_TASK,
        "routing.AgentStateNotification",
        RING_UPDATED,
        OLD_CONVERSATION_CHANGE,
    }
)
"""Notifications that some public material describes, in their v3 spelling."""

_LONGEST = 128
_SHAPE = re.compile(
    r"\.?(?:ams\.)?(?:(?P<family>ms|ms\.token|cm|cqm|aam|routing|userprofile|up|brandprofile)\.)?"
    r"(?P<name>[A-Za-z][A-Za-z0-9]*)(?P<answer>\$Response)?"
)
_FAMILIES = {"aam": "cqm", "up": "userprofile"}
# Names that public clients write with one family or another, or with none; none of them is read here.
_FAMILY_OF = {
    "RingUpdated": "routing",
    "UpdateRoutingTaskSubscription": "routing",
    "ConversationChangeNotification": "cm",
    "SubscribeConversations": "cm",
    "UpdateExConversationSubscription": "cqm",
    "GenerateDownloadToken": "ms.token",
    "GenerateUploadToken": "ms.token",
    "GetBrands": "brandprofile",
    "GetBrandProfile": "brandprofile",
    "SetBrandProfile": "brandprofile",
}
_NO_FAMILY = frozenset(
    {GET_CLOCK, KEEP_ALIVE, INIT_CONNECTION, "GetClockResponse", "KeepAliveResponse"}
    | {"InitConnectionResponse", "GenericSubscribeResponse", "StringResponse", "StringResp"}
)
_SAME = {
    ".ReqBody$StringResp": "StringResponse",
    "ReqBody$StringResp": "StringResponse",
    "StringResp": "StringResponse",
    "cm.ConsumerRequestConversationResponse": "cm.RequestConversationResponse",
    "ms.GenerateURLResponse": "ms.BaseGenerateURLResponse",
    "ms.UploadTokenResponse": "ms.token.GenerateUploadTokenResponse",
    "routing.routingTaskNotification": "routing.RoutingTaskNotification",
    "routing.agentStateNotification": "routing.AgentStateNotification",
}


def normal_type(name: str) -> str:
    """The v3 spelling of a type name; a name that is not understood comes back as it is."""
    return name if len(name) > _LONGEST else _normal(name)


@lru_cache(maxsize=1024)
def _normal(name: str) -> str:
    if name in _SAME:
        return _SAME[name]
    shape = _SHAPE.fullmatch(name)
    if shape is None:
        return name
    family, bare = shape["family"], shape["name"] + ("Response" if shape["answer"] else "")
    family = _FAMILY_OF.get(bare.removesuffix("Response"), family)
    if family is None:
        return _SAME.get(bare, bare) if bare in _NO_FAMILY else name
    spelled = f"{_FAMILIES.get(family, family)}.{bare}"
    return _SAME.get(spelled, spelled)


def is_known_answer(name: str) -> bool:
    """Whether a response's type (v3 spelling) reads like one: those are named after what was asked."""
    return name.endswith("Response")
