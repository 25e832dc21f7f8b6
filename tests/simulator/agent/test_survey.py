"""The survey after the conversation, as the tutorial on it shows."""

import pytest

from recorder.simulator import Patience, agent_from, moods_from

AGENT = agent_from([{"on": "message", "do": ["read"]}])
TWO = {"survey": {"questions": ["How was it?", "Would you come again?"], "pace": "1s", "patience": "5m"}}


def surveyed(serve, moods, *, agent=AGENT):
    """A conversation whose MAIN dialog the consumer has just closed; what was told at once."""
    session = serve(agent=agent, moods=moods_from(moods), patience=Patience(idle_s=None))
    session.ask("cqm.SubscribeExConversations")
    conversation_id = session.open()
    session.write(conversation_id)
    session.wait(1)
    return session, conversation_id, session.close_dialog(conversation_id)


def snapshot(session):
    """The last one: (state, stage, {dialog type: (id, state, closedBy, closedCause)})."""
    shown = [
        each for _, _, each in session.received if each["type"] == "cqm.ExConversationChangeNotification"
    ]
    details = shown[-1]["body"]["changes"][0]["result"]["conversationDetails"]
    dialogs = {
        one["dialogType"]: (one["dialogId"], one["state"], one.get("closedBy"), one.get("closedCause"))
        for one in details["dialogs"]
    }
    return details["state"], details["stage"], dialogs


def sent(delivered, session, dialog_id):
    """(time, sequence, role, what) of everything in a dialog."""
    received = [
        (round(at_s, 3), change["sequence"], change["originatorMetadata"]["role"], what(change["event"]))
        for kind in ("ContentEvent", "AcceptStatusEvent")
        for at_s, change in delivered(session, kind)
        if change["dialogId"] == dialog_id
    ]
    return sorted(received, key=lambda each: each[1])


def what(event):
    return event.get("message") or (event["status"], event["sequenceList"])


def test_closing_main_opens_a_survey_and_the_stage_stays_open(serve):
    session, conversation_id, (answer, shown) = surveyed(serve, {"survey": True})
    assert answer["body"] == "OK Conversation resolved successfully"
    state, stage, dialogs = snapshot(session)
    assert (state, stage) == ("CLOSE", "OPEN")
    assert dialogs["MAIN"] == (conversation_id, "CLOSE", "CONSUMER", "Closed by consumer")
    assert dialogs["POST_SURVEY"][1:] == ("OPEN", None, None)
    details = shown["body"]["changes"][0]["result"]["conversationDetails"]
    roles = [who["role"] for who in details["participants"]]
    assert sorted(roles) == ["AGENT", "ASSIGNED_AGENT", "CONSUMER", "CONTROLLER"]


def test_the_bot_asks_reads_thanks_and_closes(serve, delivered):
    session, _, _ = surveyed(serve, TWO)
    dialog_id = snapshot(session)[2]["POST_SURVEY"][0]
    for answer in ("5", "Yes"):
        session.wait(9)
        session.write(dialog_id, answer)
    session.wait(1)
    assert sent(delivered, session, dialog_id) == [
        (2.0, 0, "AGENT", "Hello, I am the survey bot"),
        (3.0, 1, "AGENT", "How was it?"),
        (10.0, 2, "CONSUMER", "5"),
        (10.015, 3, "AGENT", ("READ", [2])),
        (11.0, 4, "AGENT", "Would you come again?"),
        (19.0, 5, "CONSUMER", "Yes"),
        (19.015, 6, "AGENT", ("READ", [5])),
        (20.0, 7, "AGENT", "Thank you for your time."),
    ]
    state, stage, dialogs = snapshot(session)
    assert (state, stage, dialogs["POST_SURVEY"][1:]) == ("CLOSE", "CLOSE", ("CLOSE", "AGENT", "Completed"))
    assert session.write(dialog_id)[0]["code"] == 400
    assert session.wait(3600) == []


def test_a_bot_that_takes_no_time_reads_the_last_answer_before_it_closes(serve, delivered):
    session, _, _ = surveyed(serve, {"survey": {"questions": ["How was it?"], "pace": "0"}})
    dialog_id = snapshot(session)[2]["POST_SURVEY"][0]
    session.wait(1)
    session.write(dialog_id, "5")
    session.wait(1)
    assert [what for *_, what in sent(delivered, session, dialog_id)][-2:] == [
        ("READ", [2]),
        "Thank you for your time.",
    ]
    assert snapshot(session)[:2] == ("CLOSE", "CLOSE")


