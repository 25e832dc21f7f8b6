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

from .participants import roles_in
from .precedence import is_better_answer, is_better_message, is_better_receipt, is_newer, stronger
from .state import ReceiptKey, Transcript, content_of, giver_of


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
        note_own_message(transcript, event)
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


def note_own_message(transcript: Transcript, event: MessagePublished) -> None:
    """Note that a message is ours, and which of our publishes it answers."""
    own = transcript.own_action(event.dialog_id, event.sequence)
    own.mine = own.mine or event.mine
    if event.request_frame is not None:
        own.request_frame = (
            event.request_frame if own.request_frame is None else min(own.request_frame, event.request_frame)
        )
        publish = transcript.own_publish(event.request_frame)
        if is_better_answer(event, publish.answered):
            publish.answered = (event.evidence, event.dialog_id, event.sequence)
            transcript.unresolved.discard(event.request_frame)


def _on_publish_asked(transcript: Transcript, event: PublishRequested) -> None:
    publish = transcript.own_publish(event.evidence.frame)
    publish.asked = event.evidence
    publish.dialog_id, publish.type = event.dialog_id, event.type
    publish.text, publish.author, publish.audience = event.text, event.author, event.audience


def _on_publish_refused(transcript: Transcript, event: PublishRefused) -> None:
    publish = transcript.own_publish(event.request_frame)
    if publish.refused is None or stronger(event.evidence, publish.refused[0]):
        publish.refused = (event.evidence, event.code)
        transcript.unresolved.discard(event.request_frame)


def _on_publish_taken(transcript: Transcript, event: PublishTaken) -> None:
    publish = transcript.own_publish(event.request_frame)
    if publish.taken is None or stronger(event.evidence, publish.taken):
        publish.taken = event.evidence


def _on_publish_lost(transcript: Transcript, event: PublishLost) -> None:
    transcript.own_publish(event.request_frame).lost = True


# --- receipts -------------------------------------------------------------------------------------------


def _on_receipt(transcript: Transcript, event: ReceiptReported) -> None:
    if event.mine:
        note_own_receipt(transcript, event)
    if event.evidence.proof < Proof.ACKNOWLEDGED or not event.sequences:
        return  # nothing is proven, so nobody's role is
    receipts = transcript.receipts.setdefault(event.dialog_id, {})
    by_sequence = receipts.setdefault(ReceiptKey(giver_of(event), event.status), {})
    for sequence in event.sequences:
        known = by_sequence.setdefault(sequence, event)
        if known.own_sequence != event.own_sequence:
            note_given_again(transcript, known, event)
        if is_better_receipt(event, known):
            by_sequence[sequence] = event
    note_role(transcript, event.participant, event.role, event.evidence.frame)


def note_given_again(transcript: Transcript, *events: ReceiptReported) -> None:
    """Note the own sequences of receipts that one participant gave twice: only one of them is kept.

    Whatever came first, each is once compared with another and noted, so the order makes no difference.
    """
    for event in events:
        participant, status, own_sequence = event.participant, event.status, event.own_sequence
        if own_sequence is None or participant is None:
            continue
        noted = transcript.given_again.get(event.dialog_id)
        if noted is None:
            noted = transcript.given_again[event.dialog_id] = {}
        first = noted.setdefault((own_sequence, status), participant)
        if participant < first:
            noted[own_sequence, status] = participant


def note_own_receipt(transcript: Transcript, event: ReceiptReported) -> None:
    """Note that we requested these receipts, whatever came of it."""
    key = ReceiptKey(giver_of(event), event.status)
    for sequence in event.sequences:
        requests = transcript.requests_for(event.dialog_id, sequence, key)
        if event.evidence.proof is Proof.CLAIMED:
            requests.claims[event.evidence.frame] = event.evidence


def _on_receipt_refused(transcript: Transcript, event: ReceiptRefused) -> None:
    key = ReceiptKey(giver_of(event), event.status)
    for sequence in event.sequences:
        refusals = transcript.requests_for(event.dialog_id, sequence, key).refusals
        known = refusals.get(event.request_frame)
        if known is None or stronger(event.evidence, known):
            refusals[event.request_frame] = event.evidence


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
    PublishRequested: _on_publish_asked,
    PublishRefused: _on_publish_refused,
    PublishTaken: _on_publish_taken,
    PublishLost: _on_publish_lost,
    ReceiptRefused: _on_receipt_refused,
    Identified: _on_identified,
    ParticipantNamed: _on_named,
    ConversationChanged: _on_conversation,
    OddityNoticed: _on_oddity,
    ChatStateReported: changes_nothing,
    ConversationOpened: changes_nothing,
    RequestMade: changes_nothing,
    RequestAnswered: changes_nothing,
}
"""What each kind of event does to a transcript: ``RULES[type(event)](transcript, event)`` applies it."""
