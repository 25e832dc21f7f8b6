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


def fold(events: Iterable[Event], transcript: Transcript | None = None) -> Transcript:
    """Apply all events to ``transcript`` (a new one by default), which is changed and returned."""
    transcript = Transcript() if transcript is None else transcript
    for event in events:
        _RULES[type(event)](transcript, event)
    return transcript


def apply(transcript: Transcript, event: Event) -> Transcript:
    """Apply one event. Changes ``transcript`` and returns it."""
    _RULES[type(event)](transcript, event)
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
    message = _message(transcript, event.dialog_id, event.sequence)
    if _tells_better(event, message):
        message.published = event.evidence
        message.author, message.role = event.author, event.role
        message.type, message.text = event.type, event.text
    _told_role(transcript, event.author, event.role, event.evidence.frame)
    if event.mine:
        message.mine = True
    if event.ask is not None:
        message.ask = event.ask if message.ask is None else min(message.ask, event.ask)
        _answered(_ask(transcript, event.ask), event)


def _tells_better(event: MessagePublished, message: Message) -> bool:
    if message.published is None or stronger(event.evidence, message.published):
        return True
    if stronger(message.published, event.evidence):
        return False
    # One frame told the same sequence twice: any total order will do, as long as it is one.
    return _content(event) < _content(message)


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
    key = ReceiptKey(event.participant, event.status)
    if event.mine:
        _on_own_receipt(transcript, key, event)
    if event.evidence.proof < Proof.ACKNOWLEDGED:
        return
    proven = Proven(event.evidence, event.role)
    for sequence in event.sequences:
        receipts = _message(transcript, event.dialog_id, sequence).receipts
        known = receipts.get(key)
        if known is None or _proves_better(proven, known):
            receipts[key] = proven
    _told_role(transcript, event.participant, event.role, event.evidence.frame)


def _proves_better(new: Proven, known: Proven) -> bool:
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


def _told_role(transcript: Transcript, participant: str | None, role: str | None, frame: int) -> None:
    if participant is None or role is None:
        return
    known = transcript.roles.get(participant)
    if known is None or known < (frame, role):
        transcript.roles[participant] = (frame, role)


def _on_identified(transcript: Transcript, event: Identified) -> None:
    transcript.identities.add(event.participant)


def _on_conversation(transcript: Transcript, event: ConversationChanged) -> None:
    known = transcript.conversations.get(event.conversation_id)
    if known is None or _snapshot_order(known) < _snapshot_order(event):
        transcript.conversations[event.conversation_id] = event
    for participant in event.participants:
        _told_role(transcript, participant.participant, participant.role, event.evidence.frame)


def _snapshot_order(snapshot: ConversationChanged) -> tuple[int, int, str]:
    # Their order is not guaranteed; their time of the change is. Frames of 2016 carry none: then arrival.
    updated_ms = -1 if snapshot.updated_ms is None else snapshot.updated_ms
    return (updated_ms, snapshot.evidence.frame, repr(snapshot))


def _on_oddity(transcript: Transcript, event: OddityNoticed) -> None:
    transcript.oddities.add(event)


def _tells_nothing(transcript: Transcript, event: Event) -> None:
    """Facts about requests and typing; they belong to other views than this one."""


_RULES: dict[type, Callable[[Transcript, Any], None]] = {
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
