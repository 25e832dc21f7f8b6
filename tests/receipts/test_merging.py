"""Folding in parts and merging is folding at once, whatever the parts have in common."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.events import (
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
from recorder.receipts.fold import fold
from recorder.receipts.merging import merge, merge_roles

FRAMES = st.integers(1, 6)
DIALOGS = st.sampled_from(["d1", "d2"])
PEOPLE = st.sampled_from(["consumer", "agent"])
ROLES = st.sampled_from([None, "CONSUMER", "ASSIGNED_AGENT"])
STATUSES = st.sampled_from(["ACCEPT", "READ", "NACK"])
SEQUENCES = st.lists(st.integers(0, 2), max_size=3).map(tuple)


def evidence(*levels):
    return st.builds(
        lambda proof, frame, ms: Evidence(proof, frame, 1, frame, frame, ms),
        st.sampled_from(levels), FRAMES, st.none() | st.integers(0, 2),
    )  # fmt: skip


def asked(frame):
    """A frame asks one thing, so what it asks follows from its number."""
    return PublishAsked(
        "d1", None, "text/plain", f"text {frame}", None, Evidence(Proof.CLAIMED, frame, 1, 0, 0)
    )


def answered(ask, frame):
    proof = Evidence(Proof.ACKNOWLEDGED, frame, 1, 0, 0)
    return MessagePublished("d1", frame % 3, None, None, None, True, "text/plain", None, ask, proof)


EVENTS = st.one_of(
    st.builds(
        MessagePublished, DIALOGS, st.integers(0, 2), st.none(), PEOPLE, ROLES, st.just(False),
        st.just("text/plain"), st.sampled_from(["a", "b"]), st.none(), evidence(Proof.ANNOUNCED),
    ),
    st.builds(
        ReceiptReported, DIALOGS, SEQUENCES, PEOPLE, ROLES, st.booleans(), STATUSES, st.none(), FRAMES,
        evidence(Proof.CLAIMED, Proof.ACKNOWLEDGED, Proof.ANNOUNCED),
    ),
    st.builds(
        ReceiptRefused, DIALOGS, SEQUENCES, st.none(), STATUSES, FRAMES, st.just(400), evidence(Proof.REFUSED)
    ),
    st.builds(asked, FRAMES),
    st.builds(answered, FRAMES, FRAMES),
    st.builds(PublishRefused, FRAMES, st.just(429), evidence(Proof.REFUSED)),
    st.builds(PublishLost, FRAMES),
    st.builds(Identified, PEOPLE, evidence(Proof.CLAIMED)),
    st.builds(
        ConversationChanged, st.just("c"),
        st.lists(st.builds(Participant, PEOPLE, st.just("READER")), max_size=2).map(tuple),
        st.just(()), st.sampled_from(["OPEN", "CLOSE"]), st.none(), st.none() | st.integers(0, 2),
        st.booleans(), evidence(Proof.ANNOUNCED),
    ),
    st.builds(OddityNoticed, st.sampled_from(["unreadable", "x"]), st.just(""), evidence(Proof.CLAIMED)),
)  # fmt: skip
HISTORIES = st.lists(EVENTS, max_size=10)


def told_once(heard):
    """A request claims one thing at one time; its frame says which."""
    return [
        event._replace(evidence=event.evidence._replace(server_ms=None))
        if isinstance(event, ReceiptReported) and event.evidence.proof is Proof.CLAIMED
        else event
        for event in heard
    ]


@given(HISTORIES.map(told_once), HISTORIES.map(told_once))
def test_merging_what_was_folded_apart_is_folding_it_together(some, more):
    assert merge(fold(some), fold(more)) == fold(some + more)


@given(HISTORIES.map(told_once), HISTORIES.map(told_once))
def test_merging_does_not_ask_who_comes_first(some, more):
    assert merge(fold(more), fold(some)) == merge(fold(some), fold(more))


@given(HISTORIES.map(told_once))
def test_merging_with_itself_changes_nothing(heard):
    assert merge(fold(heard), fold(heard)) == fold(heard)


def test_the_role_told_last_counts():
    roles = {"a": (3, "CONSUMER"), "b": (1, "READER")}
    merge_roles(roles, {"a": (2, "READER"), "b": (5, "MANAGER"), "c": (1, "READER")})
    assert roles == {"a": (3, "CONSUMER"), "b": (5, "MANAGER"), "c": (1, "READER")}
