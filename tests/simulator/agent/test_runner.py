"""The agent at work, to the millisecond."""

import pytest

from recorder.simulator import DEFAULT_AGENT, agent_from


def seen(changes, delivered):
    """(time, sequence, what) of everything the agent did."""
    return [
        (at_s, change.get("sequence"), *what(change["event"]))
        for at_s, _, envelope in delivered
        for change in changes([envelope])
        if change["originatorMetadata"]["role"] == "ASSIGNED_AGENT"
    ]


def what(event):
    if event["type"] == "AcceptStatusEvent":
        return event["status"], event["sequenceList"]
    return event.get("message", event.get("chatState")), None


def test_the_default_agent_keeps_its_timetable(serve, changes):
    session = serve(agent=DEFAULT_AGENT)
    session.wait(10)
    dialog_id = session.open()
    assert seen(changes, session.wait(5)) == [(10.5, 0, "Hello, how can I help you?", None)]
    session.write(dialog_id, "Hi")
    assert seen(changes, session.wait(5)) == [
        (15.2, 2, "ACCEPT", [1]),
        (15.3, None, "COMPOSING", None),
        (15.5, 3, "READ", [1]),
        (16.0, 4, 'You wrote "Hi". Is there anything else?', None),
        (16.0, None, "ACTIVE", None),
    ]


def test_delays_count_from_the_trigger_and_not_from_each_other(serve, changes):
    agent = agent_from([{"on": "message", "do": [{"say": "b", "after": "2s"}, {"say": "a", "after": "1s"}]}])
    session = serve(agent=agent)
    dialog_id = session.open()
    session.write(dialog_id)
    session.wait(0.5)
    session.write(dialog_id)
    delivered = seen(changes, session.wait(9))
    assert [(at_s, text) for at_s, _, text, _ in delivered] == [
        (1.0, "a"),
        (1.5, "a"),
        (2.0, "b"),
        (2.5, "b"),
    ]


@pytest.mark.parametrize(
    ("trigger", "before", "after"),
    [
        pytest.param(
            "conversation", ["ASSIGNED_AGENT", "CONSUMER"], ["ASSIGNED_AGENT", "CONSUMER"], id="greets"
        ),
        pytest.param("message", ["CONSUMER"], ["ASSIGNED_AGENT", "CONSUMER"], id="waits"),
    ],
)
def test_the_agent_joins_when_it_greets_or_at_the_first_message(serve, trigger, before, after):
    session = serve(agent=agent_from([{"on": trigger, "do": ["read"]}]))
    session.ask("cqm.SubscribeExConversations")
    dialog_id = session.open()
    assert roles(session) == before
    delivered = session.write(dialog_id)
    assert roles(session) == after
    joined = [envelope["type"] for envelope in delivered[2:]]
    assert joined == ([] if before == after else ["cqm.ExConversationChangeNotification"])


def test_no_agent_joins_without_rules(serve):
    session = serve(agent=agent_from([]))
    session.ask("cqm.SubscribeExConversations")
    session.write(session.open())
    assert session.wait(60) == []
    assert roles(session) == ["CONSUMER"]


def roles(session):
    delivered = [
        what for _, _, what in session.received if what["type"] == "cqm.ExConversationChangeNotification"
    ]
    details = delivered[-1]["body"]["changes"][-1]["result"]["conversationDetails"]
    return sorted(who["role"] for who in details["participants"])


def test_a_receipt_without_a_message_names_all_that_have_none_yet(serve, changes):
    session = serve(agent=agent_from([{"on": "typing", "matching": "ACTIVE", "do": ["read"]}]))
    dialog_id = session.open()
    for _ in range(2):
        session.write(dialog_id)
    session.type(dialog_id, "ACTIVE")
    assert [what for *_, what in seen(changes, session.wait(0))] == [[0, 1]]
    session.write(dialog_id)
    session.type(dialog_id, "COMPOSING")
    session.type(dialog_id, "ACTIVE")
    assert [what for *_, what in seen(changes, session.wait(0))] == [[3]]
    session.type(dialog_id, "ACTIVE")
    assert seen(changes, session.wait(0)) == []


def test_a_receipt_triggers_rules(serve, changes):
    rules = [
        {"on": "message", "do": [{"say": "Did you see this?"}]},
        {"on": "receipt", "matching": "READ", "do": [{"say": "I see you read it."}]},
    ]
    session = serve(agent=agent_from(rules))
    dialog_id = session.open()
    session.write(dialog_id)
    session.wait(0)
    session.mark(dialog_id, "ACCEPT", [1])
    assert seen(changes, session.wait(0)) == []
    session.mark(dialog_id, "READ", [1])
    assert [text for _, _, text, _ in seen(changes, session.wait(0))] == ["I see you read it."]


def test_the_agent_closes_the_conversation(serve):
    session = serve(agent=agent_from([{"on": "message", "do": [{"close": {"after": "1s"}}]}]))
    session.ask("cqm.SubscribeExConversations")
    dialog_id = session.open()
    session.write(dialog_id)
    ((at_s, _, delivered),) = session.wait(5)
    details = delivered["body"]["changes"][0]["result"]["conversationDetails"]
    assert (at_s, details["state"], details["stage"], details["closeReason"]) == (
        1.0,
        "CLOSE",
        "CLOSE",
        "AGENT",
    )
    assert session.write(dialog_id)[0]["code"] == 400


def test_actions_due_after_the_close_are_dropped(serve):
    """After the close a consumer should no longer hear of the dialog."""
    session = serve(agent=DEFAULT_AGENT)
    dialog_id = session.open()
    session.write(dialog_id)
    session.close(dialog_id)
    assert session.wait(60) == []


def test_a_receipt_planned_for_the_close_comes_late(serve, changes):
    session = serve(agent=agent_from([{"on": "close", "do": [{"read": {"after": "2s"}}, {"say": "Bye"}]}]))
    dialog_id = session.open()
    session.write(dialog_id)
    session.close(dialog_id)
    assert seen(changes, session.wait(5)) == [(2.0, 1, "READ", [0])]
