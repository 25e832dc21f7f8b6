"""A consumer and an agent through one proxy: one session tells the same as a capture of both connections."""

from __future__ import annotations

import queue
import socket
import threading

import pytest
from builders.two_sides import AGENT, CONSUMER, Capture, Told

from recorder import recipes
from recorder.recipes.endpoints import simulated_token
from recorder.wire.frames import Opcode, encode

from .conftest import PATIENCE_S, accept_upgrade, receive_exactly, text

PATHS = {1: "/ws_api/account/1/messaging/consumer?v=3", 2: "/ws_api/account/1/messaging/brand/x?v=2"}
TOKENS = {1: simulated_token(CONSUMER), 2: simulated_token(AGENT)}


def both_sides():
    """Each writes a message, and reads the other's; each hears everything."""
    capture = Capture().opened(1, token=CONSUMER).opened(2, token=AGENT)
    capture.say(1, 0, "Where is my order?", by=CONSUMER, to=(2, 1))
    capture.give(2, "ACCEPT", 0, 1, by=AGENT, to=(2, 1)).give(2, "READ", 0, 2, by=AGENT, to=(2, 1))
    capture.say(2, 3, "On its way.", by=AGENT, to=(2, 1))
    return capture.give(1, "READ", 3, 4, by=CONSUMER, to=(2, 1))


def talk(proxy, accepted, lines):
    """Say on sockets, through the proxy, what the lines of a capture say; each is there before the next."""
    clients: dict[int, socket.socket] = {}
    services: dict[int, socket.socket] = {}
    for line in lines:
        connection = line["connection"]
        if "text" not in line:
            header = f"Authorization: jwt {TOKENS[connection]}\r\n"
            clients[connection] = proxy.upgrade(path=PATHS[connection], extra=header)
            services[connection] = accepted.get(timeout=PATIENCE_S)
            continue
        payload = line["text"].encode()
        if line["sender"] == "client":
            sender, receiver, frame = clients[connection], services[connection], text(payload)
        else:
            sender, receiver = services[connection], clients[connection]
            frame = encode(Opcode.TEXT, payload)
        sender.sendall(frame)
        assert receive_exactly(receiver, len(frame)) == frame
    for each in clients.values():
        each.close()


@pytest.mark.parametrize("stored_in", ["file", "database"])
def test_consumer_and_agent_are_one_session_that_says_what_both_did(
    serve, through, tmp_path, stored_in, request
):
    """As an import of the same envelopes does; in a PostgreSQL database as in a file."""
    over = threading.Event()
    accepted: queue.SimpleQueue[socket.socket] = queue.SimpleQueue()

    def handler(sock):
        accept_upgrade(sock)
        accepted.put(sock)
        assert over.wait(PATIENCE_S)

    archive = {} if stored_in == "file" else {"archive": request.getfixturevalue("new_database")()}
    proxy = through(serve(handler).url, **archive)
    capture = both_sides()
    talk(proxy, accepted, capture.lines)
    over.set()
    assert proxy.end() is None
    told = Told(tmp_path)
    told.imports(capture, "both")
    expected = [(line["sequence"], line["text"], line["status"]) for line in told.messages()]
    with recipes.open_archive(str(proxy.archive)) as opened:
        session, messages = recipes.messages(opened, "last")
        assert [(each.sequence, each.text, each.status) for each in messages] == expected
        assert [each.status for each in messages] == ["read", "read"]
        assert [each.provenance for each in opened.connections(session)] == ["proxy", "proxy"]
        numbers = [frame.number for frame in opened.frames(session)]
        assert [each.number for each in opened.forwarded(session)] == numbers
