"""What each verb sends."""

from __future__ import annotations

import pytest

from recorder.replay.language.verbs import VERBS, TimedVerb
from recorder.replay.run.actions import AwaitMessage, CloseConnection, WakeAt
from recorder.replay.run.verb_table import _VERBS

OPEN = "steps:\n- open_conversation:\n"


def test_every_verb_has_a_course():
    assert set(_VERBS) == set(VERBS.values())


@pytest.mark.parametrize(
    ("step", "type_name", "body"),
    [
        (
            "say: hi",
            "ms.PublishEvent",
            {"event": {"type": "ContentEvent", "contentType": "text/plain", "message": "hi"}},
        ),
        ("say: {text: hi, dialog: other}", "ms.PublishEvent", {"dialogId": "other"}),
        ("type: pause", "ms.PublishEvent", {"event": {"type": "ChatStateEvent", "chatState": "PAUSE"}}),
        ("subscribe: conversations", "cqm.SubscribeExConversations", {}),
        ("subscribe:", "ms.SubscribeMessagingEvents", {"dialogId": "conv-1", "fromSeq": 0}),
        ("subscribe: {from_sequence: 3}", "ms.SubscribeMessagingEvents", {"fromSeq": 3}),
        ("subscribe: {from_sequence: last}", "ms.SubscribeMessagingEvents", {"fromSeq": 6}),
        ("subscribe: post_survey", "ms.SubscribeMessagingEvents", {"dialogId": "survey-1"}),
        ("keep_alive:", "GetClock", None),
        (
            "receipt: {message: 5, status: NACK}",
            "ms.PublishEvent",
            {"event": {"type": "AcceptStatusEvent", "status": "NACK", "sequenceList": [5]}},
        ),
        (
            "open_conversation: {ttr: URGENT, skill: '12'}",
            "cm.ConsumerRequestConversation",
            {"ttrDefName": "URGENT", "skillId": "12"},
        ),
        ("close_conversation:", "cm.UpdateConversationField", {"conversationId": "conv-1"}),
        ("close_dialog:", "cm.UpdateConversationField", {"conversationId": "conv-1"}),
    ],
)  # fmt: skip
def test_a_verb_sends_its_request(manual_driver, notification, text, step, type_name, body):
    driver = manual_driver(OPEN + f"- {step}\n- wait: 1s")
    driver.open()
    driver.receive(notification(text(6, "six")))
    snapshot = {
        "convId": "conv-1",
        "conversationDetails": {
            "state": "OPEN",
            "participants": [],
            "dialogs": [
                {"dialogId": "conv-1", "dialogType": "MAIN", "state": "OPEN"},
                {"dialogId": "survey-1", "dialogType": "POST_SURVEY", "state": "OPEN"},
            ],
        },
    }
    driver.receive(
        {
            "kind": "notification",
            "type": "cqm.ExConversationChangeNotification",
            "body": {"subscriptionId": "s", "changes": [{"type": "UPSERT", "result": snapshot}]},
        }
    )
    request = driver.send()
    assert request["type"] == type_name
    if body is not None:
        assert {key: request["body"][key] for key in body} == body


@pytest.mark.parametrize(
    "envelope",
    ['{kind: req, id: "x", type: y.Z, body: [1]}', """'{"kind":"req","id":"x","type":"y.Z","body":[1]}'"""],
)
def test_a_raw_envelope_goes_out_as_it_stands(manual_driver, envelope):
    driver = manual_driver(f"steps:\n- send: {envelope}\n- expect: {{answer: 404}}\n- wait: 1s")
    request = driver.send()
    assert request == {"kind": "req", "id": "x", "type": "y.Z", "body": [1]}
    driver.answer(request, code=404)
    driver.advance_to(1.0)
    assert driver.player.outcome().results[1].outcome == "ok"


def test_raw_text_need_not_be_an_envelope(manual_driver):
    driver = manual_driver("steps:\n- send: 'hello?'\n- wait: 1s")
    action = driver.next()
    assert action.text == "hello?"
    driver.player.sent(driver.stamp(), 0.0)
    driver.advance_to(1.0)


@pytest.mark.parametrize("step", ["say: hi", "type:", "subscribe:", "close_conversation:", "close_dialog:"])
def test_what_needs_a_conversation_says_so(manual_driver, step):
    driver = manual_driver(f"steps:\n- {step}")
    assert driver.next() == CloseConnection()
    assert (
        driver.player.outcome().results[0].sentence
        == "there is no conversation yet; open_conversation comes first"
    )


