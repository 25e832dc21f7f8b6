"""Many users against the simulator: every one a session of its own, all in one archive."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from recorder.errors import BadOption, BadScript, ExpectationFailed, StorageFailed
from recorder.projection.derived.stored_listing import is_up_to_date
from recorder.recipes import Load, messages, open_archive, simulator, swarm
from recorder.recipes.endpoints import simulated_token
from recorder.store.verify import verify

SHORT = """
name: short
receipts: {accept: 20ms, read: 40ms}
steps:
  - open_conversation:
  - say: Hello from ${USER}
  - await: {message: {from: agent}, within: 20s}
  - close_conversation:
agent:
  - on: message
    do: [{read: {after: 10ms}}, {say: Hello, after: 20ms}]
"""
NEVER_ANSWERED = """
name: never answered
steps:
  - open_conversation:
  - say: Hello
  - await: {message: {from: agent}, within: WITHIN}
agent: []
"""


@pytest.fixture
def where(tmp_path: Path) -> str:
    return str(tmp_path / "many.db")


@pytest.fixture
def script(tmp_path: Path):
    def write(text: str) -> Path:
        file = tmp_path / "script.yaml"
        file.write_text(text)
        return file

    return write


def said_in(archive, session):
    """What the user of this session wrote; a consumer's other sessions may be heard of there, too."""
    _, listed = messages(archive, session.session)
    user = session.name.removeprefix("short ")
    return [message for message in listed if message.text == f"Hello from {user}"]


def test_every_user_is_a_whole_session_of_its_own(script, where):
    """Ten users: ten sessions that verify, ten consumers, ten different texts."""
    result = swarm(script(SHORT), Load(users=10, spawn_rate=100), archive=where)
    result.raise_if_failed()
    assert (result.summary.count("users"), result.summary.count("passed")) == (10, 10)
    with open_archive(where) as archive:
        sessions = archive.sessions()
        assert [session.name for session in sessions] == [f"short {user}" for user in range(1, 11)]
        assert {session.state for session in sessions} == {"complete"}
        assert {verdict.problems for verdict in verify(archive)} == {()}
        said = [message for session in sessions for message in said_in(archive, session)]
        assert {message.text for message in said} == {f"Hello from {user}" for user in range(1, 11)}
        assert len({message.author for message in said}) == 10


def test_every_user_keeps_what_it_planned_and_what_came_of_it(script, where):
    """Every receipt is there, sent in a frame of the session or dropped for a reason."""
    swarm(script(SHORT), Load(users=3, spawn_rate=100), archive=where)
    with open_archive(where) as archive:
        for session in archive.sessions():
            plans = archive.receipt_plans(session)
            assert {plan.status for plan in plans} == {"ACCEPT", "READ"}
            for plan in plans:
                assert (plan.frame is None) is (plan.unsent is not None)
                assert plan.frame is None or 1 <= plan.frame <= session.frames
        assert {verdict.problems for verdict in verify(archive)} == {()}


def test_what_is_measured_adds_up(script, where):
    """Two receipts, one message said and one heard, four steps, for each user."""
    summary = swarm(script(SHORT), Load(users=4, spawn_rate=100), archive=where).summary
    counted = {each.metric: each.count for each in summary.durations}
    assert {name: summary.count(name) for name in ("receipts", "messages", "steps")} == {
        "receipts": 8, "messages": 8, "steps": 16,
    }  # fmt: skip
    assert (counted["accept_lateness"], counted["read_lateness"], counted["push"]) == (4, 4, 4)
    assert (counted["start_lateness"], counted["connect"], counted["session"]) == (4, 4, 4)
    assert all(each.min_ms >= 0 for each in summary.durations)


def test_a_user_that_fails_makes_the_run_fail_and_says_how_often_and_why(script, where):
    result = swarm(
        script(NEVER_ANSWERED.replace("WITHIN", "100ms")), Load(users=3, spawn_rate=100), archive=where
    )
    (failure,) = result.summary.failures
    assert (failure.step, failure.users) == ("3 await", 3)
    with pytest.raises(ExpectationFailed, match="3 users failed"):
        result.raise_if_failed()


