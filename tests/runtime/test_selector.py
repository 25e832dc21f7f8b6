"""Waiting for descriptors, low and high. That it is on time is measured by a benchmark, not here."""

from __future__ import annotations

import os
import resource
import selectors
import socket

import pytest

from recorder.runtime.selector import Wakeup, punctual_selector, quick_selector, readable


@pytest.fixture
def pair():
    one, other = socket.socketpair()
    with one, other:
        yield one, other


either = pytest.mark.parametrize("make", [punctual_selector, quick_selector])


@either
def test_the_selector_returns_what_is_ready(pair, make):
    """And for what, as that of the standard library does."""
    one, other = pair
    both = selectors.EVENT_READ | selectors.EVENT_WRITE
    with make() as selector, selectors.DefaultSelector() as standard:
        for each in (selector, standard):
            each.register(one, selectors.EVENT_READ)
            each.register(other, both)
        one.send(b"x")
        assert selector.select(60) == standard.select(60)
        other.send(b"x")
        assert dict(selector.select(60)) == dict(standard.select(60))
        other.close()
        assert (one, selectors.EVENT_READ) in [(key.fileobj, mask) for key, mask in selector.select(60)]


@either
@pytest.mark.parametrize("timeout", [-1, 0, 0.0001])
def test_the_selector_returns_nothing_after_its_timeout(pair, timeout, make):
    with make() as selector:
        selector.register(pair[0], selectors.EVENT_READ)
        assert selector.select(timeout) == []


def test_the_selector_works_with_descriptors_above_fd_setsize(pair):
    """With a thousand connections open, its own descriptor and those it watches are above 1 023."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(2048, hard)), hard))
    taken = [os.dup(pair[0].fileno()) for _ in range(1100)]
    try:
        with punctual_selector() as selector:
            selector.register(taken[-1], selectors.EVENT_READ)
            assert selector.select(0.0001) == []
            pair[1].send(b"x")
            assert [key.fd for key, _ in selector.select(60)] == [taken[-1]]
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# --- readable ---


@pytest.fixture(params=[1024, 0], ids=["few descriptors", "many descriptors"])
def low_or_high_pair(request, monkeypatch):
    monkeypatch.setattr("recorder.runtime.selector.FD_SETSIZE", request.param)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_only_readable_sockets_are_returned(low_or_high_pair):
    ours, theirs = low_or_high_pair
    assert readable([ours, theirs], 0.0) == []
    theirs.send(b"x")
    assert readable([theirs, ours], None) == [ours]


def test_a_writable_socket_ends_the_wait_and_is_not_called_readable(low_or_high_pair):
    ours, theirs = low_or_high_pair
    assert readable([ours], None, writing=[ours]) == []
    assert readable([theirs], None, writing=[ours]) == []
    theirs.send(b"x")
    assert readable([ours], None, writing=[ours]) == [ours]


def test_a_given_selector_is_empty_afterwards(low_or_high_pair):
    ours, theirs = low_or_high_pair
    with punctual_selector() as selector:
        theirs.send(b"x")
        assert readable([ours], 0.0001, writing=[ours], selector=selector) == [ours]
        assert not selector.get_map()


def test_a_wakeup_is_readable_from_set_until_clear():
    wakeup = Wakeup()
    assert readable([wakeup], 0.0) == []
    wakeup.set()
    wakeup.set()
    assert readable([wakeup], None) == [wakeup]
    wakeup.clear()
    assert readable([wakeup], 0.0) == []
    wakeup.close()
    wakeup.set()
