"""Load runs are one line in a list of sessions."""

from __future__ import annotations

import pytest

from recorder.report.load_runs import LoadRun, folded, run_words
from recorder.wire.records import SessionInfo

SECOND = 1_000_000


def session(name, *, began=0, ended=5, source="replay", state="complete"):
    end_us = None if ended is None else ended * SECOND
    return SessionInfo(f"id of {name}", name, source, state, began * SECOND, end_us, 1, 30)


def lines(*sessions):
    return [line.name if isinstance(line, LoadRun) else line.session for line in folded(sessions)]


def test_the_sessions_of_a_run_are_one_line_where_the_first_stood():
    users = [session(f"slow {number}", began=number, ended=number + 3) for number in (1, 2, 3)]
    others = session("before"), session("after", source="har")
    assert lines(others[0], *users, others[1]) == ["id of before", "slow 1…3", "id of after"]
    (run,) = folded(users)
    assert (run.sessions, run.state, run_words(run)) == (users, "complete", "3 sessions")


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (session("ci 1", began=6), "the same user again"),
        (session("ci 2", began=60), "long after the first ended"),
        (session("other 2", began=1), "another name"),
        (session("ci 2", source="har"), "no replay"),
        (session("ci", began=1), "no number"),
    ],
)
def test_what_is_not_of_one_run_stands_alone(second, why):
    assert lines(session("ci 1"), second) == ["id of ci 1", second.session], why


def test_a_run_tells_how_many_are_not_complete():
    users = [
        session("a 1"),
        session("a 2", state="interrupted"),
        session("a 3", ended=None, state="recording"),
    ]
    (run,) = folded(users)
    assert run.state == "1 interrupted, 1 recording"
    assert lines(users[2], session("a 4", began=900)) == ["a 3…4"], "the end of the first is not known"
