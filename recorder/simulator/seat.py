"""Where the agent sits: joins conversations, and does what the script says when it is time."""

from __future__ import annotations

from collections.abc import Callable

from .agenda import Agenda
from .agent import Act, Agent, Noticed, Trigger
from .conversations import (
    Conversation,
    Dialog,
    Json,
    Participant,
    Published,
    close_conversation,
    join,
    publish,
    remark,
)
from .switchboard import Switchboard


class Seat:
    """One agent, in all conversations at once."""

    def __init__(
        self,
        agent: Agent,
        participant: str,
        *,
        board: Switchboard,
        agenda: Agenda,
        wall_ms: Callable[[float], int],
    ) -> None:
        self._agent = agent
        self._self = Participant(participant, "ASSIGNED_AGENT")
        self._board = board
        self._agenda = agenda
        self._wall_ms = wall_ms

    def notice(self, conversation: Conversation, dialog: Dialog, noticed: Noticed, *, now_s: float) -> None:
        """The consumer did something: join if it is time to, and plan what the script says."""
        greeting = noticed.trigger is Trigger.CONVERSATION and self._agent.script.greets()
        if greeting or noticed.trigger is Trigger.MESSAGE:
            self._join(conversation, now_s)
        for act in self._agent.notice(conversation.conversation_id, noticed):
            self._plan(conversation, dialog, act, due_s=now_s + act.after_s)

    def _join(self, conversation: Conversation, now_s: float) -> None:
        if conversation.agent is None and self._agent.script.root:
            join(conversation, self._self, now_ms=self._wall_ms(now_s))
            self._board.announce(conversation)

    def _plan(self, conversation: Conversation, dialog: Dialog, act: Act, *, due_s: float) -> None:
        self._agenda.enter(due_s, lambda at_s: self._perform(conversation, dialog, act, at_s))

    def _perform(self, conversation: Conversation, dialog: Dialog, act: Act, now_s: float) -> None:
        late_receipt = act.trigger is Trigger.CLOSE and act.verb == "receipt"
        if not (dialog.is_open or late_receipt):
            return
        if dialog.is_open:
            self._join(conversation, now_s)
        if act.verb == "close":
            close_conversation(conversation, by="AGENT", now_ms=self._wall_ms(now_s))
            self._board.announce(conversation)
        else:
            self._say(conversation, dialog, act, now_s)

    def _say(self, conversation: Conversation, dialog: Dialog, act: Act, now_s: float) -> None:
        event = self._event(act, dialog)
        if event is None:
            return
        published = self._published(dialog, event, self._wall_ms(now_s))
        self._board.tell(conversation, published)

    def _published(self, dialog: Dialog, event: Json, now_ms: int) -> Published:
        if event["type"] == "ChatStateEvent":
            return remark(dialog, self._self, event, metadata=None)
        return publish(dialog, self._self, event, metadata=None, now_ms=now_ms)

    def _event(self, act: Act, dialog: Dialog) -> Json | None:
        if act.verb == "say":
            return {"type": "ContentEvent", "message": act.value, "contentType": "text/plain"}
        if act.verb == "type":
            return {"type": "ChatStateEvent", "chatState": act.value}
        sequences = self._without(act.value, dialog) if act.sequence is None else [act.sequence]
        if not sequences:
            return None
        return {"type": "AcceptStatusEvent", "status": act.value, "sequenceList": sequences}

    def _without(self, status: str, dialog: Dialog) -> list[int]:
        """The consumer's messages that have no such receipt from this agent yet."""
        has = {
            sequence
            for one in dialog.published
            if one.author == self._self and one.event.get("status") == status
            for sequence in one.event["sequenceList"]
        }
        return [
            one.sequence
            for one in dialog.published
            if one.author.role == "CONSUMER"
            and one.event["type"] != "AcceptStatusEvent"
            and one.sequence is not None
            and one.sequence not in has
        ]
