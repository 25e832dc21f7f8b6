"""A connection that is made in another thread is recorded by the one that records the session."""

from __future__ import annotations

import threading

import pytest

from recorder.capture.client import RecordingConnection
from recorder.errors import CannotConnect, StorageFailed
from recorder.wire.frames import Opcode, encode
from recorder.wire.records import ConnectionClosed, ConnectionOpened, HandshakeSeen, RecordedFrame

GREETING = encode(Opcode.TEXT, b"welcome")


def welcome(peer):
    peer.accept(glued=GREETING)
    peer.answer_close()


def made_elsewhere(attempt):
    thread = threading.Thread(target=attempt.connect)
    thread.start()
    thread.join()
    return attempt


def test_only_the_opening_is_recorded_before_take(serve, attempt, recorded, clock):
    new = made_elsewhere(attempt(serve(welcome).url))
    assert [type(record) for record in recorded.records] == [ConnectionOpened]
    connection = RecordingConnection(new)
    assert [type(record) for record in recorded.records] == [ConnectionOpened, HandshakeSeen, RecordedFrame]
    assert connection.receive(clock.now_s() + 20).data == b"welcome"
    connection.close()


def test_a_frame_in_the_segment_of_the_upgrade_is_numbered_by_take(serve, attempt, recorded, clock):
    """Frames of a connection that was taken meanwhile come before it."""
    service = serve(welcome)
    late = made_elsewhere(attempt(service.url, connection=1))
    early = RecordingConnection(made_elsewhere(attempt(serve(welcome).url, connection=2)))
    connection = RecordingConnection(late)
    assert [(frame.connection, frame.number) for frame in recorded.frames] == [(2, 1), (1, 2)]
    for each in (early, connection):
        each.close()


def test_take_records_and_raises_a_failed_connect(attempt, recorded):
    new = made_elsewhere(attempt("ws://127.0.0.1:1/"))
    assert recorded.ends == []
    with pytest.raises(CannotConnect):
        new.take()
    assert [end.how for end in recorded.ends] == ["refused"]


@pytest.mark.parametrize("when", ["before it is made", "after it is made"])
def test_give_up_records_refused_and_closes_the_socket(serve, attempt, recorded, when):
    server = serve(lambda peer: (peer.accept(), peer.remaining_frames())[1])
    new = attempt(server.url)
    if when == "after it is made":
        made_elsewhere(new)
    new.give_up()
    if when == "before it is made":
        made_elsewhere(new)
    assert server.result() == []
    assert [(type(record), getattr(record, "how", None)) for record in recorded.records] == [
        (ConnectionOpened, None),
        (ConnectionClosed, "refused"),
    ]


def test_a_sink_error_in_take_closes_the_socket(serve, attempt):
    server = serve(lambda peer: (peer.accept(), peer.remaining_frames())[1])

    def full(records):
        if any(isinstance(record, HandshakeSeen) for record in records):
            raise StorageFailed("x.db", "the disk is full")

    new = made_elsewhere(attempt(server.url, sink=full))
    with pytest.raises(StorageFailed):
        new.take()
    assert server.result() == []
