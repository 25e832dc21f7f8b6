"""Expecting that something is so, or does not happen."""

from __future__ import annotations

import pytest

from recorder.replay.run.actions import AwaitMessage, HangUp

OPEN = "steps:\n- open_conversation:\n"


def results(hand):
    return hand.player.outcome().results


def said(by_hand, expectation, *, more="- wait: 1s"):
    hand = by_hand(OPEN + f"- say: hi\n- expect: {expectation}\n{more}")
    hand.open()
    return hand, hand.send()


@pytest.mark.parametrize(
    ("expected", "statuses", "met"),
    [
        ("sent", [], True),
        ("accepted", ["ACCEPT"], True),
        ("accepted", ["READ"], True),
        ("read", ["READ"], True),
        ("read", ["ACCEPT", "READ"], True),
        ("read", ["ACCEPT"], False),
        ("accepted", [], False),
        ("accepted", ["NACK"], False),
    ],
)
def test_a_status_is_met_when_it_or_a_higher_one_is_reached(by_hand, told, receipt, expected, statuses, met):
    hand, request = said(by_hand, f"{{message: last_sent, status: {expected}, within: 5s}}")
    hand.answer(request, body={"sequence": 0})
    hand.until(0.5)
    for sequence, status in enumerate(statuses, start=1):
        hand.hear(told(receipt(sequence, status, 0)))
    hand.next()
    assert (len(results(hand)) > 2 and results(hand)[2].outcome == "ok") is met


def test_an_expectation_that_is_not_met_shows_what_was_seen_instead(by_hand, told, receipt):
    hand, request = said(by_hand, "{message: last_sent, status: read, within: 5s}")
    hand.answer(request, body={"sequence": 0})
    hand.until(2.0)
    hand.hear(told(receipt(1, "ACCEPT", 0)))
    hand.until(5.0)
    assert hand.next() == HangUp()
    failed = results(hand)[2]
    assert failed.says == (
        "last_sent: read was expected within 5s, but it is accepted (ACCEPT by agent-1, frame 9)"
    )
    assert failed.shown == ('frame 8: us, #0 "hi", accepted (ACCEPT by agent-1, frame 9)',)
    outcome = hand.player.outcome()
    assert outcome.failure == f"step 3 (expect), line 4: {failed.says}"


def test_a_receipt_by_somebody_else_is_not_the_one_expected(by_hand, told, receipt):
    hand, request = said(by_hand, "{message: last_sent, receipt: {status: READ, by: agent-2}, within: 5s}")
    hand.answer(request, body={"sequence": 0})
    hand.next()
    hand.hear(told(receipt(1, "READ", 0)))
    assert isinstance(hand.next(), AwaitMessage)
    hand.hear(told(receipt(2, "READ", 0, by="agent-2")))
    hand.until(1.0)
    assert results(hand)[2].outcome == "ok"


@pytest.mark.parametrize(
    ("by", "met"), [("agent", False), ("consumer", True), ("us", True), ("consumer-1", True)]
)
def test_our_own_receipt_counts_once_the_service_took_it(by_hand, told, text, by, met):
    expectation = f"{{message: last_received, receipt: {{status: READ, by: {by}}}}}"
    hand = by_hand(OPEN + f"- await:\n- read: last_received\n- expect: {expectation}\n- wait: 1s")
    hand.open()
    hand.hear(told(text(0, "a")))
    request = hand.send()
    assert isinstance(hand.next(), AwaitMessage), "a claim is not enough"
    hand.answer(request, body={"sequence": 1})
    hand.next()
    assert (results(hand)[3].outcome == "ok") is met


def test_a_refused_message_can_never_be_read_and_is_not_waited_for(by_hand):
    hand = by_hand(OPEN + "- say: hi\n- expect: {answer: 400}\n- expect: {message: last_sent, status: read}")
    hand.open()
    hand.answer(hand.send(), code=400)
    assert hand.next() == HangUp()
    assert results(hand)[3].says.endswith("but it is failed")


