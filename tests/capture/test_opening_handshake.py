"""The library under the recording client: it asks for the upgrade, and says Close once only."""

from __future__ import annotations

import pytest

from recorder.errors import CannotConnect
from recorder.wire.frames import Opcode


def test_close_is_answered_once(serve, connect, clock):
    def script(peer):
        peer.accept()
        peer.close_frame(1000)
        peer.close_frame(1000)
        return [frame.opcode for frame in peer.remaining_frames()]

    server = serve(script)
    connection = connect(server.url)
    while connection.closed is None:
        connection.receive(clock.now_s() + 20)
    assert server.result() == [Opcode.CLOSE]


def test_an_answer_that_is_no_upgrade_is_refused(serve, connect):
    def script(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")

    with pytest.raises(CannotConnect, match="401"):
        connect(serve(script).url)
