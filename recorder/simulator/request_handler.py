"""Where questions are answered: one row in ``ANSWERS`` for everything a consumer may ask.

Whoever asked gets the answer before anybody is told what it changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from recorder.wire.frames import CloseCode

from .agent.rules import Noticed, Trigger
from .agent.runner import Seat
from .agent.step_up import step_up
from .agent.survey import POST_SURVEY, SurveyBot
from .delivery.connections import Client, Subscription
from .delivery.context import Backstage
from .delivery.outbox import Lane
from .protocol import response_types
from .protocol.conversations import (
    Conversation,
    Dialog,
    Json,
    Participant,
    close_conversation,
    close_dialog,
    open_conversation,
    touch,
)
from .protocol.identity import consumer_of, name_of
from .protocol.request_parser import Refused, event_type_of, id_of, read_envelope, understand
from .protocol.request_types import (
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
from .protocol.uploads import signature_of

RESOLVED = "OK Conversation resolved successfully"
CLOSING = ("ConversationStateField", "Stage", "DialogChange")
URL_LIFE_S = 60


class _Asking(NamedTuple):
    """Who asks, under which id, when; and whether they get no answer."""

    client: Client
    request_id: str
    now_s: float
    silent: bool


class Desk:
    """Answers every client's questions, and keeps everybody's conversations."""

    def __init__(self, seat: Seat, surveys: SurveyBot, backstage: Backstage) -> None:
        self._seat = seat
        self._surveys = surveys
        self._backstage = backstage
        self._board = backstage.board
        self._wording = backstage.wording
        self._ids = backstage.ids
        self._wall_ms = backstage.wall_ms

    def hear(self, client: Client, text: str | bytes, *, now_s: float, binary: bool) -> None:
        """Answer one frame, whatever it holds."""
        try:
            self._answer(client, text, now_s=now_s, binary=binary)
        except Refused as refused:
            request_id = None if binary else id_of(text)
            self._board.say(client, self._wording.refusal(request_id, refused.code, refused.says))
            if client.consumer is None:
                self._board.hang_up(client.number, CloseCode.TOKEN_EXPIRED, "InitConnection must come first")

    def _answer(self, client: Client, text: str | bytes, *, now_s: float, binary: bool) -> None:
        if binary:
            raise Refused(400, "Binary frames are not part of this protocol")
        envelope = read_envelope(text)
        if client.consumer is None and envelope.type != "InitConnection":
            raise Refused(401, "InitConnection must come first")
        whose = "" if client.consumer is None else client.consumer.participant
        asked = (envelope.type, event_type_of(envelope), whose)
        refusal = self._backstage.mischief.refusal(*asked)
        if refusal is not None:
            raise refusal
        question = understand(envelope)
        silent = self._backstage.mischief.keeps_silent(*asked)
        ANSWERS[type(question)](self, _Asking(client, envelope.id, now_s, silent), question)

    def _reply(self, asking: _Asking, body: Any, type_name: str) -> None:
        if not asking.silent:
            self._board.say(asking.client, self._wording.answer(asking.request_id, body, type_name))

    def connect(self, asking: _Asking, question: Connect) -> None:
        if asking.client.consumer is None:
            if question.token is None:
                raise Refused(401, "jwt is missing")
            token = question.token
            self._board.let_in(asking.client, consumer_of(token), name_of(token))
        self._reply(asking, None, response_types.STRING)

    def clock(self, asking: _Asking, question: AskTime) -> None:
        self._reply(asking, {"currentTime": self._wall_ms(asking.now_s)}, response_types.CLOCK)

    def nothing(self, asking: _Asking, question: StayAlive | SetProfile) -> None:
        self._reply(asking, None, response_types.STRING)

    def upload(self, asking: _Asking, question: AskUpload) -> None:
        path = f"/v1/AUTH_async-images/{asking.client.account}/{self._ids()}.{question.file_type}"
        self._reply(asking, self._url(path, asking.now_s), response_types.UPLOAD)

    def download(self, asking: _Asking, question: AskDownload) -> None:
        self._reply(asking, self._url(question.relative_path, asking.now_s), response_types.DOWNLOAD)

    def _url(self, path: str, now_s: float) -> Json:
        expires = self._wall_ms(now_s) // 1000 + URL_LIFE_S
        signature = signature_of(path, str(expires))
        return {
            "relativePath": path,
            "queryParams": {"temp_url_sig": signature, "temp_url_expires": str(expires)},
        }

    def subscribe_conversations(self, asking: _Asking, question: SubscribeConversations) -> None:
        subscription = Subscription(self._ids(), question)
        asking.client.subscriptions[subscription.subscription_id] = subscription
        body = {"subscriptionId": subscription.subscription_id}
        self._reply(asking, body, response_types.SUBSCRIBED_CONVERSATIONS)
        self._board.show_all(asking.client, subscription, list(self._owned(asking.client).values()))

    def unsubscribe_conversations(self, asking: _Asking, question: UnsubscribeConversations) -> None:
        if asking.client.subscriptions.pop(question.subscription_id, None) is None:
            raise Refused(404, f"No subscription {question.subscription_id}")
        self._reply(asking, None, response_types.STRING)

    def open(self, asking: _Asking, question: OpenConversation) -> None:
        conversation = open_conversation(
            self._ids(),
            account=asking.client.account,
            consumer=_consumer(asking.client),
            asked=question.asked,
            now_ms=self._wall_ms(asking.now_s),
        )
        owned = self._owned(asking.client)
        owned[conversation.conversation_id] = conversation
        conversation.number, conversation.consumer_name = len(owned), asking.client.name
        asking.client.opened.add(conversation.conversation_id)
        self._reply(asking, {"conversationId": conversation.conversation_id}, response_types.CONVERSATION)
        self._board.announce(conversation)
        self._expect_step_up(asking)
        opened = Noticed(Trigger.CONVERSATION)
        self._seat.notice(conversation, conversation.main, opened, now_s=asking.now_s)

    def _expect_step_up(self, asking: _Asking) -> None:
        """With the first conversation of a consumer it is known when they will log in."""
        mood, client = self._backstage.moods.step_up, asking.client
        if mood is None or len(self._owned(client)) > 1:
            return
        account, old = client.account, _consumer(client).participant
        self._backstage.agenda.enter(
            asking.now_s + mood.after,
            lambda at_s: step_up(self._backstage, account, old, to=mood.to, now_s=at_s),
        )

    def update(self, asking: _Asking, question: UpdateConversation) -> None:
        conversation = self._conversation(asking.client, question.conversation_id)
        for one in question.changes:
            if one.dialog_id is not None and one.dialog_id not in conversation.dialogs:
                raise Refused(404, f"No dialog {one.dialog_id}")
        closing = any(one.field in CLOSING for one in question.changes)
        self._reply(asking, RESOLVED if closing else "OK", response_types.STRING_AFTER_UPDATE)
        was_open, now_ms = conversation.main.is_open, self._wall_ms(asking.now_s)
        changed = []
        for one in question.changes:
            self._expect_survey(conversation, one, asking.now_s)
            changed.append(_change_field(conversation, one, now_ms))
        if any(changed):
            self._board.announce(conversation)
        if was_open and not conversation.main.is_open:
            closed = Noticed(Trigger.CLOSE)
            self._seat.notice(conversation, conversation.main, closed, now_s=asking.now_s)

    def _expect_survey(self, conversation: Conversation, one: FieldChange, now_s: float) -> None:
        """Closing the main dialog by itself lets the survey start."""
        survey = self._backstage.moods.survey
        closing_main = one.dialog_id == conversation.conversation_id and conversation.main.is_open
        if survey is not None and closing_main:
            self._surveys.begin(conversation, survey, now_s)

    def subscribe_events(self, asking: _Asking, question: SubscribeEvents) -> None:
        _, dialog = self._dialog(asking.client, question.dialog_id, question.conversation_id)
        asking.client.dialogs.add(dialog.dialog_id)
        self._reply(asking, {}, response_types.SUBSCRIBED_EVENTS)
        history = dialog.history(question.from_sequence)
        for text in self._wording.events(history, live=False, account=asking.client.account):
            self._board.say(asking.client, text, lane=Lane.PUSH)

    def query(self, asking: _Asking, question: QueryEvents) -> None:
        _, dialog = self._dialog(asking.client, question.dialog_id, None)
        history = dialog.history(question.from_sequence)
        self._reply(asking, self._wording.history(history, asking.client.account), response_types.HISTORY)

    def publish(self, asking: _Asking, question: Publish) -> None:
        conversation, dialog = self._dialog(asking.client, question.dialog_id, question.conversation_id)
        if not dialog.is_open:
            raise Refused(400, f"Dialog {dialog.dialog_id} is closed")
        told = self._backstage.published(
            conversation,
            dialog,
            conversation.consumer,
            question.event,
            now_s=asking.now_s,
            metadata=question.metadata,
        )
        # A chat state has no number; the service answers 0 all the same.
        self._reply(asking, {"sequence": told[0].sequence or 0}, response_types.PUBLISHED)
        for published in told:
            self._board.tell(conversation, published, author=asking.client)
        noticed = _noticed(question, told[0].sequence)
        listener = self._surveys if dialog.type == POST_SURVEY else self._seat
        listener.notice(conversation, dialog, noticed, now_s=asking.now_s)

    def _owned(self, client: Client) -> dict[str, Conversation]:
        return self._backstage.owned_by(client.account, _consumer(client).participant)

    def _conversation(self, client: Client, conversation_id: str) -> Conversation:
        found = self._owned(client).get(conversation_id)
        if found is None:
            raise Refused(404, f"No conversation {conversation_id}")
        return found

    def _dialog(
        self, client: Client, dialog_id: str, conversation_id: str | None
    ) -> tuple[Conversation, Dialog]:
        for conversation in self._owned(client).values():
            if dialog_id in conversation.dialogs:
                if conversation_id not in (None, conversation.conversation_id):
                    raise Refused(400, f"Dialog {dialog_id} is not of that conversation")
                return conversation, conversation.dialogs[dialog_id]
        raise Refused(404, f"No dialog {dialog_id}")


ANSWERS: dict[type[Question], Callable[[Desk, _Asking, Any], None]] = {
    Connect: Desk.connect,
    AskTime: Desk.clock,
    StayAlive: Desk.nothing,
    SetProfile: Desk.nothing,
    SubscribeConversations: Desk.subscribe_conversations,
    UnsubscribeConversations: Desk.unsubscribe_conversations,
    OpenConversation: Desk.open,
    UpdateConversation: Desk.update,
    SubscribeEvents: Desk.subscribe_events,
    QueryEvents: Desk.query,
    Publish: Desk.publish,
    AskUpload: Desk.upload,
    AskDownload: Desk.download,
}


def _consumer(client: Client) -> Participant:
    assert client.consumer is not None, "who was not let in is not answered"  # noqa: S101
    return client.consumer


def _change_field(conversation: Conversation, one: FieldChange, now_ms: int) -> bool:
    """Make one change; False if it was so already."""
    if one.dialog_id is not None:
        dialog = conversation.dialogs[one.dialog_id]
        return close_dialog(conversation, dialog, by="CONSUMER", cause=one.cause, now_ms=now_ms)
    if one.field in CLOSING:
        return close_conversation(conversation, by="CONSUMER", now_ms=now_ms)
    if one.field == "TTRField":
        conversation.ttr = {"ttrType": one.raw["ttrType"], "value": one.raw["value"]}
    else:
        conversation.csat = one.raw
    touch(conversation, now_ms)
    return True


def _noticed(question: Publish, sequence: int | None) -> Noticed:
    event = question.event
    if question.kind is EventKind.CHAT_STATE:
        return Noticed(Trigger.TYPING, event["chatState"])
    if question.kind is EventKind.RECEIPT:
        return Noticed(Trigger.RECEIPT, event["status"])
    message = event.get("message")
    words = message.get("caption") if isinstance(message, dict) else message
    return Noticed(Trigger.MESSAGE, words if isinstance(words, str) else "", sequence)
