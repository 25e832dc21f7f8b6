"""What the player decides, stepped by hand on virtual time."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.events import Stamp
from recorder.replay.language.script import load
from recorder.replay.run.actions import AwaitMessage, CloseConnection, Connect, Done, Ended, Send, WakeAt
from recorder.replay.run.player import Player
from recorder.replay.run.runner import ANSWERS_AWAITED_S

CONVERSATION = "conv-1"
OPEN = "steps:\n- open_conversation:\n"
RULED = "receipts: {accept: 200ms, read: 90s}\n" + OPEN


def receipt_in(envelope):
    event = envelope["body"]["event"]
    return event["status"], event["sequenceList"], envelope["body"]["dialogId"]


# --- beginning ------------------------------------------------------------------------------------------


def test_opening_does_what_a_window_does(manual_driver):
    driver = manual_driver(OPEN + "- wait: 1s")
    driver.open()
    types = [envelope["type"] for _, envelope in driver.sent]
    assert types == [
        "cqm.SubscribeExConversations",
        "cm.ConsumerRequestConversation",
        "ms.SubscribeMessagingEvents",
    ]
    assert driver.sent[2][1]["body"]["dialogId"] == CONVERSATION
    assert driver.next() == WakeAt(1.0)


def test_every_request_has_an_id_of_its_own(manual_driver):
    driver = manual_driver(OPEN + "- say: a\n- say: b")
    driver.open()
    driver.answer(driver.send(), body={"sequence": 0})
    driver.answer(driver.send(), body={"sequence": 1})
    ids = [envelope["id"] for _, envelope in driver.sent]
    assert len(set(ids)) == len(ids) == 5


def test_a_second_conversation_subscribes_to_conversations_only_once(manual_driver):
    driver = manual_driver(OPEN + "- open_conversation:\n- wait: 1s")
    driver.open()
    assert driver.send()["type"] == "cm.ConsumerRequestConversation"


def test_asking_twice_gives_the_same_action(manual_driver):
    driver = manual_driver(OPEN)
    assert driver.next() == driver.next()
    assert isinstance(driver.next(), Send)


def test_init_connection_goes_first_and_is_waited_for(manual_driver):
    driver = manual_driver(OPEN, token="a.b.c", init_connection=True)
    request = driver.send()
    assert request["type"] == "InitConnection"
    assert json.dumps(request).count("a.b.c") == 1
    assert driver.next() == AwaitMessage(ANSWERS_AWAITED_S)
    driver.answer(request)
    assert driver.send()["type"] == "cqm.SubscribeExConversations"


def test_who_is_not_let_in_plays_nothing(manual_driver):
    driver = manual_driver(OPEN, token="a.b.c", init_connection=True)
    driver.answer(driver.send(), body="token expired", code=401)
    assert isinstance(driver.next(), CloseConnection)
    results = driver.player.outcome().results
    assert [(result.verb, result.outcome) for result in results] == [
        ("init_connection", "failed"),
        ("open_conversation", "not reached"),
    ]
    assert 'answered with 401 (frame 2): "token expired"' in results[0].sentence


# --- receipts beside the steps --------------------------------------------------------------------------


def test_read_goes_out_ninety_seconds_after(manual_driver, notification, text):
    driver = manual_driver(RULED + "- wait: 10m")
    driver.open()
    driver.advance_to(5.0)
    driver.receive(notification(text(7, "Hello")))
    driver.advance_to(5.2)
    assert receipt_in(driver.send()) == ("ACCEPT", [7], CONVERSATION)
    driver.advance_to(95.0)
    assert receipt_in(driver.send()) == ("READ", [7], CONVERSATION)
    driver.advance_to(600.0)


@pytest.mark.parametrize(
    "step",
    [
        "wait: 10s",
        "await: {within: 10s, message: {matching: never}}",
        "expect: {message: last_sent, status: read}",
    ],
)
def test_receipts_go_out_whatever_a_step_waits_for(manual_driver, notification, text, step):
    driver = manual_driver("receipts: {read: 1s}\n" + OPEN + "- say: hi\n- " + step)
    driver.open()
    driver.answer(driver.send(), body={"sequence": 0})
    driver.receive(notification(text(1, "Hello")))
    driver.advance_to(1.0)
    assert receipt_in(driver.send()) == ("READ", [1], CONVERSATION)


def test_each_message_has_its_own_times(manual_driver, notification, text):
    driver = manual_driver("receipts: {read: 1s}\n" + OPEN + "- wait: 10s")
    driver.open()
    driver.receive(notification(text(1, "a")))
    driver.advance_to(0.4)
    driver.receive(notification(text(2, "b"), text(3, "c")))
    driver.advance_to(1.0)
    assert receipt_in(driver.send())[1] == [1]
    driver.advance_to(1.4)
    assert [receipt_in(driver.send())[1], receipt_in(driver.send())[1]] == [[2], [3]]
    driver.advance_to(10.0)


def test_own_messages_and_their_echo_get_no_receipt(manual_driver, notification, text):
    driver = manual_driver("receipts: {accept: 0, read: 0}\n" + OPEN + "- say: mine\n- wait: 1s")
    driver.open()
    request = driver.send()
    driver.receive(notification(text(0, "mine", by="consumer-1")))
    driver.answer(request, body={"sequence": 0})
    driver.advance_to(1.0)


def test_an_echo_without_a_role_that_comes_before_its_answer_gets_no_receipt(
    manual_driver, notification, text
):
    """2017 frames tell no role, and without a token nobody knows who we are."""
    driver = manual_driver("receipts: {read: 0}\n" + OPEN + "- say: mine\n- wait: 1s", token=None)
    driver.open()
    request = driver.send()
    echo = text(0, "mine", by="somebody")
    del echo["originatorMetadata"]
    driver.receive(notification(echo))
    assert isinstance(driver.next(), AwaitMessage)
    driver.answer(request, body={"sequence": 0})
    driver.advance_to(1.0)


def test_history_brings_no_second_receipts(manual_driver, notification, text, receipt):
    """The receipt of the last visit comes with the history, behind the message it is for."""
    driver = manual_driver("receipts: {accept: 0, read: 1s}\n" + OPEN + "- wait: 10s")
    driver.open()
    driver.receive(
        notification(
            text(0, "old"),
            receipt(1, "ACCEPT", 0, by="consumer-1"),
            text(2, "new"),
            receipt(3, "READ", 0, by="consumer-1"),
        )
    )
    assert receipt_in(driver.send()) == ("ACCEPT", [2], CONVERSATION)
    driver.advance_to(1.0)
    assert receipt_in(driver.send()) == ("READ", [2], CONVERSATION)
    driver.advance_to(10.0)


def test_receipts_of_the_agent_are_no_receipts_of_ours(manual_driver, notification, text, receipt):
    driver = manual_driver("receipts: {read: 1s}\n" + OPEN + "- wait: 10s")
    driver.open()
    driver.receive(notification(text(0, "old"), receipt(1, "READ", 0, by="agent-2")))
    driver.advance_to(1.0)
    assert receipt_in(driver.send()) == ("READ", [0], CONVERSATION)


def test_a_message_told_again_gets_nothing_more(manual_driver, notification, text):
    driver = manual_driver("receipts: {read: 1s}\n" + OPEN + "- wait: 20s")
    driver.open()
    driver.receive(notification(text(0, "a")))
    driver.advance_to(1.0)
    driver.send()
    driver.receive(notification(text(0, "a")))
    driver.advance_to(20.0)


def test_equal_sequences_of_two_dialogs_are_two_messages(manual_driver, notification, text):
    driver = manual_driver("receipts: {read: 1s}\n" + OPEN + "- wait: 20s")
    driver.open()
    driver.receive(notification(text(0, "a"), text(0, "b", dialog="survey")))
    driver.advance_to(1.0)
    assert [receipt_in(driver.send())[2], receipt_in(driver.send())[2]] == [CONVERSATION, "survey"]


def test_a_step_overrides_the_rule_for_its_message(manual_driver, notification, text):
    driver = manual_driver(
        "receipts: {read: 1s}\n" + OPEN + "- await: {as: it}\n- read: {message: it, after: 3s}\n- wait: 20s"
    )
    driver.open()
    driver.receive(notification(text(0, "a"), text(1, "b")))
    driver.advance_to(1.0)
    assert receipt_in(driver.send())[1] == [1], "the rule still holds for the other one"
    driver.advance_to(3.0)
    assert receipt_in(driver.send())[1] == [0]
    driver.advance_to(20.0)


def test_the_rule_gives_way_as_soon_as_the_message_has_its_name(manual_driver, notification, text):
    """The step that reads it comes long after the rule would have."""
    steps = "- await: {as: it}\n- wait: 5s\n- read: {message: it, after: 3s}\n- wait: 20s"
    driver = manual_driver("receipts: {accept: 1s, read: 1s}\n" + OPEN + steps)
    driver.open()
    driver.receive(notification(text(0, "a")))
    driver.advance_to(1.0)
    assert receipt_in(driver.send())[0] == "ACCEPT"
    driver.advance_to(5.0)
    assert receipt_in(driver.send())[0] == "READ"
    driver.advance_to(25.0)


def test_never_means_never(manual_driver, notification, text):
    driver = manual_driver(
        "receipts: {read: 1s}\n"
        + OPEN
        + "- await: {as: it}\n- read: {message: it, after: never}\n- wait: 20s"
    )
    driver.open()
    driver.receive(notification(text(0, "a")))
    driver.advance_to(20.0)


def test_a_receipt_given_already_is_not_given_again_by_a_step(manual_driver, notification, text):
    driver = manual_driver("receipts: {read: 0}\n" + OPEN + "- wait: 1s\n- read: last_received\n- wait: 1s")
    driver.open()
    driver.receive(notification(text(0, "a")))
    driver.send()
    driver.advance_to(2.0)
    assert driver.player.outcome().results[2].sentence == "given already"


def test_receipt_sends_any_status_also_again(manual_driver, notification, text):
    steps = "- await:\n- receipt: {status: access}\n- receipt: {status: ACCESS, after: 2s}\n- wait: 20s"
    driver = manual_driver(OPEN + steps)
    driver.open()
    driver.advance_to(1.0)
    driver.receive(notification(text(0, "a")))
    assert receipt_in(driver.send()) == ("ACCESS", [0], CONVERSATION)
    driver.advance_to(3.0)
    assert receipt_in(driver.send()) == ("ACCESS", [0], CONVERSATION)


def test_planned_and_actual_times_are_kept(manual_driver, notification, text):
    driver = manual_driver("receipts: {read: 1s}\n" + OPEN + "- wait: 10s")
    driver.open()
    driver.receive(notification(text(4, "a")))
    driver.now_s = 1.25
    driver.send()
    (sent,) = driver.player.outcome().receipts
    assert (sent.sequence, sent.status, sent.due_s, sent.sent_s, sent.frame) == (
        4,
        "READ",
        1.0,
        1.25,
        driver.frame,
    )
    assert sent.late_s == 0.25


# --- failing --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [400, 429, 500])
def test_a_refused_request_fails_its_step_and_ends_the_script(manual_driver, code):
    driver = manual_driver(OPEN + "- say: hi\n- say: there")
    driver.open()
    driver.answer(driver.send(), code=code, body="slow down")
    assert driver.next() == CloseConnection()
    outcome = driver.player.outcome()
    assert [result.outcome for result in outcome.results] == ["ok", "failed", "not reached"]
    assert f"answered with {code} (frame 8)" in outcome.results[1].sentence
    assert not outcome.passed
    assert outcome.failure == f"step 2 (say), line 3: {outcome.results[1].sentence}"


@pytest.mark.parametrize(
    "expectation",
    [
        "{answer: 429}",
        "{message: last_sent, status: failed}",
        "{message: last_sent, status: pending, within: 0}",
    ],
)
def test_a_refusal_may_be_what_is_expected(manual_driver, expectation):
    driver = manual_driver(OPEN + f"- say: hi\n- expect: {expectation}\n- wait: 1s")
    driver.open()
    request = driver.send()
    driver.next()
    driver.answer(request, code=429)
    driver.advance_to(1.0)
    assert driver.player.outcome().results[2].outcome == "ok"


def test_an_answer_that_does_not_come_is_not_waited_for_for_ever(manual_driver):
    driver = manual_driver(OPEN + "- say: hi")
    driver.open()
    driver.send()
    driver.advance_to(9.999)
    assert driver.next() == AwaitMessage(10.0)
    driver.now_s = 10.0
    assert driver.next() == CloseConnection()
    assert (
        driver.player.outcome().results[1].sentence
        == "no answer to ms.PublishEvent (frame 7) came within 10s"
    )


def test_a_refused_receipt_of_a_step_fails_that_step(manual_driver, notification, text):
    driver = manual_driver(OPEN + "- await:\n- read: last_received\n- wait: 1s")
    driver.open()
    driver.receive(notification(text(0, "a")))
    driver.answer(driver.send(), body={"error": "closed"}, code=400)
    driver.advance_to(1.0)
    results = driver.player.outcome().results
    assert (results[2].verb, results[2].outcome) == ("read", "failed")
    refused = 'READ for #0 (frame 8) was answered with 400 (frame 9): {"error": "closed"}'
    assert refused in results[2].sentence


def test_a_refused_receipt_of_the_rule_is_noted(manual_driver, notification, text):
    driver = manual_driver("receipts: {read: 0}\n" + OPEN + "- wait: 1s")
    driver.open()
    driver.receive(notification(text(0, "a")))
    driver.answer(driver.send(), code=429)
    driver.advance_to(1.0)
    assert "answered with 429" in driver.player.outcome().notes[0]


def test_after_a_failure_no_receipt_goes_out(manual_driver, notification, text):
    driver = manual_driver("receipts: {read: 1s}\n" + OPEN + "- say: hi")
    driver.open()
    driver.receive(notification(text(0, "a")))
    driver.answer(driver.send(), code=400)
    assert driver.next() == CloseConnection()
    driver.now_s = 100.0
    assert driver.next() == CloseConnection()


# --- ending ---------------------------------------------------------------------------------------------


def test_after_the_last_step_planned_receipts_still_go_out(manual_driver, notification, text):
    driver = manual_driver("receipts: {read: 30s}\n" + OPEN + "- await:")
    driver.open()
    driver.receive(notification(text(0, "a")))
    driver.advance_to(30.0)
    request = driver.send()
    driver.receive(notification(text(1, "too late to be read")))
    driver.answer(request)
    assert driver.next() == CloseConnection()
    driver.end("closed by the client, 1000", 1000)
    assert driver.next() == Done()
    outcome = driver.player.outcome()
    assert outcome.passed
    assert outcome.ended == "closed by the client, 1000"


def test_answers_that_do_not_come_are_noted(manual_driver):
    driver = manual_driver(OPEN + "- type: COMPOSING")
    driver.open()
    driver.send()
    driver.advance_to(ANSWERS_AWAITED_S)
    assert driver.next() == CloseConnection()
    assert driver.player.outcome().notes == ("no answer came to frame 7",)


@pytest.mark.parametrize(
    "steps",
    ["- await:\n- wait: 1s", "- say: hi\n- wait: 1s", "- expect: {message: 3, status: read}\n- wait: 1s"],
)
def test_a_connection_that_ends_fails_the_step_that_needs_it(manual_driver, steps):
    driver = manual_driver(OPEN + steps)
    driver.open()
    driver.next()
    driver.now_s = 2.0
    driver.end("closed by the service, 4401", 4401)
    assert driver.next() == Done()
    outcome = driver.player.outcome()
    assert [result.outcome for result in outcome.results] == ["ok", "failed", "not reached"]
    assert outcome.results[1].sentence == "the connection is over: closed by the service, 4401"
    assert outcome.ended == "closed by the service, 4401"


def test_a_connection_that_ends_while_receipts_are_planned_is_trouble(manual_driver, notification, text):
    driver = manual_driver("receipts: {read: 30s}\n" + OPEN + "- await:")
    driver.open()
    driver.receive(notification(text(0, "a")))
    driver.next()
    driver.end("lost")
    assert driver.next() == Done()
    outcome = driver.player.outcome()
    assert all(result.outcome == "ok" for result in outcome.results)
    assert not outcome.passed
    assert outcome.failure == "READ for #0 could not go out: the connection is over: lost"


def test_a_receipt_on_its_way_when_the_connection_ends_is_trouble(manual_driver, notification, text):
    driver = manual_driver("receipts: {read: 0}\n" + OPEN + "- wait: 1s")
    driver.open()
    driver.receive(notification(text(0, "a")))
    assert isinstance(driver.next(), Send)
    driver.end("lost")
    driver.advance_to(1.0)
    assert driver.next() == Done()
    assert driver.player.outcome().problems == ("READ for #0 could not go out: the connection is over: lost",)


def test_what_needs_no_connection_goes_on_without_one(manual_driver):
    driver = manual_driver(OPEN + "- wait: 5s")
    driver.open()
    driver.end("lost")
    assert driver.next() == WakeAt(5.0)
    driver.now_s = 5.0
    assert driver.next() == Done()
    assert driver.player.outcome().passed


def test_a_publish_the_connection_took_along_is_unknown(manual_driver):
    driver = manual_driver(OPEN + "- say: hi\n- expect: {message: last_sent, status: unknown}")
    driver.open()
    driver.send()
    driver.end("lost")
    assert driver.next() == Done()
    assert driver.player.outcome().passed


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
                return not isinstance(action, CloseConnection | Done)
            frame += 1
            player.sent(Stamp(frame, 1), now_s)
        raise AssertionError("it never stops sending")

    for passed_s, data in happenings:
        if not act():
            break
        now_s += passed_s
        frame += 1
        player.received(data, Stamp(frame, 1), now_s)
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
