"""Record from Python: every frame is in the archive before the caller sees it."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import orjson
import pytest

from recorder import recipes
from recorder.errors import BadOption, CannotConnect, NotFound
from recorder.recipes.endpoints import simulated_token
from recorder.recipes.record_session import SessionOptions, recording
from recorder.wire.frames import Side

GET_CLOCK = '{"kind":"req","id":"1","type":"GetClock"}'


@pytest.fixture(scope="module")
def service():
    with recipes.simulator() as server:
        yield server


def test_a_payload_is_in_the_archive_before_it_is_delivered(archive, service):
    """A second connection to the file sees the frame while the caller is being handed its payload."""
    seen = []

    def deliver(payload):
        with recipes.open_archive(archive) as reader:
            stored = recipes.frame(reader, "last", str(payload.number))
            seen.append((stored.payload, payload.data, reader.find_session("last").state))

    session = recipes.record(
        service.url,
        token=simulated_token(),
        archive=archive,
        lines=[GET_CLOCK],
        deliver=deliver,
        linger="50ms",
    )
    ((stored, delivered, state),) = seen
    assert stored == delivered
    assert state == "recording"
    with recipes.open_archive(archive) as opened:
        assert opened.find_session(session).state == "complete"


def test_the_token_identifies_the_consumer_and_is_not_stored(archive, service):
    token = simulated_token("somebody")
    recipes.record(
        service.url, archive=archive, lines=[], deliver=lambda payload: None, token=token, linger="1ms"
    )
    with recipes.open_archive(archive) as opened:
        assert recipes.transcript(opened, "last").token_ids == {"somebody"}
        (connection,) = opened.connections(opened.find_session("last"))
    named = dict(connection.request_headers)
    assert named["Authorization"].startswith("jwt ⟦jwt:")
    assert token not in str(connection)


def test_a_failed_connection_is_a_session_too(archive):
    with pytest.raises(CannotConnect):
        recipes.record("ws://127.0.0.1:1/x", archive=archive, lines=[], deliver=print)
    with recipes.open_archive(archive) as opened:
        (session,) = opened.sessions()
        (connection,) = opened.connections(session)
        with pytest.raises(NotFound) as none:
            recipes.messages(opened, "last")
        assert opened.find_session("last") == session
    assert (session.state, session.frames, connection.how) == ("refused", 0, "refused")
    assert session.session in none.value.hint


def test_init_connection_without_a_token_connects_nowhere_and_records_nothing(archive):
    url = "ws://127.0.0.1:1/x"
    with pytest.raises(BadOption, match="--init-connection"):
        recipes.record(url, archive=archive, lines=[], deliver=print, init_connection=True)
    assert not Path(archive).exists()


def test_an_unknown_keyword_argument_is_a_type_error(archive):
    with pytest.raises(TypeError, match="tokn"):
        recipes.record("ws://127.0.0.1:1/x", archive=archive, lines=[], deliver=print, tokn="a.b.c")


def test_a_fault_in_the_callers_code_ends_the_session_as_interrupted(archive, service):
    def deliver(payload):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        recipes.record(
            service.url,
            token=simulated_token(),
            archive=archive,
            lines=[GET_CLOCK],
            deliver=deliver,
        )
    with recipes.open_archive(archive) as opened:
        assert opened.find_session("last").state == "interrupted"
        frames = list(recipes.frames(opened, "last"))
    assert orjson.loads(frames[1].payload)["code"] == 200


class StopAfter:
    """Turns true when told; wakes whoever asked to be woken."""

    def __init__(self):
        self.event = threading.Event()
        self.wakes = []

    def is_set(self):
        return self.event.is_set()

    def on_stop(self, wake):
        self.wakes.append(wake)

    def stop(self):
        self.event.set()
        for wake in self.wakes:
            wake()


def test_a_stop_from_outside_closes_with_going_away(archive, service):
    stop = StopAfter()
    recipes.record(
        service.url,
        token=simulated_token(),
        archive=archive,
        lines=[GET_CLOCK],
        deliver=lambda payload: stop.stop(),
        linger=None,
        stop=stop,
    )
    with recipes.open_archive(archive) as opened:
        (connection,) = opened.connections(opened.find_session("last"))
    assert (connection.close_code, connection.closed_by) == (1001, Side.CLIENT)


def test_what_the_system_refuses_is_told_in_words_in_the_session_too(archive):
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        with (
            pytest.raises(OSError, match="Too many open files"),
            recording(opened, source="client", options=SessionOptions()),
        ):
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        (session,) = opened.sessions()
    assert (session.state, session.detail) == ("interrupted", "Too many open files")
