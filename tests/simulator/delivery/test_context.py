"""The shared state of one service: scheduler, publishing, step-up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.events import Participant
from recorder.simulator import agent_from, moods_from
from recorder.simulator.delivery.connections import Client, Connections
from recorder.simulator.delivery.context import Scheduler, SimulatorContext, authenticated_id, text_event
from recorder.simulator.delivery.encoder import Encoder
from recorder.simulator.faults.config import NO_MOODS
from recorder.simulator.faults.injector import FaultInjector
from recorder.simulator.faults.randomness import Randomness
from recorder.simulator.protocol.conversations import open_conversation
from recorder.simulator.protocol.tokens import consumer_id_of
from recorder.simulator.service import seeded_ids

CONSUMER = Participant("her", "CONSUMER")


def context():
    faults, encoder, randomness = FaultInjector(), Encoder(), Randomness()
    connections = Connections(encoder, faults)
    return SimulatorContext(
        NO_MOODS,
        randomness,
        encoder,
        faults,
        connections,
        Scheduler(),
        seeded_ids(),
        lambda now_s: int(now_s * 1000),
        {},
    )


def conversation():
    return open_conversation("c", account="le-sim", consumer=CONSUMER, request_body={}, now_ms=0)


def test_a_published_event_takes_its_sequence_and_time_and_reaches_subscribers():
    shared, talk = context(), conversation()
    subscriber = Client(1, "le-sim", last_activity_s=0.0, opened={"c"})
    shared.connections.add(subscriber)
    shared.connections.authenticate(subscriber, "her")
    shared.publish_and_send(talk.main, CONSUMER, text_event("Hi"), now_s=2.5)
    (published,) = talk.main.published
    assert (published.sequence, published.server_ms) == (0, 2500)
    (message,) = shared.connections.take_items()
    assert '"message":"Hi"' in message.text


def test_a_chat_state_takes_no_sequence_and_is_not_stored():
    shared, talk = context(), conversation()
    event = {"type": "ChatStateEvent", "chatState": "GONE"}
    (published,) = shared.faults.publish(talk.main, CONSUMER, event, now_ms=1000)
    assert (published.sequence, talk.main.published) == (None, [])


def test_conversations_are_stored_by_account_and_consumer():
    shared, talk = context(), conversation()
    shared.conversations_of("le-sim", "her")["c"] = talk
    assert shared.conversations_of("le-sim", "her") == {"c": talk}
    assert shared.conversations_of("another", "her") == {}


@given(st.lists(st.integers(0, 5)))
def test_tasks_run_by_due_time_and_then_in_the_order_they_were_scheduled(dues):
    """Two actions due together happen in the order of the script."""
    scheduler, ran = Scheduler(), []
    for index, due_s in enumerate(dues):
        scheduler.call_at(due_s, lambda now_s, key=(due_s, index): ran.append(key))
    scheduler.run_due(5.0)
    assert ran == sorted(ran)
    assert len(ran) == len(dues)


def test_nothing_runs_before_it_is_due():
    scheduler, ran = Scheduler(), []
    scheduler.call_at(2.0, ran.append)
    scheduler.run_due(1.999)
    assert (ran, scheduler.next_due_s()) == ([], 2.0)
    scheduler.run_due(2.0)
    assert (ran, scheduler.next_due_s()) == ([2.0], None)


def test_a_task_scheduled_for_now_by_a_task_runs_now():
    scheduler, ran = Scheduler(), []
    scheduler.call_at(1.0, lambda now_s: scheduler.call_at(now_s, ran.append))
    scheduler.run_due(1.5)
    assert ran == [1.5]


OLD = consumer_id_of("consumer-one")
NEW = authenticated_id(OLD)


def logged_in(serve, moods, **options):
    session = serve(moods=moods_from(moods), **options)
    session.ask("cqm.SubscribeExConversations")
    dialog_id = session.open()
    session.write(dialog_id, "before")
    session.wait(10)
    session.write(dialog_id, "after")
    return session, dialog_id


@pytest.mark.parametrize(("mood", "new"), [("5s", NEW), ({"after": "5s", "to": "her"}, "her")])
def test_events_after_a_step_up_have_the_new_author(serve, delivered, mood, new):
    session, _ = logged_in(serve, {"step_up": mood})
    authors = [(c["event"]["message"], c["originatorId"]) for _, c in delivered(session, "ContentEvent")]
    assert authors == [("before", OLD), ("after", new)]


def test_a_snapshot_after_a_step_up_has_the_new_id_only(serve):
    session, _ = logged_in(serve, {"step_up": "5s"})
    (shown,) = [each for at_s, _, each in session.received if at_s == 5.0]
    details = shown["body"]["changes"][0]["result"]["conversationDetails"]
    assert details["participants"] == [{"id": NEW, "role": "CONSUMER"}]
    assert details["dialogs"][0]["participantsDetails"] == [
        {"id": NEW, "role": "CONSUMER", "state": "ACTIVE"}
    ]


@pytest.mark.parametrize("token", ["consumer-one", f"x.{'eyJzdWIiOiJoZXIifQ'}.y"])
def test_old_and_new_token_lead_to_the_same_conversations(serve, token):
    session, dialog_id = logged_in(serve, {"step_up": {"after": "5s", "to": "her"}})
    session.connect(2, token=token)
    assert session.write(dialog_id, client=2)[0]["code"] == 200


def test_a_step_up_leaves_other_consumers_alone(serve, delivered):
    session = serve(moods=moods_from({"step_up": "5s"}))
    session.open()
    session.connect(2, token="somebody else")
    session.wait(10)
    dialog_id = session.open(client=2)
    session.write(dialog_id, client=2)
    ((_, change),) = delivered(session, "ContentEvent", client=2)
    assert change["originatorId"] == consumer_id_of("somebody else")


def test_a_step_up_happens_once(serve, delivered):
    session, _ = logged_in(serve, {"step_up": "5s"})
    dialog_id = session.open()
    session.wait(60)
    session.write(dialog_id)
    assert delivered(session, "ContentEvent")[-1][1]["originatorId"] == NEW


def test_a_rule_may_start_the_step_up(serve, delivered):
    """At the word of the consumer, for instance."""
    agent = agent_from([{"on": "message", "matching": "log in", "do": [{"step_up": {"to": "her"}}]}])
    session = serve(agent=agent)
    dialog_id = session.open()
    for text in ("hi", "log in", "now"):
        session.write(dialog_id, text)
        session.wait(1)
    assert [c["originatorId"] for _, c in delivered(session, "ContentEvent")] == [OLD, OLD, "her"]


def test_our_checks_find_several_ids_after_a_step_up(serve):
    session, _ = logged_in(serve, {"step_up": "5s"})
    assert "several-ids" in session.violated_rules()


def test_an_authenticated_id_is_64_hex_digits():
    assert len(NEW) == 64
    assert int(NEW, 16)
    assert authenticated_id("other") != NEW
