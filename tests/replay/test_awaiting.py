"""Waiting for the right message, and for a message to be as expected."""

from __future__ import annotations

import pytest

from recorder.replay.actions import AwaitMessage, HangUp

OPEN = "steps:\n- open_conversation:\n"


def results(hand):
    return hand.player.outcome().results


def bound(hand, name="it"):
    return hand.player.known.names.get(name)


# --- await ----------------------------------------------------------------------------------------------


def test_await_ignores_everything_else(by_hand, told, text, receipt, typing):
    hand = by_hand(OPEN + '- await: {message: {from: agent, matching: "order number"}, as: it}\n- wait: 1s')
    hand.open()
    hand.hear(told(typing("COMPOSING")))
    hand.hear(told(text(0, "order number?", by="consumer-1")))
    hand.hear(told(receipt(1, "READ", 0)))
    hand.hear(told())
    hand.hear(told(text(2, "Hello!")))
    hand.hear(b"no JSON, order number")
    hand.hear({"kind": "notification", "type": "x.OfTomorrow", "body": "order number"})
    assert isinstance(hand.next(), AwaitMessage)
    hand.hear(told(text(3, "Nice."), text(4, "What is your order number?")))
    hand.until(1.0)
    assert bound(hand) == ("conv-1", 4)


def test_a_message_that_came_while_another_step_waited_counts(by_hand, told, text):
    """The greeting may be quicker than the answer to our own request."""
    hand = by_hand(OPEN + "- say: hi\n- await: {as: it}\n- wait: 1s")
    hand.open()
    request = hand.send()
    hand.hear(told(text(1, "quick")))
    hand.answer(request, body={"sequence": 0})
    hand.until(1.0)
    assert bound(hand) == ("conv-1", 1)


def test_one_message_satisfies_one_await(by_hand, told, text):
    hand = by_hand(OPEN + "- await: {as: one}\n- await: {as: two}\n- wait: 1s")
    hand.open()
    hand.hear(told(text(1, "a")))
    assert isinstance(hand.next(), AwaitMessage)
    assert (bound(hand, "one"), bound(hand, "two")) == (("conv-1", 1), None)
    hand.hear(told(text(1, "a"), text(2, "b")))
    hand.until(1.0)
    assert bound(hand, "two") == ("conv-1", 2)


@pytest.mark.parametrize(
    ("wanted", "sequence"),
    [
        ("{}", 1),
        ("{from: agent}", 1),
        ("{from: consumer}", 0),
        ("{from: us}", 0),
        ("{from: manager-1}", 3),
        ("{from: assigned_agent}", 1),
        ("{matching: '^b'}", 2),
        ("{matching: '(?i)B'}", 2),
        ("{nth: 3}", 3),
        ("{from: agent-1, nth: 2}", 2),
        ("{type: hosted/file}", 4),
        ("{dialog: survey}", 5),
    ],
)
def test_a_message_is_chosen_by_what_is_said_of_it(by_hand, told, text, wanted, sequence):
    hand = by_hand(OPEN + f"- await: {{message: {wanted}, as: it}}\n- wait: 1s")
    hand.open()
    file = text(4, "picture", by="manager-1")
    file["event"]["contentType"] = "hosted/file"
    hand.hear(
        told(
            text(0, "mine", by="consumer-1"),
            text(1, "a"),
            text(2, "b"),
            text(3, "c", by="manager-1"),
            file,
            text(5, "d", dialog="survey"),
        )
    )
    hand.until(1.0)
    assert bound(hand)[1] == sequence


def test_an_await_that_is_not_met_tells_what_came_instead(by_hand, told, text):
    hand = by_hand(OPEN + "- await: {message: {matching: order}, within: 2s}\n- wait: 1s")
    hand.open()
    hand.hear(told(text(1, "Hello!")))
    hand.until(2.0)
    assert hand.next() == HangUp()
    failed = results(hand)[1]
    assert (failed.outcome, failed.says) == ("failed", "no such message came within 2s")
    assert failed.shown == ('frame 7: agent-1 (ASSIGNED_AGENT), #1 "Hello!", sent',)
    assert (failed.began_s, failed.ended_s) == (0.0, 2.0)


def test_what_comes_at_the_last_moment_is_in_time(by_hand, told, text):
    hand = by_hand(OPEN + "- await: {within: 2s}\n- wait: 1s")
    hand.open()
    hand.until(2.0)
    hand.hear(told(text(1, "just so")))
    hand.until(3.0)
    assert results(hand)[1].outcome == "ok"


def test_a_pattern_that_takes_too_long_fails_its_step(by_hand, told, text):
    hand = by_hand(OPEN + "- await: {message: {matching: '(a+)+$'}}\n- wait: 1s")
    hand.open()
    hand.hear(told(text(1, "a" * 5_000 + "b")))
    assert hand.next() == HangUp()
    assert results(hand)[1].says == "the pattern (a+)+$ takes too long; it was stopped"


# --- expect ---------------------------------------------------------------------------------------------


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