def test_the_wrong_answer_is_shown(by_hand):
    hand, request = said(by_hand, "{answer: 429}")
    hand.next()
    hand.answer(request, body={"sequence": 0})
    assert hand.next() == HangUp()
    assert results(hand)[2].says == (
        "429 was expected, but the last request (frame 7) was answered with 200 (frame 8)"
    )


def test_a_message_may_be_named_by_its_sequence(by_hand, told, text, receipt):
    hand = by_hand(OPEN + "- expect: {message: 3, status: read}\n- wait: 1s")
    hand.open()
    hand.hear(told(receipt(4, "READ", 3, by="agent-2")))
    assert isinstance(hand.next(), AwaitMessage), "a receipt without its message proves nothing of it yet"
    hand.hear(told(text(3, "late")))
    hand.until(1.0)
    assert results(hand)[1].outcome == "ok"


def test_the_zero_that_answers_a_chat_state_is_not_message_zero(by_hand, told, text):
    """It would make last_sent, and message 0, look sent."""
    hand = by_hand(OPEN + "- type: COMPOSING\n- expect: {message: 0, status: sent, within: 1s}\n- wait: 1s")
    hand.open()
    hand.answer(hand.send(), body={"sequence": 0})
    hand.until(1.0)
    assert hand.next() == HangUp()
    assert results(hand)[2].says.endswith("but there is no such message")


def test_expecting_of_nothing_sent_fails_in_words(by_hand):
    hand = by_hand(OPEN + "- expect: {message: last_sent, status: sent, within: 0}")
    hand.open()
    assert hand.next() == HangUp()
    assert results(hand)[1].says == "last_sent: sent was expected within 0s, but there is no such message"


def test_an_answer_is_expected_of_something(by_hand):
    hand = by_hand("steps:\n- expect: {answer: 200}")
    assert hand.next() == HangUp()
    assert results(hand)[0].says == "nothing was asked yet"


# --- messages by description, and their texts -----------------------------------------------------------


def listening(by_hand, told, text, expectation):
    hand = by_hand(OPEN + f"- expect: {expectation}\n- wait: 1s")
    hand.open()
    hand.hear(told(text(0, "Hello"), text(1, "Your order?"), text(2, "Bye")))
    return hand


@pytest.mark.parametrize(
    ("expectation", "outcome"),
    [
        ("{message: {from: agent}}", "ok"),
        ("{message: {from: agent, matching: '^Your'}, text: 'Your order?'}", "ok"),
        ("{message: {from: agent, nth: 3}, text: Bye}", "ok"),
        ("{message: last_received, text: Bye}", "ok"),
        ("{message: last_received, text: Hello, within: 3s}", "failed"),
        ("{message: {from: manager}, within: 0}", "failed"),
    ],
)
def test_a_message_may_be_described_and_its_text_expected(by_hand, told, text, expectation, outcome):
    hand = listening(by_hand, told, text, expectation)
    hand.next()
    assert results(hand)[1].outcome == outcome


def test_a_text_that_is_another_one_is_not_waited_for(by_hand, told, text):
    """What was said does not change any more."""
    hand = listening(by_hand, told, text, "{message: 0, text: Bye}")
    assert hand.next() == HangUp()
    assert results(hand)[1].says == '#0: the text "Bye" was expected, but it is "Hello"'


def test_expecting_looks_and_does_not_take_away(by_hand, told, text):
    """What is expected may still be awaited."""
    hand = by_hand(OPEN + "- expect: {message: {matching: Hello}}\n- await: {as: it}\n- wait: 1s")
    hand.open()
    hand.hear(told(text(0, "Hello")))
    hand.until(1.0)
    assert hand.player.names.target("it", hand.player.known) == ("conv-1", 0)


# --- what must not happen -------------------------------------------------------------------------------

QUIET = "- expect: {not: {message: {from: agent, matching: order}}, for: 2s}\n- wait: 1s"


