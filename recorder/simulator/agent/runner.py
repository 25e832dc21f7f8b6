"""The scripted agent: joins conversations, and does at its time what its rules say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from recorder.messaging.events import Participant
from recorder.messaging.requests import Json

from ..delivery.context import SimulatorContext, text_event
from ..delivery.outbox import Channel
from ..faults.config import Survey
from ..protocol.conversations import (
    SimulatedConversation,
    SimulatedDialog,
    close_conversation,
    close_dialog,
    join,
)
from ..protocol.uploads import PATH as UPLOAD_PATH
from . import verbs
from .rules import ConsumerEvent, PlannedAction, RuleContext, RuleEngine, Trigger
from .survey import SurveyBot
from .transfer import AGENT, Transfers


class AgentRunner:
    """One scripted agent in all conversations; after a transfer it has another id in that conversation."""

    def __init__(self, rules: RuleEngine, context: SimulatorContext, surveys: SurveyBot) -> None:
        self._rules = rules
        self._first = Participant(context.ids(), AGENT)
        self._context = context
        self._surveys = surveys
        self._transfers = Transfers(context, lambda: surveys.participant("CONTROLLER"))

    def on_consumer_event(
        self,
        conversation: SimulatedConversation,
        dialog: SimulatedDialog,
        event: ConsumerEvent,
        *,
        now_s: float,
    ) -> None:
        """Join if it is time to, and schedule what the rules say."""
        greets = event.trigger is Trigger.CONVERSATION and self._rules.script.greets()
        if greets or event.trigger is Trigger.MESSAGE:
            self._join(conversation, now_s)
        consumer_id = conversation.consumer.participant
        context = RuleContext(conversation.conversation_id, conversation.number, conversation.consumer_name)
        for action in self._rules.apply(context, event, consumer_id=consumer_id):
            if not self._is_left_out(action.verb):
                self._schedule(conversation, dialog, action, due_s=now_s + action.after_s)

    def _is_left_out(self, verb: verbs.AgentVerb) -> bool:
        is_accept = isinstance(verb, verbs.AgentReceipt) and verb.status == "ACCEPT"
        return self._context.moods.read_only and is_accept

    def _join(self, conversation: SimulatedConversation, now_s: float) -> None:
        if (
            conversation.agent is not None
            or not self._rules.script.root
            or self._transfers.is_between(conversation)
        ):
            return
        join(conversation, self._first, now_ms=self._context.wall_ms(now_s))
        self._context.connections.send_snapshot(conversation)
        transfer = self._context.moods.transfer
        if transfer is not None:
            self._context.scheduler.call_at(
                now_s + transfer.after,
                lambda at_s: self._transfers.begin(conversation, transfer, at_s),
            )

    def _schedule(
        self,
        conversation: SimulatedConversation,
        dialog: SimulatedDialog,
        action: PlannedAction,
        *,
        due_s: float,
    ) -> None:
        self._context.scheduler.call_at(due_s, lambda at_s: self._perform(conversation, dialog, action, at_s))

    def _perform(
        self,
        conversation: SimulatedConversation,
        dialog: SimulatedDialog,
        action: PlannedAction,
        now_s: float,
    ) -> None:
        is_late_receipt = action.event.trigger is Trigger.CLOSE and isinstance(
            action.verb, verbs.AgentReceipt
        )
        if not (dialog.is_open or is_late_receipt):
            return
        if dialog.is_open:
            self._join(conversation, now_s)
            if self._transfers.postpone(
                conversation, lambda at_s: self._perform(conversation, dialog, action, at_s)
            ):
                return
        VERB_HANDLERS[type(action.verb)](self, conversation, dialog, action, now_s)

    # --- one method for each verb -----------------------------------------------------------------------

    def say(
        self,
        conversation: SimulatedConversation,
        dialog: SimulatedDialog,
        action: PlannedAction,
        now_s: float,
    ) -> None:
        verb: verbs.AgentSay = action.verb  # type: ignore[assignment] # VERB_HANDLERS chose by type; so below
        event = text_event(verb.text.replace("{message}", action.event.text))
        if verb.quick_replies:
            event["quickReplies"] = _quick_replies(verb.quick_replies)
        self._publish(conversation, dialog, event, now_s, metadata=verb.metadata)

    def send_file(
        self,
        conversation: SimulatedConversation,
        dialog: SimulatedDialog,
        action: PlannedAction,
        now_s: float,
    ) -> None:
        verb: verbs.AgentSendFile = action.verb  # type: ignore[assignment]
        file_name = f"{self._context.ids()}.{verb.file_type}"
        message = {
            "caption": verb.caption.replace("{message}", action.event.text),
            "relativePath": verb.path or f"{UPLOAD_PATH}{conversation.account}/{file_name}",
            "fileType": verb.file_type,
            "preview": verb.preview,
        }
        event = {"type": "ContentEvent", "contentType": "hosted/file", "message": message}
        self._publish(conversation, dialog, event, now_s)

    def rich(
        self,
        conversation: SimulatedConversation,
        dialog: SimulatedDialog,
        action: PlannedAction,
        now_s: float,
    ) -> None:
        verb: verbs.AgentRich = action.verb  # type: ignore[assignment]
        event: Json = {"type": "RichContentEvent", "content": verb.content}
        if verb.quick_replies is not None:
            event["quickReplies"] = verb.quick_replies
        self._publish(conversation, dialog, event, now_s, metadata=verb.metadata)

    def receipt(
        self,
        conversation: SimulatedConversation,
        dialog: SimulatedDialog,
        action: PlannedAction,
        now_s: float,
    ) -> None:
        verb: verbs.AgentReceipt = action.verb  # type: ignore[assignment]
        sequences = verb.sequences
        if sequences is None and action.event.sequence is not None:
            sequences = [action.event.sequence]
        if not isinstance(sequences, list):
            sequences = _without_receipt(verb.status, dialog, by=conversation.agent or self._first)
            if not sequences:
                return
        event = {"type": "AcceptStatusEvent", "status": verb.status, "sequenceList": sequences}
        self._publish(conversation, dialog, event, now_s)

    def type(
        self,
        conversation: SimulatedConversation,
        dialog: SimulatedDialog,
        action: PlannedAction,
        now_s: float,
    ) -> None:
        verb: verbs.AgentType = action.verb  # type: ignore[assignment]
        self._publish(conversation, dialog, {"type": "ChatStateEvent", "chatState": verb.state}, now_s)

    def close(
        self,
        conversation: SimulatedConversation,
        dialog: SimulatedDialog,
        action: PlannedAction,
        now_s: float,
    ) -> None:
        self._close(conversation, self._context.moods.survey, now_s)

    def survey(
        self,
        conversation: SimulatedConversation,
        dialog: SimulatedDialog,
        action: PlannedAction,
        now_s: float,
    ) -> None:
        verb: verbs.AgentSurvey = action.verb  # type: ignore[assignment]
        mood = self._context.moods.survey
        has_no_options = not verb.model_fields_set - {"after"}
        self._close(conversation, mood if mood is not None and has_no_options else verb, now_s)

    def _close(self, conversation: SimulatedConversation, survey: Survey | None, now_s: float) -> None:
        now_ms = self._context.wall_ms(now_s)
        if survey is None:
            close_conversation(conversation, by="AGENT", now_ms=now_ms)
        else:
            self._surveys.begin(conversation, survey, now_s)
            close_dialog(conversation, conversation.main, by="AGENT", cause=None, now_ms=now_ms)
        self._context.connections.send_snapshot(conversation)

    def transfer(
        self,
        conversation: SimulatedConversation,
        dialog: SimulatedDialog,
        action: PlannedAction,
        now_s: float,
    ) -> None:
        verb: verbs.AgentTransfer = action.verb  # type: ignore[assignment]
        self._transfers.begin(conversation, verb, now_s)

    def step_up(
        self,
        conversation: SimulatedConversation,
        dialog: SimulatedDialog,
        action: PlannedAction,
        now_s: float,
    ) -> None:
        verb: verbs.AgentStepUp = action.verb  # type: ignore[assignment]
        old = conversation.consumer.participant
        self._context.step_up(conversation.account, old, to=verb.to, now_s=now_s)

    def hang_up(
        self,
        conversation: SimulatedConversation,
        dialog: SimulatedDialog,
        action: PlannedAction,
        now_s: float,
    ) -> None:
        verb: verbs.AgentHangUp = action.verb  # type: ignore[assignment]
        for client in self._context.connections.of_consumer(conversation):
            self._context.connections.close(client.number, verb.code, verb.reason)

    def send(
        self,
        conversation: SimulatedConversation,
        dialog: SimulatedDialog,
        action: PlannedAction,
        now_s: float,
    ) -> None:
        verb: verbs.AgentSend = action.verb  # type: ignore[assignment]
        text = verb.frame if isinstance(verb.frame, str) else orjson.dumps(verb.frame).decode()
        for client in self._context.connections.of_consumer(conversation):
            self._context.connections.send(client, text, channel=Channel.NOTIFICATION)

    def _publish(
        self,
        conversation: SimulatedConversation,
        dialog: SimulatedDialog,
        event: Json,
        now_s: float,
        *,
        metadata: list[Json] | None = None,
    ) -> None:
        agent = conversation.agent or self._first
        self._context.publish_and_send(conversation, dialog, agent, event, now_s=now_s, metadata=metadata)


VERB_HANDLERS: dict[
    type[verbs.AgentVerb],
    Callable[[AgentRunner, SimulatedConversation, SimulatedDialog, PlannedAction, float], None],
] = {
    verbs.AgentSay: AgentRunner.say,
    verbs.AgentSendFile: AgentRunner.send_file,
    verbs.AgentRich: AgentRunner.rich,
    verbs.AgentReceipt: AgentRunner.receipt,
    verbs.AgentAccept: AgentRunner.receipt,
    verbs.AgentRead: AgentRunner.receipt,
    verbs.AgentNack: AgentRunner.receipt,
    verbs.AgentAccess: AgentRunner.receipt,
    verbs.AgentType: AgentRunner.type,
    verbs.AgentClose: AgentRunner.close,
    verbs.AgentTransfer: AgentRunner.transfer,
    verbs.AgentSurvey: AgentRunner.survey,
    verbs.AgentStepUp: AgentRunner.step_up,
    verbs.AgentHangUp: AgentRunner.hang_up,
    verbs.AgentSend: AgentRunner.send,
}


def _quick_replies(titles: tuple[str, ...]) -> Json:
    replies = [
        {"type": "button", "tooltip": title, "title": title,
         "click": {"actions": [{"type": "publishText", "text": title}]}}
        for title in titles
    ]  # fmt: skip
    return {"type": "quickReplies", "itemsPerRow": 8, "replies": replies}


def _without_receipt(status: str, dialog: SimulatedDialog, *, by: Participant) -> list[int]:
    """Sequences of the consumer's messages without a receipt of this status by this agent."""
    marked = {
        sequence
        for one in dialog.published
        if one.author == by and one.event.get("status") == status
        for sequence in _sequences_of(one.event)
    }
    return [
        one.sequence
        for one in dialog.published
        if one.author.role == "CONSUMER"
        and one.event["type"] != "AcceptStatusEvent"
        and one.sequence is not None
        and one.sequence not in marked
    ]


def _sequences_of(event: Json) -> list[Any]:
    """The sequences in a receipt; a malformed one may have none."""
    sequences = event.get("sequenceList", [])
    return [one for one in sequences if type(one) is int]
