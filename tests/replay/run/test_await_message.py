"""Waiting for the right message."""

from __future__ import annotations

import pytest

from recorder.replay.run.actions import AwaitMessage, HangUp

OPEN = "steps:\n- open_conversation:\n"


def results(hand):
    return hand.player.outcome().results


def bound(hand, name="it"):
    return hand.player.names.target(name, hand.player.known)


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
    assert (failed.outcome, failed.says) == ("failed", 'no message matching "order" came within 2s')
    assert failed.shown == ('frame 7: agent-1 (ASSIGNED_AGENT), #1 "Hello!", sent',)
    assert (failed.began_s, failed.ended_s) == (0.0, 2.0)


def test_what_came_before_the_message_awaited_last_is_named_when_it_is_missed(by_hand, told, text):
    """Awaiting in another order than things come is the slip that costs most time to see."""
    hand = by_hand(
        OPEN + "- await: {message: {matching: b}}\n- await: {message: {matching: a}, within: 2s}\n- wait: 1s"
    )
    hand.open()
    hand.hear(told(text(1, "a"), text(2, "b")))
    hand.until(2.0)
    hand.next()
    assert results(hand)[2].says == (
        'no message matching "a" came within 2s; what came before the message awaited last does not count: '
        'frame 7: agent-1 (ASSIGNED_AGENT), #1 "a", sent'
    )


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
