"""Who we are on each connection."""

from __future__ import annotations

import pytest

from recorder.receipts.fold import fold
from recorder.receipts.queries import view
from recorder.receipts.selves import Selves, selves_of
from recorder.receipts.state import Transcript

ME, AGENT, BOT = "consumer-1", "agent-1", "bot-1"
NOBODY = Selves({}, frozenset())


def selves(session):
    return selves_of(fold(session.events))


def test_nobody_is_known_of_nothing():
    assert selves_of(Transcript()) == NOBODY
    assert NOBODY.is_one(ME) is None


def test_a_token_names_the_self_of_its_own_connection(session):
    session.i_am(ME).on(2).i_am(AGENT)
    assert selves(session).by_connection == {1: ME, 2: AGENT}
    assert selves(session).is_one(AGENT) is True
    assert selves(session).is_one(BOT) is False


def test_an_echo_counts_by_its_sequence_even_if_its_text_was_altered(session):
    session.answer(session.say("card 4111"), 3)
    session.message(3, by=ME, text="card ****")
    assert selves(session).by_connection == {1: ME}


@pytest.mark.parametrize("own", [5, 6], ids=["of the answer", "another"])
def test_a_receipt_echoes_by_the_sequence_of_its_answer(session, own):
    session.message(0)
    session.answer(session.give("READ", 0), 5)
    session.receipt("READ", 0, by=ME, own=own)
    assert selves(session).by_connection == ({1: ME} if own == 5 else {})


def test_an_echo_needs_the_same_status_and_list(session):
    session.answer(session.give("READ", 0), 5)
    session.receipt("READ", 1, by=BOT, own=5)
    session.receipt("ACCEPT", 0, by=AGENT, own=5)
    assert selves(session) == NOBODY


def test_the_echo_of_a_receipt_that_was_given_before_counts_as_well(session):
    """Only the earliest is kept as a proof; the sequence of the other still tells who gave it."""
    session.given("READ", 0, 1)
    session.on(2).answer(session.give("READ", 0), 2)
    session.receipt("READ", 0, by=ME, own=2)
    assert selves(session).by_connection == {1: ME, 2: ME}


def test_an_answer_on_one_connection_says_nothing_of_another(session):
    session.given("READ", 0, 1)
    session.on(2).answer(session.give("ACCEPT", 0), 9)
    assert selves(session).by_connection == {1: ME}
    given = [(receipt.participant, receipt.status) for receipt in view(fold(session.events))[0].receipts]
    assert given == [(ME, "READ"), (None, "ACCEPT")]


def test_a_token_counts_before_an_echo_and_what_was_announced_under_another_id_is_ours(session):
    """A second token is missing: the request speaks as the guest, the echo as the user."""
    session.i_am("guest")
    session.own("hi", 0)
    found = selves(session)
    assert (found.by_connection, found.ids) == ({1: "guest"}, {"guest", ME})


@pytest.mark.parametrize("text", ["mine", "theirs"])
def test_with_an_id_that_is_used_twice_the_text_has_to_be_equal(session, text):
    asked, said = session.request("GetClock", id="1"), session.say("mine", id="1")
    session.answer(asked)
    session.answer(said, 0)
    session.message(0, by=AGENT, text=text)
    assert (selves(session) == NOBODY) is (text == "theirs")


@pytest.mark.parametrize("others", [(), (BOT,)], ids=["one originator", "two"])
def test_without_sequences_an_only_originator_of_equal_lists_is_suggested(session, others):
    session.message(0)
    session.answer(session.give("READ", 0))
    for who in (ME, *others):
        session.receipt("READ", 0, by=who)
    found = selves(session)
    assert (found.by_connection, found.suggested) == (({}, frozenset()) if others else ({1: ME}, {1}))


def test_what_came_before_our_request_suggests_nothing(session):
    session.receipt("READ", 0, by=AGENT)
    session.message(1, by=AGENT, text="hi")
    session.answer(session.give("READ", 0))
    session.answer(session.say("hi"))
    assert selves(session) == NOBODY


def test_who_speaks_on_another_connection_is_not_suggested(session):
    session.on(2).i_am(AGENT)
    session.on(1).answer(session.say("hi"))
    session.message(0, by=AGENT, text="hi")
    assert selves(session).by_connection == {2: AGENT}
