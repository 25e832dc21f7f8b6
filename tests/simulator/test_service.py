"""The service as a whole: what always holds."""

import doctest
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder import simulator
from recorder.simulator import (
    DEFAULT_AGENT,
    CloseClient,
    Deliver,
    Patience,
    Service,
    moods_from,
    seeded_ids,
)

STEPS = st.lists(
    st.sampled_from(["write", "accept", "read", "type", "wait", "subscribe", "open"]), max_size=30
)


def play(session, steps):
    """A consumer at large; returns the dialogs it opened."""
    dialogs = [session.open()]
    for step in steps:
        deeds = {
            "write": lambda: session.write(dialogs[-1]),
            "accept": lambda: session.mark(dialogs[-1], "ACCEPT", [0]),
            "read": lambda: session.mark(dialogs[-1], "READ", [0]),
            "type": lambda: session.type(dialogs[-1]),
            "wait": lambda: session.wait(0.4),
            "subscribe": lambda: session.subscribe(dialogs[-1]),
            "open": lambda: dialogs.append(session.open()),
        }
        deeds[step]()
    session.wait(5)
    return dialogs


@given(STEPS)
def test_sequences_of_a_dialog_have_no_gap_and_no_double(serve, changes, steps):
    """Messages and receipts of both sides share one counter from 0; chat states take none."""
    session = serve(agent=DEFAULT_AGENT)
    for dialog_id in play(session, steps):
        _, history = session.subscribe(dialog_id)
        delivered = changes([history])
        assert [change["sequence"] for change in delivered] == list(range(len(delivered)))
        assert all(change["event"]["type"] != "ChatStateEvent" for change in delivered)


@given(STEPS)
def test_the_history_equals_the_live_events(serve, changes, steps):
    """Each event once, in order, to the one that opened the conversation."""
    session = serve(agent=DEFAULT_AGENT)
    steps = [step for step in steps if step != "subscribe"]
    for dialog_id in play(session, steps):
        live = [
            change
            for change in changes([what for _, _, what in session.received])
            if change["dialogId"] == dialog_id and "sequence" in change and "conversationId" in change
        ]
        _, history = session.subscribe(dialog_id)
        assert [{**change, "conversationId": dialog_id} for change in changes([history])] == live


@given(STEPS)
def test_a_response_has_the_sequence_of_its_echo(serve, changes, steps):
    session = serve(agent=DEFAULT_AGENT)
    dialog_id = play(session, steps)[-1]
    answer, *delivered = session.write(dialog_id, "this one")
    (echo,) = [one for one in changes(delivered) if one["event"].get("message") == "this one"]
    assert echo["sequence"] == answer["body"]["sequence"]


@given(STEPS)
@settings(max_examples=25)
def test_the_same_requests_give_the_same_bytes(serve, steps):
    one, other = serve(agent=DEFAULT_AGENT), serve(agent=DEFAULT_AGENT)
    play(one, steps)
    play(other, steps)
    assert one.received == other.received


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
def test_no_frame_raises_in_the_service(serve, sent, authenticate):
    """Whatever is said is answered, once, or the speaker is hung up on."""
    session = serve(agent=DEFAULT_AGENT)
    dialog_id = session.open()
    session.ask("cqm.SubscribeExConversations")
    session.connect(2, token="other" if authenticate else None)
    for text in sent:
        for client in (1, 2):
            named = text.replace("DIALOG", dialog_id) if isinstance(text, str) else text
            answers = [
                one
                for one in session.say(named, client=client)
                if isinstance(one, CloseClient) or "code" in one
            ]
            assert answers or client == 2
    session.wait(5)


def test_a_deep_event_is_refused_and_a_flat_one_echoed(serve):
    """What is read must also be writable, some levels deeper, in a snapshot."""
    for levels, code in ((90, 200), (200, 400)):
        session = serve()
        session.ask("cqm.SubscribeExConversations")
        dialog_id = session.open()
        request = {"id": 1, "type": "ms.PublishEvent", "body": {"dialogId": dialog_id, "event": "EVENT"}}
        message = "[" * levels + "]" * levels
        event = '{"type":"ContentEvent","contentType":"x","message":' + message + "}"
        assert session.say(json.dumps(request).replace('"EVENT"', event))[0]["code"] == code
        assert session.close(dialog_id)[0]["code"] == 200


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


def test_init_connection_authenticates_a_client_without_a_header(serve):
    """And it may go on without waiting for the answer."""
    session = serve()
    dialog_id = session.open()
    session.connect(2, token=None)
    (answer,) = session.say(INIT, client=2)
    assert (answer["reqId"], answer["code"], answer["type"]) == ("0", 200, ".ReqBody$StringResp")
    assert session.write(dialog_id, client=2)[0]["code"] == 200
    session.wait(60)
    assert session.close_effects() == []


@pytest.mark.parametrize(
    "first",
    [
        pytest.param('{"id":1,"type":"GetClock"}', id="another-request"),
        pytest.param('{"id":1,"type":"InitConnection","headers":[]}', id="no-jwt"),
        pytest.param("hello", id="no-request"),
    ],
)
def test_a_client_without_init_connection_is_closed(serve, first):
    session = serve()
    session.connect(2, token=None)
    answer, hang_up = session.say(first, client=2)
    assert answer["code"] in (400, 401)
    assert hang_up.code == 4401
    assert session.say(INIT, client=2) == []


def test_a_client_without_init_connection_is_closed_in_time(serve):
    session = serve(patience=Patience(init_s=3.0))
    session.wait(1)
    session.connect(2, token=None)
    ((at_s, client, hang_up),) = session.wait(30)
    assert (at_s, client, hang_up.code) == (4.0, 2, 4401)


def test_a_silent_client_is_closed_and_one_with_pings_is_not(serve):
    """Any sign of life counts, a ping as well as a request."""
    session = serve(patience=Patience(idle_s=60.0))
    session.connect(2)
    session.connect(3)
    for _ in range(3):
        session.wait(50)
        session.ask("GetClock", client=2)
        session.note(session.service.ping_received(3, now_s=session.now_s))
    delivered = [
        (at_s, client, what.code) for at_s, client, what in session.received if isinstance(what, CloseClient)
    ]
    assert delivered == [(60.0, 1, 1001)]
    session.wait(61)
    assert len(session.close_effects()) == 3


def test_an_idle_timeout_of_none_never_closes(serve):
    session = serve(patience=Patience(idle_s=None))
    assert session.service.next_wake_s() is None
    assert session.wait(10**6) == []


def test_due_tasks_run_before_a_frame_is_handled():
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


def test_a_driver_on_virtual_time_needs_nothing_but_wakes(serve):
    """Whatever is under way, in any mood: sleeping until the next wake and waking loses nothing, and ends."""
    moods = moods_from({"push_delay": "0..2s", "late_receipts": "3s", "idle_close": "10s"})
    service = Service(moods=moods, seed=3)
    service.connected(1, token="x", now_s=0.0)
    service.received(1, '{"id":1,"type":"cm.ConsumerRequestConversation"}', now_s=0.0)
    delivered, now_s = [], 0.0
    while (due_s := service.next_wake_s()) is not None:
        assert due_s >= now_s
        now_s = due_s
        delivered += service.wake(now_s)
    assert isinstance(delivered[0], Deliver)
    assert delivered[-1] == CloseClient(1, 1001, "nothing heard for too long")
    assert now_s == 10.0
