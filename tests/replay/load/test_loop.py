"""The loop of many users, over sockets of the test: who goes first, and what is committed before what."""

from __future__ import annotations

import socket
from typing import NamedTuple

import pytest

from recorder.clock import RealClock
from recorder.errors import RecorderError, StorageFailed
from recorder.replay.load.arrivals import Arrivals
from recorder.replay.load.loop import Begun, Swarm
from recorder.replay.load.measured_connection import WatchedConnection
from recorder.replay.load.metrics import Failure, Tally
from recorder.replay.run.outcome import NOT_REACHED, OK, Outcome, StepResult
from recorder.runtime.waiter import Waiting


class Payload(NamedTuple):
    number: int
    connection: int
    at_us: int
    offset_us: int
    opcode: int
    data: bytes


class Line:
    """A connection over a pair of sockets; it tells the story what happens to it."""

    number, token, init_connection, closed, waits_to_write = 1, None, False, None, False

    def __init__(self, name, story):
        self.name, self.story = name, story
        self.sock, self.peer = socket.socketpair()
        self.sock.setblocking(False)
        self.held = b""

    def fileno(self):
        return self.sock.fileno()

    def take_in(self):
        self.story.append(f"{self.name} takes in")
        self.held += self.sock.recv(100)

    def receive(self, until_s=None):
        data, self.held = self.held, b""
        return Payload(1, 1, 0, 0, 1, data) if data else None

    def hang_up(self, code=1000, reason=""):
        self.story.append(f"{self.name} hangs up")

    def close(self):
        self.sock.close()
        self.peer.close()


class Drive:
    """A session of the test: hears so many payloads, and is done. Or raises, or waits for ever."""

    def __init__(self, name, story, tally, *, hears=1, wakes=(), fails=None):
        self.name, self.story, self.hears, self.wakes, self.fails = name, story, hears, list(wakes), fails
        self.line = Line(name, story)
        self.watched = WatchedConnection(self.line, tally)
        self.clock = RealClock()

    def advance(self, now_s):
        if self.fails is not None:
            raise self.fails
        while self.watched.receive(now_s) is not None:
            self.story.append(f"{self.name} hears")
            self.hears -= 1
        if self.wakes and now_s >= self.wakes[0]:
            self.wakes.pop(0)
            self.story.append(f"{self.name} wakes")
        if self.hears <= 0 and not self.wakes:
            self.close()
            return None
        return Waiting(self.wakes[0] if self.wakes else None, (self.watched,))

    def close(self):
        self.story.append(f"{self.name} ends")
        self.line.close()


class Gathering:
    """Tells the story when it holds and when it commits."""

    def __init__(self, story, fails=None):
        self.story, self.fails = story, fails

    def hold(self):
        self.story.append("hold")

    def commit(self):
        self.story.append("commit")
        if self.fails is not None:
            raise self.fails

    def settle(self, spare_s):
        """Nothing to see to."""


class World:
    """Users by name, begun in order, all at once."""

    def __init__(self):
        self.story: list[str] = []
        self.tally = Tally(began_s=RealClock().now_s())
        self.drives: list[Drive] = []
        self.finished: dict[int, str | None] = {}
        self.ends: list[tuple[int, bool, str | None]] = []

    def drive(self, name, **told):
        self.drives.append(Drive(name, self.story, self.tally, **told))
        return self.drives[-1]

    def begin(self, arrival):
        drive = self.drives[arrival.user - 1]
        results = (StepResult(1, "say", 1, OK, ""), StepResult(2, "await", 2, NOT_REACHED, ""))[
            : 1 + drive.hears
        ]
        outcome = Outcome(results if drive.hears > 0 else results[:1], (), (), (), None)
        return Begun(
            drive, lambda: outcome, lambda says: self.finished.__setitem__(arrival.user, says), str.upper
        )

    def swarm(self, *, gathering=None, run_time_s=None, on_moment=lambda moment: None):
        clock = RealClock()
        arrivals = Arrivals(len(self.drives), spawn_rate=1e4, began_s=clock.now_s(), run_time_s=run_time_s)
        return Swarm(
            self.begin, arrivals=arrivals, tally=self.tally, gathering=gathering or Gathering(self.story),
            clock=clock, on_moment=on_moment, on_end=lambda *told: self.ends.append(told),
        )  # fmt: skip


