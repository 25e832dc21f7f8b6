"""The service as a whole: what always holds."""

import doctest
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder import simulator
from recorder.simulator import (
    DEFAULT_AGENT,
    CloseConnection,
    Deliver,
    Patience,
    Service,
    moods_from,
    seeded_ids,
)

STEPS = st.lists(
    st.sampled_from(["write", "accept", "read", "type", "wait", "subscribe", "open"]), max_size=30
)


def play(guest, steps):
    """A consumer at large; returns the dialogs it opened."""
    dialogs = [guest.open()]
    for step in steps:
        deeds = {
            "write": lambda: guest.write(dialogs[-1]),
            "accept": lambda: guest.mark(dialogs[-1], "ACCEPT", [0]),
            "read": lambda: guest.mark(dialogs[-1], "READ", [0]),
            "type": lambda: guest.type(dialogs[-1]),
            "wait": lambda: guest.wait(0.4),
            "subscribe": lambda: guest.subscribe(dialogs[-1]),
            "open": lambda: dialogs.append(guest.open()),
        }
        deeds[step]()
    guest.wait(5)
    return dialogs


@given(STEPS)
def test_sequences_of_a_dialog_have_no_gap_and_no_double(visit, changes, steps):
    """Messages and receipts of both sides share one counter from 0; chat states take none."""
    guest = visit(agent=DEFAULT_AGENT)
    for dialog_id in play(guest, steps):
        _, history = guest.subscribe(dialog_id)
        told = changes([history])
        assert [change["sequence"] for change in told] == list(range(len(told)))
        assert all(change["event"]["type"] != "ChatStateEvent" for change in told)


@given(STEPS)
def test_what_was_heard_live_is_what_the_history_tells(visit, changes, steps):
    """Each event once, in order, to the one that opened the conversation."""
    guest = visit(agent=DEFAULT_AGENT)
    steps = [step for step in steps if step != "subscribe"]
    for dialog_id in play(guest, steps):
        live = [
            change
            for change in changes([what for _, _, what in guest.heard])
            if change["dialogId"] == dialog_id and "sequence" in change and "conversationId" in change
        ]
        _, history = guest.subscribe(dialog_id)
        assert [{**change, "conversationId": dialog_id} for change in changes([history])] == live


@given(STEPS)
def test_an_answer_tells_the_sequence_of_its_echo(visit, changes, steps):
    guest = visit(agent=DEFAULT_AGENT)
    dialog_id = play(guest, steps)[-1]
    answer, *told = guest.write(dialog_id, "this one")
    (echo,) = [one for one in changes(told) if one["event"].get("message") == "this one"]
    assert echo["sequence"] == answer["body"]["sequence"]


@given(STEPS)
@settings(max_examples=25)
def test_the_same_visit_gives_the_same_bytes(visit, steps):
    one, other = visit(agent=DEFAULT_AGENT), visit(agent=DEFAULT_AGENT)
    play(one, steps)
    play(other, steps)
    assert one.heard == other.heard


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
TYPES = st.sampled_from(
    [
        "InitConnection",
        "cm.ConsumerRequestConversation",
        "cm.UpdateConversationField",
        "cqm.SubscribeExConversations",
        "cqm.UnsubscribeExConversations",
        "ms.SubscribeMessagingEvents",
        "ms.PublishEvent",
        "ms.GenerateURLForUploadFile",
    ]
)
FIELDS = st.dictionaries(
    st.sampled_from(
        [
            "dialogId",
            "conversationId",
            "event",
            "conversationField",
            "fromSeq",
            "convState",
            "ttrDefName",
            "skillId",
        ]
    ),
    JSON
    | st.just("DIALOG")
    | st.fixed_dictionaries(
        {
            "type": st.sampled_from(
                ["ContentEvent", "RichContentEvent", "AcceptStatusEvent", "ChatStateEvent"]
            )
        },
        optional=dict.fromkeys(
            ("message", "contentType", "content", "status", "sequenceList", "chatState"), JSON
        ),
    )
    | st.fixed_dictionaries(
        {"field": st.sampled_from(["Stage", "DialogChange", "TTRField", "CSATRate"])},
        optional=dict.fromkeys(("conversationState", "dialog", "ttrType", "value", "csatRate"), JSON),
    ),
)


@st.composite
def frames(draw):
    request = {"id": draw(st.integers() | st.text()), "type": draw(TYPES), "body": draw(FIELDS | JSON)}
    return json.dumps(request | draw(st.dictionaries(st.sampled_from(["headers", "metadata", "kind"]), JSON)))


@given(st.lists(st.text() | st.binary() | JSON.map(json.dumps) | frames(), max_size=10), st.booleans())
def test_no_frame_makes_the_service_stumble(visit, sent, authenticate):
    """Whatever is said is answered, once, or the speaker is hung up on."""
    guest = visit(agent=DEFAULT_AGENT)
    dialog_id = guest.open()
    guest.ask("cqm.SubscribeExConversations")
    guest.connect(2, token="other" if authenticate else None)
    for text in sent:
        for client in (1, 2):
            named = text.replace("DIALOG", dialog_id) if isinstance(text, str) else text
            answers = [
                one
                for one in guest.say(named, client=client)
                if isinstance(one, CloseConnection) or "code" in one
            ]
            assert answers or client == 2
    guest.wait(5)


