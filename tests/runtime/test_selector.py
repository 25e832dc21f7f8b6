"""The event loop's way to wait. That it is on time is measured by a benchmark, not here."""

import os
import resource
import selectors
import socket

import pytest

from recorder.runtime.selector import punctual_selector


@pytest.fixture
def pair():
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def test_it_wakes_for_what_is_ready(pair):
    one, other = pair
    with punctual_selector() as selector:
        selector.register(one, selectors.EVENT_READ)
        other.send(b"x")
        assert [(key.fileobj, mask) for key, mask in selector.select(60)] == [(one, selectors.EVENT_READ)]


@pytest.mark.parametrize("timeout", [-1, 0, 0.0001])
def test_it_returns_with_nothing_when_nothing_is_ready(pair, timeout):
    with punctual_selector() as selector:
        selector.register(pair[0], selectors.EVENT_READ)
        assert selector.select(timeout) == []


def test_it_works_beyond_the_descriptors_that_select_knows(pair):
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
