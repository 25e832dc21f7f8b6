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
    peer.part()


def made_elsewhere(approach):
    thread = threading.Thread(target=approach.make)
    thread.start()
    thread.join()
    return approach


def test_nothing_but_its_beginning_is_recorded_before_it_is_taken(serve, approach, ledger, clock):
    new = made_elsewhere(approach(serve(welcome).url))
    assert [type(record) for record in ledger.records] == [ConnectionOpened]
    connection = RecordingConnection.taken(new)
    assert [type(record) for record in ledger.records] == [ConnectionOpened, HandshakeSeen, RecordedFrame]
    assert connection.receive(clock.now_s() + 20).data == b"welcome"
    connection.close()


def test_what_was_glued_to_the_upgrade_gets_its_number_when_it_is_recorded(serve, approach, ledger, clock):
    """Frames of a connection that was taken meanwhile come before it."""
    service = serve(welcome)
    late = made_elsewhere(approach(service.url, connection=1))
    early = RecordingConnection.taken(made_elsewhere(approach(serve(welcome).url, connection=2)))
    connection = RecordingConnection.taken(late)
    assert [(frame.connection, frame.number) for frame in ledger.frames] == [(2, 1), (1, 2)]
    for each in (early, connection):
        each.close()


def test_nobody_there_is_recorded_and_told_by_whoever_takes_it(approach, ledger):
    new = made_elsewhere(approach("ws://127.0.0.1:1/"))
    assert ledger.ends == []
    with pytest.raises(CannotConnect):
        new.take()
    assert [end.how for end in ledger.ends] == ["refused"]


@pytest.mark.parametrize("when", ["before it is made", "after it is made"])
def test_one_that_is_given_up_is_recorded_as_refused_and_closed(serve, approach, ledger, when):
    server = serve(lambda peer: (peer.accept(), peer.hear_to_the_end())[1])
    new = approach(server.url)
    if when == "after it is made":
        made_elsewhere(new)
    new.give_up()
    if when == "before it is made":
        made_elsewhere(new)
    assert server.result() == []
    assert [(type(record), getattr(record, "how", None)) for record in ledger.records] == [
        (ConnectionOpened, None),
        (ConnectionClosed, "refused"),
    ]


def test_a_connection_that_cannot_be_recorded_is_not_kept(serve, approach):
    server = serve(lambda peer: (peer.accept(), peer.hear_to_the_end())[1])

    def full(records):
        if any(isinstance(record, HandshakeSeen) for record in records):
            raise StorageFailed("x.db", "the disk is full")

    new = made_elsewhere(approach(server.url, sink=full))
    with pytest.raises(StorageFailed):
        new.take()
    assert server.result() == []
