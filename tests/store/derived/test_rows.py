"""Rows of a whole session, made fast, are those that each message makes by itself."""

from __future__ import annotations

import math

from hypothesis import example, given
from hypothesis import strategies as st

from recorder.messaging.events import Evidence, Identified, MessagePublished, Proof, ReceiptReported
from recorder.receipts.fold import fold
from recorder.receipts.touched import Conclusions
from recorder.store.derived.rows import Marks, MessageRows

people = st.sampled_from(("a", "b", "c"))
roles = st.sampled_from((None, "CONSUMER", "MANAGER"))
dialogs, sequences = st.sampled_from(("d", "e")), st.integers(0, 3)


def at(frame, proof=Proof.ANNOUNCED):
    return Evidence(proof, frame, 1, frame, None, None)


frames = st.integers(1, 6).map(at)
published = st.builds(
    lambda d, s, a, r, e: MessagePublished(d, s, None, a, r, False, "text/plain", "hi", None, e),
    dialogs, sequences, st.one_of(st.none(), people), roles, frames,
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


@given(
    st.lists(st.one_of(published, answered, receipts, receipts, identified), max_size=25),
    st.integers(0, 9),
    st.sampled_from((0, 3, 99)),
)
@example(events=OWN_WORD_ON_OWN_MESSAGE, piece=0, few_words=0)
@example(events=OWN_WORD_ON_OWN_MESSAGE, piece=0, few_words=9)
@example(events=READ_BY_TWO, piece=0, few_words=0)
def test_the_fast_way_makes_the_rows_that_the_views_make(events, piece, few_words):
    """Whether few or many said something in a dialog."""
    transcript = fold(events)
    made = MessageRows(1, transcript, Conclusions.of(transcript), few_words=few_words)
    messages, given_receipts = [], []
    for some, theirs in made.everything(piece):
        messages += some
        given_receipts += theirs
    assert messages == sorted(messages, key=lambda row: row[:3])
    assert given_receipts == sorted(given_receipts, key=lambda row: row[:4])
    one_by_one = [
        made.message(dialog, sequence)
        for dialog in sorted(transcript.dialogs)
        for sequence in sorted(transcript.dialogs[dialog])
    ]
    assert messages == [row for rows, _ in one_by_one for row in rows]
    assert given_receipts == [row for _, rows in one_by_one for row in rows]


@given(st.lists(st.one_of(published, answered, receipts, identified), max_size=15))
def test_marks_stand_for_nothing_yes_and_no_and_change_nothing_else(events):
    transcript = fold(events)
    concluded = Conclusions.of(transcript)
    marks = Marks(nothing=math.nan, yes=1, no=0)
    plain = next(MessageRows(1, transcript, concluded).everything(999))
    marked = next(MessageRows(1, transcript, concluded, marks=marks).everything(999))
    for rows, theirs in zip(plain, marked, strict=True):
        for row, other in zip(rows, theirs, strict=True):
            assert not any(isinstance(value, bool) for value in other)
            assert row == tuple(None if value is math.nan else value for value in other)
