"""Many descriptors, watched at once."""

from __future__ import annotations

import os
import socket
import threading

import pytest

from recorder.replay.load.watch import DescriptorWatch


class End:
    """One end of a pair of sockets."""

    def __init__(self, sock, waits_to_write=False):
        self.sock, self.waits_to_write = sock, waits_to_write

    def fileno(self):
        return self.sock.fileno()


@pytest.fixture
def watch():
    watch = DescriptorWatch()
    yield watch
    watch.close()


@pytest.fixture
def pair():
    with_news, other = socket.socketpair()
    with with_news, other:
        yield End(with_news), other


def test_whoever_can_read_has_news_until_it_has_read(watch, pair):
    end, other = pair
    watch.update("anna", (), [end])
    assert watch.ready(0) == []
    other.send(b"x")
    assert watch.ready(None) == watch.ready(0) == ["anna"]
    end.sock.recv(10)
    assert watch.ready(0) == []


def test_an_owner_with_several_sources_is_told_once(watch, pair):
    end, other = pair
    with End(socket.socket()).sock as idle:
        watch.update("anna", (), [end, End(idle, waits_to_write=True)])
        other.send(b"x")
        assert watch.ready(0) == ["anna"]


def test_room_to_write_is_news_only_for_who_waits_for_it(watch, pair):
    end, _ = pair
    known = watch.update("anna", (), [end])
    assert watch.ready(0) == []
    end.waits_to_write = True
    known = watch.update("anna", known, [end])
    assert watch.ready(0) == ["anna"]
    end.waits_to_write = False
    watch.update("anna", known, [end])
    assert watch.ready(0) == []


def test_who_is_no_longer_watched_is_not_told_of(watch, pair):
    end, other = pair
    known = watch.update("anna", (), [end])
    assert watch.update("anna", known, []) == ()
    other.send(b"x")
    assert watch.ready(0) == []


def test_a_closed_source_has_no_descriptor_and_is_left_out(watch, pair):
    end, _ = pair
    end.sock.close()
    assert watch.update("anna", (), [end]) == ()


def replaced(end) -> End:
    """Another socket with the number that ``end`` had: closed and reused, as it happens all the time."""
    number = end.fileno()
    fresh, other = socket.socketpair()
    kept = other.detach()
    end.sock.close()
    os.dup2(fresh.fileno(), number)
    fresh.close()
    reused = End(socket.socket(fileno=number))
    reused.other = socket.socket(fileno=kept)
    return reused


def test_a_number_used_again_by_the_same_owner_is_watched_anew(watch, pair):
    """A reconnect often gets the very descriptor that the lost connection had."""
    end, _ = pair
    known = watch.update("anna", (), [end])
    again = replaced(end)
    with again.sock, again.other:
        watch.update("anna", known, [again])
        again.other.send(b"x")
        assert watch.ready(0) == ["anna"]


def test_a_number_used_again_by_another_owner_stays_theirs(watch, pair):
    """Ben has it before the loop has heard that Anna's connection is over."""
    end, _ = pair
    known = watch.update("anna", (), [end])
    again = replaced(end)
    with again.sock, again.other:
        watch.update("ben", (), [again])
        watch.update("anna", known, [])
        again.other.send(b"x")
        assert watch.ready(0) == ["ben"]


def test_a_wake_from_another_thread_ends_a_wait_without_end(watch):
    thread = threading.Thread(target=watch.wake)
    thread.start()
    assert watch.ready(None) == []
    thread.join()
    assert watch.ready(0) == []


def test_a_wake_before_the_wait_counts(watch):
    watch.wake()
    watch.wake()
    assert watch.ready(None) == []
