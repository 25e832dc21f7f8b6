"""Which of two proofs of the same fact counts: total orders, so that no order of events changes the result.

Where one frame holds two different versions of a fact, nothing in the protocol tells which is true. Then any
total order will do, as long as it is one: the comparison of the whole event is it.
"""

from __future__ import annotations

from recorder.messaging.events import ConversationChanged, Evidence, MessagePublished, ReceiptReported

_NO_SERVER_TIME = 1 << 63


def stronger(one: Evidence, other: Evidence) -> bool:
    """Whether ``one`` is the better evidence: the stronger proof, else the earlier frame or server time.

    An event of its own is better than a snapshot's word, which comes at any later time.
    """
    if one.proof is not other.proof:
        return one.proof > other.proof
    if one.snapshot is not other.snapshot:
        return other.snapshot
    if one.frame != other.frame:
        return one.frame < other.frame
    return _server_order(one) < _server_order(other)


def _server_order(evidence: Evidence) -> int:
    return _NO_SERVER_TIME if evidence.server_ms is None else evidence.server_ms


def is_better_message(new: MessagePublished, known: MessagePublished) -> bool:
    """Whether ``new`` replaces ``known`` as the proof of a message."""
    if stronger(new.evidence, known.evidence):
        return True
    if stronger(known.evidence, new.evidence):
        return False
    return _content(new) < _content(known)


def _content(message: MessagePublished) -> tuple[str, str, str, str, str]:
    return (message.author or "", message.role or "", message.type or "", message.text or "", repr(message))


def message_order(message: MessagePublished) -> tuple[object, ...]:
    """Sorts proofs of one message: the best comes first."""
    evidence = message.evidence
    return (
        -evidence.proof, evidence.snapshot, evidence.frame, _server_order(evidence), *_content(message)
    )  # fmt: skip


def is_better_answer(new: MessagePublished, known: tuple[Evidence, str, int] | None) -> bool:
    """Whether ``new`` replaces ``known`` (evidence, dialog, sequence) as the answer to a publish of ours."""
    if known is None or stronger(new.evidence, known[0]):
        return True
    return not stronger(known[0], new.evidence) and (new.dialog_id, new.sequence) < known[1:]


def is_better_receipt(new: ReceiptReported, known: ReceiptReported) -> bool:
    """Whether ``new`` replaces ``known`` as the proof of a receipt."""
    if stronger(new.evidence, known.evidence):
        return True
    if stronger(known.evidence, new.evidence):
        return False
    return (new.role or "", repr(new)) < (known.role or "", repr(known))


def is_newer(new: ConversationChanged, known: ConversationChanged) -> bool:
    """Whether ``new`` is the later snapshot of a conversation."""
    one, other = _snapshot_order(new), _snapshot_order(known)
    return repr(new) > repr(known) if one == other else one > other


def _snapshot_order(snapshot: ConversationChanged) -> tuple[bool, int, int]:
    # Their order is not guaranteed; their time of the change is. Frames of 2016 carry none, and two states
    # under one time have been published: then arrival. That a conversation left our subscription describes
    # it only where its dialogs come with it.
    describes = not snapshot.left_subscription or bool(snapshot.dialogs)
    updated_ms = -1 if snapshot.updated_ms is None else snapshot.updated_ms
    return (describes, updated_ms, snapshot.evidence.frame)
