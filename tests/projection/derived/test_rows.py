"""Rows of a whole session, made fast, are those that each message makes by itself."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recorder.messaging.events import (
    ConversationChanged,
    Evidence,
    Identified,
    MessagePublished,
    Participant,
    Proof,
    PublishLost,
    PublishRequested,
    ReceiptRefused,
    ReceiptReported,
)
from recorder.projection.derived.rows import MessageRows
from recorder.receipts.batch_fold import apply_dialog, fold_batches
from recorder.receipts.change_set import Conclusions
from recorder.receipts.state import Transcript
from recorder.store.driver_values import SQLITE_VALUES

people = st.sampled_from(("a", "b", "c"))
roles = st.sampled_from((None, "CONSUMER", "MANAGER"))
dialogs, sequences = st.sampled_from(("d", "e")), st.integers(0, 3)


def at(frame, proof=Proof.ANNOUNCED):
    return Evidence(proof, frame, 1, frame, None, None)


frames = st.integers(1, 6).map(at)
published = st.builds(
    lambda d, s, a, r, text, e, audience, snapshot: MessagePublished(
        d, s, None, a, r, False, "text/plain", text, None, e._replace(snapshot=snapshot), audience
    ),
    dialogs, sequences, st.one_of(st.none(), people), roles, st.sampled_from(("hi", "hi", "ho")), frames,
    st.sampled_from((None, None, "ALL")), st.booleans(),
)  # fmt: skip
answered = st.builds(
    lambda d, s, a, k, e: MessagePublished(d, s, None, a, None, True, "text/plain", "hi", k, e),
    dialogs, sequences, st.one_of(st.none(), people), st.integers(1, 6),
    st.integers(1, 6).map(lambda frame: at(frame, Proof.ACKNOWLEDGED)),
)  # fmt: skip
receipts = st.builds(
    lambda d, s, p, r, t, e: ReceiptReported(d, tuple(s), p, r, False, t, None, None, e),
    dialogs, st.lists(sequences, min_size=1), st.one_of(st.none(), people), roles,
    st.sampled_from(("READ", "ACCEPT", "ACCESS", "VIEWED")), frames,
)  # fmt: skip
ladder = st.sampled_from(("READ", "ACCEPT"))
tried = st.builds(
    lambda d, s, p, t, ask, proof: ReceiptReported(
        d, tuple(s), p, None, True, t, None, ask, at(ask if proof is Proof.CLAIMED else ask + 1, proof)
    ),
    dialogs, st.lists(sequences, min_size=1), st.one_of(st.none(), people), ladder,
    st.integers(1, 6), st.sampled_from((Proof.CLAIMED, Proof.ACKNOWLEDGED)),
)  # fmt: skip
refused = st.builds(
    lambda d, s, p, t, ask: ReceiptRefused(d, tuple(s), p, t, ask, 400, at(ask + 1, Proof.REFUSED)),
    dialogs, st.lists(sequences, min_size=1), st.one_of(st.none(), people), ladder,
    st.integers(1, 6),
)  # fmt: skip
identified = st.builds(Identified, people, st.just(at(0)))


# We go by two ids: what one says of a message by the other is no receipt that counts.
OWN_WORD_ON_OWN_MESSAGE = [
    MessagePublished("d", 0, None, "a", None, True, "text/plain", "hi", 1, at(2, Proof.ACKNOWLEDGED)),
    Identified("b", at(0)),
    ReceiptReported("d", (0,), "b", None, False, "READ", None, None, at(3)),
]

# The earlier of two READs counts, whoever is listed first.
READ_BY_TWO = [
    MessagePublished("d", 0, None, "c", "CONSUMER", False, "text/plain", "hi", None, at(1)),
    ReceiptReported("d", (0,), "a", None, False, "READ", None, None, at(3)),
    ReceiptReported("d", (0,), "b", None, False, "READ", None, None, at(2)),
]

# Our own READ, tried and taken before anybody told our id; then the service announces it under that id.
READ_BY_US = [
    MessagePublished("d", 0, None, "c", "CONSUMER", False, "text/plain", "hi", None, at(1)),
    ReceiptReported("d", (0, 1), None, None, True, "READ", None, 2, at(2, Proof.CLAIMED)),
    ReceiptReported("d", (0, 1), None, None, True, "READ", None, 2, at(3, Proof.ACKNOWLEDGED)),
]
ANNOUNCED_UNDER_OUR_ID = [
    *READ_BY_US,
    MessagePublished("d", 1, None, "c", "CONSUMER", False, "text/plain", "ho", None, at(4)),
    Identified("a", at(5)),
    ReceiptReported("d", (0,), "a", "MANAGER", False, "READ", None, None, at(6)),
]
CLAIMED_ONLY = [*READ_BY_US[:2], Identified("a", at(5))]


@given(
    st.lists(
        st.one_of(published, answered, receipts, receipts, tried, tried, refused, identified), max_size=25
    ),
    st.integers(0, 9),
    st.sampled_from((0, 3, 99)),
)
@example(events=OWN_WORD_ON_OWN_MESSAGE, batch=0, few_statuses=0)
@example(events=OWN_WORD_ON_OWN_MESSAGE, batch=0, few_statuses=9)
@example(events=READ_BY_TWO, batch=0, few_statuses=0)
@example(events=READ_BY_US, batch=0, few_statuses=9)
@example(events=ANNOUNCED_UNDER_OUR_ID, batch=0, few_statuses=9)
@example(events=CLAIMED_ONLY, batch=0, few_statuses=9)
def test_the_fast_way_makes_the_rows_that_the_views_make(events, batch, few_statuses):
    """Whether few or many said something in a dialog."""
    transcript = fold_batches(events)
    made = MessageRows(1, transcript, Conclusions.of(transcript), few_statuses=few_statuses)
    messages, given_receipts, contents = [], [], []
    for some, theirs, several in made.all_rows(batch):
        messages += some
        given_receipts += theirs
        contents += several
    assert messages == sorted(messages, key=lambda row: row[:3])
    assert given_receipts == sorted(given_receipts, key=lambda row: row[:4])
    assert contents == sorted(contents, key=lambda row: row[:4])
    one_by_one = [
        made.message(dialog, sequence)
        for dialog in sorted(transcript.dialogs)
        for sequence in sorted(transcript.dialogs[dialog])
    ]
    assert messages == [row for each in one_by_one for row in each.messages]
    assert given_receipts == [row for each in one_by_one for row in each.receipts]
    assert contents == [row for each in one_by_one for row in each.contents]


asked = st.builds(
    lambda d, a, frame: PublishRequested(d, None, "text/plain", "hi", a, at(frame, Proof.CLAIMED)),
    dialogs, st.one_of(st.none(), people), st.integers(1, 6),
)  # fmt: skip
lost = st.builds(PublishLost, st.integers(1, 6))
named = st.builds(
    lambda who, role, e: ConversationChanged(
        "c", (Participant(who, role),), (), None, None, None, False, e
    ),
    people, st.sampled_from(("CONSUMER", "MANAGER")), frames,
)  # fmt: skip

# Only the last dialog tells the role of somebody of the first; who we are; that a publish was answered.
TOLD_LATE = [
    ReceiptReported("d", (0,), "a", None, False, "READ", None, None, at(1)),
    MessagePublished("e", 0, None, "a", "CONSUMER", False, "text/plain", "hi", None, at(2)),
]
WRITTEN_LATE = [
    MessagePublished("d", 0, None, "a", None, False, "text/plain", "hi", None, at(1)),
    MessagePublished("e", 0, None, "a", "CONSUMER", False, "text/plain", "hi", None, at(2)),
]
LEARNT_LATE = [
    MessagePublished("d", 0, None, "a", None, False, "text/plain", "hi", None, at(1)),
    PublishRequested("e", None, "text/plain", "hi", None, at(2, Proof.CLAIMED)),
    MessagePublished("e", 0, None, None, None, True, "text/plain", "hi", 2, at(3, Proof.ACKNOWLEDGED)),
    MessagePublished("e", 0, None, "a", None, False, "text/plain", "hi", None, at(4)),
]
ANSWERED_ELSEWHERE = [
    PublishRequested("d", None, "text/plain", "hi", None, at(2, Proof.CLAIMED)),
    MessagePublished("e", 0, None, None, None, True, "text/plain", "hi", 2, at(3, Proof.ACKNOWLEDGED)),
]
ANSWERED_TWICE = [
    MessagePublished(dialog, 0, None, None, None, mine, "text/plain", "hi", 1 if mine else None, at(1, proof))
    for dialog, mine, proof in (
        ("e", False, Proof.ANNOUNCED), ("d", True, Proof.ACKNOWLEDGED), ("e", True, Proof.ACKNOWLEDGED),
    )
]  # fmt: skip


@given(
    st.lists(
        st.one_of(published, answered, asked, lost, receipts, tried, refused, identified, named),
        max_size=20,
    )
)
@example(events=TOLD_LATE)
@example(events=LEARNT_LATE)
@example(events=ANSWERED_ELSEWHERE)
@example(events=ANSWERED_TWICE)
def test_rows_made_while_folding_are_right_if_they_rest_on_the_conclusions(events):
    """Each dialog is folded, and its rows are made, before others have told what rows may rest on."""
    whole, unfolded, transcript = fold_batches(events), {}, Transcript()
    fold_batches(events, transcript, pending=unfolded)
    made = MessageRows(1, transcript, Conclusions.of(transcript))
    coming = made.all_rows(
        99,
        unfolded=list(unfolded),
        fold_dialog=lambda dialog: apply_dialog(transcript, dialog, unfolded.pop(dialog, ())),
    )
    rows = [list(map(list, batch)) for batch in coming]
    assert transcript == whole
    concluded = Conclusions.of(whole)
    if made.rest_on(concluded):
        expected = MessageRows(1, whole, concluded).all_rows(99)
        assert rows == [list(map(list, batch)) for batch in expected]


@pytest.mark.parametrize("events", [TOLD_LATE, WRITTEN_LATE, LEARNT_LATE, ANSWERED_ELSEWHERE])
def test_rows_that_depend_on_later_dialogs_are_not_right(events):
    unfolded, transcript = {}, Transcript()
    fold_batches(events, transcript, pending=unfolded)
    made = MessageRows(1, transcript, Conclusions.of(transcript))
    for _ in made.all_rows(
        99,
        unfolded=list(unfolded),
        fold_dialog=lambda dialog: apply_dialog(transcript, dialog, unfolded.pop(dialog, ())),
    ):
        pass
    assert not made.rest_on(Conclusions.of(transcript))


@given(st.lists(st.one_of(published, answered, receipts, identified), max_size=15))
def test_marks_stand_for_nothing_yes_and_no_and_change_nothing_else(events):
    transcript = fold_batches(events)
    concluded = Conclusions.of(transcript)
    plain = next(MessageRows(1, transcript, concluded).all_rows(999))
    marked = next(MessageRows(1, transcript, concluded, values=SQLITE_VALUES).all_rows(999))
    for rows, theirs in zip(plain, marked, strict=True):
        for row, other in zip(rows, theirs, strict=True):
            assert not any(isinstance(value, bool) for value in other)
            assert row == tuple(None if value is SQLITE_VALUES.null else value for value in other)
