"""Histories of events for the laws of the fold: any kind, of few names, of many, in any order."""

from __future__ import annotations

from hypothesis import strategies as st

from recorder.messaging.events import (
    ConversationChanged,
    Evidence,
    Identified,
    MessagePublished,
    OddityNoticed,
    Participant,
    Proof,
    PublishLost,
    PublishRefused,
    PublishRequested,
    PublishTaken,
    ReceiptRefused,
    ReceiptReported,
)

FRAMES = st.integers(1, 9)
DIALOGS = st.sampled_from(["d1", "d2"])
SEQUENCES = st.integers(0, 3)
PEOPLE = st.sampled_from(["consumer", "agent", "manager"])
ROLES = st.sampled_from([None, "CONSUMER", "ASSIGNED_AGENT"])
STATUSES = st.sampled_from(["ACCEPT", "READ", "ACCESS", "NACK", "VIEWED"])


def evidence(proof, frame, server_ms=None):
    """A frame has one arrival, so its connection and local times follow from its number."""
    return Evidence(proof, frame, 1 + frame // 4 % 2, frame * 1_000_000, frame * 1_000_000, server_ms)


def asked(frame):
    """A frame asks one thing, so what it asks follows from its number."""
    return PublishRequested("d1", None, "text/plain", f"text {frame}", None, evidence(Proof.CLAIMED, frame))


def answered(ask, frame):
    proof = evidence(Proof.ACKNOWLEDGED, frame)
    return MessagePublished("d1", frame % 4, None, None, None, True, "text/plain", None, ask, proof)


def own_receipt(dialog, sequences, status, ask, answer, number):
    proof = evidence(Proof.CLAIMED, ask) if answer is None else evidence(Proof.ACKNOWLEDGED, answer)
    own = None if answer is None else number
    return ReceiptReported(dialog, sequences, None, None, True, status, own, ask, proof)


def taken(ask, frame):
    return PublishTaken(ask, evidence(Proof.ACKNOWLEDGED, frame))


def some_events(dialogs, sequences, people, statuses, frames, *, few=False):
    """Events of every kind: out of few names they meet on the same facts, out of many they pass by."""
    lists = st.lists(sequences, min_size=int(few), max_size=1 if few else 3).map(tuple)
    readers = st.lists(st.builds(Participant, people, st.just("READER")), max_size=2).map(tuple)
    told = st.builds(evidence, st.just(Proof.ANNOUNCED), frames, st.none() | st.integers(0, 3))
    shown = st.builds(Evidence._replace, told, snapshot=st.booleans())
    messages = st.builds(
        MessagePublished, dialogs, sequences, st.none(), people, ROLES, st.just(False),
        st.just("text/plain"), st.sampled_from(["a", "text 1", "text 5"]), st.none(), shown,
        st.sampled_from([None, None, "ALL", "AGENTS_AND_MANAGERS"]),
    )  # fmt: skip
    numbers = st.none() | st.integers(0, 3)
    receipts = st.builds(
        ReceiptReported, dialogs, lists, people, ROLES, st.just(False), statuses, numbers, st.none(), told
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
        st.builds(own_receipt, dialogs, lists, statuses, frames, st.none() | frames, numbers),
        refused,
        st.builds(asked, frames),
        st.builds(answered, frames, frames),
        st.builds(PublishRefused, frames, st.just(429), st.builds(evidence, st.just(Proof.REFUSED), frames)),
        st.builds(PublishLost, frames),
        st.builds(taken, frames, frames),
    )
    others = (
        st.builds(Identified, people, st.builds(evidence, st.just(Proof.CLAIMED), frames)),
        st.builds(OddityNoticed, st.sampled_from(["unreadable", "id-reused"]), st.just(""), told),
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
