"""The bytes of one socket; what whole NetLogs give is in test_netlog."""

from __future__ import annotations

import itertools

from builders.netlog import switched, upgrade

from recorder.formats.upgraded_socket import SocketMoment, UpgradedSocket
from recorder.wire.frames import Side, encode
from recorder.wire.records import ConnectionClosed, ConnectionOpened, RecordedFrame

NOW = SocketMoment(1_000, 1)


def test_it_is_idle_until_an_upgrade_is_asked_for():
    socket = UpgradedSocket(itertools.count(4), tls=True)
    assert socket.is_idle
    assert socket.feed(Side.CLIENT, b"GET / HTTP/1.1\r\n", NOW) == ()
    assert not socket.is_idle
    assert socket.feed(Side.CLIENT, b"\r\n", NOW) == ()
    assert socket.is_idle
    (began,) = socket.feed(Side.CLIENT, upgrade("/x", "h:1"), NOW)
    assert began == ConnectionOpened(4, "wss://h:1/x", 1_000, 1, "netlog", "bytes")


def test_a_frame_that_was_cut_short_is_kept_where_the_log_ends():
    socket = UpgradedSocket(itertools.count(1), tls=False)
    for sender, data in ((Side.CLIENT, upgrade()), (Side.SERVICE, switched() + encode(1, b"half")[:4])):
        socket.feed(sender, data, NOW)
    (frame,) = socket.unfinished()
    assert isinstance(frame, RecordedFrame)
    assert frame.violation.startswith("unfinished:")


def test_an_upgrade_that_nobody_answered_is_refused():
    socket = UpgradedSocket(itertools.count(1), tls=False)
    socket.feed(Side.CLIENT, upgrade(), NOW)
    *_, closed = socket.end(NOW)
    assert isinstance(closed, ConnectionClosed)
    assert closed.how == "refused"


def test_without_a_host_there_is_no_address():
    socket = UpgradedSocket(itertools.count(1), tls=False)
    head = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"
    assert socket.feed(Side.CLIENT, head, NOW)[0].url is None


def test_a_head_without_end_is_given_up():
    socket = UpgradedSocket(itertools.count(1), tls=False)
    socket.feed(Side.CLIENT, b"GET /" + b"x" * 70_000, NOW)
    assert socket.is_idle