def test_a_deep_event_is_refused_and_a_flat_one_echoed(visit):
    """What is read must also be writable, some levels deeper, in a snapshot."""
    for levels, code in ((90, 200), (200, 400)):
        guest = visit()
        guest.ask("cqm.SubscribeExConversations")
        dialog_id = guest.open()
        request = {"id": 1, "type": "ms.PublishEvent", "body": {"dialogId": dialog_id, "event": "EVENT"}}
        message = "[" * levels + "]" * levels
        event = '{"type":"ContentEvent","contentType":"x","message":' + message + "}"
        assert guest.say(json.dumps(request).replace('"EVENT"', event))[0]["code"] == code
        assert guest.close(dialog_id)[0]["code"] == 200


INIT = json.dumps(
    {
        "kind": "req",
        "id": "0",
        "type": "InitConnection",
        "headers": [
            {"type": ".ams.headers.ClientProperties", "deviceFamily": "MOBILE", "os": "ANDROID"},
            {"type": ".ams.headers.ConsumerAuthentication", "jwt": "consumer-one"},
        ],
    }
)


def test_a_client_without_a_header_is_let_in_by_its_first_request(visit):
    """And it may go on without waiting for the answer."""
    guest = visit()
    dialog_id = guest.open()
    guest.connect(2, token=None)
    (answer,) = guest.say(INIT, client=2)
    assert (answer["reqId"], answer["code"], answer["type"]) == ("0", 200, ".ReqBody$StringResp")
    assert guest.write(dialog_id, client=2)[0]["code"] == 200
    guest.wait(60)
    assert guest.hang_ups() == []


@pytest.mark.parametrize(
    "first",
    [
        pytest.param('{"id":1,"type":"GetClock"}', id="another-request"),
        pytest.param('{"id":1,"type":"InitConnection","headers":[]}', id="no-jwt"),
        pytest.param("hello", id="no-request"),
    ],
)
def test_a_client_that_does_not_say_who_it_is_is_hung_up_on(visit, first):
    guest = visit()
    guest.connect(2, token=None)
    answer, hang_up = guest.say(first, client=2)
    assert answer["code"] in (400, 401)
    assert hang_up.code == 4401
    assert guest.say(INIT, client=2) == []


def test_a_client_that_says_nothing_is_hung_up_on_in_time(visit):
    guest = visit(patience=Patience(init_s=3.0))
    guest.wait(1)
    guest.connect(2, token=None)
    ((at_s, client, hang_up),) = guest.wait(30)
    assert (at_s, client, hang_up.code) == (4.0, 2, 4401)


def test_a_silent_client_is_hung_up_on_and_a_stirring_one_is_not(visit):
    """Any sign of life counts, a ping as well as a request."""
    guest = visit(patience=Patience(idle_s=60.0))
    guest.connect(2)
    guest.connect(3)
    for _ in range(3):
        guest.wait(50)
        guest.ask("GetClock", client=2)
        guest.note(guest.service.ping_received(3, now_s=guest.now_s))
    told = [
        (at_s, client, what.code) for at_s, client, what in guest.heard if isinstance(what, CloseConnection)
    ]
    assert told == [(60.0, 1, 1001)]
    guest.wait(61)
    assert len(guest.hang_ups()) == 3


def test_patience_may_be_endless(visit):
    guest = visit(patience=Patience(idle_s=None))
    assert guest.service.next_wake_s() is None
    assert guest.wait(10**6) == []


def test_what_is_due_is_done_before_what_is_heard():
    """A late wake changes the hour, not the order."""
    service = Service()
    service.connected(1, token="x", now_s=0.0)
    service.received(1, '{"id":1,"type":"cm.ConsumerRequestConversation"}', now_s=0.0)
    greeting, clock = service.received(1, '{"id":2,"type":"GetClock"}', now_s=0.7)
    assert isinstance(greeting, Deliver)
    assert "Hello, how can I help you?" in greeting.text
    assert '"reqId":"2"' in clock.text


def test_ids_are_the_same_for_the_same_seed_only():
    one, same, other = seeded_ids(1), seeded_ids(1), seeded_ids(2)
    first = one()
    assert (first == same(), first == other(), first == one()) == (True, False, False)


def test_the_examples_in_the_package_s_docstring_run():
    assert doctest.testmod(simulator).failed == 0
    assert doctest.testmod(simulator).attempted >= 8


def test_a_driver_on_virtual_time_needs_nothing_but_wakes(visit):
    """Whatever is under way, in any mood: sleeping until the next wake and waking loses nothing, and ends."""
    moods = moods_from({"push_delay": "0..2s", "late_receipts": "3s", "idle_close": "10s"})
    service = Service(moods=moods, seed=3)
    service.connected(1, token="x", now_s=0.0)
    service.received(1, '{"id":1,"type":"cm.ConsumerRequestConversation"}', now_s=0.0)
    told, now_s = [], 0.0
    while (due_s := service.next_wake_s()) is not None:
        assert due_s >= now_s
        now_s = due_s
        told += service.wake(now_s)
    assert isinstance(told[0], Deliver)
    assert told[-1] == CloseConnection(1, 1001, "nothing heard for too long")
    assert now_s == 10.0
