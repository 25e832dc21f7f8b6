"""The laws of the fold: order and repetition change nothing, and knowing more never lowers a status."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.messaging.events import (
    ChatStateReported,
    ConversationChanged,
    Evidence,
    Identified,
    MessagePublished,
    OddityNoticed,
    Participant,
    Proof,
    PublishAsked,
    PublishLost,
    PublishRefused,
    ReceiptRefused,
    ReceiptReported,
)
from recorder.receipts.fold import apply, fold
from recorder.receipts.queries import view
from recorder.receipts.state import Transcript

FRAMES = st.integers(1, 9)
DIALOGS = st.sampled_from(["d1", "d2"])
SEQUENCES = st.integers(0, 3)
PEOPLE = st.sampled_from(["consumer", "agent", "manager"])
ROLES = st.sampled_from([None, "CONSUMER", "ASSIGNED_AGENT"])
STATUSES = st.sampled_from(["ACCEPT", "READ", "ACCESS", "NACK", "VIEWED"])


def evidence(proof, frame, server_ms=None):
    """A frame has one arrival, so its local times follow from its number."""
    return Evidence(proof, frame, 1, frame * 1_000_000, frame * 1_000_000, server_ms)


def asked(frame):
    """A frame asks one thing, so what it asks follows from its number."""
    return PublishAsked("d1", None, "text/plain", f"text {frame}", None, evidence(Proof.CLAIMED, frame))


def answered(ask, frame):
    proof = evidence(Proof.ACKNOWLEDGED, frame)
    return MessagePublished("d1", frame % 4, None, None, None, True, "text/plain", None, ask, proof)


def own_receipt(dialog, sequences, status, ask, answer):
    proof = evidence(Proof.CLAIMED, ask) if answer is None else evidence(Proof.ACKNOWLEDGED, answer)
    return ReceiptReported(dialog, sequences, None, None, True, status, None, ask, proof)


def some_events(dialogs, sequences, people, statuses, frames, *, few=False):
    """Events of every kind: out of few names they meet on the same facts, out of many they pass by."""
    lists = st.lists(sequences, min_size=int(few), max_size=1 if few else 3).map(tuple)
    readers = st.lists(st.builds(Participant, people, st.just("READER")), max_size=2).map(tuple)
    told = st.builds(evidence, st.just(Proof.ANNOUNCED), frames, st.none() | st.integers(0, 3))
    messages = st.builds(
        MessagePublished, dialogs, sequences, st.none(), people, ROLES, st.just(False),
        st.just("text/plain"), st.sampled_from(["a", "b"]), st.none(), told,
    )  # fmt: skip
    receipts = st.builds(
        ReceiptReported, dialogs, lists, people, ROLES, st.just(False), statuses, st.none(), st.none(), told
    )
    snapshots = st.builds(
        ConversationChanged, st.just("c"), readers, st.just(()), st.sampled_from(["OPEN", "CLOSE"]),
        st.none(), st.none() | st.integers(0, 3), st.booleans(), told,
    )  # fmt: skip
    refused = st.builds(
        ReceiptRefused, dialogs, lists, st.none(), statuses, frames, st.just(400),
        st.builds(evidence, st.just(Proof.REFUSED), frames),
    )  # fmt: skip
    own = (
        st.builds(own_receipt, dialogs, lists, statuses, frames, st.none() | frames),
        refused,
        st.builds(asked, frames),
        st.builds(answered, frames, frames),
        st.builds(PublishRefused, frames, st.just(429), st.builds(evidence, st.just(Proof.REFUSED), frames)),
        st.builds(PublishLost, frames),
    )
    others = (
        st.builds(Identified, people, st.builds(evidence, st.just(Proof.CLAIMED), frames)),
        st.builds(OddityNoticed, st.sampled_from(["unreadable", "unknown-type"]), st.just(""), told),
    )
    return (
        st.one_of(messages, receipts, *own, snapshots, *others),
        st.one_of(messages, receipts),
        refused,
        snapshots,
    )


MANY, MANY_TOLD, _, _ = some_events(DIALOGS, SEQUENCES, PEOPLE, STATUSES, FRAMES)
FEW, FEW_TOLD, REFUSED, SNAPSHOTS = some_events(
    st.just("d1"), st.just(0), st.sampled_from(["consumer", "agent"]), st.sampled_from(["ACCEPT", "READ"]),
    st.integers(1, 4), few=True,
)  # fmt: skip
# Of one kind, of few names, of many: each finds what the others hardly ever meet.
HISTORIES = st.one_of(
    *(st.lists(kind, max_size=14) for kind in (MANY, FEW)),
    *(st.lists(kind, min_size=2, max_size=6) for kind in (REFUSED, SNAPSHOTS, FEW_TOLD)),
)
TOLD = st.one_of(st.lists(MANY_TOLD, max_size=14), st.lists(FEW_TOLD, max_size=6))

RANK = {"unseen": 0, "sent": 1, "accepted": 2, "read": 3}


@settings(max_examples=500)
@given(HISTORIES, st.randoms(use_true_random=False))
def test_the_order_of_hearing_changes_nothing(heard, random):
    shuffled = list(heard)
    random.shuffle(shuffled)
    assert fold(shuffled) == fold(heard)
    assert view(fold(shuffled)) == view(fold(heard))


@given(HISTORIES)
def test_hearing_it_twice_changes_nothing(heard):
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


@given(HISTORIES, st.integers(1, 4))
def test_what_is_held_is_what_came_first_in_its_order(heard, at_once):
    """And to hold it changes nothing."""
    held = []
    assert fold(heard, at_once=at_once, held=held) == fold(heard)
    assert held == heard[:at_once]
