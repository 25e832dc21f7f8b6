"""The end of a connection, step by step: whoever ends one may have something due on another."""

from __future__ import annotations

import threading

import pytest

from recorder.capture.closing_handshake import STREAM_END_TIMEOUT_S
from recorder.wire.frames import Opcode, encode

TIMEOUT_S = 20.0
AT_ONCE_S = STREAM_END_TIMEOUT_S / 2


@pytest.fixture
def at_once(clock):
    """Calls something that must come back at once, though nobody answers."""

    def call(function, *arguments):
        began_s = clock.now_s()
        result = function(*arguments)
        assert clock.now_s() - began_s < AT_ONCE_S
        return result

    return call


def until_over(connection):
    while connection.closed is None:
        connection.receive(connection.next_due_s())
    return connection.closed


def test_hanging_up_on_a_service_that_does_not_answer_takes_no_time(serve, connect_queued, clock, at_once):
    go = threading.Event()

    def script(peer):
        peer.accept()
        go.wait(TIMEOUT_S)
        peer.answer_close()

    connection = connect_queued(serve(script).url)
    at_once(connection.hang_up)
    assert connection.closed is None
    assert at_once(connection.receive, clock.now_s()) is None
    at_once(connection.hang_up)  # again changes nothing
    go.set()
    closed = until_over(connection)
    assert (closed.how, closed.closed_by, closed.close_code) == ("closed", "client", 1000)


def test_a_service_that_says_close_and_keeps_the_stream_open_holds_nobody_up(serve, connect_queued, at_once):
    go = threading.Event()

    def script(peer):
        peer.accept()
        peer.close_frame(4001, "gone")
        go.wait(TIMEOUT_S)

    connection = connect_queued(serve(script).url)
    while connection.fileno() >= 0 and connection.next_due_s() is None:
        at_once(connection.receive, 0.0)
    go.set()
    closed = until_over(connection)
    assert (closed.close_code, closed.close_reason, closed.closed_by) == (4001, "gone", "service")


def test_an_unanswered_close_ends_in_time(serve, connect_queued):
    go = threading.Event()

    def script(peer):
        peer.accept()
        go.wait(TIMEOUT_S)

    connection = connect_queued(serve(script).url)
    connection.hang_up(timeout_s=0.05)
    closed = until_over(connection)
    go.set()
    assert (closed.how, closed.detail) == ("closed", "the service did not answer the Close frame")


def test_frames_during_the_closing_handshake_are_recorded_and_delivered(serve, connect_queued, recorded):
    def script(peer):
        peer.accept()
        peer.next_frame()
        peer.send_text("last words")
        peer.close_frame(1000)

    connection = connect_queued(serve(script).url)
    connection.hang_up()
    received = []
    while (payload := connection.receive(connection.next_due_s())) is not None or connection.closed is None:
        received += [payload.data] if payload is not None else []
    assert received == [b"last words"]
    assert [opcode for _, opcode, _ in recorded.shown()] == [Opcode.CLOSE, Opcode.TEXT, Opcode.CLOSE]


def test_a_close_frame_that_was_sent_raw_is_not_followed_by_another(serve, connect_queued):
    def script(peer):
        peer.accept()
        peer.send(encode(Opcode.CLOSE, b"\x03\xe8"))
        return [(frame.opcode, frame.payload) for frame in peer.remaining_frames()]

    server = serve(script)
    connection = connect_queued(server.url)
    connection.send_frame(Opcode.CLOSE, b"\x0f\xa0mine")
    until_over(connection)
    assert server.result() == [(Opcode.CLOSE, b"\x0f\xa0mine")]
