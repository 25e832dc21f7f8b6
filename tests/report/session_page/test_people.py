"""What participants are called on a page: no two alike."""

from __future__ import annotations

from recorder.receipts.participants import SelfRole
from recorder.receipts.queries import view
from recorder.report.session_page.people import People, author_of, giver_of

ME, AGENT, OTHER = "consumer-1", "agent-1", "agent-2"


def people(build, *, selves=None, names=None, known_as=None, ids=True):
    events = [
        build.message(1, by=AGENT, role="ASSIGNED_AGENT"),
        build.message(2, by=OTHER, role="ASSIGNED_AGENT"),
        build.receipt("READ", 1, by=ME, role="CONSUMER"),
    ]
    from recorder.receipts.fold import fold

    messages = view(fold(events))
    givers = [author_of(each) for each in messages] + [giver_of(messages[0].receipts[0])]
    return People(messages, givers, selves or {}, names or {}, known_as=known_as, ids=ids)


def test_who_would_be_called_the_same_is_numbered(build):
    assert [each["label"] for each in people(build).rows()] == ["agent 1", "agent 2", "consumer"]


def test_a_name_in_a_profile_comes_first_and_tells_who_is_you(build):
    known = people(build, selves={ME: SelfRole("CONSUMER")}, names={AGENT: "Ann", ME: "Joe"})
    assert [known.label(each) for each in (AGENT, OTHER, ME)] == ["Ann", "agent", "Joe (you)"]


def test_a_connection_is_who_was_found_to_speak_on_it(build):
    known = people(build, selves={ME: SelfRole("CONSUMER")}, known_as={1: ME})
    assert known.place(1) == known.place(ME)
    assert known.label(1) == "you"


def test_without_ids_nobody_is_called_by_one(build):
    rows = people(build, ids=False).rows()
    assert [each["id"] for each in rows] == [None, None, None]


def test_somebody_who_turns_up_late_has_a_place_too(build):
    known = people(build)
    assert known.label(None) == "somebody unknown"
    assert known.rows()[-1]["label"] == "somebody unknown"
