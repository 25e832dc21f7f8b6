"""The scripted agent: joins conversations, and does at its time what its rules say."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import orjson

from recorder.messaging.events import Participant
from recorder.messaging.requests import Json

from ..delivery.context import SimulatorContext, quick_replies, text_event
from ..delivery.outbox import Channel
from ..faults.config import Survey
from ..protocol.conversations import SimulatedConversation, SimulatedDialog
from ..protocol.uploads import PATH as UPLOAD_PATH
from . import verbs
from .rules import ConsumerEvent, RuleEngine, Trigger
from .survey import SurveyBot
from .transfer import AGENT, Transfers


class _Situation(NamedTuple):
    """Where and when the agent acts, and the consumer's event that it acts on."""

    dialog: SimulatedDialog
    event: ConsumerEvent
    now_s: float

    @property
    def conversation(self) -> SimulatedConversation:
        """The conversation of the dialog."""
        return self.dialog.conversation

    def fill_in(self, text: str) -> str:
        """``text`` with the consumer's text in the place of ``{message}``."""
        return text.replace("{message}", self.event.text)


class AgentRunner:
    """One scripted agent in all conversations; after a transfer it has another id in that conversation."""

    def __init__(self, rules: RuleEngine, context: SimulatorContext, surveys: SurveyBot) -> None:
        self._rules = rules
        self._first = Participant(context.ids(), AGENT)
        self._context = context
        self._surveys = surveys
        self._transfers = Transfers(context, surveys.write_as_controller)

    def on_consumer_event(self, dialog: SimulatedDialog, event: ConsumerEvent, now_s: float) -> None:
        """Join if it is time to, and schedule what the rules say."""
        conversation = dialog.conversation
        opens = event.trigger is Trigger.CONVERSATION and self._rules.script.joins_on_open()
        if opens or event.trigger is Trigger.MESSAGE:
            self._join(conversation, now_s)
        situation = _Situation(dialog, event, now_s)
        for action in self._rules.apply(conversation, event):
            is_accept = isinstance(action.verb, verbs.AgentReceipt) and action.verb.status == "ACCEPT"
            if not (is_accept and self._context.moods.read_only):
                perform = partial(self._perform, situation, action.verb)
                self._context.scheduler.call_at(now_s + action.after_s, perform)

    def _join(self, conversation: SimulatedConversation, now_s: float) -> None:
        if conversation.agent is not None or not self._rules.script.root:
            return
        if self._transfers.is_between(conversation):
            return
        conversation.join(self._first, now_ms=self._context.wall_ms(now_s))
        self._context.connections.send_snapshot(conversation)
        transfer = self._context.moods.transfer
        if transfer is not None:
            self._context.scheduler.call_at(
                now_s + transfer.after, lambda at_s: self._transfers.begin(conversation, transfer, at_s)
            )

    def _perform(self, situation: _Situation, verb: verbs.AgentVerb, now_s: float) -> None:
        is_receipt = isinstance(verb, verbs.AgentReceipt)
        if situation.dialog.is_open:
            self._join(situation.conversation, now_s)
            perform_later = partial(self._perform, situation, verb)
            if self._transfers.postpone(situation.conversation, perform_later):
                return
        elif not (is_receipt and situation.event.trigger is Trigger.CLOSE):
            return
        VERB_HANDLERS[type(verb)](self, situation._replace(now_s=now_s), verb)

    # --- one method for each verb -----------------------------------------------------------------------

    def say(self, situation: _Situation, verb: verbs.AgentSay) -> None:
        event = text_event(situation.fill_in(verb.text))
        if verb.quick_replies:
            event["quickReplies"] = quick_replies(verb.quick_replies)
        self._publish(situation, event, metadata=verb.metadata)

    def send_file(self, situation: _Situation, verb: verbs.AgentSendFile) -> None:
        file_name = f"{self._context.ids()}.{verb.file_type}"
        message = {
            "caption": situation.fill_in(verb.caption),
            "relativePath": verb.path or f"{UPLOAD_PATH}{situation.conversation.account}/{file_name}",
            "fileType": verb.file_type,
            "preview": verb.preview,
        }
        event = {"type": "ContentEvent", "contentType": "hosted/file", "message": message}
        self._publish(situation, event)

    def rich(self, situation: _Situation, verb: verbs.AgentRich) -> None:
        event: Json = {"type": "RichContentEvent", "content": verb.content}
        if verb.quick_replies is not None:
            event["quickReplies"] = verb.quick_replies
        self._publish(situation, event, metadata=verb.metadata)

    def receipt(self, situation: _Situation, verb: verbs.AgentReceipt) -> None:
        sequences = verb.sequences
        if sequences is None and situation.event.sequence is not None:
            sequences = [situation.event.sequence]
        if not isinstance(sequences, list):
            agent = situation.conversation.agent or self._first
            sequences = _without_receipt(verb.status, situation.dialog, by=agent)
            if not sequences:
                return
        event = {"type": "AcceptStatusEvent", "status": verb.status, "sequenceList": sequences}
        self._publish(situation, event)

    def type(self, situation: _Situation, verb: verbs.AgentType) -> None:
        self._publish(situation, {"type": "ChatStateEvent", "chatState": verb.state})

    def close(self, situation: _Situation, verb: verbs.AgentClose) -> None:
        self._close(situation, self._context.moods.survey)

    def survey(self, situation: _Situation, verb: verbs.AgentSurvey) -> None:
        mood = self._context.moods.survey
        has_no_options = not verb.model_fields_set - {"after"}
        self._close(situation, mood if mood is not None and has_no_options else verb)

    def _close(self, situation: _Situation, survey: Survey | None) -> None:
        conversation, now_ms = situation.conversation, self._context.wall_ms(situation.now_s)
        if survey is None:
            conversation.close(by="AGENT", now_ms=now_ms)
        else:
            self._surveys.begin(conversation, survey, situation.now_s)
            conversation.main.close(by="AGENT", now_ms=now_ms)
        self._context.connections.send_snapshot(conversation)

    def transfer(self, situation: _Situation, verb: verbs.AgentTransfer) -> None:
        self._transfers.begin(situation.conversation, verb, situation.now_s)

    def step_up(self, situation: _Situation, verb: verbs.AgentStepUp) -> None:
        conversation = situation.conversation
        old = conversation.consumer.participant
        self._context.step_up(conversation.account, old, to=verb.to, now_s=situation.now_s)

    def hang_up(self, situation: _Situation, verb: verbs.AgentHangUp) -> None:
        for client in self._context.connections.of_consumer(situation.conversation):
            self._context.connections.close(client.number, verb.code, verb.reason)

    def send(self, situation: _Situation, verb: verbs.AgentSend) -> None:
        text = verb.frame if isinstance(verb.frame, str) else orjson.dumps(verb.frame).decode()
        for client in self._context.connections.of_consumer(situation.conversation):
            self._context.connections.send(client, text, channel=Channel.NOTIFICATION)

    def _publish(self, situation: _Situation, event: Json, *, metadata: list[Json] | None = None) -> None:
        dialog, _, now_s = situation
        agent = dialog.conversation.agent or self._first
        self._context.publish_and_send(dialog, agent, event, now_s=now_s, metadata=metadata)


VERB_HANDLERS: dict[type[verbs.AgentVerb], Callable[[AgentRunner, _Situation, Any], None]] = {
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
