"""What names stand for, and ${name.path}."""

from __future__ import annotations

import pytest

OPEN = "steps:\n- open_conversation: {as: opened}\n"


def results(driver):
    return driver.player.outcome().results


@pytest.fixture
def said(manual_driver, notification, text):
    """What the consumer says, once an agent has said "Order 4711?" as question."""

    def said(written: str, *, more: str = "") -> tuple[object, object]:
        driver = manual_driver(OPEN + f"- await: {{as: question}}\n- say: {written}\n{more}")
        driver.open()
        driver.receive(notification(text(3, "Order 4711?")))
        action = driver.next()
        return driver, getattr(action, "text", None) and driver.send()

    return said


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("'${question.text}'", "Order 4711?"),
        ("'#${question.sequence} in ${question.dialog}'", "#3 in conv-1"),
        ("'${question.author} ${question.type}'", "agent-1 text/plain"),
        ("'${opened.code} ${opened.body.conversationId} ${opened.type}'", "200 conv-1 x"),
        ("'${opened.body}'", '{"conversationId":"conv-1"}'),
        ("'${conversation.id} ${dialog.id} ${consumer.id}'", "conv-1 conv-1 consumer-1"),
        ("'$${question.text} costs $5'", "${question.text} costs $5"),
    ],
)
def test_a_reference_is_filled_in_when_the_step_is_played(said, written, expected):
    _, request = said(written)
    assert request["body"]["event"]["message"] == expected


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (
            "'${opened.body.convId}'",
            "${opened.body.convId}: there is no convId in opened.body; there is conversationId",
        ),
        (
            "'${opened.body.conversationId.x}'",
            "there is no x in opened.body.conversationId; it is a plain value",
        ),
    ],
)
def test_a_path_that_leads_nowhere_fails_the_step_and_says_what_there_is(said, written, says):
    driver, request = said(written)
    assert request is None
    assert says in results(driver)[2].sentence


def test_an_own_message_has_a_sequence_once_it_is_answered(manual_driver):
    driver = manual_driver(OPEN + "- say: {text: hi, as: mine}\n- say: 'that was #${mine.sequence}'")
    driver.open()
    driver.answer(driver.send(), body={"sequence": 8})
    assert driver.send()["body"]["event"]["message"] == "that was #8"


def test_an_own_message_that_was_refused_has_none(manual_driver):
    steps = "- say: {text: hi, as: mine}\n- expect: {answer: 400}\n- say: 'that was #${mine.sequence}'"
    driver = manual_driver(OPEN + steps)
    driver.open()
    driver.answer(driver.send(), code=400)
    driver.next()
    assert "the message mine (frame 7) has no sequence" in results(driver)[3].sentence


def test_rounds_are_numbered_and_names_are_given_anew_in_each(manual_driver, notification, text):
    steps = "- repeat: {times: 2, steps: [{await: {as: it}}, {say: '${round.number}: ${it.text}'}]}"
    driver = manual_driver(OPEN + steps)
    driver.open()
    driver.receive(notification(text(0, "a"), text(1, "b")))
    for expected in ("1: a", "2: b"):
        request = driver.send()
        assert request["body"]["event"]["message"] == expected
        driver.answer(request, body={"sequence": 9})
    assert [result.round for result in results(driver)] == [None, 1, 1, 2, 2]


def test_in_a_raw_envelope_a_value_keeps_its_type(manual_driver):
    envelope = "{kind: req, id: z, type: y.Z, body: {code: '${opened.code}', all: '${opened.body}'}}"
    driver = manual_driver(OPEN + f"- send: {envelope}")
    driver.open()
    assert driver.send()["body"] == {"code": 200, "all": {"conversationId": "conv-1"}}


def test_what_is_filled_into_a_pattern_stands_for_itself(manual_driver, notification, text):
    """Order 4711? as a pattern would be found in Order 471."""
    driver = manual_driver(
        OPEN
        + "- await: {as: question}\n"
        + "- await: {message: {matching: '^${question.text}$'}, as: again}\n- wait: 1s"
    )
    driver.open()
    driver.receive(notification(text(0, "Order 4711?"), text(1, "Order 471"), text(2, "Order 4711?")))
    driver.advance_to(1.0)
    assert driver.player.names.target("again", driver.player.view) == ("conv-1", 2)


def test_all_consumers_share_the_names(manual_driver, notification, text):
    driver = manual_driver(
        "consumers: {anna: {}, ben: {}}\nsteps:\n- open_conversation:\n- await: {as: it}\n"
        "- open_conversation: {consumer: ben}\n"
        "- say: {text: '${it.text} ${conversation.id}', consumer: ben}\n"
    )
    driver.open(by=1)
    driver.receive(notification(text(0, "secret")), by=1)
    driver.open("conv-2", by=2)
    assert driver.send()["body"]["event"]["message"] == "secret conv-2"
