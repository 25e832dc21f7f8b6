"""What becomes of our own publishes and receipts, whatever comes first."""

from __future__ import annotations

from itertools import permutations

import pytest
from builders.histories import evidence

from recorder.messaging.events import (
    MessagePublished,
    Proof,
    PublishLost,
    PublishRefused,
    PublishRequested,
    PublishTaken,
    ReceiptRefused,
    ReceiptReported,
)
from recorder.receipts.fold import fold
from recorder.receipts.state import ReceiptKey

ASKED = PublishRequested("d", None, "text/plain", "hi", "me", evidence(Proof.CLAIMED, 1))


def answered(frame: int, sequence: int) -> MessagePublished:
    return MessagePublished(
        "d", sequence, None, "me", None, True, "text/plain", "hi", 1, evidence(Proof.ACKNOWLEDGED, frame)
    )


@pytest.mark.parametrize("events", list(permutations([ASKED, answered(3, 5), answered(2, 4)])))
def test_a_publish_keeps_the_earliest_answer(events):
    transcript = fold(events)
    publish = transcript.own_publishes[1]
    assert publish.answered == (evidence(Proof.ACKNOWLEDGED, 2), "d", 4)
    assert (publish.asked, publish.text, publish.author) == (ASKED.evidence, "hi", "me")
    assert transcript.unresolved == set()
    assert transcript.own_actions["d"][4].mine
    assert transcript.own_actions["d"][4].request_frame == 1


@pytest.mark.parametrize(
    "events",
    list(
        permutations(
            [
                ASKED,
                PublishRefused(1, 400, evidence(Proof.REFUSED, 2)),
                PublishRefused(1, 500, evidence(Proof.REFUSED, 3)),
            ]
        )
    ),
)
def test_a_publish_keeps_the_earliest_refusal(events):
    transcript = fold(events)
    assert transcript.own_publishes[1].refused == (evidence(Proof.REFUSED, 2), 400)
    assert transcript.unresolved == set()


def test_a_publish_without_a_sequence_is_taken_and_stays_unresolved():
    transcript = fold([ASKED, PublishTaken(1, evidence(Proof.ACKNOWLEDGED, 2)), PublishLost(1)])
    publish = transcript.own_publishes[1]
    assert (publish.taken, publish.lost) == (evidence(Proof.ACKNOWLEDGED, 2), True)
    assert transcript.unresolved == {1}


CLAIMED = ReceiptReported("d", (4, 5), None, None, True, "READ", None, 4, evidence(Proof.CLAIMED, 4))


@pytest.mark.parametrize(
    "events",
    list(
        permutations(
            [
                CLAIMED,
                ReceiptRefused("d", (5,), None, "READ", 4, 400, evidence(Proof.REFUSED, 6)),
                ReceiptRefused("d", (5,), None, "READ", 4, 400, evidence(Proof.REFUSED, 5)),
            ]
        )
    ),
)
def test_a_receipt_of_ours_keeps_its_requests_and_their_refusals(events):
    transcript = fold(events)
    key = ReceiptKey(2, "READ")  # our connection, while nobody says who we are on it
    by_sequence = {s: own.receipt_requests[key] for s, own in transcript.own_actions["d"].items()}
    assert by_sequence[4].claims == by_sequence[5].claims == {4: CLAIMED.evidence}
    assert by_sequence[4].refusals == {}
    assert by_sequence[5].refusals == {4: evidence(Proof.REFUSED, 5)}
    assert transcript.receipts == {}
