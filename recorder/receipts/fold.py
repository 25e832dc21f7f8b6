"""Fold events into a transcript: the heart of the package. Read this first.

The rules, all of which property tests hold:

* A fact is kept with its *strongest* proof, and among equals with the *earliest* frame. "Strongest, then
  earliest" is the maximum of a total order, and a maximum does not depend on the order of its candidates,
  nor on how often one of them comes. Every rule below is such a maximum, or a union of sets.
* So an event that comes twice, late, or in another order changes nothing, and a session may be folded in
  parts.
* Nothing is a watermark: READ of message 8 says nothing of 7, and READ does not set ACCEPT.
* Nothing crosses dialogs: sequences restart at 0 in each.
* A chat state touches no message, whatever sequence its answer carries.
* A receipt may come before its message: it is kept, and attached when the message turns up.

``apply`` owns the transcript it is given: it changes it and returns it. Copying would make the fold of a
session quadratic; to get the state as of a moment, fold the events up to that moment.

``batch_fold`` folds long sessions by the same rules, in half the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from recorder.messaging.events import (
    ChatStateReported,
    ConversationChanged,
    ConversationOpened,
    ConversationTaken,
    Event,
    Identified,
    MessagePublished,
    OddityNoticed,
    ParticipantNamed,
    Proof,
    PublishLost,
    PublishRefused,
    PublishRequested,
    PublishTaken,
    ReceiptRefused,
    ReceiptReported,
    RequestAnswered,
    RequestMade,
)

from . import own_requests
from .participants import roles_in
from .precedence import is_better_message, is_better_receipt, is_newer
from .state import Giver, ReceiptKey, Transcript, content_of, giver_of


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


# --- messages -------------------------------------------------------------------------------------------


def _on_message(transcript: Transcript, event: MessagePublished) -> None:
    published = transcript.published.setdefault(event.dialog_id, {})
    known = published.setdefault(event.sequence, event)
    if known is not event:
        keep_better_message(transcript, event, known)
    if event.mine or event.request_frame is not None:
        own_requests.note_own_message(transcript, event)
    note_role(transcript, event.author, event.role, event.evidence.frame)


def keep_better_message(transcript: Transcript, event: MessagePublished, known: MessagePublished) -> None:
    """Keep the better proof of a message that is known, and that of each content if there are several."""
    contents = transcript.contents.get(event.dialog_id, {})
    if event.sequence in contents or content_of(event) != content_of(known):
        _note_content(transcript, event, known)
    if is_better_message(event, known):
        transcript.published[event.dialog_id][event.sequence] = event


def _note_content(transcript: Transcript, event: MessagePublished, known: MessagePublished) -> None:
    """Keep the best proof of each content of a message; ``known`` is the best of what came before."""
    by_sequence = transcript.contents.setdefault(event.dialog_id, {})
    proofs = by_sequence.setdefault(event.sequence, {content_of(known): known})
    best = proofs.setdefault(content_of(event), event)
    if is_better_message(event, best):
        proofs[content_of(event)] = event


# --- receipts -------------------------------------------------------------------------------------------


def _on_receipt(transcript: Transcript, event: ReceiptReported) -> None:
    if event.mine:
        own_requests.note_own_receipt(transcript, event)
    if event.evidence.proof < Proof.ACKNOWLEDGED or not event.sequences:
        return  # nothing is proven, so nobody's role is
    receipts = transcript.receipts.setdefault(event.dialog_id, {})
    by_sequence = receipts.setdefault(ReceiptKey(giver_of(event), event.status), {})
    for sequence in event.sequences:
        known = by_sequence.setdefault(sequence, event)
        if known.own_sequence != event.own_sequence:
            own_sequences = (known.own_sequence, event.own_sequence)
            note_given_again(transcript, event.dialog_id, event.participant, event.status, own_sequences)
        if is_better_receipt(event, known):
            by_sequence[sequence] = event
    note_role(transcript, event.participant, event.role, event.evidence.frame)


def note_given_again(
    transcript: Transcript,
    dialog_id: str,
    participant: Giver,
    status: str,
    own_sequences: Iterable[int | None],
) -> None:
    """Note the own sequences of receipts that one participant gave a message twice: only one of them is kept.

    Whatever came first, each is once compared with another and noted, so the order makes no difference.
    """
    named = {number for number in own_sequences if number is not None}
    if type(participant) is str and named:
        by_key = transcript.given_again.setdefault(dialog_id, {})
        by_key.setdefault(ReceiptKey(participant, status), set()).update(named)


# --- participants and conversations ---------------------------------------------------------------------


def note_role(transcript: Transcript, participant: str | None, role: str | None, frame: int) -> None:
    """Keep the newest role of a participant; of two in one frame the greater string."""
    if participant is None or role is None:
        return
    known = transcript.roles.get(participant)
    if known is None or known < (frame, role):
        transcript.roles[participant] = (frame, role)


def _on_identified(transcript: Transcript, event: Identified) -> None:
    names = transcript.identities.setdefault(event.evidence.connection, {})
    names[event.participant] = min(names.get(event.participant, event.evidence.frame), event.evidence.frame)


def _on_named(transcript: Transcript, event: ParticipantNamed) -> None:
    """Keep the newest name of a participant; of two in one frame the greater string."""
    who = event.evidence.connection if event.participant is None else event.participant
    told = (event.evidence.frame, event.name)
    transcript.names[who] = max(transcript.names.get(who, told), told)


def _on_conversation(transcript: Transcript, event: ConversationChanged) -> None:
    known = transcript.conversations.get(event.conversation_id)
    if known is None or is_newer(event, known):
        transcript.conversations[event.conversation_id] = event
    for participant, role in roles_in(event.participants).items():
        note_role(transcript, participant, role, event.evidence.frame)


def _on_oddity(transcript: Transcript, event: OddityNoticed) -> None:
    transcript.oddities.add(event)


def changes_nothing(transcript: Transcript, event: Event) -> None:
    """Requests, responses and typing: other views are made from them."""


RULES: dict[type, Callable[[Transcript, Any], None]] = {
    MessagePublished: _on_message,
    ReceiptReported: _on_receipt,
    PublishRequested: own_requests.on_publish_asked,
    PublishRefused: own_requests.on_publish_refused,
    PublishTaken: own_requests.on_publish_taken,
    PublishLost: own_requests.on_publish_lost,
    ReceiptRefused: own_requests.on_receipt_refused,
    Identified: _on_identified,
    ParticipantNamed: _on_named,
    ConversationChanged: _on_conversation,
    OddityNoticed: _on_oddity,
    ChatStateReported: changes_nothing,
    ConversationOpened: changes_nothing,
    ConversationTaken: changes_nothing,
    RequestMade: changes_nothing,
    RequestAnswered: changes_nothing,
}
"""What each kind of event does to a transcript: ``RULES[type(event)](transcript, event)`` applies it."""
