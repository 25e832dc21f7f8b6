"""The agent at work, to the millisecond."""

import pytest

from recorder.simulator import DEFAULT_AGENT, agent_from


def seen(changes, told):
    """(time, sequence, what) of everything the agent did."""
    return [
        (at_s, change.get("sequence"), *what(change["event"]))
        for at_s, _, envelope in told
        for change in changes([envelope])
        if change["originatorMetadata"]["role"] == "ASSIGNED_AGENT"
    ]


def what(event):
    if event["type"] == "AcceptStatusEvent":
        return event["status"], event["sequenceList"]
    return event.get("message", event.get("chatState")), None


def test_the_default_agent_keeps_its_timetable(visit, changes):
    guest = visit(agent=DEFAULT_AGENT)
    guest.wait(10)
    dialog_id = guest.open()
    assert seen(changes, guest.wait(5)) == [(10.5, 0, "Hello, how can I help you?", None)]
    guest.write(dialog_id, "Hi")
    assert seen(changes, guest.wait(5)) == [
        (15.2, 2, "ACCEPT", [1]),
        (15.3, None, "COMPOSING", None),
        (15.5, 3, "READ", [1]),
        (16.0, 4, 'You wrote "Hi". Is there anything else?', None),
        (16.0, None, "ACTIVE", None),
    ]


def test_delays_count_from_the_trigger_and_not_from_each_other(visit, changes):
    agent = agent_from([{"on": "message", "do": [{"say": "b", "after": "2s"}, {"say": "a", "after": "1s"}]}])
    guest = visit(agent=agent)
    dialog_id = guest.open()
    guest.write(dialog_id)
    guest.wait(0.5)
    guest.write(dialog_id)
    told = seen(changes, guest.wait(9))
    assert [(at_s, text) for at_s, _, text, _ in told] == [(1.0, "a"), (1.5, "a"), (2.0, "b"), (2.5, "b")]


@pytest.mark.parametrize(
    ("trigger", "before", "after"),
    [
        pytest.param(
            "conversation", ["ASSIGNED_AGENT", "CONSUMER"], ["ASSIGNED_AGENT", "CONSUMER"], id="greets"
        ),
        pytest.param("message", ["CONSUMER"], ["ASSIGNED_AGENT", "CONSUMER"], id="waits"),
    ],
)
def test_the_agent_joins_when_it_greets_or_at_the_first_message(visit, trigger, before, after):
    guest = visit(agent=agent_from([{"on": trigger, "do": ["read"]}]))
    guest.ask("cqm.SubscribeExConversations")
    dialog_id = guest.open()
    assert roles(guest) == before
    told = guest.write(dialog_id)
    assert roles(guest) == after
    joined = [envelope["type"] for envelope in told[2:]]
    assert joined == ([] if before == after else ["cqm.ExConversationChangeNotification"])


def test_nobody_joins_where_there_is_no_rule(visit):
    guest = visit(agent=agent_from([]))
    guest.ask("cqm.SubscribeExConversations")
    guest.write(guest.open())
    assert guest.wait(60) == []
    assert roles(guest) == ["CONSUMER"]


def roles(guest):
    told = [what for _, _, what in guest.heard if what["type"] == "cqm.ExConversationChangeNotification"]
    details = told[-1]["body"]["changes"][-1]["result"]["conversationDetails"]
    return sorted(who["role"] for who in details["participants"])


def test_a_receipt_without_a_message_names_all_that_have_none_yet(visit, changes):
    guest = visit(agent=agent_from([{"on": "typing", "matching": "ACTIVE", "do": ["read"]}]))
    dialog_id = guest.open()
    for _ in range(2):
        guest.write(dialog_id)
    guest.type(dialog_id, "ACTIVE")
    assert [what for *_, what in seen(changes, guest.wait(0))] == [[0, 1]]
    guest.write(dialog_id)
    guest.type(dialog_id, "COMPOSING")
    guest.type(dialog_id, "ACTIVE")
    assert [what for *_, what in seen(changes, guest.wait(0))] == [[3]]
    guest.type(dialog_id, "ACTIVE")
    assert seen(changes, guest.wait(0)) == []


def test_the_agent_notices_receipts(visit, changes):
    rules = [
        {"on": "message", "do": [{"say": "Did you see this?"}]},
        {"on": "receipt", "matching": "READ", "do": [{"say": "I see you read it."}]},
    ]
    guest = visit(agent=agent_from(rules))
    dialog_id = guest.open()
    guest.write(dialog_id)
    guest.wait(0)
    guest.mark(dialog_id, "ACCEPT", [1])
    assert seen(changes, guest.wait(0)) == []
    guest.mark(dialog_id, "READ", [1])
    assert [text for _, _, text, _ in seen(changes, guest.wait(0))] == ["I see you read it."]


def test_the_agent_closes_the_conversation(visit):
    guest = visit(agent=agent_from([{"on": "message", "do": [{"close": {"after": "1s"}}]}]))
    guest.ask("cqm.SubscribeExConversations")
    dialog_id = guest.open()
    guest.write(dialog_id)
    ((at_s, _, told),) = guest.wait(5)
    details = told["body"]["changes"][0]["result"]["conversationDetails"]
    assert (at_s, details["state"], details["stage"], details["closeReason"]) == (
        1.0,
        "CLOSE",
        "CLOSE",
        "AGENT",
    )
    assert guest.write(dialog_id)[0]["code"] == 400


def test_what_was_planned_before_the_close_does_not_happen(visit):
    """After the close a consumer should no longer hear of the dialog."""
    guest = visit(agent=DEFAULT_AGENT)
    dialog_id = guest.open()
    guest.write(dialog_id)
    guest.close(dialog_id)
    assert guest.wait(60) == []


def test_a_receipt_planned_for_the_close_comes_late(visit, changes):
    guest = visit(agent=agent_from([{"on": "close", "do": [{"read": {"after": "2s"}}, {"say": "Bye"}]}]))
    dialog_id = guest.open()
    guest.write(dialog_id)
    guest.close(dialog_id)
    assert seen(changes, guest.wait(5)) == [(2.0, 1, "READ", [0])]
