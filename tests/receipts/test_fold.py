"""The laws of the fold: order and repetition change nothing, and knowing more never lowers a status."""

from __future__ import annotations

from builders.histories import DIALOGS, HISTORIES, TOLD, evidence
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.messaging.events import ChatStateReported, Proof, PublishLost
from recorder.receipts.fold import apply, fold
from recorder.receipts.queries import view
from recorder.receipts.state import Transcript

RANK = {"unseen": 0, "sent": 1, "accepted": 2, "read": 3}


@settings(max_examples=500)
@given(HISTORIES, st.randoms(use_true_random=False))
def test_the_order_of_events_changes_nothing(heard, random):
    shuffled = list(heard)
    random.shuffle(shuffled)
    assert fold(shuffled) == fold(heard)
    assert view(fold(shuffled)) == view(fold(heard))


@given(HISTORIES)
def test_repeated_events_change_nothing(heard):
    assert fold(heard + heard) == fold(heard)
    assert fold(event for event in heard for _ in range(2)) == fold(heard)


@given(HISTORIES, st.integers(0, 14))
def test_a_session_may_be_folded_in_pieces(heard, cut):
    assert fold(heard[cut:], fold(heard[:cut])) == fold(heard)


@given(HISTORIES)
def test_applying_one_by_one_is_folding(heard):
    transcript = Transcript()
    for event in heard:
        transcript = apply(transcript, event)
    assert transcript == fold(heard)


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
def test_every_fact_shown_points_at_a_frame_that_was_heard(heard):
    frames = {event.evidence.frame for event in heard if not isinstance(event, PublishLost)}
    for message in view(fold(heard)):
        assert message.sent is None or message.sent.frame in frames
        assert {receipt.evidence.frame for receipt in message.receipts} <= frames


@given(HISTORIES, DIALOGS, st.sampled_from(["ACTIVE", "COMPOSING"]))
def test_a_chat_state_touches_no_message(heard, dialog, state):
    typing = ChatStateReported(dialog, "agent", None, False, state, evidence(Proof.ANNOUNCED, 1))
    assert fold([*heard, typing]) == fold(heard)


@given(HISTORIES)
def test_no_receipt_crosses_dialogs(heard):
    """What is told of d2 leaves d1 as it would be without it."""

    def about(event, dialog):
        return getattr(event, "dialog_id", dialog) == dialog

    transcript = fold(heard)
    alone = fold(event for event in heard if about(event, "d1"))
    assert transcript.dialogs.get("d1") == alone.dialogs.get("d1")
