"""Where the agent sits: joins conversations, and does what the script says when it is time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from ..delivery.context import Backstage, text_event
from ..delivery.outbox import Lane
from ..faults.config import Survey
from ..protocol.conversations import (
    Conversation,
    Dialog,
    Json,
    Participant,
    close_conversation,
    close_dialog,
    join,
)
from . import verbs
from .rules import Act, Agent, Noticed, Trigger, Where
from .step_up import step_up
from .survey import SurveyBot
from .transfer import AGENT, Transfers


class Seat:
    """The scripted agent, in all conversations at once; after a transfer it has another id there."""

    def __init__(self, agent: Agent, backstage: Backstage, surveys: SurveyBot) -> None:
        self._agent = agent
        self._first = Participant(backstage.ids(), AGENT)
        self._backstage = backstage
        self._surveys = surveys
        self._transfers = Transfers(backstage, lambda: surveys.participant("CONTROLLER"))

    def notice(self, conversation: Conversation, dialog: Dialog, noticed: Noticed, *, now_s: float) -> None:
        """The consumer did something: join if it is time to, and plan what the script says."""
        greeting = noticed.trigger is Trigger.CONVERSATION and self._agent.script.greets()
        if greeting or noticed.trigger is Trigger.MESSAGE:
            self._join(conversation, now_s)
        whose = conversation.consumer.participant
        where = Where(conversation.conversation_id, conversation.number, conversation.consumer_name)
        for act in self._agent.notice(where, noticed, whose=whose):
            if not self._is_left_out(act):
                self._plan(conversation, dialog, act, due_s=now_s + act.after_s)

    def _is_left_out(self, act: Act) -> bool:
        deed = act.deed
        return self._backstage.moods.read_only and isinstance(deed, verbs.Receipt) and deed.status == "ACCEPT"

    def _join(self, conversation: Conversation, now_s: float) -> None:
        if (
            conversation.agent is not None
            or not self._agent.script.root
            or self._transfers.is_between(conversation)
        ):
            return
        join(conversation, self._first, now_ms=self._backstage.wall_ms(now_s))
        self._backstage.board.announce(conversation)
        transfer = self._backstage.moods.transfer
        if transfer is not None:
            self._backstage.agenda.enter(
                now_s + transfer.after,
                lambda at_s: self._transfers.begin(conversation, transfer, at_s),
            )

    def _plan(self, conversation: Conversation, dialog: Dialog, act: Act, *, due_s: float) -> None:
        self._backstage.agenda.enter(due_s, lambda at_s: self._perform(conversation, dialog, act, at_s))

    def _perform(self, conversation: Conversation, dialog: Dialog, act: Act, now_s: float) -> None:
        late_receipt = act.noticed.trigger is Trigger.CLOSE and isinstance(act.deed, verbs.Receipt)
        if not (dialog.is_open or late_receipt):
            return
        if dialog.is_open:
            self._join(conversation, now_s)
            if self._transfers.postpones(
                conversation, lambda at_s: self._perform(conversation, dialog, act, at_s)
            ):
                return
        DEEDS[type(act.deed)](self, conversation, dialog, act, now_s)

    # --- what the script may say, one method for each verb ----------------------------------------------

    def say(self, conversation: Conversation, dialog: Dialog, act: Act, now_s: float) -> None:
        deed: verbs.Say = act.deed  # type: ignore[assignment] # DEEDS chose by type; so for all below
        event = text_event(deed.text.replace("{message}", act.noticed.text))
        if deed.quick_replies:
            event["quickReplies"] = _quick_replies(deed.quick_replies)
        self._publish(conversation, dialog, event, now_s, metadata=deed.metadata)

    def send_file(self, conversation: Conversation, dialog: Dialog, act: Act, now_s: float) -> None:
        deed: verbs.SendFile = act.deed  # type: ignore[assignment]
        made_up = f"/v1/AUTH_async-images/{conversation.account}/{self._backstage.ids()}.{deed.file_type}"
        message = {
            "caption": deed.caption.replace("{message}", act.noticed.text),
            "relativePath": deed.path or made_up,
            "fileType": deed.file_type,
            "preview": deed.preview,
        }
        event = {"type": "ContentEvent", "contentType": "hosted/file", "message": message}
        self._publish(conversation, dialog, event, now_s)

    def rich(self, conversation: Conversation, dialog: Dialog, act: Act, now_s: float) -> None:
        deed: verbs.Rich = act.deed  # type: ignore[assignment]
        event: Json = {"type": "RichContentEvent", "content": deed.content}
        if deed.quick_replies is not None:
            event["quickReplies"] = deed.quick_replies
        self._publish(conversation, dialog, event, now_s, metadata=deed.metadata)

    def receipt(self, conversation: Conversation, dialog: Dialog, act: Act, now_s: float) -> None:
        deed: verbs.Receipt = act.deed  # type: ignore[assignment]
        sequences = deed.sequences
        if sequences is None and act.noticed.sequence is not None:
            sequences = [act.noticed.sequence]
        if not isinstance(sequences, list):
            sequences = _without(deed.status, dialog, by=conversation.agent or self._first)
            if not sequences:
                return
        event = {"type": "AcceptStatusEvent", "status": deed.status, "sequenceList": sequences}
        self._publish(conversation, dialog, event, now_s)

    def type(self, conversation: Conversation, dialog: Dialog, act: Act, now_s: float) -> None:
        deed: verbs.Type = act.deed  # type: ignore[assignment]
        self._publish(conversation, dialog, {"type": "ChatStateEvent", "chatState": deed.state}, now_s)

    def close(self, conversation: Conversation, dialog: Dialog, act: Act, now_s: float) -> None:
        self._close(conversation, self._backstage.moods.survey, now_s)

    def survey(self, conversation: Conversation, dialog: Dialog, act: Act, now_s: float) -> None:
        deed: verbs.StartSurvey = act.deed  # type: ignore[assignment]
        usual = self._backstage.moods.survey
        said_nothing = not deed.model_fields_set - {"after"}
        self._close(conversation, usual if usual is not None and said_nothing else deed, now_s)

    def _close(self, conversation: Conversation, survey: Survey | None, now_s: float) -> None:
        now_ms = self._backstage.wall_ms(now_s)
        if survey is None:
            close_conversation(conversation, by="AGENT", now_ms=now_ms)
        else:
            self._surveys.begin(conversation, survey, now_s)
            close_dialog(conversation, conversation.main, by="AGENT", cause=None, now_ms=now_ms)
        self._backstage.board.announce(conversation)

    def transfer(self, conversation: Conversation, dialog: Dialog, act: Act, now_s: float) -> None:
        deed: verbs.Transfer = act.deed  # type: ignore[assignment]
        self._transfers.begin(conversation, deed, now_s)

    def step_up(self, conversation: Conversation, dialog: Dialog, act: Act, now_s: float) -> None:
        deed: verbs.LogIn = act.deed  # type: ignore[assignment]
        old = conversation.consumer.participant
        step_up(self._backstage, conversation.account, old, to=deed.to, now_s=now_s)

    def hang_up(self, conversation: Conversation, dialog: Dialog, act: Act, now_s: float) -> None:
        deed: verbs.HangUpOn = act.deed  # type: ignore[assignment]
        for client in self._backstage.board.listeners(conversation):
            self._backstage.board.hang_up(client.number, deed.code, deed.reason)

    def send(self, conversation: Conversation, dialog: Dialog, act: Act, now_s: float) -> None:
        deed: verbs.SendRaw = act.deed  # type: ignore[assignment]
        text = deed.frame if isinstance(deed.frame, str) else orjson.dumps(deed.frame).decode()
        for client in self._backstage.board.listeners(conversation):
            self._backstage.board.say(client, text, lane=Lane.PUSH)

    def _publish(
        self,
        conversation: Conversation,
        dialog: Dialog,
        event: Json,
        now_s: float,
        *,
        metadata: list[Json] | None = None,
    ) -> None:
        agent = conversation.agent or self._first
        self._backstage.say(conversation, dialog, agent, event, now_s=now_s, metadata=metadata)


DEEDS: dict[type[verbs.Deed], Callable[[Seat, Conversation, Dialog, Act, float], None]] = {
    verbs.Say: Seat.say,
    verbs.SendFile: Seat.send_file,
    verbs.Rich: Seat.rich,
    verbs.Receipt: Seat.receipt,
    verbs.Accept: Seat.receipt,
    verbs.Read: Seat.receipt,
    verbs.Nack: Seat.receipt,
    verbs.Access: Seat.receipt,
    verbs.Type: Seat.type,
    verbs.Close: Seat.close,
    verbs.Transfer: Seat.transfer,
    verbs.StartSurvey: Seat.survey,
    verbs.LogIn: Seat.step_up,
    verbs.HangUpOn: Seat.hang_up,
    verbs.SendRaw: Seat.send,
}


def _quick_replies(titles: tuple[str, ...]) -> Json:
    replies = [
        {"type": "button", "tooltip": title, "title": title,
         "click": {"actions": [{"type": "publishText", "text": title}]}}
        for title in titles
    ]  # fmt: skip
    return {"type": "quickReplies", "itemsPerRow": 8, "replies": replies}


def _without(status: str, dialog: Dialog, *, by: Participant) -> list[int]:
    """The consumer's messages that have no such receipt from this agent yet."""
    has = {
        sequence
        for one in dialog.published
        if one.author == by and one.event.get("status") == status
        for sequence in _named(one.event)
    }
    return [
        one.sequence
        for one in dialog.published
        if one.author.role == "CONSUMER"
        and one.event["type"] != "AcceptStatusEvent"
        and one.sequence is not None
        and one.sequence not in has
    ]


def _named(event: Json) -> list[Any]:
    """The numbers a receipt names; a malformed one may name none."""
    sequences = event.get("sequenceList", [])
    return [one for one in sequences if type(one) is int]
