"""One agent leaves, another joins."""

import pytest

from recorder.simulator import agent_from, moods_from

AGENT = agent_from([{"on": "message", "do": [{"read": {"after": "1s"}}, {"say": "Done", "after": "4s"}]}])


def assigned(session):
    """(time, agents in the conversation, (agent, state) in MAIN, skill) of every snapshot."""
    delivered = []
    for at_s, _, each in session.received:
        if each["type"] == "cqm.ExConversationChangeNotification" and each["body"]["changes"]:
            details = each["body"]["changes"][0]["result"]["conversationDetails"]
            agents = [who["id"] for who in details["participants"] if who["role"] == "ASSIGNED_AGENT"]
            people = details["dialogs"][0]["participantsDetails"]
            states = [(who["id"], who["state"]) for who in people if who["role"] == "ASSIGNED_AGENT"]
            delivered.append((at_s, agents, states, details["skillId"]))
    return delivered


def handed_over(serve, moods, *, agent=AGENT):
    session = serve(agent=agent, moods=moods_from(moods))
    session.ask("cqm.SubscribeExConversations")
    session.write(session.open(), "Hi")
    session.wait(60)
    return session


def test_the_new_agent_is_suggested_then_assigned(serve, delivered):
    """Suggested in the dialog only; who counts roles there alone is fooled, as documented."""
    session = handed_over(serve, {"transfer": {"after": "2s", "suggested_for": "5s", "skill": "billing"}})
    _, (_, [old], _, _), (left_s, nobody, [(new, state)], skill), (came_s, [joined], now, _) = assigned(
        session
    )
    assert (left_s, nobody, state, skill) == (2.0, [], "SUGGESTED", "billing")
    assert (came_s, joined, now) == (7.0, new, [(new, "ACTIVE")])
    assert new != old
    assert [change["originatorId"] for _, change in delivered(session, "AcceptStatusEvent")] == [old]


def test_postponed_actions_are_done_by_the_new_agent(serve, delivered):
    session = handed_over(serve, {"transfer": {"after": "2s", "suggested_for": "5s"}})
    ((at_s, done),) = [
        each for each in delivered(session, "ContentEvent") if each[1]["event"]["message"] == "Done"
    ]
    assert (at_s, done["originatorId"]) == (7.0, assigned(session)[-1][1][0])


@pytest.mark.parametrize(
    ("how", "times"),
    [
        pytest.param({"after": "2s", "suggested_for": 0}, [2.0, 2.0], id="at-once"),
        pytest.param({"after": "2s", "suggested_for": 0, "away": "9s"}, [2.0, 11.0], id="nobody-for-a-while"),
        pytest.param({"after": "2s", "suggested_for": "1s", "away": "9s"}, [2.0, 11.0, 12.0], id="both"),
    ],
)
def test_a_transfer_takes_the_time_of_its_options(serve, how, times):
    session = handed_over(serve, {"transfer": how})
    assert [at_s for at_s, *_ in assigned(session)[2:]] == times


def test_a_message_between_two_agents_does_not_reassign_the_old_one(serve):
    session = serve(agent=AGENT, moods=moods_from({"transfer": {"after": "1s", "suggested_for": "5s"}}))
    session.ask("cqm.SubscribeExConversations")
    dialog_id = session.open()
    session.write(dialog_id)
    session.wait(2)
    session.write(dialog_id, "Anybody?")
    session.wait(60)
    agents = [each[1] for each in assigned(session) if each[0] > 1]
    assert all(agents[0] == each for each in agents)
    assert assigned(session)[-1][1] != assigned(session)[1][1]


def test_a_closed_conversation_is_handed_to_nobody(serve):
    session = serve(agent=AGENT, moods=moods_from({"transfer": {"after": "1s", "suggested_for": "5s"}}))
    session.ask("cqm.SubscribeExConversations")
    dialog_id = session.open()
    session.write(dialog_id)
    session.wait(2)
    session.close(dialog_id)
    assert session.wait(60) == []


def test_a_rule_may_start_a_transfer_again(serve, delivered):
    """The verb works in any mood, as often as it is said; the system may announce it."""
    line = {"transfer": {"suggested_for": 0, "system_message": "You are being transferred."}, "after": "5s"}
    agent = agent_from([{"on": "message", "do": ["read", line]}])
    session = serve(agent=agent)
    session.ask("cqm.SubscribeExConversations")
    dialog_id = session.open()
    for _ in range(3):
        session.write(dialog_id)
        session.wait(10)
    readers = [change["originatorId"] for _, change in delivered(session, "AcceptStatusEvent")]
    assert len(set(readers)) == 3
    system = [
        c for _, c in delivered(session, "ContentEvent") if c["originatorMetadata"]["role"] == "CONTROLLER"
    ]
    assert [each["event"]["message"] for each in system] == ["You are being transferred."] * 3


def test_the_new_agent_gives_receipts_of_its_own(serve, delivered):
    """All messages that have none from it, though the old one read them."""
    rules = [
        {"on": "message", "do": ["read"]},
        {"on": "typing", "do": [{"transfer": {"suggested_for": 0}}, {"read": "all", "after": "1s"}]},
    ]  # fmt: skip
    session = serve(agent=agent_from(rules))
    dialog_id = session.open()
    session.write(dialog_id)
    session.wait(1)
    session.type(dialog_id)
    session.wait(5)
    reads = [change for _, change in delivered(session, "AcceptStatusEvent")]
    assert [each["event"]["sequenceList"] for each in reads] == [[0], [0]]
    assert reads[0]["originatorId"] != reads[1]["originatorId"]


def test_our_checks_find_nothing_wrong_with_it(serve):
    session = handed_over(serve, {"transfer": "2s"})
    assert session.violated_rules() <= {"never-accepted", "read-without-accept"}
