"""The loop of many users, over sockets of the test: who goes first, and what is committed before what."""

from __future__ import annotations

import socket
from typing import NamedTuple

import pytest

from recorder.clock import RealClock
from recorder.errors import RecorderError, StorageFailed
from recorder.replay.load.arrivals import Arrivals
from recorder.replay.load.loop import LoadLoop, StartedUser
from recorder.replay.load.metrics import FailureGroup, Metrics
from recorder.replay.run.outcome import NOT_REACHED, OK, ScriptOutcome, StepResult
from recorder.runtime.waiter import Waiting


class Payload(NamedTuple):
    number: int
    connection: int
    at_us: int
    offset_us: int
    opcode: int
    data: bytes


class FakeConnection:
    """A connection over a pair of sockets; it tells the story what happens to it."""

    number, token, init_connection, closed, waits_to_write = 1, None, False, None, False

    def __init__(self, name, log):
        self.name, self.log = name, log
        self.sock, self.peer = socket.socketpair()
        self.sock.setblocking(False)
        self.held = b""

    def fileno(self):
        return self.sock.fileno()

    def take_in(self):
        self.log.append(f"{self.name} takes in")
        self.held += self.sock.recv(100)

    def receive(self, until_s=None):
        data, self.held = self.held, b""
        return Payload(1, 1, 0, 0, 1, data) if data else None

    def hang_up(self, code=1000, reason=""):
        self.log.append(f"{self.name} hangs up")

    def close(self):
        self.sock.close()
        self.peer.close()


class FakeDriver:
    """A session of the test: receives so many payloads, and is done. Or raises, or waits for ever."""

    def __init__(self, name, log, *, payloads=1, wakes=(), fails=None):
        self.name, self.log, self.payloads, self.wakes, self.fails = name, log, payloads, list(wakes), fails
        self.connection = FakeConnection(name, log)
        self.clock = RealClock()

    def advance(self, now_s):
        if self.fails is not None:
            raise self.fails
        while self.connection.receive(now_s) is not None:
            self.log.append(f"{self.name} receives")
            self.payloads -= 1
        if self.wakes and now_s >= self.wakes[0]:
            self.wakes.pop(0)
            self.log.append(f"{self.name} wakes")
        if self.payloads <= 0 and not self.wakes:
            self.close()
            return None
        return Waiting(self.wakes[0] if self.wakes else None, (self.connection,))

    def take_in(self):
        self.connection.take_in()

    def hang_up(self):
        self.connection.hang_up()

    def close(self):
        self.log.append(f"{self.name} ends")
        self.connection.close()


class FakeGroupCommit:
    """Logs when it holds and when it commits."""

    def __init__(self, log, fails=None):
        self.log, self.fails = log, fails

    def begin(self):
        self.log.append("begin")

    def commit(self):
        self.log.append("commit")
        if self.fails is not None:
            raise self.fails

    def use_idle_time(self, spare_s):
        """Nothing to see to."""


class Users:
    """Users by name, begun in order, all at once."""

    def __init__(self):
        self.log: list[str] = []
        self.metrics = Metrics(began_s=RealClock().now_s())
        self.drivers: list[FakeDriver] = []
        self.finished: dict[int, str | None] = {}
        self.ends: list[tuple[int, bool, str | None]] = []

    def driver(self, name, **options):
        self.drivers.append(FakeDriver(name, self.log, **options))
        return self.drivers[-1]

    def begin(self, arrival):
        driver = self.drivers[arrival.user - 1]
        results = (StepResult(1, "say", 1, OK, ""), StepResult(2, "await", 2, NOT_REACHED, ""))[
            : 1 + driver.payloads
        ]
        outcome = ScriptOutcome(results if driver.payloads > 0 else results[:1], (), (), (), None)
        return StartedUser(
            driver, lambda: outcome, lambda says: self.finished.__setitem__(arrival.user, says), str.upper
        )

    def loop(self, *, group_commit=None, run_time_s=None, on_sample=lambda sample: None):
        clock = RealClock()
        arrivals = Arrivals(len(self.drivers), spawn_rate=1e4, began_s=clock.now_s(), run_time_s=run_time_s)
        return LoadLoop(
            self.begin, arrivals=arrivals, metrics=self.metrics,
            group_commit=group_commit or FakeGroupCommit(self.log), clock=clock, on_sample=on_sample,
            on_end=lambda *event: self.ends.append(event),
        )  # fmt: skip


