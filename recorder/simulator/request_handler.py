"""Answer consumers' requests: one method, and one row in ``HANDLERS``, for every request type.

The response is queued before the notifications of what the request changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from recorder.messaging.requests import Json
from recorder.wire.frames import CloseCode

from .agent.rules import ConsumerEvent, Trigger
from .agent.runner import AgentRunner
from .agent.survey import POST_SURVEY, SurveyBot
from .delivery.connections import Client, Subscription
from .delivery.context import SimulatorContext
from .delivery.outbox import Channel
from .protocol import response_types
from .protocol.conversations import SimulatedConversation, SimulatedDialog, open_conversation
from .protocol.request_parser import (
    FieldChange,
    HistoryRequest,
    PublishRequest,
    RequestRefused,
    SubscribeConversationsRequest,
    UpdateConversationRequest,
    event_type_of,
    parse_envelope,
    parse_request,
    request_id_of,
)
from .protocol.response_types import ResponseType
from .protocol.tokens import consumer_id_of, consumer_name_of
from .protocol.uploads import PATH as UPLOAD_PATH
from .protocol.uploads import url_signature

RESOLVED = "OK Conversation resolved successfully"
CLOSING = ("ConversationStateField", "Stage", "DialogChange")
URL_LIFE_S = 60


HOW_TO_GET_IN = (
    "no token came: send InitConnection first, or connect with one (any will do: --token-env, or a header)"
)
"""What a client is told that came without a token; at most 123 bytes, as of a close reason (RFC 6455 5.5)."""


class _RequestOrigin(NamedTuple):
    """Client, id and time of a request, and whether its response is suppressed (mood ``unanswered``)."""

    client: Client
    request_id: str
    now_s: float
    is_suppressed: bool


class RequestHandler:
    """Answers the requests of every client, and changes the conversations accordingly."""

    def __init__(self, agent: AgentRunner, surveys: SurveyBot, context: SimulatorContext) -> None:
        self._agent = agent
        self._surveys = surveys
        self._context = context
        self._connections = context.connections
        self._encoder = context.encoder
        self._ids = context.ids
        self._wall_ms = context.wall_ms

    def handle(self, client: Client, data: str | bytes, *, now_s: float, binary: bool) -> None:
        """Answer one data frame, whatever it holds."""
        try:
            self._handle(client, data, now_s=now_s, binary=binary)
        except RequestRefused as refused:
            request_id = None if binary else request_id_of(data)
            self._connections.send(client, self._encoder.error(request_id, refused.code, refused.reason))
            if client.consumer is None:
                self._connections.close(client.number, CloseCode.TOKEN_EXPIRED, HOW_TO_GET_IN)

    def _handle(self, client: Client, data: str | bytes, *, now_s: float, binary: bool) -> None:
        if binary:
            raise RequestRefused(400, "Binary frames are not part of this protocol")
        envelope = parse_envelope(data)
        if client.consumer is None and envelope.type != "InitConnection":
            raise RequestRefused(401, HOW_TO_GET_IN)
        faults = self._context.faults
        subject = (envelope.type, event_type_of(envelope), client.consumer_id)
        refusal = faults.refusal(*subject)
        if refusal is not None:
            raise refusal
        request = parse_request(envelope)
        is_suppressed = faults.suppresses_response(*subject)
        origin = _RequestOrigin(client, envelope.id, now_s, is_suppressed)
        HANDLERS[envelope.type](self, origin, request)

    def _respond(self, origin: _RequestOrigin, body: Any, type_: ResponseType) -> None:
        if not origin.is_suppressed:
            self._connections.send(origin.client, self._encoder.response(origin.request_id, body, type_))

    def init_connection(self, origin: _RequestOrigin, token: str | None) -> None:
        if origin.client.consumer is None:
            if token is None:
                raise RequestRefused(401, "jwt is missing")
            self._connections.authenticate(origin.client, consumer_id_of(token), consumer_name_of(token))
        self._respond(origin, None, response_types.STRING)

    def get_clock(self, origin: _RequestOrigin, _: None) -> None:
        self._respond(origin, {"currentTime": self._wall_ms(origin.now_s)}, response_types.CLOCK)

    def acknowledge(self, origin: _RequestOrigin, _: None) -> None:
        self._respond(origin, None, response_types.STRING)

    def upload_url(self, origin: _RequestOrigin, file_type: str) -> None:
        path = f"{UPLOAD_PATH}{origin.client.account}/{self._ids()}.{file_type}"
        self._respond(origin, self._url(path, origin.now_s), response_types.UPLOAD)

    def download_url(self, origin: _RequestOrigin, path: str) -> None:
        self._respond(origin, self._url(path, origin.now_s), response_types.DOWNLOAD)

    def _url(self, path: str, now_s: float) -> Json:
        expires = self._wall_ms(now_s) // 1000 + URL_LIFE_S
        signature = url_signature(path, str(expires))
        return {
            "relativePath": path,
            "queryParams": {"temp_url_sig": signature, "temp_url_expires": str(expires)},
        }

    def subscribe_conversations(self, origin: _RequestOrigin, request: SubscribeConversationsRequest) -> None:
        subscription = Subscription(self._ids(), request)
        origin.client.subscriptions[subscription.subscription_id] = subscription
        body = {"subscriptionId": subscription.subscription_id}
        self._respond(origin, body, response_types.SUBSCRIBED_CONVERSATIONS)
        self._connections.send_initial_snapshot(
            origin.client, subscription, list(self._conversations_of(origin.client).values())
        )

    def unsubscribe_conversations(self, origin: _RequestOrigin, subscription_id: str) -> None:
        if origin.client.subscriptions.pop(subscription_id, None) is None:
            raise RequestRefused(404, f"No subscription {subscription_id}")
        self._respond(origin, None, response_types.STRING)

    def open_conversation(self, origin: _RequestOrigin, request_body: Json) -> None:
        assert origin.client.consumer is not None  # noqa: S101 - a request without a token is refused first
        conversation = open_conversation(
            self._ids(),
            account=origin.client.account,
            consumer=origin.client.consumer,
            request_body=request_body,
            now_ms=self._wall_ms(origin.now_s),
        )
        conversations = self._conversations_of(origin.client)
        conversations[conversation.conversation_id] = conversation
        conversation.number, conversation.consumer_name = len(conversations), origin.client.name
        origin.client.opened.add(conversation.conversation_id)
        self._respond(origin, {"conversationId": conversation.conversation_id}, response_types.CONVERSATION)
        self._connections.send_snapshot(conversation)
        self._schedule_step_up(origin)
        opened = ConsumerEvent(Trigger.CONVERSATION)
        self._agent.on_consumer_event(conversation.main, opened, origin.now_s)

    def _schedule_step_up(self, origin: _RequestOrigin) -> None:
        """The mood's delay counts from the consumer's first conversation."""
        mood, client = self._context.moods.step_up, origin.client
        if mood is None or len(self._conversations_of(client)) > 1:
            return
        account, old = client.account, client.consumer_id
        self._context.scheduler.call_at(
            origin.now_s + mood.after,
            lambda at_s: self._context.step_up(account, old, to=mood.to, now_s=at_s),
        )

    def update_conversation(self, origin: _RequestOrigin, request: UpdateConversationRequest) -> None:
        conversation = self._conversation(origin.client, request.conversation_id)
        for change in request.changes:
            if change.dialog_id is not None and change.dialog_id not in conversation.dialogs:
                raise RequestRefused(404, f"No dialog {change.dialog_id}")
        closing = any(change.field in CLOSING for change in request.changes)
        self._respond(origin, RESOLVED if closing else "OK", response_types.STRING_AFTER_UPDATE)
        was_open, now_ms = conversation.main.is_open, self._wall_ms(origin.now_s)
        changed = []
        for change in request.changes:
            self._begin_survey(conversation, change, origin.now_s)
            changed.append(_change_field(conversation, change, now_ms))
        if any(changed):
            self._connections.send_snapshot(conversation)
        if was_open and not conversation.main.is_open:
            closed = ConsumerEvent(Trigger.CLOSE)
            self._agent.on_consumer_event(conversation.main, closed, origin.now_s)

    def _begin_survey(self, conversation: SimulatedConversation, change: FieldChange, now_s: float) -> None:
        """Begin the survey of the moods if the change closes the MAIN dialog alone."""
        survey = self._context.moods.survey
        closing_main = change.dialog_id == conversation.conversation_id and conversation.main.is_open
        if survey is not None and closing_main:
            self._surveys.begin(conversation, survey, now_s)

    def subscribe_events(self, origin: _RequestOrigin, request: HistoryRequest) -> None:
        dialog = self._dialog(origin.client, request.dialog_id, request.conversation_id)
        origin.client.dialogs.add(dialog.dialog_id)
        self._respond(origin, {}, response_types.SUBSCRIBED_EVENTS)
        history = dialog.history(request.from_sequence)
        for text in self._encoder.events(history, live=False, account=origin.client.account):
            self._connections.send(origin.client, text, channel=Channel.NOTIFICATION)

    def query_messages(self, origin: _RequestOrigin, request: HistoryRequest) -> None:
        dialog = self._dialog(origin.client, request.dialog_id, request.conversation_id)
        history = dialog.history(request.from_sequence)
        self._respond(origin, self._encoder.history(history, origin.client.account), response_types.HISTORY)

    def publish(self, origin: _RequestOrigin, request: PublishRequest) -> None:
        dialog = self._dialog(origin.client, request.dialog_id, request.conversation_id)
        if not dialog.is_open:
            raise RequestRefused(400, f"Dialog {dialog.dialog_id} is closed")
        consumer, now_ms = dialog.conversation.consumer, self._wall_ms(origin.now_s)
        published = self._context.faults.publish(
            dialog, consumer, request.event, metadata=request.metadata, now_ms=now_ms
        )
        # A chat state takes no sequence; the service answers 0 all the same.
        self._respond(origin, {"sequence": published[0].sequence or 0}, response_types.PUBLISHED)
        for one in published:
            self._connections.send_event(dialog.conversation, one, author=origin.client)
        event = _consumer_event(request, published[0].sequence)
        listener = self._surveys if dialog.type == POST_SURVEY else self._agent
        listener.on_consumer_event(dialog, event, origin.now_s)

    def _conversations_of(self, client: Client) -> dict[str, SimulatedConversation]:
        return self._context.conversations_of(client.account, client.consumer_id)

    def _conversation(self, client: Client, conversation_id: str) -> SimulatedConversation:
        found = self._conversations_of(client).get(conversation_id)
        if found is None:
            raise RequestRefused(404, f"No conversation {conversation_id}")
        return found

    def _dialog(self, client: Client, dialog_id: str, conversation_id: str | None) -> SimulatedDialog:
        for conversation in self._conversations_of(client).values():
            if dialog_id in conversation.dialogs:
                if conversation_id not in (None, conversation.conversation_id):
                    raise RequestRefused(400, f"Dialog {dialog_id} is not of that conversation")
                return conversation.dialogs[dialog_id]
        raise RequestRefused(404, f"No dialog {dialog_id}")


HANDLERS: dict[str, Callable[[RequestHandler, _RequestOrigin, Any], None]] = {
    "InitConnection": RequestHandler.init_connection,
    "GetClock": RequestHandler.get_clock,
    "KeepAlive": RequestHandler.acknowledge,
    "userprofile.SetUserProfile": RequestHandler.acknowledge,
    "cqm.SubscribeExConversations": RequestHandler.subscribe_conversations,
    "cqm.UnsubscribeExConversations": RequestHandler.unsubscribe_conversations,
    "cm.ConsumerRequestConversation": RequestHandler.open_conversation,
    "cm.UpdateConversationField": RequestHandler.update_conversation,
    "ms.SubscribeMessagingEvents": RequestHandler.subscribe_events,
    "ms.QueryMessages": RequestHandler.query_messages,
    "ms.PublishEvent": RequestHandler.publish,
    "ms.GenerateURLForUploadFile": RequestHandler.upload_url,
    "ms.GenerateURLForDownloadFile": RequestHandler.download_url,
}


def _change_field(conversation: SimulatedConversation, change: FieldChange, now_ms: int) -> bool:
    """Apply one change; False if nothing changed."""
    if change.dialog_id is not None:
        return conversation.dialogs[change.dialog_id].close(by="CONSUMER", cause=change.cause, now_ms=now_ms)
    if change.field in CLOSING:
        return conversation.close(by="CONSUMER", now_ms=now_ms)
    if change.field == "TTRField":
        conversation.ttr = {"ttrType": change.raw["ttrType"], "value": change.raw["value"]}
    else:
        conversation.csat = change.raw
    conversation.touch(now_ms)
    return True


def _consumer_event(request: PublishRequest, sequence: int | None) -> ConsumerEvent:
    event = request.event
    if event["type"] == "ChatStateEvent":
        return ConsumerEvent(Trigger.TYPING, event["chatState"])
    if event["type"] == "AcceptStatusEvent":
        return ConsumerEvent(Trigger.RECEIPT, event["status"])
    message = event.get("message")
    text = message.get("caption") if isinstance(message, dict) else message
    return ConsumerEvent(Trigger.MESSAGE, text if isinstance(text, str) else "", sequence)
