"""What participants are called on a page: no two alike."""

from __future__ import annotations

from recorder.receipts.fold import fold
from recorder.receipts.participants import KnownParticipant
from recorder.receipts.queries import view
from recorder.report.session_page.people import People, author_of, giver_of

ME, AGENT, OTHER = "consumer-1", "agent-1", "agent-2"


AGENTS = {
    AGENT: KnownParticipant("ASSIGNED_AGENT", mine=False),
    OTHER: KnownParticipant("ASSIGNED_AGENT", mine=False),
}


def people(build, known=None, *, known_as=None, ids=True):
    messages = view(
        fold(
            [
                build.message(1, by=AGENT),
                build.message(2, by=OTHER),
                build.receipt("READ", 1, by=ME),
            ]
        )
    )
    givers = [author_of(each) for each in messages] + [giver_of(messages[0].receipts[0])]
    return People(known or {}, givers, known_as=known_as, ids=ids)


def labels(known):
    return [each["label"] for each in known.rows()]


def test_who_would_be_called_the_same_is_told_apart(build):
    known = {**AGENTS, ME: KnownParticipant("CONSUMER", mine=False)}
    assert labels(people(build, known)) == ["agent agent-1", "agent agent-2", "consumer"]
    assert labels(people(build, known, ids=False)) == ["agent 1", "agent 2", "consumer"]


def test_who_has_no_role_is_a_participant(build):
    assert labels(people(build)) == [f"participant {who[:8]}" for who in (AGENT, OTHER)] + [
        "participant consumer"
    ]


def test_a_name_in_a_profile_tells_them_apart_unless_ids_are_hidden(build):
    known = {
        **AGENTS,
        AGENT: KnownParticipant("ASSIGNED_AGENT", "Ann", mine=False),
        ME: KnownParticipant("CONSUMER", "Joe"),
    }
    assert labels(people(build, known)) == ["you", "agent Ann", "agent"]
    assert labels(people(build, known, ids=False)) == ["you", "agent 1", "agent 2"]


def test_a_connection_is_who_was_found_to_speak_on_it(build):
    known = people(build, {ME: KnownParticipant("CONSUMER")}, known_as={1: ME})
    assert known.place(1) == known.place(ME)
    assert known.label(1) == "you"


def test_without_ids_nobody_is_called_by_one(build):
    rows = people(build, ids=False).rows()
    assert [each["id"] for each in rows] == [None, None, None]


def test_somebody_who_turns_up_late_has_a_place_too(build):
    known = people(build)
    assert known.label(None) == "somebody unknown"
    assert known.rows()[-1]["label"] == "somebody unknown"


def test_who_turns_up_with_a_role_that_another_has_changes_what_both_are_called(build):
    known = people(build, {AGENT: KnownParticipant("ASSIGNED_AGENT", mine=False)})
    assert known.label(AGENT) == "agent"
    later = view(fold([build.message(3, by="agent-9")]))
    assert known.grow({**AGENTS, "agent-9": KnownParticipant("MANAGER", mine=False)}, later)
    assert labels(known)[0] == "agent agent-1"
    assert labels(known)[-1] == "manager"
    assert not known.grow({**AGENTS, "agent-9": KnownParticipant("MANAGER", mine=False)}, later)
