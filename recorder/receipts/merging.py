"""Two transcripts made one, as if their events had been folded together.

A session may be folded in parts, at the same time: by dialog, by connection, or cut anywhere. What comes
of it is the same, because every field of a transcript is the maximum, or the union, of what it was told.
"""

from __future__ import annotations

from .fold import is_newer, proves_better, stronger, tells_better
from .state import Ask, Message, OwnReceipt, Proven, ReceiptKey, Transcript


def merge(one: Transcript, other: Transcript) -> Transcript:
    """Take into ``one`` what ``other`` knows; ``one`` is changed and returned, and may share its parts.

    ``merge(fold(a), fold(b)) == fold(a + b)``, whatever ``a`` and ``b`` have in common.
    """
    for dialog_id, messages in other.dialogs.items():
        _merge_messages(one.dialogs.setdefault(dialog_id, {}), messages)
    for dialog_id, said in other.receipts.items():
        _merge_receipts(one.receipts.setdefault(dialog_id, {}), said)
    for frame, ask in other.asks.items():
        _merge_ask(one.asks.setdefault(frame, Ask()), ask)
    one.identities |= other.identities
    one.oddities |= other.oddities
    merge_roles(one.roles, other.roles)
    for conversation_id, snapshot in other.conversations.items():
        known = one.conversations.setdefault(conversation_id, snapshot)
        if is_newer(snapshot, known):
            one.conversations[conversation_id] = snapshot
    return one


def merge_roles(roles: dict[str, tuple[int, str]], others: dict[str, tuple[int, str]]) -> None:
    """Take into ``roles`` what was told later in ``others``."""
    for participant, told in others.items():
        roles[participant] = max(told, roles.get(participant, told))


def _merge_messages(messages: dict[int, Message], others: dict[int, Message]) -> None:
    if not messages:  # the usual case, where a session was split by dialog
        messages.update(others)
        return
    for sequence, other in others.items():
        known = messages.setdefault(sequence, other)
        if known is not other:
            _merge_message(known, other)


def _merge_message(known: Message, other: Message) -> None:
    if other.published is not None and tells_better(other.published, other, known):
        known.published, known.author, known.role = other.published, other.author, other.role
        known.type, known.text = other.type, other.text
    known.mine = known.mine or other.mine
    if other.ask is not None:
        known.ask = other.ask if known.ask is None else min(known.ask, other.ask)
    for key, own in (other.tried or {}).items():
        known.tried = {} if known.tried is None else known.tried
        _merge_own(known.tried.setdefault(key, OwnReceipt()), own)


def _merge_own(known: OwnReceipt, other: OwnReceipt) -> None:
    known.claims.update(other.claims)
    for ask, refusal in other.refusals.items():
        if ask not in known.refusals or stronger(refusal, known.refusals[ask]):
            known.refusals[ask] = refusal


def _merge_receipts(
    said: dict[ReceiptKey, dict[int, Proven]], others: dict[ReceiptKey, dict[int, Proven]]
) -> None:
    for key, others_proofs in others.items():
        proofs = said.setdefault(key, {})
        for sequence, proven in others_proofs.items():
            known = proofs.setdefault(sequence, proven)
            if known is not proven and proves_better(proven, known):
                proofs[sequence] = proven


def _merge_ask(known: Ask, other: Ask) -> None:
    if other.asked is not None:
        known.asked, known.dialog_id, known.type = other.asked, other.dialog_id, other.type
        known.text, known.author = other.text, other.author
    if other.answered is not None and (
        known.answered is None or stronger(other.answered[0], known.answered[0])
    ):
        known.answered = other.answered
    if other.refused is not None and (known.refused is None or stronger(other.refused[0], known.refused[0])):
        known.refused = other.refused
    known.lost = known.lost or other.lost
