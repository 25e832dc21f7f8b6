"""What request handler, agent, surveys and transfers share: connections, scheduler, moods, conversations."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterable
from itertools import count
from typing import NamedTuple

from recorder.messaging.events import Participant
from recorder.messaging.requests import Json

from ..faults.config import Moods
from ..faults.injector import FaultInjector
from ..faults.randomness import Randomness
from ..protocol.conversations import SimulatedConversation, SimulatedDialog
from .connections import Connections
from .encoder import Encoder

IdSource = Callable[[], str]

Owner = tuple[str, str]
"""Account and consumer id."""

Task = Callable[[float], None]
"""Called with the present time, in seconds."""


class Scheduler:
    """Tasks by due time; those due at the same time in the order they were scheduled."""

    def __init__(self) -> None:
        self._entries: list[tuple[float, int, Task]] = []
        self._order = count()

    def call_at(self, due_s: float, task: Task) -> None:
        """Call ``task`` once ``due_s`` is reached."""
        heapq.heappush(self._entries, (due_s, next(self._order), task))

    def next_due_s(self) -> float | None:
        """When the next task is due; None if there is none."""
        return self._entries[0][0] if self._entries else None

    def run_due(self, now_s: float) -> None:
        """Call everything due by now in order of due time, including what these calls schedule."""
        while self._entries and self._entries[0][0] <= now_s:
            _, _, task = heapq.heappop(self._entries)
            task(now_s)


class SimulatorContext(NamedTuple):
    """The state of one service. ``conversations`` are by owner, then by id."""

    moods: Moods
    randomness: Randomness
    encoder: Encoder
    faults: FaultInjector
    connections: Connections
    scheduler: Scheduler
    ids: IdSource
    wall_ms: Callable[[float], int]
    conversations: dict[Owner, dict[str, SimulatedConversation]]

    def publish_and_send(
        self,
        dialog: SimulatedDialog,
        author: Participant,
        event: Json,
        *,
        now_s: float,
        metadata: list[Json] | None = None,
    ) -> None:
        """Publish, and send the event to every connection that receives it; a receipt may be two events."""
        now_ms = self.wall_ms(now_s)
        for one in self.faults.publish(dialog, author, event, metadata=metadata, now_ms=now_ms):
            self.connections.send_event(dialog.conversation, one)

    def conversations_of(self, account: str, participant: str) -> dict[str, SimulatedConversation]:
        """The conversations of one consumer, by id; the dict is the stored one."""
        return self.conversations.setdefault((account, participant), {})

    def step_up(self, account: str, old: str, *, to: str | None, now_s: float) -> None:
        """Log a consumer in: conversations, connections and new events move from id ``old`` to id ``to``.

        Whoever connects with the old token later has the new id too. What was published before keeps its
        author. ``to`` None: an id made from the old one.
        """
        new = to or authenticated_id(old)
        if new == old:
            return
        moved = self.conversations.pop((account, old), {})
        self.conversations_of(account, new).update(moved)
        self.connections.rename(account, old, new)
        before, after = Participant(old, "CONSUMER"), Participant(new, "CONSUMER")
        for conversation in moved.values():
            conversation.consumer = after
            for dialog in conversation.dialogs.values():
                dialog.participants = [after if one == before else one for one in dialog.participants]
            conversation.touch(self.wall_ms(now_s))
            self.connections.send_snapshot(conversation)


def authenticated_id(participant: str) -> str:
    """An id in the shape of authenticated ones (64 hex digits), the same for the same consumer."""
    return hashlib.sha256(f"authenticated {participant}".encode()).hexdigest()


def text_event(text: str) -> Json:
    """A ContentEvent of plain text."""
    return {"type": "ContentEvent", "message": text, "contentType": "text/plain"}


def quick_replies(titles: Iterable[str], metadata: Callable[[], list[Json]] | None = None) -> Json:
    """Buttons that publish their title, each with metadata of its own if ``metadata`` makes some."""
    replies = []
    for title in titles:
        click: Json = {} if metadata is None else {"metadata": metadata()}
        click["actions"] = [{"type": "publishText", "text": title}]
        replies.append({"type": "button", "tooltip": title, "title": title, "click": click})
    return {"type": "quickReplies", "itemsPerRow": 8, "replies": replies}
