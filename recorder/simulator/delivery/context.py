"""What everybody behind the counter shares: connections, calendar, chance, clock, and the conversations."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..faults.config import Moods
from ..faults.injector import Mischief
from ..faults.randomness import Dice
from ..protocol.conversations import Conversation, Dialog, Json, Participant, Published, remark
from .connections import Client, Switchboard
from .encoder import Wording
from .scheduler import Agenda

IdSource = Callable[[], str]

Owner = tuple[str, str]
"""Account and consumer."""


class Backstage(NamedTuple):
    """One service's shared things. ``conversations`` are by owner, then by id."""

    moods: Moods
    dice: Dice
    wording: Wording
    mischief: Mischief
    board: Switchboard
    agenda: Agenda
    ids: IdSource
    wall_ms: Callable[[float], int]
    conversations: dict[Owner, dict[str, Conversation]]

    def say(
        self,
        conversation: Conversation,
        dialog: Dialog,
        author: Participant,
        event: Json,
        *,
        now_s: float,
        metadata: list[Json] | None = None,
        client: Client | None = None,
    ) -> Published:
        """Publish and tell. The answer is the first of what came of it (a receipt may be given twice).

        ``client`` is the connection it came from, if it came from one.
        """
        first, *more = self.published(conversation, dialog, author, event, now_s=now_s, metadata=metadata)
        for one in (first, *more):
            self.board.tell(conversation, one, author=client)
        return first

    def published(
        self,
        conversation: Conversation,
        dialog: Dialog,
        author: Participant,
        event: Json,
        *,
        now_s: float,
        metadata: list[Json] | None = None,
    ) -> list[Published]:
        """Publish without telling yet: what took a number, or a chat state, which takes none."""
        if event["type"] == "ChatStateEvent":
            return [remark(dialog, author, event, metadata=metadata)]
        now_ms = self.wall_ms(now_s)
        return self.mischief.publish(conversation, dialog, author, event, metadata=metadata, now_ms=now_ms)

    def owned_by(self, account: str, participant: str) -> dict[str, Conversation]:
        """The conversations of one consumer, by id; what is put in stays."""
        return self.conversations.setdefault((account, participant), {})


def text_event(text: str, **more: object) -> Json:
    """A message of plain text."""
    return {"type": "ContentEvent", "message": text, "contentType": "text/plain"} | more
