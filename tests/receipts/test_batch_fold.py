"""Folding in batches makes the transcript that folding event by event makes."""

from __future__ import annotations

from builders.histories import HISTORIES
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.messaging.events import MessagePublished, ReceiptReported
from recorder.receipts.batch_fold import apply_dialog, fold_batches
from recorder.receipts.entities import SessionEntities
from recorder.receipts.fold import fold
from recorder.receipts.state import Transcript


@settings(max_examples=500)
@given(HISTORIES, st.integers(1, 16))
def test_batches_of_any_size_make_the_same_transcript(events, batch_size):
    assert fold_batches(events, batch_size=batch_size) == fold(events)


@given(HISTORIES, st.integers(0, 14))
def test_batches_continue_a_transcript(events, cut):
    assert fold_batches(events[cut:], fold(events[:cut])) == fold(events)


@given(HISTORIES, st.integers(1, 4))
def test_first_batch_gets_the_first_events_in_their_order(events, batch_size):
    first_batch = []
    assert fold_batches(events, batch_size=batch_size, first_batch=first_batch) == fold(events)
    assert first_batch == events[:batch_size]


@given(HISTORIES, st.integers(1, 16))
def test_pending_dialogs_complete_the_transcript_when_they_are_applied(events, batch_size):
    pending, transcript = {}, Transcript()
    fold_batches(events, transcript, batch_size=batch_size, pending=pending)
    for dialog_id, message_events in pending.items():
        assert {type(event) for event in message_events} <= {MessagePublished, ReceiptReported}
        apply_dialog(transcript, dialog_id, message_events)
    assert transcript == fold(events)


@given(HISTORIES, st.integers(1, 4))
def test_entities_do_not_depend_on_the_size_of_batches(events, batch_size):
    entities, in_one_batch = SessionEntities(), SessionEntities()
    fold_batches(events, entities=entities, batch_size=batch_size)
    fold_batches(events, entities=in_one_batch)
    assert entities == in_one_batch


def test_no_events_of_a_dialog_leave_no_trace():
    transcript = Transcript()
    apply_dialog(transcript, "d", [])
    assert transcript == Transcript()
