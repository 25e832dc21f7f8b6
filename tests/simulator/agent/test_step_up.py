"""A consumer logs in, and is somebody else from then on."""

import pytest

from recorder.simulator import agent_from, moods_from
from recorder.simulator.agent.step_up import authenticated_id
from recorder.simulator.protocol.identity import consumer_of

OLD = consumer_of("consumer-one")
NEW = authenticated_id(OLD)


def logged_in(visit, moods, **options):
    guest = visit(moods=moods_from(moods), **options)
    guest.ask("cqm.SubscribeExConversations")
    dialog_id = guest.open()
    guest.write(dialog_id, "before")
    guest.wait(10)
    guest.write(dialog_id, "after")
    return guest, dialog_id


@pytest.mark.parametrize(("mood", "new"), [("5s", NEW), ({"after": "5s", "to": "her"}, "her")])
def test_what_is_published_from_then_on_has_another_author(visit, told, mood, new):
    guest, _ = logged_in(visit, {"step_up": mood})
    authors = [(c["event"]["message"], c["originatorId"]) for _, c in told(guest, "ContentEvent")]
    assert authors == [("before", OLD), ("after", new)]


def test_the_conversation_shows_the_new_one_instead_of_the_old(visit):
    guest, _ = logged_in(visit, {"step_up": "5s"})
    (shown,) = [each for at_s, _, each in guest.heard if at_s == 5.0]
    details = shown["body"]["changes"][0]["result"]["conversationDetails"]
    assert details["participants"] == [{"id": NEW, "role": "CONSUMER"}]
    assert details["dialogs"][0]["participantsDetails"] == [
        {"id": NEW, "role": "CONSUMER", "state": "ACTIVE"}
    ]


@pytest.mark.parametrize("token", ["consumer-one", f"x.{'eyJzdWIiOiJoZXIifQ'}.y"])
def test_old_and_new_token_lead_to_the_same_conversations(visit, token):
    guest, dialog_id = logged_in(visit, {"step_up": {"after": "5s", "to": "her"}})
    guest.connect(2, token=token)
    assert guest.write(dialog_id, client=2)[0]["code"] == 200


def test_nobody_else_changes(visit, told):
    guest = visit(moods=moods_from({"step_up": "5s"}))
    guest.open()
    guest.connect(2, token="somebody else")
    guest.wait(10)
    dialog_id = guest.open(client=2)
    guest.write(dialog_id, client=2)
    ((_, change),) = told(guest, "ContentEvent", client=2)
    assert change["originatorId"] == consumer_of("somebody else")


def test_it_happens_once(visit, told):
    guest, _ = logged_in(visit, {"step_up": "5s"})
    dialog_id = guest.open()
    guest.wait(60)
    guest.write(dialog_id)
    assert told(guest, "ContentEvent")[-1][1]["originatorId"] == NEW


def test_the_script_may_say_when(visit, told):
    """At the word of the consumer, for instance."""
    agent = agent_from([{"on": "message", "matching": "log in", "do": [{"step_up": {"to": "her"}}]}])
    guest = visit(agent=agent)
    dialog_id = guest.open()
    for text in ("hi", "log in", "now"):
        guest.write(dialog_id, text)
        guest.wait(1)
    assert [c["originatorId"] for _, c in told(guest, "ContentEvent")] == [OLD, OLD, "her"]


def test_our_checks_suggest_that_both_are_one(visit):
    guest, _ = logged_in(visit, {"step_up": "5s"})
    assert "several-ids" in guest.broken_rules()


def test_an_authenticated_id_has_their_shape():
    assert len(NEW) == 64
    assert int(NEW, 16)
    assert authenticated_id("other") != NEW
