"""Expecting that something is so, or does not happen."""

from __future__ import annotations

import pytest

from recorder.clock import processing_s
from recorder.documents.patterns import TIME_LIMIT_S
from recorder.replay.run.actions import AwaitMessage, CloseConnection

OPEN = "steps:\n- open_conversation:\n"


def results(driver):
    return driver.player.outcome().results


def said(manual_driver, expectation, *, more="- wait: 1s"):
    driver = manual_driver(OPEN + f"- say: hi\n- expect: {expectation}\n{more}")
    driver.open()
    return driver, driver.send()


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
def test_a_status_is_met_when_it_or_a_higher_one_is_reached(
    manual_driver, notification, receipt, expected, statuses, met
):
    driver, request = said(manual_driver, f"{{message: last_sent, status: {expected}, within: 5s}}")
    driver.answer(request, body={"sequence": 0})
    driver.advance_to(0.5)
    for sequence, status in enumerate(statuses, start=1):
        driver.receive(notification(receipt(sequence, status, 0)))
    driver.next()
    assert (len(results(driver)) > 2 and results(driver)[2].outcome == "ok") is met


def test_an_expectation_that_is_not_met_shows_what_was_seen_instead(manual_driver, notification, receipt):
    driver, request = said(manual_driver, "{message: last_sent, status: read, within: 5s}")
    driver.answer(request, body={"sequence": 0})
    driver.advance_to(2.0)
    driver.receive(notification(receipt(1, "ACCEPT", 0)))
    driver.advance_to(5.0)
    assert driver.next() == CloseConnection()
    failed = results(driver)[2]
    assert failed.sentence == (
        "last_sent: read was expected within 5s, but it is accepted (ACCEPT by agent-1, frame 9)"
    )
    assert failed.shown == ('frame 8: you, #0 "hi", accepted (ACCEPT by agent-1, frame 9)',)
    outcome = driver.player.outcome()
    assert outcome.failure == f"step 3 (expect), line 4: {failed.sentence}"


def test_a_receipt_by_somebody_else_is_not_the_one_expected(manual_driver, notification, receipt):
    driver, request = said(
        manual_driver, "{message: last_sent, receipt: {status: READ, by: agent-2}, within: 5s}"
    )
    driver.answer(request, body={"sequence": 0})
    driver.next()
    driver.receive(notification(receipt(1, "READ", 0)))
    assert isinstance(driver.next(), AwaitMessage)
    driver.receive(notification(receipt(2, "READ", 0, by="agent-2")))
    driver.advance_to(1.0)
    assert results(driver)[2].outcome == "ok"


@pytest.mark.parametrize(
    ("by", "met"), [("agent", False), ("consumer", True), ("us", True), ("consumer-1", True)]
)
def test_our_own_receipt_counts_once_the_service_took_it(manual_driver, notification, text, by, met):
    expectation = f"{{message: last_received, receipt: {{status: READ, by: {by}}}}}"
    driver = manual_driver(OPEN + f"- await:\n- read: last_received\n- expect: {expectation}\n- wait: 1s")
    driver.open()
    driver.receive(notification(text(0, "a")))
    request = driver.send()
    assert isinstance(driver.next(), AwaitMessage), "a claim is not enough"
    driver.answer(request, body={"sequence": 1})
    driver.next()
    assert (results(driver)[3].outcome == "ok") is met


def test_a_refused_message_can_never_be_read_and_is_not_waited_for(manual_driver):
    driver = manual_driver(
        OPEN + "- say: hi\n- expect: {answer: 400}\n- expect: {message: last_sent, status: read}"
    )
    driver.open()
    driver.answer(driver.send(), code=400)
    assert driver.next() == CloseConnection()
    assert results(driver)[3].sentence.endswith("but it is failed")


def test_the_wrong_answer_is_shown(manual_driver):
    driver, request = said(manual_driver, "{answer: 429}")
    driver.next()
    driver.answer(request, body={"sequence": 0})
    assert driver.next() == CloseConnection()
    assert results(driver)[2].sentence == (
        "429 was expected, but the last request (frame 7) was answered with 200 (frame 8)"
    )


