"""Which proof of a fact counts: the strongest, then the earliest; and never both of two different ones."""

from __future__ import annotations

import itertools

import pytest

from recorder.messaging.events import Evidence, MessagePublished, Proof, ReceiptReported
from recorder.receipts.precedence import is_better_answer, is_better_message, is_better_receipt, stronger


def evidence(proof=Proof.ANNOUNCED, frame=1, server_ms=None):
    return Evidence(proof, frame, connection=1, at_us=0, offset_us=0, server_ms=server_ms)


def message(text="hi", of=None, **more):
    fields = {"author": "a", "role": None, "mine": False, "type": "text/plain", "request_frame": None}
    return MessagePublished(
        dialog_id="d", sequence=0, conversation_id=None, text=text, evidence=of or evidence(), **fields | more
    )


# From the best to the worst.
RANKED = [
    evidence(Proof.ANNOUNCED, 5, 100),
    evidence(Proof.ANNOUNCED, 5, 200),
    evidence(Proof.ANNOUNCED, 5, None),
    evidence(Proof.ANNOUNCED, 6, 1),
    evidence(Proof.ACKNOWLEDGED, 1, 1),
    evidence(Proof.CLAIMED, 1, 1),
    evidence(Proof.REFUSED, 1, 1),
]


@pytest.mark.parametrize(("better", "worse"), list(itertools.combinations(RANKED, 2)))
def test_the_stronger_proof_counts_then_the_earlier_frame_then_the_earlier_server_time(better, worse):
    assert stronger(better, worse)
    assert not stronger(worse, better)
    assert is_better_message(message("b", better), message("a", worse))
    assert not is_better_message(message("a", worse), message("b", better))


def test_nothing_is_stronger_than_itself():
    assert not any(stronger(each, each) for each in RANKED)
    assert not is_better_message(message(), message())


@pytest.mark.parametrize(
    "other", [message("other"), message(author="b"), message(role="CONSUMER"), message(type="text/html")]
)
def test_of_two_versions_in_one_frame_exactly_one_counts(other):
    assert is_better_message(message(), other) is not is_better_message(other, message())


def test_of_two_receipts_in_one_frame_exactly_one_counts():
    one, other = (
        ReceiptReported(**dict.fromkeys(ReceiptReported._fields))._replace(role=role, evidence=evidence())
        for role in ("CONSUMER", "MANAGER")
    )
    assert is_better_receipt(one, other)
    assert not is_better_receipt(other, one)
    assert is_better_receipt(other._replace(evidence=evidence(frame=0)), one)


def test_an_answer_to_a_publish_counts_if_it_is_the_first_or_better():
    answer = message(of=evidence(Proof.ACKNOWLEDGED, 3))
    assert is_better_answer(answer, None)
    assert is_better_answer(answer, (evidence(Proof.ACKNOWLEDGED, 4), "d", 0))
    assert not is_better_answer(answer, (evidence(Proof.ACKNOWLEDGED, 2), "d", 0))
    assert is_better_answer(answer, (answer.evidence, "d", 1))
    assert not is_better_answer(answer, (answer.evidence, "c", 9))
