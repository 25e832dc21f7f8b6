"""Dialogs that are announced, and whose messages nobody asked for."""

from __future__ import annotations

import json

import pytest
from builders.sessions import AGENT, ME

V, S, N = "violated", "satisfied", "not-observable"


def overview(session):
    session.request("cqm.SubscribeExConversations", {"convState": ["OPEN"]})


def open_conversation(session):
    asked = session.request("cm.ConsumerRequestConversation", {})
    raw = {"kind": "resp", "reqId": session._request_ids[asked], "code": 200, "body": {"conversationId": "d"}}
    session.raw(json.dumps(raw).encode(), from_client=False)


def ring(state, *, kind="routing.RoutingTaskNotification", nested=True):
    """A notification of one ring of conversation d."""
    details = {"ringId": "r", "ringState": state}
    result = {"conversationId": "d", "ringsDetails": [details]}
    body = {"changes": [{"type": "UPSERT", "result": result}]} if nested else {**details, "convId": "d"}

    def told(session):
        session.request("routing.SubscribeRoutingTasks", {})
        raw = {"kind": "notification", "type": kind, "body": body}
        session.raw(json.dumps(raw).encode(), from_client=False)

    return told


def old_notification(session):
    overview(session)
    details = {"conversationDetails": {"participants": [{"id": ME, "role": "CONSUMER"}], "state": "OPEN"}}
    change = {"type": "UPSERT", "result": {"convId": "d", **details}}
    raw = {"kind": "notification", "type": "cm.ConversationChangeNotification", "body": {"changes": [change]}}
    session.raw(json.dumps(raw).encode(), from_client=False)


def by_conversation(session):
    session.request("ms.SubscribeMessagingEvents", {"conversationId": "d"})


CASES = [
    ("a ring was accepted", lambda s: (ring("ACCEPTED")(s), s.at(20).ends()), [V]),
    ("a ring was accepted by itself", lambda s: (ring("AUTO_ACCEPT")(s), s.at(20).ends()), [V]),
    (
        "a ring was updated",
        lambda s: (ring("ACCEPTED", kind="routing.RingUpdated", nested=False)(s), s.at(20).ends()),
        [V],
    ),
    ("a ring waits", lambda s: (ring("WAITING")(s), s.at(20).ends()), []),
    (
        "a ring was accepted and subscribed",
        lambda s: (ring("ACCEPTED")(s), s.subscribe(), s.at(20).ends()),
        [S],
    ),
    ("an old notification", lambda s: (old_notification(s), s.at(20).ends()), [V]),
    ("by the conversation alone", lambda s: (open_conversation(s), by_conversation(s), s.at(20).ends()), [S]),
    ("announced", lambda s: (overview(s), s.snapshot(ME, AGENT), s.at(20).request("GetClock")), [V]),
    ("opened by us", lambda s: (open_conversation(s), s.at(20).request("GetClock")), [V]),
    ("opened and announced", lambda s: (open_conversation(s), s.snapshot(ME), s.at(20).ends()), [V]),
    (
        "published into",
        lambda s: (open_conversation(s), s.answer(s.say(), 0)),
        [V],
    ),
    (
        "published into, without times",
        lambda s: (s.at(None), open_conversation(s), s.answer(s.say(), 0)),
        [V],
    ),
    ("without times", lambda s: (s.at(None), open_conversation(s)), [N]),
    ("the recording ended soon", lambda s: (overview(s), s.snapshot(ME, AGENT), s.at(5).ends()), [N]),
    ("subscribed", lambda s: (open_conversation(s), s.answer(s.subscribe()), s.at(20).ends()), [S]),
    ("not answered", lambda s: (open_conversation(s), s.subscribe(), s.at(20).ends()), [S]),
    ("before it was announced", lambda s: (s.subscribe(), open_conversation(s), s.at(20).ends()), [S]),
    (
        "the history was asked for",
        lambda s: (
            open_conversation(s),
            s.request("ms.QueryMessages", {"dialogId": "d", "newerThanSequence": 0}),
            s.at(20).ends(),
        ),
        [S],
    ),
    ("refused", lambda s: (open_conversation(s), s.answer(s.subscribe(), code=400), s.at(20).ends()), [V]),
    (
        "to another dialog",
        lambda s: (
            open_conversation(s),
            s.request("ms.SubscribeMessagingEvents", {"dialogId": "__DIALOG_ID__"}),
            s.at(20).ends(),
        ),
        [V],
    ),
    ("the service subscribed us", lambda s: (open_conversation(s), s.message(0), s.at(20).ends()), [S]),
    (
        "spelled as in v2",
        lambda s: (
            s.request(".ams.aam.SubscribeExConversations", {}),
            s.snapshot(ME, AGENT),
            s.at(20).request("GetClock"),
        ),
        [N],
    ),
    ("begun late", lambda s: (s.snapshot(ME, AGENT), s.at(20).request("GetClock")), [N]),
    (
        "of other people",
        lambda s: (s.i_am("manager"), overview(s), s.snapshot(ME, AGENT), s.at(20).ends()),
        [],
    ),
    ("closed", lambda s: (overview(s), s.snapshot(ME, dialog_state="CLOSE"), s.at(20).ends()), []),
    ("none", lambda s: (overview(s), s.at(20).ends()), []),
]


@pytest.mark.parametrize(("story", "outcomes"), [pytest.param(s, o, id=name) for name, s, o in CASES])
def test_a_dialog_that_was_announced_is_subscribed_to(session, story, outcomes):
    story(session)
    assert session.outcomes("never-subscribed") == outcomes


def test_a_refused_subscription_is_said_to_be_one(session):
    open_conversation(session)
    session.answer(session.subscribe(), code=403)
    session.at(20).ends()
    (finding,) = session.check("never-subscribed")
    assert finding.sentence == (
        "conversation d was opened, and the subscription to its messages was refused (403), "
        "so none could come"
    )
    assert (finding.dialog, finding.frames) == ("d", (2, 3))