def test_a_message_may_be_named_by_its_sequence(manual_driver, notification, text, receipt):
    driver = manual_driver(OPEN + "- expect: {message: 3, status: read}\n- wait: 1s")
    driver.open()
    driver.receive(notification(receipt(4, "READ", 3, by="agent-2")))
    assert isinstance(driver.next(), AwaitMessage), "a receipt without its message proves nothing of it yet"
    driver.receive(notification(text(3, "late")))
    driver.advance_to(1.0)
    assert results(driver)[1].outcome == "ok"


def test_the_zero_that_answers_a_chat_state_is_not_message_zero(manual_driver, notification, text):
    """It would make last_sent, and message 0, look sent."""
    driver = manual_driver(
        OPEN + "- type: COMPOSING\n- expect: {message: 0, status: sent, within: 1s}\n- wait: 1s"
    )
    driver.open()
    driver.answer(driver.send(), body={"sequence": 0})
    driver.advance_to(1.0)
    assert driver.next() == CloseConnection()
    assert results(driver)[2].sentence.endswith("but there is no such message")


def test_expecting_of_nothing_sent_fails_in_words(manual_driver):
    driver = manual_driver(OPEN + "- expect: {message: last_sent, status: sent, within: 0}")
    driver.open()
    assert driver.next() == CloseConnection()
    assert (
        results(driver)[1].sentence == "last_sent: sent was expected within 0s, but there is no such message"
    )


def test_an_answer_is_expected_of_something(manual_driver):
    driver = manual_driver("steps:\n- expect: {answer: 200}")
    assert driver.next() == CloseConnection()
    assert results(driver)[0].sentence == "nothing was asked yet"


# --- messages by description, and their texts -----------------------------------------------------------


def subscriptions(manual_driver, notification, text, expectation):
    driver = manual_driver(OPEN + f"- expect: {expectation}\n- wait: 1s")
    driver.open()
    driver.receive(notification(text(0, "Hello"), text(1, "Your order?"), text(2, "Bye")))
    return driver


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
def test_a_message_may_be_described_and_its_text_expected(
    manual_driver, notification, text, expectation, outcome
):
    driver = subscriptions(manual_driver, notification, text, expectation)
    driver.next()
    assert results(driver)[1].outcome == outcome


def test_a_text_that_is_another_one_is_not_waited_for(manual_driver, notification, text):
    """What was said does not change any more."""
    driver = subscriptions(manual_driver, notification, text, "{message: 0, text: Bye}")
    assert driver.next() == CloseConnection()
    assert results(driver)[1].sentence == '#0: the text "Bye" was expected, but it is "Hello"'


def test_expecting_looks_and_does_not_take_away(manual_driver, notification, text):
    """What is expected may still be awaited."""
    driver = manual_driver(OPEN + "- expect: {message: {matching: Hello}}\n- await: {as: it}\n- wait: 1s")
    driver.open()
    driver.receive(notification(text(0, "Hello")))
    driver.advance_to(1.0)
    assert driver.player.names.target("it", driver.player.view) == ("conv-1", 0)


# --- what must not happen -------------------------------------------------------------------------------

QUIET = "- expect: {not: {message: {from: agent, matching: order}}, for: 2s}\n- wait: 1s"


def test_only_what_comes_from_the_step_on_matters(manual_driver, notification, text):
    driver = manual_driver(OPEN + QUIET)
    driver.open()
    driver.receive(notification(text(0, "your order?")))
    assert isinstance(driver.next(), AwaitMessage), "what came before the step is no concern of it"
    driver.receive(notification(text(1, "something else")))
    driver.advance_to(2.0)
    driver.receive(notification(text(2, "just so your order?")))
    assert driver.next() == CloseConnection()
    assert results(driver)[1].outcome == "failed", "the last moment belongs to it"


def test_after_the_time_nothing_matters(manual_driver, notification, text):
    driver = manual_driver(OPEN + QUIET)
    driver.open()
    driver.advance_to(2.0)
    driver.next()
    driver.receive(notification(text(1, "your order?")))
    driver.advance_to(3.0)
    driver.next()
    assert [result.outcome for result in results(driver)] == ["ok", "ok", "ok"]
    assert results(driver)[1].sentence == "nothing of it for 2s"


def test_what_happens_fails_at_once_and_is_named(manual_driver, notification, text):
    driver = manual_driver(OPEN + QUIET)
    driver.open()
    driver.advance_to(0.5)
    driver.receive(notification(text(1, "your order?")))
    assert driver.next() == CloseConnection()
    assert results(driver)[1].sentence.startswith(
        'no message from agent, matching "order" was to come for 2s, but there is frame 7: agent-1'
    )
    assert results(driver)[1].ended_s == 0.5


