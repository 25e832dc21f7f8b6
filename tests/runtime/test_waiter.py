"""Waiting: for a moment, for news, for a call from elsewhere; whatever the numbers of the descriptors."""

from __future__ import annotations

import os
import resource
import socket
import threading
from contextlib import closing

import pytest

from recorder.clock import RealClock
from recorder.runtime.selector import FD_SETSIZE
from recorder.runtime.waiter import Waiter, Waiting

TIMEOUT_S = 20.0


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


def test_wait_never_returns_before_the_moment(waiter, clock):
    until_s = clock.now_s() + 0.01
    waiter.wait(Waiting(until_s))
    assert clock.now_s() >= until_s


def test_a_past_moment_is_not_waited_for(waiter, clock):
    began_s = clock.now_s()
    waiter.wait(Waiting(began_s - 1.0))
    assert clock.now_s() < began_s + TIMEOUT_S


def test_a_readable_source_ends_the_wait(waiter, clock, pair):
    ours, theirs = pair
    theirs.send(b"news")
    waiter.wait(Waiting(clock.now_s() + TIMEOUT_S, (Source(-1), Source(ours.fileno()))))
    assert ours.recv(4) == b"news"


def test_a_writable_source_ends_the_wait_if_it_waits_to_write(waiter, clock, pair):
    ours, _ = pair
    until_s = clock.now_s() + TIMEOUT_S
    waiter.wait(Waiting(until_s, (Source(ours.fileno(), waits_to_write=True),)))
    assert clock.now_s() < until_s


def test_wake_from_another_thread_ends_one_wait(waiter, clock):
    until_s = clock.now_s() + TIMEOUT_S
    thread = threading.Thread(target=waiter.wake)
    thread.start()
    waiter.wait(Waiting(until_s))
    thread.join()
    assert clock.now_s() < until_s
    later_s = clock.now_s() + 0.01
    waiter.wait(Waiting(later_s))
    assert clock.now_s() >= later_s


def test_a_descriptor_above_fd_setsize_is_waited_for(clock, pair):
    """Above 1 023 select() refuses; what was made first has a small number and stands for it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard <= FD_SETSIZE + 8:
        pytest.skip("this system gives no more than 1 024 descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, FD_SETSIZE + 8), hard))
    ours, theirs = pair
    high = FD_SETSIZE + 4
    try:
        with closing(Waiter(clock)) as waiter:
            os.dup2(ours.fileno(), high)
            source = Source(high)
            until_s = clock.now_s() + 0.01
            waiter.wait(Waiting(until_s, (source,)))
            assert clock.now_s() >= until_s
            theirs.send(b"news")
            waiter.wait(Waiting(clock.now_s() + TIMEOUT_S, (source,)))
            assert os.read(high, 4) == b"news"
    finally:
        os.close(high)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