@pytest.mark.parametrize(
    "step", ["accept: last_received", "read: last_sent", "receipt: {status: NACK}", "read: 3"]
)
def test_a_receipt_for_nothing_says_so(manual_driver, step):
    driver = manual_driver(f"steps:\n- {step}")
    assert driver.next() == CloseConnection()
    assert driver.player.outcome().results[0].sentence.startswith("there is no message for")


def test_a_message_that_was_refused_takes_no_receipt(manual_driver):
    driver = manual_driver(OPEN + "- say: {text: hi, as: mine}\n- expect: {answer: 400}\n- read: mine")
    driver.open()
    driver.answer(driver.send(), code=400)
    assert driver.next() == CloseConnection()
    assert (
        driver.player.outcome().results[3].sentence
        == "the message mine (frame 7) has no sequence; no receipt can name it"
    )


def test_an_answer_without_a_conversation_opens_none(manual_driver):
    driver = manual_driver(OPEN)
    driver.answer(driver.send(), body={"subscriptionId": "s"})
    driver.answer(driver.send(), body={})
    assert driver.next() == CloseConnection()
    assert driver.player.outcome().results[0].sentence == "the answer (frame 4) names no conversation"


def test_closing_waits_for_the_receipts_planned_by_then(manual_driver, notification, text):
    """What is closed takes no receipts."""
    driver = manual_driver("receipts: {read: 2s}\n" + OPEN + "- await:\n- close_conversation:\n- wait: 60s")
    driver.open()
    driver.receive(notification(text(0, "a")))
    driver.advance_to(1.5)
    driver.receive(notification(text(1, "b")))
    driver.advance_to(2.0)
    assert driver.send()["body"]["event"]["sequenceList"] == [0]
    request = driver.send()
    assert request["type"] == "cm.UpdateConversationField"
    driver.answer(request)
    assert isinstance(driver.next(), WakeAt)
    driver.advance_to(60.0)


def test_resting_is_resting(manual_driver):
    driver = manual_driver("steps:\n- wait: 90s")
    assert driver.next() == WakeAt(90.0)
    driver.now_s = 90.0
    assert driver.next() == CloseConnection()
    assert driver.player.outcome().results[0].sentence == "90s"


TIMED = {
    "open_conversation": "open_conversation: {after: 3s}",
    "subscribe": "subscribe: {dialog: conversations, after: 3s}",
    "say": "say: {text: hi, after: 3s}",
    "send_file": "send_file: {file: a.png, after: 3s}",
    "type": "type: {after: 3s}",
    "keep_alive": "keep_alive: {after: 3s}",
    "send": "send: {envelope: hi, after: 3s}",
    "send_frame": "send_frame: {opcode: ping, after: 3s}",
    "disconnect": "disconnect: {after: 3s}",
    "close_dialog": "close_dialog: {after: 3s}",
    "close_conversation": "close_conversation: {after: 3s}",
}


def test_every_verb_that_acts_can_say_when():
    assert set(TIMED) == {name for name, verb in VERBS.items() if issubclass(verb, TimedVerb)}


@pytest.mark.parametrize("step", TIMED.values(), ids=TIMED)
def test_what_is_done_after_a_while_counts_from_the_message_awaited(
    manual_driver, notification, text, tmp_path, step
):
    """Not from the end of the step before; and not from a message that came later."""
    (tmp_path / "a.png").write_bytes(b"png")
    driver = manual_driver(OPEN + f"- await:\n- wait: 1s\n- {step}\n- wait: 60s", folder=tmp_path)
    driver.open()
    driver.now_s = 10.0
    driver.receive(notification(text(4, "a")))
    driver.advance_to(10.5)
    driver.receive(notification(text(5, "b")))
    assert driver.next() == WakeAt(11.0)
    driver.now_s = 11.0
    assert driver.next() == WakeAt(13.0)
    driver.now_s = 13.0
    assert not isinstance(driver.next(), WakeAt | AwaitMessage)


def test_after_a_while_of_a_message_that_is_long_there_is_now(manual_driver, notification, text):
    driver = manual_driver(OPEN + "- await:\n- wait: 5s\n- keep_alive: {after: 3s}\n- wait: 60s")
    driver.open()
    driver.receive(notification(text(4, "a")))
    driver.advance_to(5.0)
    assert driver.send()["type"] == "GetClock"


def test_with_nothing_awaited_it_counts_from_now(manual_driver):
    driver = manual_driver(OPEN + "- say: {text: hi, after: 1s..1s}\n- wait: 60s")
    driver.open()
    driver.advance_to(1.0)
    assert driver.send()["body"]["event"]["message"] == "hi"