def test_only_what_comes_from_the_step_on_matters(by_hand, told, text):
    hand = by_hand(OPEN + QUIET)
    hand.open()
    hand.hear(told(text(0, "your order?")))
    assert isinstance(hand.next(), AwaitMessage), "what came before the step is no concern of it"
    hand.hear(told(text(1, "something else")))
    hand.until(2.0)
    hand.hear(told(text(2, "just so your order?")))
    assert hand.next() == HangUp()
    assert results(hand)[1].outcome == "failed", "the last moment belongs to it"


def test_after_the_time_nothing_matters(by_hand, told, text):
    hand = by_hand(OPEN + QUIET)
    hand.open()
    hand.until(2.0)
    hand.next()
    hand.hear(told(text(1, "your order?")))
    hand.until(3.0)
    hand.next()
    assert [result.outcome for result in results(hand)] == ["ok", "ok", "ok"]
    assert results(hand)[1].says == "nothing of it for 2s"


def test_what_happens_fails_at_once_and_is_named(by_hand, told, text):
    hand = by_hand(OPEN + QUIET)
    hand.open()
    hand.until(0.5)
    hand.hear(told(text(1, "your order?")))
    assert hand.next() == HangUp()
    assert results(hand)[1].says.startswith(
        'no message from agent, matching "order" was to come for 2s, but there is frame 7: agent-1'
    )
    assert results(hand)[1].ended_s == 0.5


@pytest.mark.parametrize("forbidden", ["status: read", "receipt: {status: READ, by: agent}"])
def test_a_receipt_may_be_what_must_not_come(by_hand, told, receipt, forbidden):
    hand = by_hand(OPEN + f"- say: hi\n- expect: {{not: {{message: last_sent, {forbidden}}}, for: 2s}}\n")
    hand.open()
    hand.answer(hand.send(), body={"sequence": 0})
    hand.hear(told(receipt(1, "ACCEPT", 0)))
    assert isinstance(hand.next(), AwaitMessage)
    hand.hear(told(receipt(2, "READ", 0)))
    assert hand.next() == HangUp()
    assert "READ by agent-1, frame 10" in results(hand)[2].says


def test_silence_proves_nothing_when_nobody_is_there(by_hand):
    hand = by_hand(OPEN + QUIET)
    hand.open()
    hand.next()
    hand.end("lost")
    hand.next()
    assert results(hand)[1].says == "the connection is over: lost"


# --- the end of the connection --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "code", "outcome"),
    [
        ("4401", 4401, "ok"),
        ("any", 4401, "ok"),
        ("any", None, "ok"),
        ("1006", None, "ok"),
        ("{code: 4401, by: service}", 4401, "ok"),
        ("{by: client}", 4401, "failed"),
        ("4407", 4401, "failed"),
    ],
)
def test_a_close_has_the_code_that_is_expected(by_hand, expected, code, outcome):
    hand = by_hand(OPEN + f"- expect: {{close: {expected}}}\n")
    hand.open()
    assert isinstance(hand.next(), AwaitMessage)
    hand.end("over now", code)
    hand.next()
    assert results(hand)[1].outcome == outcome
    assert "over now" in results(hand)[1].says


def test_a_close_that_does_not_come_in_time_fails(by_hand):
    hand = by_hand(OPEN + "- expect: {close: 4401, within: 2s}\n")
    hand.open()
    hand.until(2.0)
    hand.next()
    assert "but the connection is still open" in results(hand)[1].says


def test_a_connection_that_must_stay_and_goes_fails_at_once(by_hand):
    hand = by_hand(OPEN + "- expect: {not: {close: any}, for: 60s}\n")
    hand.open()
    hand.until(3.0)
    hand.end("closed by the service, 1001", 1001)
    hand.next()
    assert results(hand)[1].says.endswith("but it is over: closed by the service, 1001")
    assert results(hand)[1].ended_s == 3.0
