"""The survey after the conversation, as the tutorial on it shows."""

import pytest

from recorder.simulator import Patience, agent_from, moods_from

AGENT = agent_from([{"on": "message", "do": ["read"]}])
TWO = {"survey": {"questions": ["How was it?", "Would you come again?"], "pace": "1s", "patience": "5m"}}


def surveyed(visit, moods, *, agent=AGENT):
    """A conversation whose MAIN dialog the consumer has just closed; what was told at once."""
    guest = visit(agent=agent, moods=moods_from(moods), patience=Patience(idle_s=None))
    guest.ask("cqm.SubscribeExConversations")
    conversation_id = guest.open()
    guest.write(conversation_id)
    guest.wait(1)
    return guest, conversation_id, guest.close_dialog(conversation_id)


def snapshot(guest):
    """The last one: (state, stage, {dialog type: (id, state, closedBy, closedCause)})."""
    shown = [each for _, _, each in guest.heard if each["type"] == "cqm.ExConversationChangeNotification"]
    details = shown[-1]["body"]["changes"][0]["result"]["conversationDetails"]
    dialogs = {
        one["dialogType"]: (one["dialogId"], one["state"], one.get("closedBy"), one.get("closedCause"))
        for one in details["dialogs"]
    }
    return details["state"], details["stage"], dialogs


def said(told, guest, dialog_id):
    """(time, sequence, role, what) of everything in a dialog."""
    heard = [
        (round(at_s, 3), change["sequence"], change["originatorMetadata"]["role"], what(change["event"]))
        for kind in ("ContentEvent", "AcceptStatusEvent")
        for at_s, change in told(guest, kind)
        if change["dialogId"] == dialog_id
    ]
    return sorted(heard, key=lambda each: each[1])


def what(event):
    return event.get("message") or (event["status"], event["sequenceList"])


def test_closing_main_opens_a_survey_and_the_stage_stays_open(visit):
    guest, conversation_id, (answer, shown) = surveyed(visit, {"survey": True})
    assert answer["body"] == "OK Conversation resolved successfully"
    state, stage, dialogs = snapshot(guest)
    assert (state, stage) == ("CLOSE", "OPEN")
    assert dialogs["MAIN"] == (conversation_id, "CLOSE", "CONSUMER", "Closed by consumer")
    assert dialogs["POST_SURVEY"][1:] == ("OPEN", None, None)
    details = shown["body"]["changes"][0]["result"]["conversationDetails"]
    roles = [who["role"] for who in details["participants"]]
    assert sorted(roles) == ["AGENT", "ASSIGNED_AGENT", "CONSUMER", "CONTROLLER"]


def test_the_bot_asks_reads_thanks_and_closes(visit, told):
    guest, _, _ = surveyed(visit, TWO)
    dialog_id = snapshot(guest)[2]["POST_SURVEY"][0]
    for answer in ("5", "Yes"):
        guest.wait(9)
        guest.write(dialog_id, answer)
    guest.wait(1)
    assert said(told, guest, dialog_id) == [
        (2.0, 0, "AGENT", "Hello, I am the survey bot"),
        (3.0, 1, "AGENT", "How was it?"),
        (10.0, 2, "CONSUMER", "5"),
        (10.015, 3, "AGENT", ("READ", [2])),
        (11.0, 4, "AGENT", "Would you come again?"),
        (19.0, 5, "CONSUMER", "Yes"),
        (19.015, 6, "AGENT", ("READ", [5])),
        (20.0, 7, "AGENT", "Thank you for your time."),
    ]
    state, stage, dialogs = snapshot(guest)
    assert (state, stage, dialogs["POST_SURVEY"][1:]) == ("CLOSE", "CLOSE", ("CLOSE", "AGENT", "Completed"))
    assert guest.write(dialog_id)[0]["code"] == 400
    assert guest.wait(3600) == []


def test_a_bot_that_takes_no_time_reads_the_last_answer_before_it_closes(visit, told):
    guest, _, _ = surveyed(visit, {"survey": {"questions": ["How was it?"], "pace": "0"}})
    dialog_id = snapshot(guest)[2]["POST_SURVEY"][0]
    guest.wait(1)
    guest.write(dialog_id, "5")
    guest.wait(1)
    assert [what for *_, what in said(told, guest, dialog_id)][-2:] == [
        ("READ", [2]),
        "Thank you for your time.",
    ]
    assert snapshot(guest)[:2] == ("CLOSE", "CLOSE")


