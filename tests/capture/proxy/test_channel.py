"""A non-blocking socket with a queue."""

from __future__ import annotations

import selectors
import socket

import pytest

from recorder.capture.proxy.channel import HIGH_WATER, LOW_WATER, SocketChannel


class Loop:
    """A channel at one end of a pair of sockets, and what it called."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()
        ours, self.peer = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.received, self.sent, self.broken, self.drained = [], [], [], 0
        self.channel = SocketChannel(
            ours, self.selector, on_data=self.received.append, on_broken=self.broken.append,
            on_sent=self.sent.extend, on_drained=self._drained,
        )  # fmt: skip

    def _drained(self):
        self.drained += 1

    def turn(self):
        for key, mask in self.selector.select(0):
            key.data(mask)

    def close(self):
        self.channel.close()
        self.peer.close()
        self.selector.close()


@pytest.fixture
def loop():
    made = Loop()
    yield made
    made.close()


def test_bytes_and_the_end_of_the_stream_are_handed_over(loop):
    loop.peer.sendall(b"abc")
    loop.turn()
    loop.peer.shutdown(socket.SHUT_WR)
    loop.turn()
    loop.turn()
    assert loop.received == [b"abc", b""]
    assert loop.channel.ended
    assert not loop.channel.closed


def test_frames_count_as_sent_when_the_system_has_their_last_byte(loop):
    loop.channel.send(b"x" * 10, [1, 2])
    assert loop.sent == [1, 2]
    loop.channel.send(b"y" * (2 * HIGH_WATER), [3])
    loop.channel.send(b"z", [4])
    assert loop.sent == [1, 2]
    assert loop.channel.is_full
    left = 2 * HIGH_WATER + 11
    while left:
        left -= len(loop.peer.recv(left))
        loop.turn()
    assert loop.sent == [1, 2, 3, 4]
    assert loop.drained == 1
    assert loop.channel.queued < LOW_WATER


def test_nothing_is_read_while_it_is_paused(loop):
    loop.channel.pause()
    loop.peer.sendall(b"abc")
    loop.turn()
    assert loop.received == []
    loop.channel.resume()
    loop.turn()
    assert loop.received == [b"abc"]


def test_the_stream_ends_behind_what_is_queued(loop):
    loop.channel.send(b"x" * 200_000)
    loop.channel.send_end()
    loop.channel.send(b"too late")
    received = b""
    loop.peer.settimeout(5)
    while data := loop.peer.recv(50_000):
        received += data
        loop.turn()
    assert received == b"x" * 200_000
    loop.peer.sendall(b"still read")
    loop.turn()
    assert loop.received == [b"still read"]


def test_it_closes_behind_what_is_queued(loop):
    loop.channel.send(b"x" * 200_000)
    loop.channel.close_when_sent()
    assert not loop.channel.closed
    left = 200_000
    while left:
        left -= len(loop.peer.recv(left))
        loop.turn()
    assert loop.channel.closed


def test_a_peer_that_is_gone_is_told_once(loop):
    loop.channel.send(b"x" * 200_000)
    loop.peer.close()
    loop.turn()
    loop.turn()
    loop.channel.send(b"more")
    assert loop.broken == ["broken pipe"]
    assert loop.channel.closed
