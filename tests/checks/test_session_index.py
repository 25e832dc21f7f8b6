"""What rules stand on: who is who, what took which number, what was closed when."""

from __future__ import annotations

from recorder.checks.findings import Limits
from recorder.checks.session_index import Ground

ME, AGENT = "consumer-1", "agent-1"


def ground(mini, **more):
    return Ground(mini.case(**more), Limits())


def test_numbers_are_taken_by_messages_and_receipts(mini):
    first = mini.message(0)
    second = mini.receipt("READ", 0, by=ME, own=1)
    taken = ground(mini).taken
    assert taken["d", 0] == (None, first)
    assert taken["d", 1] == ("READ", second)


def test_people_are_there_from_whatever_first_shows_them(mini):
    snapshot = mini.snapshot(ME, AGENT)
    mini.receipt("READ", 0, by=AGENT)
    bot = mini.message(1, by="bot")
    there = ground(mini).company["d"]
    assert {who: evidence.frame for who, evidence in there.items()} == {
        ME: snapshot,
        AGENT: snapshot,
        "bot": bot,
    }


def test_who_is_only_suggested_is_not_there(mini):
    suggested = {"id": AGENT, "role": "ASSIGNED_AGENT", "state": "SUGGESTED"}
    dialog = {"dialogId": "d", "dialogType": "MAIN", "state": "OPEN", "participantsDetails": [suggested]}
    details = {"participants": [{"id": ME, "role": "CONSUMER"}], "dialogs": [dialog]}
    result = {"convId": "d", "conversationDetails": details}
    mini.notify({"type": "UPSERT", "result": result}, kind="cqm.ExConversationChangeNotification")
    assert set(ground(mini).company["d"]) == {ME}


def test_a_dialog_is_closed_when_that_is_first_told(mini):
    mini.snapshot(ME)
    assert ground(mini).closings == {}
    frame = mini.snapshot(ME, dialog_state="CLOSE")
    mini.snapshot(ME, dialog_state="CLOSE")
    assert ground(mini).closings["d"].frame == frame


def test_a_conversation_whose_stage_is_closed_closes_its_dialogs(mini):
    details = {"stage": "CLOSE", "dialogs": [{"dialogId": "d2", "dialogType": "POST_SURVEY"}]}
    change = {"type": "UPSERT", "result": {"convId": "d", "conversationDetails": details}}
    frame = mini.notify(change, kind="cqm.ExConversationChangeNotification")
    assert {dialog: evidence.frame for dialog, evidence in ground(mini).closings.items()} == {
        "d": frame,
        "d2": frame,
    }


def test_names_for_people(mini):
    mini.i_am().snapshot(ME, AGENT)
    names = ground(mini).who
    assert names(ME) == "you"
    assert names(AGENT) == "ASSIGNED_AGENT agent-1"
    assert names("0123456789") == "01234567"
    assert names(None) == "somebody"
    assert names(None, mine=True) == "you"


def test_why_no_more_was_heard(mini):
    mini.say()
    assert ground(mini).end_words == "the recording ended"
    assert ground(mini, recording=True).end_words == "its last frame so far; the recording goes on"
    mini.ends("lost")
    assert ground(mini).end_words == "the connection ended"


def test_a_connection_whose_end_nobody_saw_is_not_said_to_have_ended(mini):
    mini.say()
    mini.ends(None)
    assert ground(mini).end_words == "the recording ended"
