"""How a connection ended, in words."""

from __future__ import annotations

from recorder.capture.connection_base import ConnectionEnded
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionClosed


def test_sending_on_an_ended_connection_raises_how_it_ended():
    over = ConnectionEnded(ConnectionClosed(2, 0, 0, 1001, "", Side.SERVICE, "closed"))
    assert str(over) == "connection 2 is over (closed by the service with 1001); this was not sent"
    assert over.exit_code == 5