@pytest.fixture
def world():
    world = World()
    yield world
    for drive in world.drives:
        drive.line.close()


def news_once_all_have_come(world, *drives):
    """As the last user begins, these get news, for the loop to find together."""
    last = world.drives[-1]
    advance = last.advance

    def at_first(now_s):
        last.advance = advance
        for drive in drives:
            drive.line.peer.send(b"{}")
        return Waiting(None, (last.watched,))

    last.advance = at_first


def test_what_came_to_several_is_committed_at_once_and_heard_only_then(world):
    """Both have news when the loop looks: one commit, and nobody hears before it."""
    anna, ben = world.drive("anna"), world.drive("ben")
    news_once_all_have_come(world, anna, ben)
    world.swarm().run()
    hold, commit = world.story.index("hold"), world.story.index("commit")
    assert set(world.story[hold + 1 : commit]) == {"anna takes in", "ben takes in"}
    assert not {"anna hears", "ben hears"} & set(world.story[:commit])
    assert {"anna hears", "ben hears"} <= set(world.story[commit:])


def test_whoever_is_due_goes_before_whoever_only_has_news(world):
    """Ben's receipt was due before the loop turned to Anna's news."""
    anna, ben = world.drive("anna", hears=1), world.drive("ben", hears=0, wakes=[RealClock().now_s() + 0.2])
    anna.line.peer.send(b"{}")
    held = anna.line.take_in

    def slow():
        while RealClock().now_s() < ben.wakes[0]:
            """Something that takes long, so that Ben is late already."""
        held()

    anna.line.take_in = slow
    world.swarm().run()
    assert world.story.index("ben wakes") < world.story.index("anna hears")


def test_a_user_that_fails_ends_alone(world):
    """Anna's connection is refused; Ben plays on and passes."""
    world.drive("anna", fails=RecorderError("nobody there (frame 3)"))
    world.drive("ben", hears=0)
    world.swarm().run()
    assert (world.tally.count("passed"), world.tally.count("failures")) == (1, 1)
    assert world.finished == {1: "nobody there (frame 3)", 2: None}
    assert world.tally.figures(1e9).failures == (Failure("", "NOBODY THERE (FRAME 3)", 1),)
    assert sorted(world.ends) == [(1, False, "NOBODY THERE (FRAME 3)"), (2, True, None)]


def test_when_the_archive_fails_everybody_is_closed_and_it_is_told(world):
    anna, ben = world.drive("anna"), world.drive("ben")
    news_once_all_have_come(world, anna)
    with pytest.raises(StorageFailed, match="disk full"):
        world.swarm(gathering=Gathering(world.story, fails=StorageFailed("x.db", "disk full"))).run()
    assert {"anna ends", "ben ends"} <= set(world.story)
    assert "anna hears" not in world.story
    assert anna.line.fileno() == ben.line.fileno() == -1


def test_stopping_says_goodbye_to_all_before_it_waits_for_any(world):
    world.drive("anna"), world.drive("ben")
    swarm = world.swarm(on_moment=lambda moment: swarm.stop())
    swarm.run()
    last = world.story.index
    assert max(last("anna hangs up"), last("ben hangs up")) < min(last("anna ends"), last("ben ends"))
    assert set(world.finished.values()) == {"stopped"}
    assert world.tally.count("stopped") == 2


def test_one_user_can_be_stopped_alone(world):
    world.drive("anna")
    swarm = world.swarm()
    swarm.stop_user(1)
    swarm.stop_user(99)
    swarm._arrivals.take_due(0.0)
    begun = []
    begin = world.begin
    swarm._begin = lambda arrival: begun.append(arrival) or swarm.stop_user(arrival.user) or begin(arrival)
    swarm.run()
    assert world.ends == [(1, False, "stopped")]
    assert len(begun) == 1


def test_the_run_time_ends_it(world):
    world.drive("anna")
    world.swarm(run_time_s=0.05).run()
    assert world.finished == {1: "the run time is over"}
