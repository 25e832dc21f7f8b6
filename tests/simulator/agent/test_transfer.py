"""One agent leaves, another joins."""

import pytest

from recorder.simulator import agent_from, moods_from

AGENT = agent_from([{"on": "message", "do": [{"read": {"after": "1s"}}, {"say": "Done", "after": "4s"}]}])


def assigned(guest):
    """(time, agents in the conversation, (agent, state) in MAIN, skill) of every snapshot."""
    told = []
    for at_s, _, each in guest.heard:
        if each["type"] == "cqm.ExConversationChangeNotification" and each["body"]["changes"]:
            details = each["body"]["changes"][0]["result"]["conversationDetails"]
            agents = [who["id"] for who in details["participants"] if who["role"] == "ASSIGNED_AGENT"]
            people = details["dialogs"][0]["participantsDetails"]
            states = [(who["id"], who["state"]) for who in people if who["role"] == "ASSIGNED_AGENT"]
            told.append((at_s, agents, states, details["skillId"]))
    return told


def handed_over(visit, moods, *, agent=AGENT):
    guest = visit(agent=agent, moods=moods_from(moods))
    guest.ask("cqm.SubscribeExConversations")
    guest.write(guest.open(), "Hi")
    guest.wait(60)
    return guest


def test_the_new_agent_is_suggested_then_assigned(visit, told):
    """Suggested in the dialog only; who counts roles there alone is fooled, as documented."""
    guest = handed_over(visit, {"transfer": {"after": "2s", "suggested_for": "5s", "skill": "billing"}})
    _, (_, [old], _, _), (left_s, nobody, [(new, state)], skill), (came_s, [joined], now, _) = assigned(guest)
    assert (left_s, nobody, state, skill) == (2.0, [], "SUGGESTED", "billing")
    assert (came_s, joined, now) == (7.0, new, [(new, "ACTIVE")])
    assert new != old
    assert [change["originatorId"] for _, change in told(guest, "AcceptStatusEvent")] == [old]


def test_what_fell_due_in_between_is_done_by_the_new_one(visit, told):
    guest = handed_over(visit, {"transfer": {"after": "2s", "suggested_for": "5s"}})
    ((at_s, done),) = [each for each in told(guest, "ContentEvent") if each[1]["event"]["message"] == "Done"]
    assert (at_s, done["originatorId"]) == (7.0, assigned(guest)[-1][1][0])


@pytest.mark.parametrize(
    ("how", "times"),
    [
        pytest.param({"after": "2s", "suggested_for": 0}, [2.0, 2.0], id="at-once"),
        pytest.param({"after": "2s", "suggested_for": 0, "away": "9s"}, [2.0, 11.0], id="nobody-for-a-while"),
        pytest.param({"after": "2s", "suggested_for": "1s", "away": "9s"}, [2.0, 11.0, 12.0], id="both"),
    ],
)
def test_a_handover_takes_its_time(visit, how, times):
    guest = handed_over(visit, {"transfer": how})
    assert [at_s for at_s, *_ in assigned(guest)[2:]] == times


def test_a_message_in_between_does_not_bring_the_old_one_back(visit):
    guest = visit(agent=AGENT, moods=moods_from({"transfer": {"after": "1s", "suggested_for": "5s"}}))
    guest.ask("cqm.SubscribeExConversations")
    dialog_id = guest.open()
    guest.write(dialog_id)
    guest.wait(2)
    guest.write(dialog_id, "Anybody?")
    guest.wait(60)
    agents = [each[1] for each in assigned(guest) if each[0] > 1]
    assert all(agents[0] == each for each in agents)
    assert assigned(guest)[-1][1] != assigned(guest)[1][1]


def test_a_closed_conversation_is_handed_to_nobody(visit):
    guest = visit(agent=AGENT, moods=moods_from({"transfer": {"after": "1s", "suggested_for": "5s"}}))
    guest.ask("cqm.SubscribeExConversations")
    dialog_id = guest.open()
    guest.write(dialog_id)
    guest.wait(2)
    guest.close(dialog_id)
    assert guest.wait(60) == []


def test_the_script_may_say_when_and_again(visit, told):
    """The verb works in any mood, as often as it is said; the system may announce it."""
    line = {"transfer": {"suggested_for": 0, "system_message": "You are being transferred."}, "after": "5s"}
    agent = agent_from([{"on": "message", "do": ["read", line]}])
    guest = visit(agent=agent)
    guest.ask("cqm.SubscribeExConversations")
    dialog_id = guest.open()
    for _ in range(3):
        guest.write(dialog_id)
        guest.wait(10)
    readers = [change["originatorId"] for _, change in told(guest, "AcceptStatusEvent")]
    assert len(set(readers)) == 3
    system = [c for _, c in told(guest, "ContentEvent") if c["originatorMetadata"]["role"] == "CONTROLLER"]
    assert [each["event"]["message"] for each in system] == ["You are being transferred."] * 3


def test_the_new_agent_gives_receipts_of_its_own(visit, told):
    """All messages that have none from it, though the old one read them."""
    rules = [
        {"on": "message", "do": ["read"]},
        {"on": "typing", "do": [{"transfer": {"suggested_for": 0}}, {"read": "all", "after": "1s"}]},
    ]  # fmt: skip
    guest = visit(agent=agent_from(rules))
    dialog_id = guest.open()
    guest.write(dialog_id)
    guest.wait(1)
    guest.type(dialog_id)
    guest.wait(5)
    reads = [change for _, change in told(guest, "AcceptStatusEvent")]
    assert [each["event"]["sequenceList"] for each in reads] == [[0], [0]]
    assert reads[0]["originatorId"] != reads[1]["originatorId"]


def test_our_checks_find_nothing_wrong_with_it(visit):
    guest = handed_over(visit, {"transfer": "2s"})
    assert guest.broken_rules() <= {"never-accepted", "read-without-accept"}
