"""What the player decides, stepped by hand on virtual time."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.events import Stamp
from recorder.replay.language.script import load
from recorder.replay.run.actions import AwaitMessage, Connect, Done, Ended, HangUp, Send, WakeAt
from recorder.replay.run.player import Player
from recorder.replay.run.runner import ANSWERS_AWAITED_S

CONVERSATION = "conv-1"
OPEN = "steps:\n- open_conversation:\n"
RULED = "receipts: {accept: 200ms, read: 90s}\n" + OPEN


def receipt_in(envelope):
    event = envelope["body"]["event"]
    return event["status"], event["sequenceList"], envelope["body"]["dialogId"]


# --- beginning ------------------------------------------------------------------------------------------


def test_opening_does_what_a_window_does(by_hand):
    hand = by_hand(OPEN + "- wait: 1s")
    hand.open()
    types = [envelope["type"] for _, envelope in hand.sent]
    assert types == [
        "cqm.SubscribeExConversations",
        "cm.ConsumerRequestConversation",
        "ms.SubscribeMessagingEvents",
    ]
    assert hand.sent[2][1]["body"]["dialogId"] == CONVERSATION
    assert hand.next() == WakeAt(1.0)


def test_every_request_has_an_id_of_its_own(by_hand):
    hand = by_hand(OPEN + "- say: a\n- say: b")
    hand.open()
    hand.answer(hand.send(), body={"sequence": 0})
    hand.answer(hand.send(), body={"sequence": 1})
    ids = [envelope["id"] for _, envelope in hand.sent]
    assert len(set(ids)) == len(ids) == 5


def test_a_second_conversation_subscribes_to_conversations_only_once(by_hand):
    hand = by_hand(OPEN + "- open_conversation:\n- wait: 1s")
    hand.open()
    assert hand.send()["type"] == "cm.ConsumerRequestConversation"


def test_asking_twice_gives_the_same_action(by_hand):
    hand = by_hand(OPEN)
    assert hand.next() == hand.next()
    assert isinstance(hand.next(), Send)


def test_init_connection_goes_first_and_is_waited_for(by_hand):
    hand = by_hand(OPEN, token="a.b.c", init_connection=True)
    request = hand.send()
    assert request["type"] == "InitConnection"
    assert json.dumps(request).count("a.b.c") == 1
    assert hand.next() == AwaitMessage(ANSWERS_AWAITED_S)
    hand.answer(request)
    assert hand.send()["type"] == "cqm.SubscribeExConversations"


def test_who_is_not_let_in_plays_nothing(by_hand):
    hand = by_hand(OPEN, token="a.b.c", init_connection=True)
    hand.answer(hand.send(), code=401)
    assert isinstance(hand.next(), HangUp)
    results = hand.player.outcome().results
    assert [(result.verb, result.outcome) for result in results] == [
        ("init_connection", "failed"),
        ("open_conversation", "not reached"),
    ]
    assert "answered with 401 (frame 2)" in results[0].says


# --- receipts beside the steps --------------------------------------------------------------------------


def test_read_goes_out_ninety_seconds_after(by_hand, told, text):
    hand = by_hand(RULED + "- wait: 10m")
    hand.open()
    hand.until(5.0)
    hand.hear(told(text(7, "Hello")))
    hand.until(5.2)
    assert receipt_in(hand.send()) == ("ACCEPT", [7], CONVERSATION)
    hand.until(95.0)
    assert receipt_in(hand.send()) == ("READ", [7], CONVERSATION)
    hand.until(600.0)


@pytest.mark.parametrize(
    "step",
    [
        "wait: 10s",
        "await: {within: 10s, message: {matching: never}}",
        "expect: {message: last_sent, status: read}",
    ],
)
def test_receipts_go_out_whatever_a_step_waits_for(by_hand, told, text, step):
    hand = by_hand("receipts: {read: 1s}\n" + OPEN + "- say: hi\n- " + step)
    hand.open()
    hand.answer(hand.send(), body={"sequence": 0})
    hand.hear(told(text(1, "Hello")))
    hand.until(1.0)
    assert receipt_in(hand.send()) == ("READ", [1], CONVERSATION)


def test_each_message_has_its_own_times(by_hand, told, text):
    hand = by_hand("receipts: {read: 1s}\n" + OPEN + "- wait: 10s")
    hand.open()
    hand.hear(told(text(1, "a")))
    hand.until(0.4)
    hand.hear(told(text(2, "b"), text(3, "c")))
    hand.until(1.0)
    assert receipt_in(hand.send())[1] == [1]
    hand.until(1.4)
    assert [receipt_in(hand.send())[1], receipt_in(hand.send())[1]] == [[2], [3]]
    hand.until(10.0)


def test_own_messages_and_their_echo_get_no_receipt(by_hand, told, text):
    hand = by_hand("receipts: {accept: 0, read: 0}\n" + OPEN + "- say: mine\n- wait: 1s")
    hand.open()
    request = hand.send()
    hand.hear(told(text(0, "mine", by="consumer-1")))
    hand.answer(request, body={"sequence": 0})
    hand.until(1.0)


def test_an_echo_without_a_role_that_comes_before_its_answer_gets_no_receipt(by_hand, told, text):
    """2017 frames tell no role, and without a token nobody knows who we are."""
    hand = by_hand("receipts: {read: 0}\n" + OPEN + "- say: mine\n- wait: 1s", token=None)
    hand.open()
    request = hand.send()
    echo = text(0, "mine", by="somebody")
    del echo["originatorMetadata"]
    hand.hear(told(echo))
    assert isinstance(hand.next(), AwaitMessage)
    hand.answer(request, body={"sequence": 0})
    hand.until(1.0)


def test_history_brings_no_second_receipts(by_hand, told, text, receipt):
    """The receipt of the last visit comes with the history, behind the message it is for."""
    hand = by_hand("receipts: {accept: 0, read: 1s}\n" + OPEN + "- wait: 10s")
    hand.open()
    hand.hear(
        told(
            text(0, "old"),
            receipt(1, "ACCEPT", 0, by="consumer-1"),
            text(2, "new"),
            receipt(3, "READ", 0, by="consumer-1"),
        )
    )
    assert receipt_in(hand.send()) == ("ACCEPT", [2], CONVERSATION)
    hand.until(1.0)
    assert receipt_in(hand.send()) == ("READ", [2], CONVERSATION)
    hand.until(10.0)


def test_receipts_of_the_agent_are_no_receipts_of_ours(by_hand, told, text, receipt):
    hand = by_hand("receipts: {read: 1s}\n" + OPEN + "- wait: 10s")
    hand.open()
    hand.hear(told(text(0, "old"), receipt(1, "READ", 0, by="agent-2")))
    hand.until(1.0)
    assert receipt_in(hand.send()) == ("READ", [0], CONVERSATION)


def test_a_message_told_again_gets_nothing_more(by_hand, told, text):
    hand = by_hand("receipts: {read: 1s}\n" + OPEN + "- wait: 20s")
    hand.open()
    hand.hear(told(text(0, "a")))
    hand.until(1.0)
    hand.send()
    hand.hear(told(text(0, "a")))
    hand.until(20.0)


def test_equal_sequences_of_two_dialogs_are_two_messages(by_hand, told, text):
    hand = by_hand("receipts: {read: 1s}\n" + OPEN + "- wait: 20s")
    hand.open()
    hand.hear(told(text(0, "a"), text(0, "b", dialog="survey")))
    hand.until(1.0)
    assert [receipt_in(hand.send())[2], receipt_in(hand.send())[2]] == [CONVERSATION, "survey"]


def test_a_step_overrides_the_rule_for_its_message(by_hand, told, text):
    hand = by_hand(
        "receipts: {read: 1s}\n" + OPEN + "- await: {as: it}\n- read: {message: it, after: 3s}\n- wait: 20s"
    )
    hand.open()
    hand.hear(told(text(0, "a"), text(1, "b")))
    hand.until(1.0)
    assert receipt_in(hand.send())[1] == [1], "the rule still holds for the other one"
    hand.until(3.0)
    assert receipt_in(hand.send())[1] == [0]
    hand.until(20.0)


def test_the_rule_gives_way_as_soon_as_the_message_has_its_name(by_hand, told, text):
    """The step that reads it comes long after the rule would have."""
    steps = "- await: {as: it}\n- wait: 5s\n- read: {message: it, after: 3s}\n- wait: 20s"
    hand = by_hand("receipts: {accept: 1s, read: 1s}\n" + OPEN + steps)
    hand.open()
    hand.hear(told(text(0, "a")))
    hand.until(1.0)
    assert receipt_in(hand.send())[0] == "ACCEPT"
    hand.until(5.0)
    assert receipt_in(hand.send())[0] == "READ"
    hand.until(25.0)


def test_never_means_never(by_hand, told, text):
    hand = by_hand(
        "receipts: {read: 1s}\n"
        + OPEN
        + "- await: {as: it}\n- read: {message: it, after: never}\n- wait: 20s"
    )
    hand.open()
    hand.hear(told(text(0, "a")))
    hand.until(20.0)


def test_a_receipt_given_already_is_not_given_again_by_a_step(by_hand, told, text):
    hand = by_hand("receipts: {read: 0}\n" + OPEN + "- wait: 1s\n- read: last_received\n- wait: 1s")
    hand.open()
    hand.hear(told(text(0, "a")))
    hand.send()
    hand.until(2.0)
    assert hand.player.outcome().results[2].says == "given already"


def test_receipt_sends_any_status_also_again(by_hand, told, text):
    steps = "- await:\n- receipt: {status: access}\n- receipt: {status: ACCESS, after: 2s}\n- wait: 20s"
    hand = by_hand(OPEN + steps)
    hand.open()
    hand.until(1.0)
    hand.hear(told(text(0, "a")))
    assert receipt_in(hand.send()) == ("ACCESS", [0], CONVERSATION)
    hand.until(3.0)
    assert receipt_in(hand.send()) == ("ACCESS", [0], CONVERSATION)


def test_planned_and_actual_times_are_kept(by_hand, told, text):
    hand = by_hand("receipts: {read: 1s}\n" + OPEN + "- wait: 10s")
    hand.open()
    hand.hear(told(text(4, "a")))
    hand.now_s = 1.25
    hand.send()
    (sent,) = hand.player.outcome().receipts
    assert (sent.sequence, sent.status, sent.due_s, sent.sent_s, sent.frame) == (
        4,
        "READ",
        1.0,
        1.25,
        hand.frame,
    )
    assert sent.late_s == 0.25


# --- failing --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [400, 429, 500])
def test_a_refused_request_fails_its_step_and_ends_the_script(by_hand, code):
    hand = by_hand(OPEN + "- say: hi\n- say: there")
    hand.open()
    hand.answer(hand.send(), code=code, body="slow down")
    assert hand.next() == HangUp()
    outcome = hand.player.outcome()
    assert [result.outcome for result in outcome.results] == ["ok", "failed", "not reached"]
    assert f"answered with {code} (frame 8)" in outcome.results[1].says
    assert not outcome.passed
    assert outcome.failure == f"step 2 (say), line 3: {outcome.results[1].says}"


@pytest.mark.parametrize(
    "expectation",
    [
        "{answer: 429}",
        "{message: last_sent, status: failed}",
        "{message: last_sent, status: pending, within: 0}",
    ],
)
def test_a_refusal_may_be_what_is_expected(by_hand, expectation):
    hand = by_hand(OPEN + f"- say: hi\n- expect: {expectation}\n- wait: 1s")
    hand.open()
    request = hand.send()
    hand.next()
    hand.answer(request, code=429)
    hand.until(1.0)
    assert hand.player.outcome().results[2].outcome == "ok"


def test_an_answer_that_does_not_come_is_not_waited_for_for_ever(by_hand):
    hand = by_hand(OPEN + "- say: hi")
    hand.open()
    hand.send()
    hand.until(9.999)
    assert hand.next() == AwaitMessage(10.0)
    hand.now_s = 10.0
    assert hand.next() == HangUp()
    assert hand.player.outcome().results[1].says == "no answer to ms.PublishEvent (frame 7) came within 10s"


def test_a_refused_receipt_of_a_step_fails_that_step(by_hand, told, text):
    hand = by_hand(OPEN + "- await:\n- read: last_received\n- wait: 1s")
    hand.open()
    hand.hear(told(text(0, "a")))
    hand.answer(hand.send(), code=400)
    hand.until(1.0)
    results = hand.player.outcome().results
    assert (results[2].verb, results[2].outcome) == ("read", "failed")
    assert "READ for #0 (frame 8) was answered with 400 (frame 9)" in results[2].says


def test_a_refused_receipt_of_the_rule_is_noted(by_hand, told, text):
    hand = by_hand("receipts: {read: 0}\n" + OPEN + "- wait: 1s")
    hand.open()
    hand.hear(told(text(0, "a")))
    hand.answer(hand.send(), code=429)
    hand.until(1.0)
    assert "answered with 429" in hand.player.outcome().notes[0]


def test_after_a_failure_no_receipt_goes_out(by_hand, told, text):
    hand = by_hand("receipts: {read: 1s}\n" + OPEN + "- say: hi")
    hand.open()
    hand.hear(told(text(0, "a")))
    hand.answer(hand.send(), code=400)
    assert hand.next() == HangUp()
    hand.now_s = 100.0
    assert hand.next() == HangUp()


# --- ending ---------------------------------------------------------------------------------------------


def test_after_the_last_step_planned_receipts_still_go_out(by_hand, told, text):
    hand = by_hand("receipts: {read: 30s}\n" + OPEN + "- await:")
    hand.open()
    hand.hear(told(text(0, "a")))
    hand.until(30.0)
    request = hand.send()
    hand.hear(told(text(1, "too late to be read")))
    hand.answer(request)
    assert hand.next() == HangUp()
    hand.end("closed by the client, 1000", 1000)
    assert hand.next() == Done()
    outcome = hand.player.outcome()
    assert outcome.passed
    assert outcome.ended == "closed by the client, 1000"


def test_answers_that_do_not_come_are_noted(by_hand):
    hand = by_hand(OPEN + "- type: COMPOSING")
    hand.open()
    hand.send()
    hand.until(ANSWERS_AWAITED_S)
    assert hand.next() == HangUp()
    assert hand.player.outcome().notes == ("no answer came to frame 7",)


@pytest.mark.parametrize(
    "steps",
    ["- await:\n- wait: 1s", "- say: hi\n- wait: 1s", "- expect: {message: 3, status: read}\n- wait: 1s"],
)
def test_a_connection_that_ends_fails_the_step_that_needs_it(by_hand, steps):
    hand = by_hand(OPEN + steps)
    hand.open()
    hand.next()
    hand.now_s = 2.0
    hand.end("closed by the service, 4401", 4401)
    assert hand.next() == Done()
    outcome = hand.player.outcome()
    assert [result.outcome for result in outcome.results] == ["ok", "failed", "not reached"]
    assert outcome.results[1].says == "the connection is over: closed by the service, 4401"
    assert outcome.ended == "closed by the service, 4401"


def test_a_connection_that_ends_while_receipts_are_planned_is_trouble(by_hand, told, text):
    hand = by_hand("receipts: {read: 30s}\n" + OPEN + "- await:")
    hand.open()
    hand.hear(told(text(0, "a")))
    hand.next()
    hand.end("lost")
    assert hand.next() == Done()
    outcome = hand.player.outcome()
    assert all(result.outcome == "ok" for result in outcome.results)
    assert not outcome.passed
    assert outcome.failure == "READ for #0 could not go out: the connection is over: lost"


def test_a_receipt_on_its_way_when_the_connection_ends_is_trouble(by_hand, told, text):
    hand = by_hand("receipts: {read: 0}\n" + OPEN + "- wait: 1s")
    hand.open()
    hand.hear(told(text(0, "a")))
    assert isinstance(hand.next(), Send)
    hand.end("lost")
    hand.until(1.0)
    assert hand.next() == Done()
    assert hand.player.outcome().troubles == ("READ for #0 could not go out: the connection is over: lost",)


def test_what_needs_no_connection_goes_on_without_one(by_hand):
    hand = by_hand(OPEN + "- wait: 5s")
    hand.open()
    hand.end("lost")
    assert hand.next() == WakeAt(5.0)
    hand.now_s = 5.0
    assert hand.next() == Done()
    assert hand.player.outcome().passed


def test_a_publish_the_connection_took_along_is_unknown(by_hand):
    hand = by_hand(OPEN + "- say: hi\n- expect: {message: last_sent, status: unknown}")
    hand.open()
    hand.send()
    hand.end("lost")
    assert hand.next() == Done()
    assert hand.player.outcome().passed


# --- laws -----------------------------------------------------------------------------------------------

LAWFUL = load(
    "receipts: {accept: 100ms, read: 300ms}\n"
    "steps:\n- open_conversation:\n- say: hi\n- await: {as: it, within: 2s}\n"
    "- read: {message: it, after: 1s}\n- expect: {message: it, status: read}\n- close_conversation:\n",
    file="lawful.yaml",
    variables={},
)


def change(sequence, event, by):
    return {
        "originatorId": by,
        "originatorMetadata": {"id": by, "role": "CONSUMER" if by == "us" else "ASSIGNED_AGENT"},
        "dialogId": CONVERSATION,
        "sequence": sequence,
        "event": event,
    }


WRITTEN = st.builds(
    lambda text: {"type": "ContentEvent", "contentType": "text/plain", "message": text}, st.text(max_size=5)
)
RECEIPT = st.builds(
    lambda status, named: {"type": "AcceptStatusEvent", "status": status, "sequenceList": named},
    st.sampled_from(["ACCEPT", "READ", "NACK"]),
    st.lists(st.integers(0, 5), max_size=3) | st.integers(0, 5),
)
TOLD = st.builds(
    lambda changes: {
        "kind": "notification",
        "type": "ms.MessagingEventNotification",
        "body": {"changes": changes},
    },
    st.lists(
        st.builds(change, st.integers(0, 5), WRITTEN | RECEIPT, st.sampled_from(["us", "agent"])), max_size=3
    ),
)
ANSWERED = st.builds(
    lambda to, code, body: {"kind": "resp", "reqId": str(to), "code": code, "type": "x", "body": body},
    st.integers(1, 8),
    st.sampled_from([200, 200, 200, 400, 429]),
    st.sampled_from([{"conversationId": CONVERSATION}, {"sequence": 0}, {"sequence": 3}, {}, "OK", None]),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kind", "type", "body", "changes", "reqId", "code", "event"]), inner, max_size=4
        )
    ),
    max_leaves=10,
)
HEARD = st.one_of(
    TOLD.map(json.dumps).map(str.encode),
    ANSWERED.map(json.dumps).map(str.encode),
    JSON.map(json.dumps).map(str.encode),
    st.binary(max_size=30),
)
HAPPENINGS = st.lists(st.tuples(st.floats(0.0, 2.0), HEARD), max_size=25)


def course_of(happenings, *, ending=True):
    """Play against a service that says and waits whatever it likes; returns every action and the outcome."""
    player = Player(LAWFUL)
    actions, now_s, frame = [], 0.0, 0
    assert player.next_action(0.0) == Connect("consumer")
    player.connected("consumer", 1, 0.0, None, False)

    def act() -> bool:
        nonlocal frame
        for _ in range(50):
            action = player.next_action(now_s)
            actions.append((now_s, action))
            if not isinstance(action, Send):
                return not isinstance(action, HangUp | Done)
            frame += 1
            player.sent(Stamp(frame, 1), now_s)
        raise AssertionError("it never stops sending")

    for passed_s, data in happenings:
        if not act():
            break
        now_s += passed_s
        frame += 1
        player.heard(data, Stamp(frame, 1), now_s)
    act()
    if ending:
        player.connection_ended(1, Ended("lost"), now_s)
        act()
    return actions, player.outcome()


@given(HAPPENINGS)
def test_the_same_happenings_give_the_same_actions(happenings):
    assert course_of(happenings) == course_of(happenings)


@given(HAPPENINGS)
def test_whatever_is_heard_the_player_goes_on_in_time(happenings):
    """Nothing raises, nothing is put off into the past, and no receipt leaves early or twice by the rule."""
    actions, outcome = course_of(happenings)
    for now_s, action in actions:
        if isinstance(action, WakeAt):
            assert action.at_s > now_s
        if isinstance(action, AwaitMessage) and action.until_s is not None:
            assert action.until_s > now_s
        if isinstance(action, Send) and action.due_s is not None:
            assert action.due_s <= now_s
    sent = [(receipt.dialog_id, receipt.sequence, receipt.status) for receipt in outcome.receipts]
    assert len(sent) == len(set(sent))
    assert isinstance(actions[-1][1], Done)
    assert [result.number for result in outcome.results] == [1, 2, 3, 4, 5, 6]
