"""Waiting for descriptors, low and high. That it is on time is measured by a benchmark, not here."""

from __future__ import annotations

import os
import resource
import selectors
import socket

import pytest

from recorder.runtime.selector import QuickSelector, Wakeup, punctual_selector, readable


@pytest.fixture
def pair():
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def test_the_selector_returns_what_is_ready(pair):
    """And for what, as that of the standard library does."""
    one, other = pair
    both = selectors.EVENT_READ | selectors.EVENT_WRITE
    with punctual_selector() as selector, selectors.DefaultSelector() as standard:
        for each in (selector, standard):
            each.register(one, selectors.EVENT_READ)
            each.register(other, both)
        one.send(b"x")
        assert selector.select(60) == standard.select(60)
        other.send(b"x")
        assert dict(selector.select(60)) == dict(standard.select(60))
        other.close()
        assert (one, selectors.EVENT_READ) in [(key.fileobj, mask) for key, mask in selector.select(60)]


def test_what_is_ready_is_called_with_what_for(pair):
    """In the same order, and for the same, as the selector of the standard library tells."""
    one, other = pair
    both = selectors.EVENT_READ | selectors.EVENT_WRITE
    with QuickSelector() as selector, selectors.DefaultSelector() as standard:
        called = []
        for each, mask in ((one, selectors.EVENT_READ), (other, both)):
            selector.register(each, mask, lambda ready, each=each: called.append((each, ready)))
            standard.register(each, mask)

        def told():
            called.clear()
            assert selector.call_ready(60)
            return called

        one.send(b"x")
        assert told() == [(key.fileobj, mask) for key, mask in standard.select(60)]
        other.send(b"x")
        assert dict(told()) == {key.fileobj: mask for key, mask in standard.select(60)}
        other.close()
        assert (one, selectors.EVENT_READ) in told()


def test_what_a_call_has_closed_is_not_called(pair):
    """Nor is what has got its descriptor since."""
    called = []

    def take(mask):
        called.append(mask)
        for each in pair:
            selector.unregister(each)
            selector.register(each, selectors.EVENT_READ, called.append)

    with QuickSelector() as selector:
        for each in pair:
            selector.register(each, selectors.EVENT_READ, take)
            each.send(b"x")
        assert selector.call_ready(60)
        assert called == [selectors.EVENT_READ]
        assert selector.call_ready(60)
        assert called == [selectors.EVENT_READ] * 3


@pytest.mark.parametrize("timeout", [-1, 0, 0.0001])
def test_the_selector_returns_nothing_after_its_timeout(pair, timeout):
    with punctual_selector() as selector:
        selector.register(pair[0], selectors.EVENT_READ)
        assert selector.select(timeout) == []


def test_nothing_is_called_after_the_timeout(pair):
    with QuickSelector() as selector:
        selector.register(pair[0], selectors.EVENT_READ, pytest.fail)
        assert not selector.call_ready(0.0001)


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