@pytest.mark.parametrize("forbidden", ["status: read", "receipt: {status: READ, by: agent}"])
def test_a_receipt_may_be_what_must_not_come(manual_driver, notification, receipt, forbidden):
    driver = manual_driver(
        OPEN + f"- say: hi\n- expect: {{not: {{message: last_sent, {forbidden}}}, for: 2s}}\n"
    )
    driver.open()
    driver.answer(driver.send(), body={"sequence": 0})
    driver.receive(notification(receipt(1, "ACCEPT", 0)))
    assert isinstance(driver.next(), AwaitMessage)
    driver.receive(notification(receipt(2, "READ", 0)))
    assert driver.next() == CloseConnection()
    assert "READ by agent-1, frame 10" in results(driver)[2].sentence


def test_silence_proves_nothing_when_nobody_is_there(manual_driver):
    driver = manual_driver(OPEN + QUIET)
    driver.open()
    driver.next()
    driver.end("lost")
    driver.next()
    assert results(driver)[1].sentence == "the connection is over: lost"


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
def test_a_close_has_the_code_that_is_expected(manual_driver, expected, code, outcome):
    driver = manual_driver(OPEN + f"- expect: {{close: {expected}}}\n")
    driver.open()
    assert isinstance(driver.next(), AwaitMessage)
    driver.end("over now", code)
    driver.next()
    assert results(driver)[1].outcome == outcome
    assert "over now" in results(driver)[1].sentence


def test_a_close_that_does_not_come_in_time_fails(manual_driver):
    driver = manual_driver(OPEN + "- expect: {close: 4401, within: 2s}\n")
    driver.open()
    driver.advance_to(2.0)
    driver.next()
    assert "but the connection is still open" in results(driver)[1].sentence


def test_a_connection_that_must_stay_and_goes_fails_at_once(manual_driver):
    driver = manual_driver(OPEN + "- expect: {not: {close: any}, for: 60s}\n")
    driver.open()
    driver.advance_to(3.0)
    driver.end("closed by the service, 1001", 1001)
    driver.next()
    assert results(driver)[1].sentence.endswith("but it is over: closed by the service, 1001")
    assert results(driver)[1].ended_s == 3.0


# --- slow patterns --------------------------------------------------------------------------------------

SLOW_TEXT = "a" * 5_000 + "b"


@pytest.mark.parametrize(
    ("expected", "texts"),
    [
        ("{message: {matching: '(a+)+$'}, within: 9s}", [SLOW_TEXT, "hello"]),
        ("{message: {matching: '(a+)+$'}, within: 9s}", ["hello", SLOW_TEXT]),
        ("{message: {matching: '(a+)+$', from: agent}, status: read, within: 9s}", ["hello", SLOW_TEXT]),
        ("{not: {message: {matching: '(a+)+$'}}, for: 9s}", ["hello", SLOW_TEXT]),
    ],
    ids=["a message", "a message that comes", "its status", "no message"],
)
def test_a_pattern_that_takes_too_long_fails_the_expectation(
    manual_driver, notification, text, expected, texts
):
    driver = manual_driver(f"steps:\n- open_conversation:\n- await: {{}}\n- expect: {expected}\n")
    driver.open()
    for sequence, written in enumerate(texts):
        driver.receive(notification(text(sequence, written)))
        driver.next()
    result = driver.player.outcome().results[-1]
    assert result.outcome == "failed"
    assert result.sentence == "the pattern (a+)+$ takes too long; it was stopped"


def test_many_texts_in_one_frame_share_the_time_of_a_pattern(manual_driver, notification, text):
    """Each alone is searched quickly enough; all of them would hold up every receipt that is due."""
    driver = manual_driver("steps:\n- open_conversation:\n- expect: {message: {matching: '(a|aa)+$'}}\n")
    driver.open()
    before_s = processing_s()
    driver.receive(notification(*(text(number, "a" * 18 + "b") for number in range(3_000))))
    driver.next()
    assert processing_s() - before_s < 30 * TIME_LIMIT_S
    assert "the pattern (a|aa)+$" in driver.player.outcome().results[-1].sentence
