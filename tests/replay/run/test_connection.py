"""What a driver needs of a connection: real ones and virtual ones have it."""

from __future__ import annotations

import inspect

import pytest

from recorder.capture.client import RecordingConnection
from recorder.recipes.connector import BackgroundConnection
from recorder.recipes.virtual_connection import VirtualConnection
from recorder.replay.run.connection import Connection, PendingConnection


def promised(protocol):
    return {name for name in dir(protocol) if not name.startswith("_")}


@pytest.mark.parametrize("made", [RecordingConnection, VirtualConnection])
def test_every_connection_has_what_a_driver_calls(made):
    assert promised(Connection) <= set(dir(made))


@pytest.mark.parametrize("made", [RecordingConnection, VirtualConnection])
@pytest.mark.parametrize("name", ["send", "send_frame", "send_bytes", "abort"])
def test_they_take_the_same_arguments(made, name):
    wanted = inspect.signature(getattr(Connection, name)).parameters
    assert list(inspect.signature(getattr(made, name)).parameters) == list(wanted)


def test_a_connection_is_no_opening():
    assert promised(PendingConnection) <= set(dir(BackgroundConnection))
    assert not promised(PendingConnection) <= set(dir(RecordingConnection))