def test_a_question_carries_its_answers(serve, delivered):
    """Quick replies whose click names question and answer, and the question in the metadata."""
    session, _, _ = surveyed(serve, {"survey": {"choices": ["good", "bad"]}})
    session.wait(5)
    (_, question) = delivered(session, "ContentEvent")[-1]
    (asked,) = question["metadata"]
    assert (asked["type"], asked["provider"]) == ("Question", "AC")
    replies = question["event"]["quickReplies"]["replies"]
    assert [each["title"] for each in replies] == ["good", "bad"]
    (answer,) = replies[0]["click"]["metadata"]
    assert (answer["type"], answer["questionId"]) == ("Answer", asked["id"])
    assert replies[0]["click"]["actions"] == [{"type": "publishText", "text": "good"}]


def test_an_unanswered_survey_times_out(serve):
    session, _, _ = surveyed(serve, TWO)
    session.wait(301)
    assert snapshot(session)[1] == "OPEN"
    session.wait(2)
    assert snapshot(session)[2]["POST_SURVEY"][1:] == ("CLOSE", "SYSTEM", "Timeout")


def test_a_second_answer_to_one_question_is_only_read(serve, delivered):
    session, _, _ = surveyed(serve, TWO)
    dialog_id = snapshot(session)[2]["POST_SURVEY"][0]
    session.wait(5)
    for text in ("5", "no, 4"):
        session.write(dialog_id, text)
    session.wait(60)
    asked = [each for *_, role, each in sent(delivered, session, dialog_id) if role == "AGENT"]
    assert asked[2:] == [("READ", [2]), ("READ", [3]), "Would you come again?"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("ConversationStateField", "conversationState"), ("Stage", "conversationState")],
)
def test_closing_the_whole_conversation_skips_it(serve, field, value):
    session = serve(agent=AGENT, moods=moods_from({"survey": True}))
    session.ask("cqm.SubscribeExConversations")
    conversation_id = session.open()
    body = {"conversationId": conversation_id, "conversationField": {"field": field, value: "CLOSE"}}
    session.ask("cm.UpdateConversationField", body)
    assert snapshot(session)[:2] == ("CLOSE", "CLOSE")
    assert snapshot(session)[2].keys() == {"MAIN"}


def test_the_consumer_may_leave_in_the_middle(serve):
    """Nothing the bot had in mind happens then."""
    session, conversation_id, _ = surveyed(serve, TWO)
    dialog_id = snapshot(session)[2]["POST_SURVEY"][0]
    session.wait(1.5)
    session.close_dialog(dialog_id, conversation_id=conversation_id)
    assert snapshot(session)[1] == "CLOSE"
    assert session.wait(3600) == []


def test_a_survey_may_have_no_greeting_and_a_system_message(serve, delivered):
    moods = {"survey": {"greeting": None, "system_message": "This chat was closed.", "pace": "1s"}}
    session, conversation_id, _ = surveyed(serve, moods)
    assert sent(delivered, session, conversation_id)[-1] == (1.0, 2, "CONTROLLER", "This chat was closed.")
    session.wait(1)
    dialog_id = snapshot(session)[2]["POST_SURVEY"][0]
    assert sent(delivered, session, dialog_id) == [
        (2.0, 0, "AGENT", "How would you rate your overall experience?")
    ]


@pytest.mark.parametrize("line", ["close", "survey", {"survey": {"questions": "Well?"}}])
def test_the_survey_verb_starts_a_survey(serve, delivered, line):
    """By closing, in this mood; or in any mood, by the verb."""
    agent = agent_from([{"on": "message", "do": [line]}])
    session = serve(agent=agent, moods=moods_from({"survey": True} if line == "close" else {}))
    session.ask("cqm.SubscribeExConversations")
    session.write(session.open())
    session.wait(1.1)
    state, stage, dialogs = snapshot(session)
    assert (state, stage, dialogs["MAIN"][2]) == ("CLOSE", "OPEN", "AGENT")
    question = delivered(session, "ContentEvent")[-1][1]["event"]["message"]
    assert question == ("Well?" if isinstance(line, dict) else "How would you rate your overall experience?")


def test_our_checks_find_nothing_wrong_with_it(serve):
    session, _, _ = surveyed(serve, TWO)
    session.wait(3600)
    assert session.violated_rules() <= {
        "never-accepted",
        "never-read",
        "read-without-accept",
        "read-too-fast",
    }
