"""Fold events into a transcript: the heart of the house. Read this first.

The rules, all of which the property tests hold:

* A fact is kept with its *strongest* proof, and among equals with the *earliest* frame. "Strongest, then
  earliest" is the maximum of a total order, and a maximum does not care in which order, or how often, it
  is shown its candidates. Every line below is such a maximum, or a union of sets.
* So hearing a fact twice, late, or in another order changes nothing, and a session may be folded in pieces.
* Nothing is a watermark: READ of message 8 says nothing of 7, and READ does not set ACCEPT.
* Nothing crosses dialogs: sequences restart at 0 in each.
* A chat state touches no message, whatever number its answer carries.
* A receipt may come before its message: it waits in a message that is not published yet.

``apply`` owns the transcript it is given: it changes it and returns it. Copying would make the fold of a
session quadratic; whoever needs the state as of a moment folds up to that moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from recorder.messaging.events import (
    ChatStateReported,
    ConversationChanged,
    ConversationOpened,
    Event,
    Evidence,
    Identified,
    MessagePublished,
    OddityNoticed,
    Proof,
    PublishAsked,
    PublishLost,
    PublishRefused,
    ReceiptRefused,
    ReceiptReported,
    RequestAnswered,
    RequestAsked,
)

from .state import Ask, Message, OwnReceipt, Proven, ReceiptKey, Transcript

_LATEST_MS = 1 << 63
_ACKNOWLEDGED = Proof.ACKNOWLEDGED
# There is one of these for every receipt of a session; a named tuple's own constructor costs twice this.
_new = tuple.__new__


def fold(events: Iterable[Event], transcript: Transcript | None = None) -> Transcript:
    """Apply all events to ``transcript`` (a new one by default), which is changed and returned."""
    transcript = Transcript() if transcript is None else transcript
    for event in events:
        RULES[type(event)](transcript, event)
    return transcript


def apply(transcript: Transcript, event: Event) -> Transcript:
    """Apply one event. Changes ``transcript`` and returns it."""
    RULES[type(event)](transcript, event)
    return transcript


def stronger(one: Evidence, other: Evidence) -> bool:
    """Whether ``one`` is the better proof: stronger, else the earlier frame, else earlier by their clock."""
    if one.proof is not other.proof:
        return one.proof > other.proof
    if one.frame != other.frame:
        return one.frame < other.frame
    return _server_order(one) < _server_order(other)


def _server_order(evidence: Evidence) -> int:
    return _LATEST_MS if evidence.server_ms is None else evidence.server_ms


# --- messages -------------------------------------------------------------------------------------------


def _message(transcript: Transcript, dialog_id: str, sequence: int) -> Message:
    dialog = transcript.dialogs.get(dialog_id)
    if dialog is None:
        dialog = transcript.dialogs[dialog_id] = {}
    message = dialog.get(sequence)
    if message is None:
        message = dialog[sequence] = Message()
    return message


def _ask(transcript: Transcript, frame: int) -> Ask:
    ask = transcript.asks.get(frame)
    if ask is None:
        ask = transcript.asks[frame] = Ask()
    return ask


def _on_published(transcript: Transcript, event: MessagePublished) -> None:
    dialog_id, sequence, _, author, role, mine, kind, text, ask, evidence = event
    dialog = transcript.dialogs.get(dialog_id)
    if dialog is None:
        dialog = transcript.dialogs[dialog_id] = {}
    message = dialog.get(sequence)
    if message is None:
        message = dialog[sequence] = Message(evidence, author, role, kind, text)
    elif tells_better(evidence, event, message):
        message.published, message.author, message.role = evidence, author, role
        message.type, message.text = kind, text
    if role is not None and author is not None:
        _told_role(transcript.roles, author, role, evidence.frame)
    if mine:
        message.mine = True
    if ask is not None:
        message.ask = ask if message.ask is None else min(message.ask, ask)
        _answered(_ask(transcript, ask), event)


def tells_better(evidence: Evidence, told: MessagePublished | Message, known: Message) -> bool:
    """Whether ``told``, proven by ``evidence``, is to stand for the content of a message."""
    if known.published is None or stronger(evidence, known.published):
        return True
    if stronger(known.published, evidence):
        return False
    # One frame told the same sequence twice: any total order will do, as long as it is one.
    return _content(told) < _content(known)


def _content(told: MessagePublished | Message) -> tuple[str, str, str, str]:
    return (told.author or "", told.role or "", told.type or "", told.text or "")


def _answered(ask: Ask, event: MessagePublished) -> None:
    if ask.answered is None or stronger(event.evidence, ask.answered[0]):
        ask.answered = (event.evidence, event.dialog_id, event.sequence)


def _on_asked(transcript: Transcript, event: PublishAsked) -> None:
    ask = _ask(transcript, event.evidence.frame)
    ask.asked = event.evidence
    ask.dialog_id, ask.type, ask.text, ask.author = event.dialog_id, event.type, event.text, event.author


def _on_refused(transcript: Transcript, event: PublishRefused) -> None:
    ask = _ask(transcript, event.ask)
    if ask.refused is None or stronger(event.evidence, ask.refused[0]):
        ask.refused = (event.evidence, event.code)


def _on_lost(transcript: Transcript, event: PublishLost) -> None:
    _ask(transcript, event.ask).lost = True


# --- receipts -------------------------------------------------------------------------------------------


def _on_receipt(transcript: Transcript, event: ReceiptReported) -> None:
    dialog_id, sequences, participant, role, mine, status, _, _, evidence = event
    if mine:
        _on_own_receipt(transcript, ReceiptKey(participant, status), event)
    if evidence[0] < _ACKNOWLEDGED or not sequences:
        return
    dialog, said = transcript.dialogs.get(dialog_id), transcript.receipts.get(dialog_id)
    if dialog is None:
        dialog = transcript.dialogs[dialog_id] = {}
    if said is None:
        said = transcript.receipts[dialog_id] = {}
    proofs = said.get((participant, status))  # type: ignore[call-overload]  # equal to its ReceiptKey, and cheaper
    if proofs is None:
        proofs = said[ReceiptKey(participant, status)] = {}
    proven = _new(Proven, (evidence, role))
    for sequence in sequences:
        known = proofs.setdefault(sequence, proven)
        if known is proven:
            if sequence not in dialog:
                dialog[sequence] = Message()
        elif proves_better(proven, known):
            proofs[sequence] = proven
    if role is not None and participant is not None:
        _told_role(transcript.roles, participant, role, evidence[1])


def proves_better(new: Proven, known: Proven) -> bool:
    """Whether ``new`` is to stand for a receipt instead of ``known``."""
    if new[0][0] is known[0][0] and new[0][1] > known[0][1]:  # proof and frame, the usual repetition
        return False
    if stronger(new.evidence, known.evidence):
        return True
    if stronger(known.evidence, new.evidence):
        return False
    return (new.role or "") < (known.role or "")


def _on_own_receipt(transcript: Transcript, key: ReceiptKey, event: ReceiptReported) -> None:
    for sequence in event.sequences:
        own = _tried(_message(transcript, event.dialog_id, sequence), key)
        if event.evidence.proof is Proof.CLAIMED:
            own.claims[event.evidence.frame] = event.evidence


def _on_receipt_refused(transcript: Transcript, event: ReceiptRefused) -> None:
    key = ReceiptKey(event.participant, event.status)
    for sequence in event.sequences:
        own = _tried(_message(transcript, event.dialog_id, sequence), key)
        known = own.refusals.get(event.ask)
        if known is None or stronger(event.evidence, known):
            own.refusals[event.ask] = event.evidence


def _tried(message: Message, key: ReceiptKey) -> OwnReceipt:
    if message.tried is None:
        message.tried = {}
    own = message.tried.get(key)
    if own is None:
        own = message.tried[key] = OwnReceipt()
    return own


# --- people and conversations ---------------------------------------------------------------------------


def _told_role(roles: dict[str, tuple[int, str]], participant: str, role: str, frame: int) -> None:
    known = roles.get(participant)
    if known is None or known < (frame, role):
        roles[participant] = (frame, role)


def _on_identified(transcript: Transcript, event: Identified) -> None:
    transcript.identities.add(event.participant)


def _on_conversation(transcript: Transcript, event: ConversationChanged) -> None:
    known = transcript.conversations.get(event.conversation_id)
    if known is None or is_newer(event, known):
        transcript.conversations[event.conversation_id] = event
    for participant in event.participants:
        _told_role(transcript.roles, participant.participant, participant.role, event.evidence.frame)


def is_newer(new: ConversationChanged, known: ConversationChanged) -> bool:
    """Whether ``new`` is the later snapshot of a conversation."""
    one, other = _snapshot_order(new), _snapshot_order(known)
    # One frame may tell two of the same time: any total order will do, as long as it is one.
    return repr(new) > repr(known) if one == other else one > other


def _snapshot_order(snapshot: ConversationChanged) -> tuple[int, int]:
    # Their order is not guaranteed; their time of the change is. Frames of 2016 carry none: then arrival.
    return (-1 if snapshot.updated_ms is None else snapshot.updated_ms, snapshot.evidence.frame)


def _on_oddity(transcript: Transcript, event: OddityNoticed) -> None:
    transcript.oddities.add(event)


def _tells_nothing(transcript: Transcript, event: Event) -> None:
    """Facts about requests and typing; they belong to other views than this one."""


RULES: dict[type, Callable[[Transcript, Any], None]] = {
    MessagePublished: _on_published,
    ReceiptReported: _on_receipt,
    PublishAsked: _on_asked,
    PublishRefused: _on_refused,
    PublishLost: _on_lost,
    ReceiptRefused: _on_receipt_refused,
    Identified: _on_identified,
    ConversationChanged: _on_conversation,
    OddityNoticed: _on_oddity,
    ChatStateReported: _tells_nothing,
    ConversationOpened: _tells_nothing,
    RequestAsked: _tells_nothing,
    RequestAnswered: _tells_nothing,
}
"""What each kind of event does to a transcript: ``RULES[type(event)](transcript, event)`` applies it."""