def test_a_question_carries_its_answers(visit, told):
    """Quick replies whose click names question and answer, and the question in the metadata."""
    guest, _, _ = surveyed(visit, {"survey": {"choices": ["good", "bad"]}})
    guest.wait(5)
    (_, question) = told(guest, "ContentEvent")[-1]
    (asked,) = question["metadata"]
    assert (asked["type"], asked["provider"]) == ("Question", "AC")
    replies = question["event"]["quickReplies"]["replies"]
    assert [each["title"] for each in replies] == ["good", "bad"]
    (answer,) = replies[0]["click"]["metadata"]
    assert (answer["type"], answer["questionId"]) == ("Answer", asked["id"])
    assert replies[0]["click"]["actions"] == [{"type": "publishText", "text": "good"}]


def test_without_an_answer_the_service_closes_in_the_end(visit):
    guest, _, _ = surveyed(visit, TWO)
    guest.wait(301)
    assert snapshot(guest)[1] == "OPEN"
    guest.wait(2)
    assert snapshot(guest)[2]["POST_SURVEY"][1:] == ("CLOSE", "SYSTEM", "Timeout")


def test_a_second_answer_to_one_question_is_only_read(visit, told):
    guest, _, _ = surveyed(visit, TWO)
    dialog_id = snapshot(guest)[2]["POST_SURVEY"][0]
    guest.wait(5)
    for text in ("5", "no, 4"):
        guest.write(dialog_id, text)
    guest.wait(60)
    asked = [each for *_, role, each in said(told, guest, dialog_id) if role == "AGENT"]
    assert asked[2:] == [("READ", [2]), ("READ", [3]), "Would you come again?"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("ConversationStateField", "conversationState"), ("Stage", "conversationState")],
)
def test_closing_the_whole_conversation_skips_it(visit, field, value):
    guest = visit(agent=AGENT, moods=moods_from({"survey": True}))
    guest.ask("cqm.SubscribeExConversations")
    conversation_id = guest.open()
    body = {"conversationId": conversation_id, "conversationField": {"field": field, value: "CLOSE"}}
    guest.ask("cm.UpdateConversationField", body)
    assert snapshot(guest)[:2] == ("CLOSE", "CLOSE")
    assert snapshot(guest)[2].keys() == {"MAIN"}


def test_the_consumer_may_leave_in_the_middle(visit):
    """Nothing the bot had in mind happens then."""
    guest, conversation_id, _ = surveyed(visit, TWO)
    dialog_id = snapshot(guest)[2]["POST_SURVEY"][0]
    guest.wait(1.5)
    guest.close_dialog(dialog_id, conversation_id=conversation_id)
    assert snapshot(guest)[1] == "CLOSE"
    assert guest.wait(3600) == []


def test_a_survey_may_begin_without_a_word_and_the_system_may_have_the_last(visit, told):
    moods = {"survey": {"greeting": None, "system_message": "This chat was closed.", "pace": "1s"}}
    guest, conversation_id, _ = surveyed(visit, moods)
    assert said(told, guest, conversation_id)[-1] == (1.0, 2, "CONTROLLER", "This chat was closed.")
    guest.wait(1)
    dialog_id = snapshot(guest)[2]["POST_SURVEY"][0]
    assert said(told, guest, dialog_id) == [(2.0, 0, "AGENT", "How would you rate your overall experience?")]


@pytest.mark.parametrize("line", ["close", "survey", {"survey": {"questions": "Well?"}}])
def test_the_agent_may_let_it_start_too(visit, told, line):
    """By closing, in this mood; or in any mood, by the verb."""
    agent = agent_from([{"on": "message", "do": [line]}])
    guest = visit(agent=agent, moods=moods_from({"survey": True} if line == "close" else {}))
    guest.ask("cqm.SubscribeExConversations")
    guest.write(guest.open())
    guest.wait(1.1)
    state, stage, dialogs = snapshot(guest)
    assert (state, stage, dialogs["MAIN"][2]) == ("CLOSE", "OPEN", "AGENT")
    question = told(guest, "ContentEvent")[-1][1]["event"]["message"]
    assert question == ("Well?" if isinstance(line, dict) else "How would you rate your overall experience?")


def test_our_checks_find_nothing_wrong_with_it(visit):
    guest, _, _ = surveyed(visit, TWO)
    guest.wait(3600)
    assert guest.broken_rules() <= {"never-accepted", "never-read", "read-without-accept", "read-too-fast"}