def test_a_violated_threshold_makes_the_run_fail(script, where):
    load = Load(users=1, fail_if=["messages.count > 1", "failures > 0"])
    with pytest.raises(ExpectationFailed, match=r"messages.count is 2 \(--fail-if 'messages.count > 1'\)"):
        swarm(script(SHORT), load, archive=where).raise_if_failed()


def run_until_begun(users, script, load, where):
    """Play it with a longer run time each time, until that is enough for so many users; the last run."""
    for attempt, run_time in enumerate(("500ms", "2s", "8s", "30s")):
        archive = f"{where}-{attempt}"
        result = swarm(script, replace(load, run_time=run_time), archive=archive)
        if result.summary.count("users") >= users:
            return result, archive
    raise AssertionError(f"not even {users} users began")


def test_with_a_run_time_users_begin_anew_until_it_is_over(script, where):
    """One place, and a script of a fraction of a second."""
    result, archive = run_until_begun(2, script(SHORT), Load(users=1), where)
    assert result.summary.count("failures") == 0
    with open_archive(archive) as opened:
        cut_off = [each for each in opened.sessions() if each.detail == "the run time is over"]
        assert {each.state for each in opened.sessions() if each not in cut_off} == {"complete"}
        assert {each.state for each in cut_off} <= {"complete", "refused"}  # refused: not connected yet
        assert len(opened.sessions()) == result.summary.count("users")


class StopWhen:
    """Asked to stop by the run itself: at a call of ``stop``, or once so many users are connected."""

    def __init__(self, users=0):
        self.event, self.wakes = threading.Event(), []
        self.missing = users

    def is_set(self):
        return self.event.is_set()

    def on_stop(self, wake):
        self.wakes.append(wake)

    def on_sample(self, sample):
        self.missing -= next(each.count for each in sample.durations if each.metric == "connect")
        if self.missing == 0:
            self.stop()

    def stop(self, *_):
        self.event.set()
        for wake in self.wakes:
            wake()


def test_stopped_it_closes_every_session_and_marks_it(script, where):
    """Three users wait for an answer that never comes; when all are connected, somebody stops it all."""
    stop = StopWhen(users=3)
    result = swarm(
        script(NEVER_ANSWERED.replace("WITHIN", "10m")),
        Load(users=3, spawn_rate=100),
        archive=where,
        stop=stop,
        on_sample=stop.on_sample,
    )
    assert result.stopped
    assert (result.summary.count("stopped"), result.summary.count("failures")) == (3, 0)
    with open_archive(where) as archive:
        for session in archive.sessions():
            assert session.state == "complete"
            assert session.detail == "stopped"
            assert [each.how for each in archive.connections(session.session)] == ["closed"]


def test_when_the_run_time_is_over_who_is_under_way_is_closed_and_marked(script, where):
    text = NEVER_ANSWERED.replace("WITHIN", "10m")
    result, archive = run_until_begun(2, script(text), Load(users=2, spawn_rate=100), where)
    assert not result.stopped
    assert result.summary.count("stopped") == 2
    with open_archive(archive) as opened:
        assert {session.detail for session in opened.sessions()} == {"the run time is over"}


def test_tokens_are_dealt_out_in_turn(script, where):
    """Three users, two tokens: the first one is somebody twice, in a conversation of its own each time."""
    with simulator() as server:
        tokens = [simulated_token("anna"), simulated_token("ben")]
        load = Load(users=3, spawn_rate=100, url=server.url, tokens=tokens)
        swarm(script(SHORT), load, archive=where).raise_if_failed()
    with open_archive(where) as archive:
        said = [message for session in archive.sessions() for message in said_in(archive, session)]
        assert [message.author for message in said] == ["anna", "ben", "anna"]


