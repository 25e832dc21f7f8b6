"""Requests, answers, echoes and replays of one receipt are merged into one."""

from __future__ import annotations

import pytest
from builders.sessions import given_receipts

from recorder.receipts.selves import selves_of

ME = "consumer-1"


def receipts_given(session):
    return given_receipts(session.events, selves_of(session.check_input().transcript))


def test_asked_answered_and_echoed_is_one(session):
    session.i_am()
    ask = session.give("READ", 1)
    answer = session.answer(ask, 2)
    echo = session.receipt("READ", 1, by=ME, own=2)
    replay = session.receipt("READ", 1, by=ME, own=2)
    (receipt,) = receipts_given(session)
    assert receipt.claim is not None
    assert receipt.answer is not None
    assert (receipt.claim.frame, receipt.answer.frame) == (ask, answer)
    assert [announcement.frame for announcement in receipt.announcements] == [echo, replay]
    assert (receipt.number, receipt.participant, receipt.mine, receipt.proven, receipt.first.frame) == (
        2,
        ME,
        True,
        True,
        ask,
    )


@pytest.mark.parametrize("known", [True, False], ids=["we know who we are", "nobody told who we are"])
def test_an_echo_before_the_answer_is_the_same_receipt(session, known):
    if known:
        session.i_am()
    ask = session.give("READ", 1)
    session.receipt("READ", 1, by=ME, own=2)
    session.answer(ask, 2)
    (receipt,) = receipts_given(session)
    assert len(receipt.announcements) == 1
    assert receipt.participant == ME


def test_an_echo_that_stands_for_a_lost_answer_proves_the_receipt(session):
    session.i_am()
    session.give("READ", 1)
    session.receipt("READ", 1, by=ME, own=2)
    (receipt,) = receipts_given(session)
    assert receipt.answer is None
    assert receipt.proven


def test_a_refused_one_is_not_proven_and_takes_no_echo(session):
    session.i_am()
    session.answer(session.give("READ", 1), code=400)
    session.receipt("READ", 1, by=ME, own=2)
    refused, other = receipts_given(session)
    assert refused.refusal is not None
    assert not refused.proven
    assert other.claim is None


def test_two_requests_are_two_receipts_with_their_own_echoes(session):
    session.i_am().given("READ", 1, 2).given("READ", 1, 3)
    assert [(receipt.number, len(receipt.announcements)) for receipt in receipts_given(session)] == [
        (2, 1),
        (3, 1),
    ]


def test_one_request_takes_one_echo(session):
    session.i_am().give("READ", 1)
    session.receipt("READ", 1, by=ME, ms=1_700_000_000_001)
    session.receipt("READ", 1, by=ME, ms=1_700_000_000_002)
    assert [len(receipt.announcements) for receipt in receipts_given(session)] == [1, 1]


def test_the_receipt_of_another_is_no_echo_even_while_nobody_knows_who_we_are(session):
    session.give("READ", 1)
    session.receipt("READ", 1, by="agent-1", own=2)
    ours, theirs = receipts_given(session)
    assert (ours.announcements, theirs.participant) == ([], "agent-1")


def test_the_same_number_with_another_content_is_another_receipt(session):
    session.receipt("READ", 1, own=2)
    session.receipt("ACCEPT", 1, own=2)
    session.receipt("READ", 1, own=2, by="bot")
    assert len(receipts_given(session)) == 3


@pytest.mark.parametrize("known", [True, False], ids=["we know who we are", "nobody told who we are"])
@pytest.mark.parametrize("first", ["answer", "echo"])
@pytest.mark.parametrize(
    ("asked", "echoed"), [((2, 1), (1, 2)), ((1, 2, 2), (1, 2))], ids=["sorted by the service", "repeated"]
)
def test_the_list_of_an_echo_may_be_written_in_another_way(session, known, first, asked, echoed):
    if known:
        session.i_am()
    session.message(1)
    session.message(2)
    ask = session.give("READ", *asked)
    if first == "answer":
        session.answer(ask, 3)
    session.receipt("READ", *echoed, by=ME, own=3)
    if first == "echo":
        session.answer(ask, 3)
    (receipt,) = receipts_given(session)
    assert (receipt.claim.frame, receipt.number, len(receipt.announcements)) == (ask, 3, 1)
    assert session.outcomes("duplicate-receipt") == session.outcomes("unechoed-receipt") == ["satisfied"]
