"""One receipt is one act, however often it was heard."""

from __future__ import annotations

import pytest

from recorder.checks.given_receipts import acts_of
from recorder.receipts.queries import own_ids

ME = "consumer-1"


def acts(mini):
    return acts_of(mini.events, own_ids(mini.case().transcript))


def test_asked_answered_and_echoed_is_one(mini):
    mini.i_am()
    ask = mini.give("READ", 1)
    answer = mini.answer(ask, 2)
    echo = mini.receipt("READ", 1, by=ME, own=2)
    replay = mini.receipt("READ", 1, by=ME, own=2)
    (act,) = acts(mini)
    assert act.claim is not None
    assert act.answer is not None
    assert (act.claim.frame, act.answer.frame) == (ask, answer)
    assert [told.frame for told in act.told] == [echo, replay]
    assert (act.number, act.participant, act.mine, act.proven, act.first.frame) == (2, ME, True, True, ask)


@pytest.mark.parametrize("known", [True, False], ids=["we know who we are", "nobody told who we are"])
def test_an_echo_before_the_answer_is_the_same_act(mini, known):
    if known:
        mini.i_am()
    ask = mini.give("READ", 1)
    mini.receipt("READ", 1, by=ME, own=2)
    mini.answer(ask, 2)
    (act,) = acts(mini)
    assert len(act.told) == 1
    assert act.participant == ME


def test_an_echo_that_stands_for_a_lost_answer_proves_the_act(mini):
    mini.i_am()
    mini.give("READ", 1)
    mini.receipt("READ", 1, by=ME, own=2)
    (act,) = acts(mini)
    assert act.answer is None
    assert act.proven


def test_a_refused_one_is_not_proven_and_takes_no_echo(mini):
    mini.i_am()
    mini.answer(mini.give("READ", 1), code=400)
    mini.receipt("READ", 1, by=ME, own=2)
    refused, other = acts(mini)
    assert refused.refusal is not None
    assert not refused.proven
    assert other.claim is None


def test_two_requests_are_two_acts_with_their_own_echoes(mini):
    mini.i_am().given("READ", 1, 2).given("READ", 1, 3)
    assert [(act.number, len(act.told)) for act in acts(mini)] == [(2, 1), (3, 1)]


def test_one_request_takes_one_echo(mini):
    mini.i_am().give("READ", 1)
    mini.receipt("READ", 1, by=ME, ms=1_700_000_000_001)
    mini.receipt("READ", 1, by=ME, ms=1_700_000_000_002)
    assert [len(act.told) for act in acts(mini)] == [1, 1]


def test_the_receipt_of_another_is_no_echo_even_while_nobody_knows_who_we_are(mini):
    mini.give("READ", 1)
    mini.receipt("READ", 1, by="agent-1", own=2)
    ours, theirs = acts(mini)
    assert (ours.told, theirs.participant) == ([], "agent-1")


def test_the_same_number_with_another_content_is_another_act(mini):
    mini.receipt("READ", 1, own=2)
    mini.receipt("ACCEPT", 1, own=2)
    mini.receipt("READ", 1, own=2, by="bot")
    assert len(acts(mini)) == 3
