"""Waiting: for a moment, for news, for a call from elsewhere; whatever the numbers of the descriptors."""

from __future__ import annotations

import gc
import os
import resource
import socket
import threading
from contextlib import closing

import pytest

from recorder.clock import RealClock
from recorder.runtime.waiter import SELECTABLE, Collector, Waiter, Waiting

PATIENCE_S = 20.0


class Source:
    def __init__(self, descriptor, *, waits_to_write=False):
        self._descriptor, self.waits_to_write = descriptor, waits_to_write

    def fileno(self):
        return self._descriptor


@pytest.fixture
def clock():
    return RealClock()


@pytest.fixture
def waiter(clock):
    with closing(Waiter(clock)) as waiter:
        yield waiter


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_it_never_returns_before_the_moment(waiter, clock):
    until_s = clock.now_s() + 0.01
    waiter.wait(Waiting(until_s))
    assert clock.now_s() >= until_s


def test_a_moment_that_is_past_is_not_waited_for(waiter, clock):
    began_s = clock.now_s()
    waiter.wait(Waiting(began_s - 1.0))
    assert clock.now_s() < began_s + PATIENCE_S


def test_news_end_it(waiter, clock, pair):
    ours, theirs = pair
    theirs.send(b"news")
    waiter.wait(Waiting(clock.now_s() + PATIENCE_S, (Source(-1), Source(ours.fileno()))))
    assert ours.recv(4) == b"news"


def test_room_to_write_ends_it_for_who_waits_for_that(waiter, clock, pair):
    ours, _ = pair
    until_s = clock.now_s() + PATIENCE_S
    waiter.wait(Waiting(until_s, (Source(ours.fileno(), waits_to_write=True),)))
    assert clock.now_s() < until_s


def test_a_call_from_another_thread_ends_it_once(waiter, clock):
    until_s = clock.now_s() + PATIENCE_S
    thread = threading.Thread(target=waiter.wake)
    thread.start()
    waiter.wait(Waiting(until_s))
    thread.join()
    assert clock.now_s() < until_s
    later_s = clock.now_s() + 0.01
    waiter.wait(Waiting(later_s))
    assert clock.now_s() >= later_s


def test_a_descriptor_that_select_does_not_know_is_waited_for_all_the_same(clock, pair):
    """Above 1 023 select() refuses; what was made first has a small number and stands for it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard <= SELECTABLE + 8:
        pytest.skip("this system gives no more than 1 024 descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, SELECTABLE + 8), hard))
    ours, theirs = pair
    high = SELECTABLE + 4
    try:
        with closing(Waiter(clock)) as waiter:
            os.dup2(ours.fileno(), high)
            source = Source(high)
            until_s = clock.now_s() + 0.01
            waiter.wait(Waiting(until_s, (source,)))
            assert clock.now_s() >= until_s
            theirs.send(b"news")
            waiter.wait(Waiting(clock.now_s() + PATIENCE_S, (source,)))
            assert os.read(high, 4) == b"news"
    finally:
        os.close(high)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# --- the collector --------------------------------------------------------------------------------------


class Cycle:
    def __init__(self):
        self.itself = self


def cycles(number):
    return [Cycle() for _ in range(number)]


@pytest.mark.parametrize(
    ("until_s", "collects"),
    [
        pytest.param(None, True, id="nothing is due"),
        pytest.param(1.0, True, id="there is time"),
        pytest.param(0.0001, False, id="something is due"),
    ],
)
def test_it_collects_only_when_nothing_is_due(until_s, collects):
    with Collector() as collector:
        held = cycles(Collector.MANY_NEW)
        before = gc.get_stats()[1]["collections"] + gc.get_stats()[2]["collections"]
        collector.while_there_is_time(Waiting(until_s), now_s=0.0)
        after = gc.get_stats()[1]["collections"] + gc.get_stats()[2]["collections"]
        assert (after > before) is collects
        del held


def test_it_collects_whatever_is_due_before_memory_runs_full():
    with Collector() as collector:
        held = cycles(Collector.TOO_MANY)
        collector.while_there_is_time(Waiting(0.0), now_s=0.0)
        assert gc.get_count()[0] < Collector.TOO_MANY
        del held


def test_afterwards_python_collects_by_itself_again():
    assert gc.isenabled()
    with Collector():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