@pytest.fixture
def users():
    users = Users()
    yield users
    for driver in users.drivers:
        driver.connection.close()


def data_arrives_once_all_have_begun(users, *drivers):
    """As the last user begins, these get news, for the loop to find together."""
    last = users.drivers[-1]
    advance = last.advance

    def at_first(now_s):
        last.advance = advance
        for driver in drivers:
            driver.connection.peer.send(b"{}")
        return Waiting(None, (last.connection,))

    last.advance = at_first


def test_what_came_to_several_is_committed_at_once_and_heard_only_then(users):
    """Both have news when the loop looks: one commit, and nobody receives before it."""
    anna, ben = users.driver("anna"), users.driver("ben")
    data_arrives_once_all_have_begun(users, anna, ben)
    users.loop().run()
    begin, commit = users.log.index("begin"), users.log.index("commit")
    assert set(users.log[begin + 1 : commit]) == {"anna takes in", "ben takes in"}
    assert not {"anna receives", "ben receives"} & set(users.log[:commit])
    assert {"anna receives", "ben receives"} <= set(users.log[commit:])


def test_whoever_is_due_goes_before_whoever_only_has_news(users):
    """Ben's receipt was due before the loop turned to Anna's news."""
    anna, ben = (
        users.driver("anna", payloads=1),
        users.driver("ben", payloads=0, wakes=[RealClock().now_s() + 0.2]),
    )
    anna.connection.peer.send(b"{}")
    held = anna.connection.take_in

    def slow():
        while RealClock().now_s() < ben.wakes[0]:
            """Something that takes long, so that Ben is late already."""
        held()

    anna.connection.take_in = slow
    users.loop().run()
    assert users.log.index("ben wakes") < users.log.index("anna receives")


def test_a_user_that_fails_ends_alone(users):
    """Anna's connection is refused; Ben plays on and passes."""
    users.driver("anna", fails=RecorderError("nobody there (frame 3)"))
    users.driver("ben", payloads=0)
    users.loop().run()
    assert (users.metrics.count("passed"), users.metrics.count("failures")) == (1, 1)
    assert users.finished == {1: "nobody there (frame 3)", 2: None}
    assert users.metrics.summary(1e9).failures == (FailureGroup("", "NOBODY THERE (FRAME 3)", 1),)
    assert sorted(users.ends) == [(1, False, "NOBODY THERE (FRAME 3)"), (2, True, None)]


def test_when_the_archive_fails_everybody_is_closed_and_it_is_told(users):
    anna, ben = users.driver("anna"), users.driver("ben")
    data_arrives_once_all_have_begun(users, anna)
    with pytest.raises(StorageFailed, match="disk full"):
        users.loop(group_commit=FakeGroupCommit(users.log, fails=StorageFailed("x.db", "disk full"))).run()
    assert {"anna ends", "ben ends"} <= set(users.log)
    assert "anna receives" not in users.log
    assert anna.connection.fileno() == ben.connection.fileno() == -1


def test_stopping_says_goodbye_to_all_before_it_waits_for_any(users):
    users.driver("anna"), users.driver("ben")
    loop = users.loop(on_sample=lambda sample: loop.stop())
    loop.run()
    last = users.log.index
    assert max(last("anna hangs up"), last("ben hangs up")) < min(last("anna ends"), last("ben ends"))
    assert set(users.finished.values()) == {"stopped"}
    assert users.metrics.count("stopped") == 2


def test_one_user_can_be_stopped_alone(users):
    users.driver("anna")
    loop = users.loop()
    loop.stop_user(1)
    loop.stop_user(99)
    loop._arrivals.take_due(0.0)
    started = []
    begin = users.begin
    loop._begin = lambda arrival: started.append(arrival) or loop.stop_user(arrival.user) or begin(arrival)
    loop.run()
    assert users.ends == [(1, False, "stopped")]
    assert len(started) == 1


def test_the_run_time_ends_it(users):
    users.driver("anna")
    users.loop(run_time_s=0.05).run()
    assert users.finished == {1: "the run time is over"}
