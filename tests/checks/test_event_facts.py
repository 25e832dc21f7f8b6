"""What the events of a session tell, one by one."""

from __future__ import annotations

from recorder.checks.dependencies import Dependencies, Kind
from recorder.checks.event_facts import EventFacts, ParticipantsByDialog
from recorder.messaging.events import Evidence, Proof

ME, AGENT = "consumer-1", "agent-1"


def facts_of(session):
    check_input = session.check_input()
    found = EventFacts(check_input.transcript, Dependencies())
    found.take(check_input.events)
    return found


def evidence(frame, *, snapshot=False):
    return Evidence(Proof.ANNOUNCED, frame, 1, None, None, None, snapshot)


def test_the_first_answer_to_a_request_counts(session):
    asked = session.say()
    session.answer(asked, 0)
    session.answer(asked, 0, code=400)
    found = facts_of(session)
    assert (found.code_of(asked), found.code_of(99)) == (200, None)
    assert list(found.dependencies.items[Kind.ANSWER]) == [0, 1]


def test_the_next_request_of_a_type_is_the_one_after_a_frame(session):
    first, _, second = session.say(), session.subscribe(), session.say()
    found = facts_of(session)
    request = found.asked.values[first]
    assert found.asked_next(request, first) == found.asked.values[second]
    assert found.asked_next(request, second) is None


def test_a_history_follows_the_last_subscription_before_it(session):
    first = session.subscribe()
    shown = session.message(0)
    second = session.subscribe()
    found = facts_of(session)
    asked = [found.subscription_before(frame) for frame in (first, shown, second, second + 1)]
    assert asked == [None, first, first, second]


def test_a_dialog_whose_history_came_with_an_answer_was_fetched(session):
    session.snapshot(ME)
    session.message(0)
    assert facts_of(session).fetched.values == {}


def test_of_one_frame_a_message_shows_a_participant_before_a_snapshot():
    people = ParticipantsByDialog(Dependencies())
    people.note("d", AGENT, evidence(2, snapshot=True), 2)
    people.note("d", ME, evidence(3), 1)
    people.note("d", ME, evidence(2), 0)
    people.note("d", AGENT, evidence(2), 0)
    assert people.of("d") == {ME: evidence(2), AGENT: evidence(2)}
    assert list(people.of("d")) == [ME, AGENT]
    assert people.of("e") == {}
