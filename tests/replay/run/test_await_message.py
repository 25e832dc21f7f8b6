"""Waiting for the right message."""

from __future__ import annotations

import pytest

from recorder.replay.run.actions import AwaitMessage, CloseConnection

OPEN = "steps:\n- open_conversation:\n"


def results(driver):
    return driver.player.outcome().results


def bound(driver, name="it"):
    return driver.player.names.target(name, driver.player.view)


# --- await ----------------------------------------------------------------------------------------------


def test_await_ignores_everything_else(manual_driver, notification, text, receipt, typing):
    driver = manual_driver(
        OPEN + '- await: {message: {from: agent, matching: "order number"}, as: it}\n- wait: 1s'
    )
    driver.open()
    driver.receive(notification(typing("COMPOSING")))
    driver.receive(notification(text(0, "order number?", by="consumer-1")))
    driver.receive(notification(receipt(1, "READ", 0)))
    driver.receive(notification())
    driver.receive(notification(text(2, "Hello!")))
    driver.receive(b"no JSON, order number")
    driver.receive({"kind": "notification", "type": "x.OfTomorrow", "body": "order number"})
    assert isinstance(driver.next(), AwaitMessage)
    driver.receive(notification(text(3, "Nice."), text(4, "What is your order number?")))
    driver.advance_to(1.0)
    assert bound(driver) == ("conv-1", 4)


def test_a_message_that_came_while_another_step_waited_counts(manual_driver, notification, text):
    """The greeting may be quicker than the answer to our own request."""
    driver = manual_driver(OPEN + "- say: hi\n- await: {as: it}\n- wait: 1s")
    driver.open()
    request = driver.send()
    driver.receive(notification(text(1, "quick")))
    driver.answer(request, body={"sequence": 0})
    driver.advance_to(1.0)
    assert bound(driver) == ("conv-1", 1)


def test_one_message_satisfies_one_await(manual_driver, notification, text):
    driver = manual_driver(OPEN + "- await: {as: one}\n- await: {as: two}\n- wait: 1s")
    driver.open()
    driver.receive(notification(text(1, "a")))
    assert isinstance(driver.next(), AwaitMessage)
    assert (bound(driver, "one"), bound(driver, "two")) == (("conv-1", 1), None)
    driver.receive(notification(text(1, "a"), text(2, "b")))
    driver.advance_to(1.0)
    assert bound(driver, "two") == ("conv-1", 2)


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
def test_a_message_is_chosen_by_what_is_said_of_it(manual_driver, notification, text, wanted, sequence):
    driver = manual_driver(OPEN + f"- await: {{message: {wanted}, as: it}}\n- wait: 1s")
    driver.open()
    file = text(4, "picture", by="manager-1")
    file["event"]["contentType"] = "hosted/file"
    driver.receive(
        notification(
            text(0, "mine", by="consumer-1"),
            text(1, "a"),
            text(2, "b"),
            text(3, "c", by="manager-1"),
            file,
            text(5, "d", dialog="survey"),
        )
    )
    driver.advance_to(1.0)
    assert bound(driver)[1] == sequence


def test_an_await_that_is_not_met_tells_what_came_instead(manual_driver, notification, text):
    driver = manual_driver(OPEN + "- await: {message: {matching: order}, within: 2s}\n- wait: 1s")
    driver.open()
    driver.receive(notification(text(1, "Hello!")))
    driver.advance_to(2.0)
    assert driver.next() == CloseConnection()
    failed = results(driver)[1]
    assert (failed.outcome, failed.sentence) == ("failed", 'no message matching "order" came within 2s')
    assert failed.shown == ('frame 7: agent-1 (ASSIGNED_AGENT), #1 "Hello!", sent',)
    assert (failed.began_s, failed.ended_s) == (0.0, 2.0)


def test_what_came_before_the_message_awaited_last_is_named_when_it_is_missed(
    manual_driver, notification, text
):
    """Awaiting in another order than things come is the slip that costs most time to see."""
    driver = manual_driver(
        OPEN + "- await: {message: {matching: b}}\n- await: {message: {matching: a}, within: 2s}\n- wait: 1s"
    )
    driver.open()
    driver.receive(notification(text(1, "a"), text(2, "b")))
    driver.advance_to(2.0)
    driver.next()
    assert results(driver)[2].sentence == (
        'no message matching "a" came within 2s; what came before the message awaited last does not count: '
        'frame 7: agent-1 (ASSIGNED_AGENT), #1 "a", sent'
    )


def test_what_comes_at_the_last_moment_is_in_time(manual_driver, notification, text):
    driver = manual_driver(OPEN + "- await: {within: 2s}\n- wait: 1s")
    driver.open()
    driver.advance_to(2.0)
    driver.receive(notification(text(1, "just so")))
    driver.advance_to(3.0)
    assert results(driver)[1].outcome == "ok"


def test_a_pattern_that_takes_too_long_fails_its_step(manual_driver, notification, text):
    driver = manual_driver(OPEN + "- await: {message: {matching: '(a+)+$'}}\n- wait: 1s")
    driver.open()
    driver.receive(notification(text(1, "a" * 5_000 + "b")))
    assert driver.next() == CloseConnection()
    assert results(driver)[1].sentence == "the pattern (a+)+$ takes too long; it was stopped"


def test_what_waits_at_its_end_says_what_was_missed_though_the_pattern_is_slow(
    manual_driver, notification, text
):
    """The search for what came too early is given up; the sentence of the step stays."""
    driver = manual_driver(
        OPEN + "- await: {message: {matching: 'x'}}\n- await: {message: {matching: '(a+)+$'}, within: 2s}"
    )
    driver.open()
    driver.receive(notification(text(0, "a" * 5_000 + "b")))
    driver.receive(notification(text(1, "x")))
    driver.advance_to(2.0)
    driver.next()
    assert results(driver)[2].sentence == 'no message matching "(a+)+$" came within 2s'