def test_users_that_cannot_connect_fail_and_the_others_are_not_kept_waiting(script, where):
    """Nobody listens there: every user says so, each in its session."""
    load = Load(users=3, spawn_rate=1000, url="ws://127.0.0.1:9/", tokens=["t"])
    result = swarm(script(SHORT), load, archive=where)
    (failure,) = result.summary.failures
    assert failure.users == 3
    assert "nothing listens there" in failure.sentence
    with open_archive(where) as archive:
        assert {session.state for session in archive.sessions()} == {"refused"}


def test_an_archive_that_takes_nothing_more_ends_the_run(script, where, monkeypatch):
    """The file is moved away under it: that is noticed at the next barrier, and ends it all."""
    moved = []

    def move(sample):
        if not moved and sample.messages_per_s > 0:
            moved.append(Path(where).rename(where + ".moved"))

    text = SHORT.replace("- close_conversation:", "- wait: 30s")
    told = []
    with pytest.raises(StorageFailed, match="removed or renamed"):
        swarm(script(text), Load(users=2, run_time="20s"), archive=where, on_sample=move, on_end=told.append)
    (result,) = told
    assert "removed or renamed" in result.verdict
    assert result.summary.count("messages") > 0
    assert not result.passed


def test_the_tables_of_all_sessions_are_derived_once_it_is_told_how_it_went(script, where):
    derived = []

    def look(_):
        with open_archive(where) as archive:
            derived.append([is_up_to_date(archive, session) for session in archive.sessions()])

    swarm(script(SHORT), Load(users=3, spawn_rate=100), archive=where, on_end=look)
    look(None)
    assert derived == [[False] * 3, [True] * 3]


def test_a_stop_leaves_the_tables_to_a_rebuild_and_says_so(script, where):
    stop, said = StopWhen(), []
    swarm(
        script(SHORT), Load(users=3, spawn_rate=100), archive=where, stop=stop, say=said.append,
        on_end=stop.stop,
    ).raise_if_failed()  # fmt: skip
    assert said[-1] == "the derived tables of 3 sessions are behind; recorder archive rebuild makes them"
    with open_archive(where) as archive:
        assert not any(is_up_to_date(archive, session) for session in archive.sessions())


@pytest.mark.parametrize(
    ("load", "says"),
    [
        pytest.param(Load(users=0), "--users", id="no users"),
        pytest.param(Load(users=10**6), "--users", id="a million"),
        pytest.param(Load(users=1, spawn_rate=0), "--spawn-rate", id="nobody ever begins"),
        pytest.param(Load(users=1, spawn_rate=float("nan")), "--spawn-rate", id="not a number"),
        pytest.param(Load(users=1, run_time="5"), "--run-time", id="no unit"),
        pytest.param(Load(users=1, fail_if=["latency > 1s"]), "--fail-if", id="no such metric"),
        pytest.param(Load(users=1, variables=["x"]), "--var", id="no variable"),
    ],
)
def test_what_cannot_be_used_is_said_before_anything_begins(script, where, load, says):
    with pytest.raises(BadOption, match=says):
        swarm(script(SHORT), load, archive=where)
    assert not Path(where).exists()


def test_an_agent_that_cannot_be_played_is_said_before_anything_begins(script, where):
    with pytest.raises(BadScript, match="line"):
        swarm(script(SHORT.replace("on: message", "on: mesage")), Load(users=1), archive=where)
    assert not Path(where).exists()


def test_no_token_reaches_the_archive(script, where):
    """Two known tokens of a real look, every byte of the files."""
    tokens = [simulated_token("anna"), simulated_token("ben")]
    with simulator() as server:
        load = Load(users=2, spawn_rate=100, url=server.url, tokens=tokens, init_connection=True)
        swarm(script(SHORT), load, archive=where)
    for file in Path(where).parent.glob("many.db*"):
        assert not any(token.encode() in file.read_bytes() for token in tokens)
