"""Rules of ``fold`` for what we asked the service ourselves, and what came of it.

They obey the laws that ``fold`` names: each keeps a maximum or a union.
"""

from __future__ import annotations

from recorder.messaging.events import (
    MessagePublished,
    Proof,
    PublishLost,
    PublishRefused,
    PublishRequested,
    PublishTaken,
    ReceiptRefused,
    ReceiptReported,
)

from .precedence import is_better_answer, stronger
from .state import ReceiptKey, Transcript, giver_of

# --- publishes ------------------------------------------------------------------------------------------


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


def on_publish_asked(transcript: Transcript, event: PublishRequested) -> None:
    publish = transcript.own_publish(event.evidence.frame)
    publish.asked = event.evidence
    publish.dialog_id, publish.type = event.dialog_id, event.type
    publish.text, publish.author, publish.audience = event.text, event.author, event.audience


def on_publish_refused(transcript: Transcript, event: PublishRefused) -> None:
    publish = transcript.own_publish(event.request_frame)
    if publish.refused is None or stronger(event.evidence, publish.refused[0]):
        publish.refused = (event.evidence, event.code)
        transcript.unresolved.discard(event.request_frame)


def on_publish_taken(transcript: Transcript, event: PublishTaken) -> None:
    publish = transcript.own_publish(event.request_frame)
    if publish.taken is None or stronger(event.evidence, publish.taken):
        publish.taken = event.evidence


def on_publish_lost(transcript: Transcript, event: PublishLost) -> None:
    transcript.own_publish(event.request_frame).lost = True


# --- receipts -------------------------------------------------------------------------------------------


def note_own_receipt(transcript: Transcript, event: ReceiptReported) -> None:
    """Note that we requested these receipts, whatever came of it."""
    key = ReceiptKey(giver_of(event), event.status)
    for sequence in event.sequences:
        requests = transcript.requests_for(event.dialog_id, sequence, key)
        if event.evidence.proof is Proof.CLAIMED:
            requests.claims[event.evidence.frame] = event.evidence


def on_receipt_refused(transcript: Transcript, event: ReceiptRefused) -> None:
    key = ReceiptKey(giver_of(event), event.status)
    for sequence in event.sequences:
        refusals = transcript.requests_for(event.dialog_id, sequence, key).refusals
        known = refusals.get(event.request_frame)
        if known is None or stronger(event.evidence, known):
            refusals[event.request_frame] = event.evidence
