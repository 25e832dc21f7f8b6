"""One agent leaves a conversation, another joins it; in between it is nobody's.

What falls due meanwhile is not lost: whoever joins does it then.
"""

from __future__ import annotations

from collections.abc import Callable

from ..delivery.context import Backstage, text_event
from ..delivery.scheduler import Task
from ..faults.config import Handover
from ..protocol.conversations import Conversation, Participant, join, leave, suggest

AGENT = "ASSIGNED_AGENT"


class Transfers:
    """The handovers under way, in all conversations. ``controller`` is who writes system messages."""

    def __init__(self, backstage: Backstage, controller: Callable[[], Participant]) -> None:
        self._backstage = backstage
        self._controller = controller
        self._waiting: dict[str, list[Task]] = {}

    def postpones(self, conversation: Conversation, task: Task) -> bool:
        """Whether the conversation is between two agents; then ``task`` waits for the new one."""
        waiting = self._waiting.get(conversation.conversation_id)
        if waiting is not None:
            waiting.append(task)
        return waiting is not None

    def is_between(self, conversation: Conversation) -> bool:
        """Whether the conversation is between two agents."""
        return conversation.conversation_id in self._waiting

    def begin(self, conversation: Conversation, how: Handover, now_s: float) -> None:
        """The agent leaves now. Nothing happens where nobody is assigned, or the MAIN dialog is closed."""
        if conversation.agent is None or not conversation.main.is_open:
            return
        now_ms = self._backstage.wall_ms(now_s)
        self._waiting[conversation.conversation_id] = []
        leave(conversation, skill=how.skill, now_ms=now_ms)
        if how.system_message is not None:
            self._write(conversation, how.system_message, now_s)
        new = Participant(self._backstage.ids(), AGENT)
        suggesting = how.suggested_for > 0
        if suggesting and not how.away:
            suggest(conversation, new, now_ms=now_ms)
        self._backstage.board.announce(conversation)
        if suggesting and how.away:
            self._at(now_s + how.away, lambda at_s: self._suggest(conversation, new, at_s))
        arrival_s = now_s + how.away + how.suggested_for
        self._at(arrival_s, lambda at_s: self._arrive(conversation, new, at_s))

    def _at(self, due_s: float, task: Task) -> None:
        self._backstage.agenda.enter(due_s, task)

    def _write(self, conversation: Conversation, text: str, now_s: float) -> None:
        controller = self._controller()
        if controller not in conversation.main.participants:
            conversation.main.participants.append(controller)
        self._backstage.say(conversation, conversation.main, controller, text_event(text), now_s=now_s)

    def _suggest(self, conversation: Conversation, new: Participant, now_s: float) -> None:
        if conversation.main.is_open:
            suggest(conversation, new, now_ms=self._backstage.wall_ms(now_s))
            self._backstage.board.announce(conversation)

    def _arrive(self, conversation: Conversation, new: Participant, now_s: float) -> None:
        waiting = self._waiting.pop(conversation.conversation_id)
        if not conversation.main.is_open:
            return
        join(conversation, new, now_ms=self._backstage.wall_ms(now_s))
        self._backstage.board.announce(conversation)
        for task in waiting:
            task(now_s)
