"""Transfers: one agent leaves a conversation, another joins; in between nobody is assigned.

Actions that fall due in between are postponed until the new agent has joined.
"""

from __future__ import annotations

from collections.abc import Callable

from recorder.messaging.events import Participant

from ..delivery.context import SimulatorContext, Task
from ..faults.config import TransferOptions
from ..protocol.conversations import SimulatedConversation, SimulatedDialog

AGENT = "ASSIGNED_AGENT"


class Transfers:
    """The transfers under way, in all conversations. ``write_as_controller`` writes system messages."""

    def __init__(
        self,
        context: SimulatorContext,
        write_as_controller: Callable[[SimulatedDialog, str, float], None],
    ) -> None:
        self._context = context
        self._write_as_controller = write_as_controller
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
        conversation.leave(skill=options.skill, now_ms=now_ms)
        if options.system_message is not None:
            self._write_as_controller(conversation.main, options.system_message, now_s)
        new = Participant(self._context.ids(), AGENT)
        call_at, suggesting = self._context.scheduler.call_at, options.suggested_for > 0
        if suggesting and not options.away:
            conversation.suggest(new, now_ms=now_ms)
        self._context.connections.send_snapshot(conversation)
        if suggesting and options.away:
            call_at(now_s + options.away, lambda at_s: self._suggest(conversation, new, at_s))
        arrival_s = now_s + options.away + options.suggested_for
        call_at(arrival_s, lambda at_s: self._arrive(conversation, new, at_s))

    def _suggest(self, conversation: SimulatedConversation, new: Participant, now_s: float) -> None:
        if conversation.main.is_open:
            conversation.suggest(new, now_ms=self._context.wall_ms(now_s))
            self._context.connections.send_snapshot(conversation)

    def _arrive(self, conversation: SimulatedConversation, new: Participant, now_s: float) -> None:
        postponed = self._postponed.pop(conversation.conversation_id)
        if not conversation.main.is_open:
            return
        conversation.join(new, now_ms=self._context.wall_ms(now_s))
        self._context.connections.send_snapshot(conversation)
        for task in postponed:
            task(now_s)
