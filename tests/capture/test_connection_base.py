"""How a connection ended, in words."""

from __future__ import annotations

import pytest

from recorder.capture.connection_base import ConnectionEnded, describe_end
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionClosed


@pytest.mark.parametrize(
    ("end", "says"),
    [
        pytest.param(
            (4401, "expired", Side.SERVICE, "closed"), 'closed by the service, 4401 "expired"', id="service"
        ),
        pytest.param((1000, "", Side.CLIENT, "closed"), "closed by the client, 1000", id="without-reason"),
        pytest.param(
            (None, None, None, "lost", "the connection was reset"),
            "lost: the connection was reset",
            id="lost",
        ),
        pytest.param((None, None, None, "failed"), "failed", id="nothing-known"),
    ],
)
def test_an_end_says_how_who_and_why(end, says):
    assert describe_end(ConnectionClosed(1, 0, 0, *end)) == says


def test_sending_on_an_ended_connection_raises_how_it_ended():
    over = ConnectionEnded(ConnectionClosed(2, 0, 0, 1001, "", Side.SERVICE, "closed"))
    assert str(over) == "connection 2 is over (closed by the service, 1001); this was not sent"
    assert over.exit_code == 5
