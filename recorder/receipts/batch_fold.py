"""``fold`` for long sessions: the same transcript from the events of one dialog at a time.

A session jumps from dialog to dialog, and the facts of a dialog would have to be looked up anew for every
frame. Here the messages and receipts of each dialog are collected first and applied in one loop, with lookups
hoisted out of it: half the CPU time of ``fold`` (tests/benchmarks/fold.py). No order of events changes a
transcript, so neither does this; ``tests/receipts/test_batch_fold.py`` holds the two equal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Any

from recorder.messaging.events import (
    Event,
    Evidence,
    MessagePublished,
    Proof,
    ReceiptReported,
    check_layout,
)

from .entities import ENTITY_RULES, DialogSpan, MessageEvent, SessionEntities
from .fold import (
    RULES,
    changes_nothing,
    keep_better_message,
    note_given_again,
    note_role,
)
from .own_requests import note_own_message, note_own_receipt
from .precedence import is_better_receipt
from .state import Giver, ReceiptKey, Transcript

# ``_apply`` reads fields by position.
check_layout(
    MessagePublished,
    "dialog_id sequence conversation_id author role mine type text request_frame evidence audience",
)
check_layout(
    ReceiptReported, "dialog_id sequences participant role mine status own_sequence request_frame evidence"
)
check_layout(Evidence, "proof frame connection at_us offset_us server_ms snapshot")

BATCH_SIZE = 1 << 21
"""Events that are sorted by dialog before they are applied; repeated ones stay in memory no longer."""

_NEVER = 1 << 63
_ACKNOWLEDGED = Proof.ACKNOWLEDGED


def fold_batches(
    events: Iterable[Event],
    transcript: Transcript | None = None,
    *,
    entities: SessionEntities | None = None,
    batch_size: int = BATCH_SIZE,
    first_batch: list[Event] | None = None,
    pending: dict[str, list[MessageEvent]] | None = None,
) -> Transcript:
    """Apply all events to ``transcript`` (a new one by default), which is changed and returned.

    Args:
        entities: gets the requests, dialogs and participants of the events.
        batch_size: events taken before they are applied; smaller where events are waited for.
        first_batch: an empty list that gets the first events, in their order. Who lets go of it after the
            transcript frees them in the order in which they lie in memory: half the time for a million.
        pending: gets the message events of the last batch, by dialog, instead of the transcript. The caller
            applies them with ``apply_dialog``, and uses each dialog while it is in the processor's cache.
    """
    transcript = Transcript() if transcript is None else transcript
    coming = iter(events)
    for first in coming:
        batch: Iterable[Event] = chain((first,), islice(coming, batch_size - 1))
        if first_batch is not None and not first_batch:
            first_batch.extend(batch)
            batch = first_batch
        if pending is not None:
            _apply_dialogs(pending, transcript, entities)
        by_dialog = _by_dialog(batch, transcript, entities)
        if pending is None:
            _apply_dialogs(by_dialog, transcript, entities)
        else:
            pending.update(by_dialog)
    return transcript


def _by_dialog(
    events: Iterable[Event], transcript: Transcript, entities: SessionEntities | None
) -> dict[str, list[MessageEvent]]:
    """The message events by dialog; all others are applied."""
    by_dialog: defaultdict[str, list[MessageEvent]] = defaultdict(list)
    for event in events:
        kind = type(event)
        if kind is ReceiptReported or kind is MessagePublished:
            by_dialog[event[0]].append(event)  # type: ignore[arg-type, index]  # mypy does not narrow by this
            continue
        if entities is not None and kind in ENTITY_RULES:
            ENTITY_RULES[kind](entities, event)
        if RULES[kind] is not changes_nothing:
            RULES[kind](transcript, event)
    return by_dialog


def _apply_dialogs(
    by_dialog: dict[str, list[MessageEvent]], transcript: Transcript, entities: SessionEntities | None
) -> None:
    for dialog_id in list(by_dialog):
        apply_dialog(transcript, dialog_id, by_dialog.pop(dialog_id), entities)  # frees each dialog at once


def apply_dialog(
    transcript: Transcript,
    dialog_id: str,
    events: Sequence[MessageEvent],
    entities: SessionEntities | None = None,
) -> None:
    """Apply message events of one dialog."""
    if not events:
        return
    people: _People = {}
    messages = [event for event in events if type(event) is MessagePublished]
    receipts = [event for event in events if type(event) is ReceiptReported]
    span = _apply_messages(transcript, dialog_id, messages, people)
    _apply_receipts(transcript, dialog_id, receipts, people)
    frames = [event[8][1] for event in receipts]
    span.first_frame = min([span.first_frame, *frames])
    span.last_frame = max([span.last_frame, *frames])
    for participant, (_, frame, role) in people.items():
        if frame >= 0:
            note_role(transcript, participant, role, frame)
    if entities is not None:
        entities.add_span(dialog_id, span, {name: first for name, (first, *_) in people.items()})


_People = dict[str, list[Any]]
"""Participant → first frame that names them, frame of their newest role, that role."""
_OwnSequences = defaultdict[tuple[Giver, str], set[int | None]]
"""Giver and status → own sequences of receipts for messages that this giver had given that status before."""


# One loop each, with few calls in it: one for every rule would cost as much again.


def _apply_messages(
    transcript: Transcript, dialog_id: str, messages: Sequence[MessagePublished], people: _People
) -> DialogSpan:
    first_frame, last_frame, conversation_frame, conversation_id = _NEVER, -1, _NEVER, None
    published = transcript.published.setdefault(dialog_id, {}) if messages else {}
    for event in messages:
        _, sequence, conversation, author, role, mine, _, _, request_frame, evidence, _ = event
        frame = evidence[1]
        if conversation is not None and frame < conversation_frame:
            conversation_frame, conversation_id = frame, conversation
        known = published.setdefault(sequence, event)
        if known is not event:
            keep_better_message(transcript, event, known)
        if mine or request_frame is not None:
            note_own_message(transcript, event)
        if frame > last_frame:
            last_frame = frame
        if frame < first_frame:
            first_frame = frame
        if author is not None:
            _note_person(people, author, role, frame)
    return DialogSpan(first_frame, last_frame, conversation_id, conversation_frame)


def _apply_receipts(
    transcript: Transcript, dialog_id: str, receipts: Sequence[ReceiptReported], people: _People
) -> None:
    by_key = transcript.receipts.get(dialog_id, {})
    given_again: _OwnSequences = defaultdict(set)
    for event in receipts:
        _, sequences, participant, role, mine, status, own_sequence, _, evidence = event
        proof, frame = evidence[0], evidence[1]
        if mine:
            note_own_receipt(transcript, event)
        if proof < _ACKNOWLEDGED or not sequences:
            role = None  # nothing is proven, so nobody's role is
        else:
            key = (evidence[2] if mine and participant is None else participant, status)
            by_sequence = by_key.get(key)  # type: ignore[call-overload]  # equal to its ReceiptKey, and cheaper
            if by_sequence is None:
                by_sequence = by_key[ReceiptKey(*key)] = {}
            noted = None
            for sequence in sequences:
                known = by_sequence.setdefault(sequence, event)
                if known is event:
                    continue
                if known[6] != own_sequence and known is not noted:
                    given_again[key].update((known[6], own_sequence))
                    noted = known
                usual_repetition = known[8][1] < frame and known[8][0] is proof
                if not usual_repetition and is_better_receipt(event, known):
                    by_sequence[sequence] = event
        if participant is not None:
            _note_person(people, participant, role, frame)
    if by_key:
        transcript.receipts[dialog_id] = by_key
    for (giver, status), own_sequences in given_again.items():
        note_given_again(transcript, dialog_id, giver, status, own_sequences)


def _note_person(people: _People, participant: str, role: str | None, frame: int) -> None:
    person = people.get(participant)
    if person is None:
        person = people[participant] = [frame, -1, ""]
    elif frame < person[0]:
        person[0] = frame
    if role is not None and (frame > person[1] or (frame == person[1] and role > person[2])):
        person[1], person[2] = frame, role
