"""The type names of responses and notifications, in both dialects.

In v3, names are those of the newest published examples; where a name was published only for the older
dialect (the clock), or only in a schema (plain string responses), that one is used. v2 names a response
after its request.
"""

from __future__ import annotations

from typing import NamedTuple


class ResponseType(NamedTuple):
    """The name of one type in each dialect."""

    v3: str
    v2: str


STRING = ResponseType(".ReqBody$StringResp", ".ReqBody$StringResp")
STRING_AFTER_UPDATE = ResponseType("StringResponse", ".ReqBody$StringResp")
CLOCK = ResponseType(".GetClock$Response", ".GetClock$Response")
SUBSCRIBED_EVENTS = ResponseType("GenericSubscribeResponse", ".ams.GenericSubscribe$Response")
SUBSCRIBED_CONVERSATIONS = ResponseType(
    "cqm.SubscribeExConversationsResponse", ".ams.aam.SubscribeExConversations$Response"
)
CONVERSATION = ResponseType("cm.RequestConversationResponse", ".ams.cm.ConsumerRequestConversation$Response")
PUBLISHED = ResponseType("ms.PublishEventResponse", ".ams.ms.PublishEvent$Response")
HISTORY = ResponseType("ms.QueryMessagesResponse", ".ams.ms.QueryMessages$Response")
UPLOAD = ResponseType("ms.BaseGenerateURLResponse", ".ams.ms.GenerateURLForUploadFile$Response")
DOWNLOAD = ResponseType("ms.GenerateURLResponse", ".ams.ms.GenerateURLForDownloadFile$Response")

EVENTS = ResponseType("ms.MessagingEventNotification", ".ams.ms.OnlineEventDistribution")
CONVERSATIONS = ResponseType(
    "cqm.ExConversationChangeNotification", ".ams.aam.ExConversationChangeNotification"
)
