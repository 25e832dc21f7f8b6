"""Receipts that are found event by event, against those of all events."""

from __future__ import annotations

from builders.sessions import given_receipts
from builders.stories import Story, moves
from hypothesis import given
from hypothesis import strategies as st

from recorder.checks.dependencies import Dependencies, Kind
from recorder.checks.message_views import MessageViews
from recorder.checks.receipt_index import ReceiptIndex
from recorder.receipts.fold import fold
from recorder.receipts.state import Transcript


def told_of(receipt):
    return (
        receipt.dialog_id, receipt.participant, receipt.mine, receipt.status, receipt.sequences,
        receipt.number, receipt.claim, receipt.answer, receipt.refusal, receipt.announcements,
    )  # fmt: skip


@given(st.lists(moves, max_size=60))
def test_after_each_step_the_receipts_are_those_of_all_events(told):
    story, transcript, dependencies, known = Story(), Transcript(), Dependencies(), 0
    index, views = ReceiptIndex(dependencies), MessageViews(transcript)
    for each in told:
        story.make(*each)
        new, known = story.session.events[known:], len(story.session.events)
        fold(new, transcript)
        _, others = views.advance(new)
        index.advance(new, views.selves, others=others)
        found = given_receipts(story.session.events, views.selves)
        listed = sorted(dependencies.items[Kind.RECEIPT], key=lambda receipt: receipt.place)
        assert list(map(told_of, listed)) == list(map(told_of, found))
        for receipt in found:
            for sequence in receipt.sequences:
                person = (receipt.dialog_id, receipt.giver, sequence)
                assert told_of(receipt) in map(told_of, index.of(person, receipt.status))
                assert index.is_given(receipt.dialog_id, sequence, receipt.participant, receipt.status)
