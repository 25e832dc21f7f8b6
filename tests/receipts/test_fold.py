"""The laws of the fold: order and repetition change nothing, and knowing more never lowers a status."""

from __future__ import annotations

from itertools import permutations

import pytest
from builders.histories import DIALOGS, HISTORIES, TOLD, evidence
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.messaging.events import ChatStateReported, Proof, PublishLost, ReceiptReported
from recorder.receipts.fold import apply, fold
from recorder.receipts.queries import view
from recorder.receipts.state import ReceiptKey, Transcript


def receipt(own_sequence: int, frame: int, sequence: int = 1) -> ReceiptReported:
    return ReceiptReported(
        "d", (sequence,), "a", None, False, "READ", own_sequence, None, evidence(Proof.ANNOUNCED, frame)
    )


RANK = {"unseen": 0, "sent": 1, "accepted": 2, "read": 3}


@settings(max_examples=500)
@given(HISTORIES, st.randoms(use_true_random=False))
def test_the_order_of_events_changes_nothing(events, random):
    shuffled = list(events)
    random.shuffle(shuffled)
    assert fold(shuffled) == fold(events)
    assert view(fold(shuffled)) == view(fold(events))


@given(HISTORIES)
def test_repeated_events_change_nothing(events):
    assert fold(events + events) == fold(events)
    assert fold(event for event in events for _ in range(2)) == fold(events)


@given(HISTORIES, st.integers(0, 14))
def test_a_session_may_be_folded_in_pieces(events, cut):
    assert fold(events[cut:], fold(events[:cut])) == fold(events)


@given(HISTORIES)
def test_applying_one_by_one_is_folding(events):
    transcript = Transcript()
    for event in events:
        transcript = apply(transcript, event)
    assert transcript == fold(events)


@settings(max_examples=1_000)
@given(TOLD, TOLD)
def test_knowing_more_never_lowers_a_status_nor_drops_a_receipt(known, more):
    """As long as the author stays who it was: a message's own author never counts."""
    before, after = fold(known), fold(known + more)
    later = {(m.dialog_id, m.sequence): m for m in view(after)}
    for message in view(before):
        now = later[message.dialog_id, message.sequence]
        assert {(r.participant, r.status) for r in message.receipts if r.participant is not None} <= {
            (r.participant, r.status) for r in now.receipts
        }
        if message.author == now.author and message.mine == now.mine:
            assert RANK[now.status] >= RANK[message.status]


@given(HISTORIES)
def test_every_view_points_at_a_frame_of_the_events(events):
    frames = {event.evidence.frame for event in events if not isinstance(event, PublishLost)}
    for message in view(fold(events)):
        assert message.sent is None or message.sent.frame in frames
        assert {receipt.evidence.frame for receipt in message.receipts} <= frames


@given(HISTORIES, DIALOGS, st.sampled_from(["ACTIVE", "COMPOSING"]))
def test_a_chat_state_touches_no_message(events, dialog, state):
    typing = ChatStateReported(dialog, "agent", None, False, state, evidence(Proof.ANNOUNCED, 1))
    assert fold([*events, typing]) == fold(events)


@given(HISTORIES)
def test_no_receipt_crosses_dialogs(events):
    """What is told of d2 leaves d1 as it would be without it."""

    def about(event, dialog):
        return getattr(event, "dialog_id", dialog) == dialog

    transcript = fold(events)
    alone = fold(event for event in events if about(event, "d1"))
    assert transcript.dialogs.get("d1") == alone.dialogs.get("d1")


GIVEN_TWICE = [receipt(5, 2), receipt(6, 3), receipt(6, 4), receipt(9, 5, sequence=8)]


@pytest.mark.parametrize("events", list(permutations(GIVEN_TWICE)))
def test_the_numbers_of_receipts_given_twice_are_noted(events):
    transcript = fold(events)
    assert transcript.given_again == {"d": {ReceiptKey("a", "READ"): {5, 6}}}
    assert transcript.repeated_giver("d", 6, "READ") == "a"
    assert transcript.repeated_giver("d", 9, "READ") is None
    assert transcript.repeated_giver("d", 6, "ACCEPT") is None
