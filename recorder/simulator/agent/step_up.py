"""Step-up: an unauthenticated consumer logs in, and everything of theirs goes on under another id.

Their conversations, their connections and what they publish from now on. Whoever comes with the old
token later is known under the new id too. What was published before keeps its author.
"""

from __future__ import annotations

import hashlib

from ..delivery.context import Backstage
from ..protocol.conversations import Participant, touch


def step_up(backstage: Backstage, account: str, old: str, *, to: str | None, now_s: float) -> None:
    """The consumer ``old`` is ``to`` from now on (None: an id made from the old one)."""
    new = to or authenticated_id(old)
    if new == old:
        return
    moved = backstage.conversations.pop((account, old), {})
    backstage.owned_by(account, new).update(moved)
    backstage.board.rename(account, old, new)
    before, after = Participant(old, "CONSUMER"), Participant(new, "CONSUMER")
    for conversation in moved.values():
        conversation.consumer = after
        for dialog in conversation.dialogs.values():
            dialog.participants = [after if who == before else who for who in dialog.participants]
        touch(conversation, backstage.wall_ms(now_s))
        backstage.board.announce(conversation)


def authenticated_id(participant: str) -> str:
    """An id in the shape of authenticated ones (64 hex digits), the same for the same consumer."""
    return hashlib.sha256(f"authenticated {participant}".encode()).hexdigest()
