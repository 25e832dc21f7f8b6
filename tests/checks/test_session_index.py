"""What rules stand on: who is who, what took which number, what was closed when."""

from __future__ import annotations

from recorder.checks.dependencies import Dependencies
from recorder.checks.findings import Limits
from recorder.checks.session_index import SessionIndex

ME, AGENT = "consumer-1", "agent-1"


def session_index(session, **more):
    check_input = session.check_input(**more)
    index = SessionIndex(check_input.transcript, Limits(), Dependencies())
    index.advance(check_input, check_input.events)
    return index


def test_numbers_are_taken_by_messages_and_receipts(session):
    first = session.message(0)
    second = session.receipt("READ", 0, by=ME, own=1)
    taken = session_index(session).taken.taken.values
    assert taken["d", 0] == (None, first)
    assert taken["d", 1] == ("READ", second)


def test_people_are_there_from_whatever_first_shows_them(session):
    snapshot = session.snapshot(ME, AGENT)
    session.receipt("READ", 0, by=AGENT)
    bot = session.message(1, by="bot")
    there = session_index(session).participants.of("d")
    assert {who: evidence.frame for who, evidence in there.items()} == {
        ME: snapshot,
        AGENT: snapshot,
        "bot": bot,
    }


def test_who_is_only_suggested_is_not_there(session):
    suggested = {"id": AGENT, "role": "ASSIGNED_AGENT", "state": "SUGGESTED"}
    dialog = {"dialogId": "d", "dialogType": "MAIN", "state": "OPEN", "participantsDetails": [suggested]}
    details = {"participants": [{"id": ME, "role": "CONSUMER"}], "dialogs": [dialog]}
    result = {"convId": "d", "conversationDetails": details}
    session.notify({"type": "UPSERT", "result": result}, kind="cqm.ExConversationChangeNotification")
    assert set(session_index(session).participants.of("d")) == {ME}


def test_closed_dialogs_keep_the_first_evidence(session):
    session.snapshot(ME)
    assert session_index(session).closed_dialogs.values == {}
    frame = session.snapshot(ME, dialog_state="CLOSE")
    session.snapshot(ME, dialog_state="CLOSE")
    assert session_index(session).closed_dialogs.values["d"].frame == frame


def test_a_conversation_whose_stage_is_closed_closes_its_dialogs(session):
    details = {"stage": "CLOSE", "dialogs": [{"dialogId": "d2", "dialogType": "POST_SURVEY"}]}
    change = {"type": "UPSERT", "result": {"convId": "d", "conversationDetails": details}}
    frame = session.notify(change, kind="cqm.ExConversationChangeNotification")
    assert {
        dialog: evidence.frame for dialog, evidence in session_index(session).closed_dialogs.values.items()
    } == {
        "d": frame,
        "d2": frame,
    }


def test_names_for_people(session):
    session.i_am().snapshot(ME, AGENT)
    names = session_index(session).who
    assert names(ME) == "you"
    assert names(AGENT) == "ASSIGNED_AGENT agent-1"
    assert names("0123456789") == "01234567"
    assert names(None) == "somebody"
    assert names(None, mine=True) == "you"


def test_end_words_say_why_the_recording_ends(session):
    session.say()
    assert session_index(session).end_words == "the recording ended after frame #1"
    goes_on = "frame #1, its last so far; the recording goes on"
    assert session_index(session, recording=True).end_words == goes_on
    session.ends("lost")
    assert session_index(session).end_words == "the connection ended after frame #1"


def test_a_connection_whose_end_nobody_saw_is_not_said_to_have_ended(session):
    session.say()
    session.ends(None)
    assert session_index(session).end_words == "the recording ended after frame #1"
