"""Transfers: one agent leaves a conversation, another joins; in between nobody is assigned.

Actions that fall due in between are postponed until the new agent has joined.
"""

from __future__ import annotations

from collections.abc import Callable

from recorder.messaging.events import Participant

from ..delivery.context import SimulatorContext, Task, text_event
from ..faults.config import TransferOptions
from ..protocol.conversations import SimulatedConversation, join, leave, suggest

AGENT = "ASSIGNED_AGENT"


class Transfers:
    """The transfers under way, in all conversations. ``controller`` is the author of system messages."""

    def __init__(self, context: SimulatorContext, controller: Callable[[], Participant]) -> None:
        self._context = context
        self._controller = controller
        self._postponed: dict[str, list[Task]] = {}

    def postpone(self, conversation: SimulatedConversation, task: Task) -> bool:
        """Keep ``task`` for the new agent if the conversation is between two; whether it is."""
        postponed = self._postponed.get(conversation.conversation_id)
        if postponed is not None:
            postponed.append(task)
        return postponed is not None

    def is_between(self, conversation: SimulatedConversation) -> bool:
        """Whether one agent has left and the other has not joined yet."""
        return conversation.conversation_id in self._postponed

    def begin(self, conversation: SimulatedConversation, options: TransferOptions, now_s: float) -> None:
        """Unassign the agent. Does nothing if nobody is assigned, or the MAIN dialog is closed."""
        if conversation.agent is None or not conversation.main.is_open:
            return
        now_ms = self._context.wall_ms(now_s)
        self._postponed[conversation.conversation_id] = []
        leave(conversation, skill=options.skill, now_ms=now_ms)
        if options.system_message is not None:
            self._write(conversation, options.system_message, now_s)
        new = Participant(self._context.ids(), AGENT)
        suggesting = options.suggested_for > 0
        if suggesting and not options.away:
            suggest(conversation, new, now_ms=now_ms)
        self._context.connections.send_snapshot(conversation)
        if suggesting and options.away:
            self._call_at(now_s + options.away, lambda at_s: self._suggest(conversation, new, at_s))
        arrival_s = now_s + options.away + options.suggested_for
        self._call_at(arrival_s, lambda at_s: self._arrive(conversation, new, at_s))

    def _call_at(self, due_s: float, task: Task) -> None:
        self._context.scheduler.call_at(due_s, task)

    def _write(self, conversation: SimulatedConversation, text: str, now_s: float) -> None:
        controller = self._controller()
        if controller not in conversation.main.participants:
            conversation.main.participants.append(controller)
        self._context.publish_and_send(
            conversation, conversation.main, controller, text_event(text), now_s=now_s
        )

    def _suggest(self, conversation: SimulatedConversation, new: Participant, now_s: float) -> None:
        if conversation.main.is_open:
            suggest(conversation, new, now_ms=self._context.wall_ms(now_s))
            self._context.connections.send_snapshot(conversation)

    def _arrive(self, conversation: SimulatedConversation, new: Participant, now_s: float) -> None:
        postponed = self._postponed.pop(conversation.conversation_id)
        if not conversation.main.is_open:
            return
        join(conversation, new, now_ms=self._context.wall_ms(now_s))
        self._context.connections.send_snapshot(conversation)
        for task in postponed:
            task(now_s)
