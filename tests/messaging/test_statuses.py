"""Statuses of receipts: known, misspelt, or of a later release."""

from __future__ import annotations

import pytest

from recorder.messaging.events import Evidence, OddityNoticed, Proof, ReceiptReported, Stamp
from recorder.messaging.interpreter import Interpreter
from recorder.messaging.statuses import STATUSES, probable_status, status_oddity

PROOF = Evidence(Proof.CLAIMED, 1, 1, None, None)


@pytest.mark.parametrize(
    ("status", "meant"),
    [
        ("ACCEPTED", "ACCEPT"), ("ACCEPTS", "ACCEPT"), ("ACCEPTING", "ACCEPT"), ("accept", "ACCEPT"),
        ("Accept", "ACCEPT"), ("ACEPT", "ACCEPT"), ("ACCPET", "ACCEPT"), ("EXCEPT", "ACCEPT"),
        (" READ", "READ"), ("READ\n", "READ"), ("Read", "READ"), ("READED", "READ"), ("reads", "READ"),
        ("RAED", "READ"), ("RED", "READ"), ('"READ"', "READ"), ("READ.", "READ"), ("NAK", "NACK"),
        ("NACKED", "NACK"), ("Action", "ACTION"), ("VIEW", "VIEWED"), ("ACCESSED", "ACCESS"),
    ],
)  # fmt: skip
def test_a_near_miss_of_a_known_status_is_told_from_an_unknown_one(status: str, meant: str) -> None:
    assert probable_status(status) == meant
    oddity = status_oddity(status, PROOF)
    assert oddity is not None
    assert (oddity.kind, oddity.detail) == (
        "misspelt-status",
        f'status "{status}" was sent; {meant} was probably meant',
    )


@pytest.mark.parametrize(
    "status",
    [
        "SEEN",
        "SENT",
        "DELIVERED",
        "RECEIVED",
        "PLAYED",
        "UNREAD",
        "ACK",
        "ACTIVE",
        "REJECT",
        " ",
        "Ж",
        "R" * 10**6,
    ],
)
def test_other_words_are_unknown(status: str) -> None:
    assert probable_status(status) is None
    oddity = status_oddity(status, PROOF)
    assert oddity is not None
    assert oddity.kind == "unknown-status"
    assert len(oddity.detail) < 80


@pytest.mark.parametrize("status", STATUSES)
def test_known_statuses_are_not_odd(status: str) -> None:
    assert status_oddity(status, PROOF) is None


@pytest.mark.parametrize("from_client", [True, False])
@pytest.mark.parametrize(
    ("status", "odd"), [("READ", []), ("Read", ["misspelt-status"]), ("OK", ["unknown-status"])]
)
def test_the_receipt_is_kept_as_it_was_sent(status: str, odd: list[str], from_client: bool) -> None:
    event = f'{{"type":"AcceptStatusEvent","status":"{status}","sequenceList":[0]}}'
    data = (
        f'{{"kind":"req","id":"1","type":"ms.PublishEvent","body":{{"dialogId":"d","event":{event}}}}}'
        if from_client
        else '{"kind":"notification","type":"ms.MessagingEventNotification","body":{"changes":[{"sequence":1,'
        f'"serverTimestamp":1700000000000,"originatorId":"a","dialogId":"d","event":{event}}}]}}}}'
    )
    events = Interpreter().read(data.encode(), Stamp(1, 1), from_client=from_client)
    assert [event.status for event in events if isinstance(event, ReceiptReported)] == [status]
    assert [event.kind for event in events if isinstance(event, OddityNoticed)] == odd
