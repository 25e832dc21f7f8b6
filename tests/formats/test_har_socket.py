"""What an entry of a HAR tells of its WebSocket, and messages in a file of their own."""

from __future__ import annotations

import io

import pytest

from recorder.errors import BadCapture
from recorder.formats.har_socket import HarSocket, attached_messages, is_websocket, started_at
from recorder.wire.records import ConnectionOpened

LINES = b'{"type":"send","time":1769860800100,"opcode":1,"data":"a"}\n\n{"type":"error","data":"reset"}\n'


@pytest.mark.parametrize(
    ("entry", "is_one"),
    [
        ({"_webSocketMessages": True}, True),
        ({"_resourceType": "websocket"}, True),
        ({"request": {"url": "WSS://h/"}}, True),
        ({"request": {"url": "https://h/"}}, False),
        ({"request": 5}, False),
    ],
)
def test_which_entry_is_a_websocket(entry, is_one):
    assert is_websocket(entry) is is_one


def test_messages_in_a_file_of_their_own_tell_of_an_error_too():
    socket = HarSocket(3, "playwright")
    (frame,) = attached_messages(io.BytesIO(LINES), "x.jsonl", socket)
    assert (frame.connection, frame.payload, frame.at_us) == (3, b"a", 1769860800100000)
    began, _, closed = socket.ends({"startedDateTime": "2026-01-31T12:00:00.000Z"})
    assert began == ConnectionOpened(3, None, 1769860800000000, None, "playwright", "messages")
    assert (closed.how, closed.detail) == ("lost", "reset")
    with pytest.raises(BadCapture, match=r'x\.jsonl, line 1: "type" is neither'):
        list(attached_messages(io.BytesIO(b"{}\n"), "x.jsonl", socket))


def test_what_is_no_time_is_none():
    assert started_at("yesterday") == started_at(5) == (None, None)
