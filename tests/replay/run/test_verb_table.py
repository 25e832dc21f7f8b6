"""What each verb sends."""

from __future__ import annotations

import pytest

from recorder.replay.language.verbs import VERBS, Timed
from recorder.replay.run.actions import AwaitMessage, HangUp, WakeAt
from recorder.replay.run.verb_table import _COURSES

OPEN = "steps:\n- open_conversation:\n"


def test_every_verb_has_a_course():
    assert set(_COURSES) == set(VERBS.values())


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
def test_a_verb_sends_its_request(by_hand, told, text, step, type_name, body):
    hand = by_hand(OPEN + f"- {step}\n- wait: 1s")
    hand.open()
    hand.hear(told(text(6, "six")))
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
    hand.hear(
        {
            "kind": "notification",
            "type": "cqm.ExConversationChangeNotification",
            "body": {"subscriptionId": "s", "changes": [{"type": "UPSERT", "result": snapshot}]},
        }
    )
    request = hand.send()
    assert request["type"] == type_name
    if body is not None:
        assert {key: request["body"][key] for key in body} == body


@pytest.mark.parametrize(
    "envelope",
    ['{kind: req, id: "x", type: y.Z, body: [1]}', """'{"kind":"req","id":"x","type":"y.Z","body":[1]}'"""],
)
def test_a_raw_envelope_goes_out_as_it_stands(by_hand, envelope):
    hand = by_hand(f"steps:\n- send: {envelope}\n- expect: {{answer: 404}}\n- wait: 1s")
    request = hand.send()
    assert request == {"kind": "req", "id": "x", "type": "y.Z", "body": [1]}
    hand.answer(request, code=404)
    hand.until(1.0)
    assert hand.player.outcome().results[1].outcome == "ok"


def test_raw_text_need_not_be_an_envelope(by_hand):
    hand = by_hand("steps:\n- send: 'hello?'\n- wait: 1s")
    action = hand.next()
    assert action.text == "hello?"
    hand.player.sent(hand.stamp(), 0.0)
    hand.until(1.0)


@pytest.mark.parametrize("step", ["say: hi", "type:", "subscribe:", "close_conversation:", "close_dialog:"])
def test_what_needs_a_conversation_says_so(by_hand, step):
    hand = by_hand(f"steps:\n- {step}")
    assert hand.next() == HangUp()
    assert (
        hand.player.outcome().results[0].says == "there is no conversation yet; open_conversation comes first"
    )


@pytest.mark.parametrize(
    "step", ["accept: last_received", "read: last_sent", "receipt: {status: NACK}", "read: 3"]
)
def test_a_receipt_for_nothing_says_so(by_hand, step):
    hand = by_hand(f"steps:\n- {step}")
    assert hand.next() == HangUp()
    assert hand.player.outcome().results[0].says.startswith("there is no message for")


def test_a_message_that_was_refused_takes_no_receipt(by_hand):
    hand = by_hand(OPEN + "- say: {text: hi, as: mine}\n- expect: {answer: 400}\n- read: mine")
    hand.open()
    hand.answer(hand.send(), code=400)
    assert hand.next() == HangUp()
    assert (
        hand.player.outcome().results[3].says
        == "the message mine (frame 7) has no sequence; no receipt can name it"
    )


def test_an_answer_without_a_conversation_opens_none(by_hand):
    hand = by_hand(OPEN)
    hand.answer(hand.send(), body={"subscriptionId": "s"})
    hand.answer(hand.send(), body={})
    assert hand.next() == HangUp()
    assert hand.player.outcome().results[0].says == "the answer (frame 4) names no conversation"


def test_closing_waits_for_the_receipts_planned_by_then(by_hand, told, text):
    """What is closed takes no receipts."""
    hand = by_hand("receipts: {read: 2s}\n" + OPEN + "- await:\n- close_conversation:\n- wait: 60s")
    hand.open()
    hand.hear(told(text(0, "a")))
    hand.until(1.5)
    hand.hear(told(text(1, "b")))
    hand.until(2.0)
    assert hand.send()["body"]["event"]["sequenceList"] == [0]
    request = hand.send()
    assert request["type"] == "cm.UpdateConversationField"
    hand.answer(request)
    assert isinstance(hand.next(), WakeAt)
    hand.until(60.0)


def test_resting_is_resting(by_hand):
    hand = by_hand("steps:\n- wait: 90s")
    assert hand.next() == WakeAt(90.0)
    hand.now_s = 90.0
    assert hand.next() == HangUp()
    assert hand.player.outcome().results[0].says == "90s"


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
    assert set(TIMED) == {name for name, verb in VERBS.items() if issubclass(verb, Timed)}


@pytest.mark.parametrize("step", TIMED.values(), ids=TIMED)
def test_what_is_done_after_a_while_counts_from_the_message_awaited(by_hand, told, text, tmp_path, step):
    """Not from the end of the step before; and not from a message that came later."""
    (tmp_path / "a.png").write_bytes(b"png")
    hand = by_hand(OPEN + f"- await:\n- wait: 1s\n- {step}\n- wait: 60s", folder=tmp_path)
    hand.open()
    hand.now_s = 10.0
    hand.hear(told(text(4, "a")))
    hand.until(10.5)
    hand.hear(told(text(5, "b")))
    assert hand.next() == WakeAt(11.0)
    hand.now_s = 11.0
    assert hand.next() == WakeAt(13.0)
    hand.now_s = 13.0
    assert not isinstance(hand.next(), WakeAt | AwaitMessage)


def test_after_a_while_of_a_message_that_is_long_there_is_now(by_hand, told, text):
    hand = by_hand(OPEN + "- await:\n- wait: 5s\n- keep_alive: {after: 3s}\n- wait: 60s")
    hand.open()
    hand.hear(told(text(4, "a")))
    hand.until(5.0)
    assert hand.send()["type"] == "GetClock"


def test_with_nothing_awaited_it_counts_from_now(by_hand):
    hand = by_hand(OPEN + "- say: {text: hi, after: 1s..1s}\n- wait: 60s")
    hand.open()
    hand.until(1.0)
    assert hand.send()["body"]["event"]["message"] == "hi"
