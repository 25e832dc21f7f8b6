"""Connections that end early: on the virtual clock, and on real sockets."""

import json
import socket
import threading

import pytest
import websocket

from recorder.simulator import (
    AbortClient,
    CloseClient,
    Patience,
    SimulatorServer,
    agent_from,
    moods_from,
)
from recorder.wire.frames import Opcode, encode

CLOCK = '{"id":"c","type":"GetClock"}'


def endings(session):
    return [
        (at_s, client, what)
        for at_s, client, what in session.received
        if isinstance(what, CloseClient | AbortClient)
    ]


@pytest.mark.parametrize(
    ("moods", "ending"),
    [
        pytest.param({"close_after": "10s"}, (10.0, CloseClient(1, 4401, "")), id="closed"),
        pytest.param(
            {"close_after": {"code": 4407, "after": "3s", "reason": "identity expired"}},
            (3.0, CloseClient(1, 4407, "identity expired")),
            id="any-code",
        ),
        pytest.param({"drop_after": {"after": "4s"}}, (4.0, AbortClient(1, b"")), id="dropped"),
        pytest.param(
            {"idle_close": "7s"}, (7.0, CloseClient(1, 1001, "nothing heard for too long")), id="idle"
        ),
        pytest.param(
            {"idle_close": {"after": "7s", "code": 4000}},
            (7.0, CloseClient(1, 4000, "nothing heard for too long")),
            id="idle-code",
        ),
    ],
)
def test_a_connection_ends_when_the_mood_has_it(serve, moods, ending):
    session = serve(moods=moods_from(moods))
    session.wait(60)
    assert [(at_s, what) for at_s, _, what in endings(session)] == [ending]
    assert session.say(CLOCK) == []


@pytest.mark.parametrize("name", ["close_after", "drop_after"])
def test_a_connection_ends_once_so_many_requests_are_answered(serve, name):
    session = serve(moods=moods_from({name: {"requests": 3}}))
    assert [len(session.say(CLOCK)) for _ in range(3)] == [1, 1, 2]
    assert session.say(CLOCK) == []


def test_init_connection_is_a_request_too_and_time_counts_from_the_upgrade(serve):
    session = serve(moods=moods_from({"close_after": "4s"}), patience=Patience(idle_s=None))
    session.wait(10)
    session.connect(2, token=None)
    session.wait(3)
    session.ask(
        "InitConnection", client=2, headers=[{"type": ".ams.headers.ConsumerAuthentication", "jwt": "x"}]
    )
    session.wait(60)
    assert [(at_s, client) for at_s, client, _ in endings(session)] == [(4.0, 1), (14.0, 2)]


def test_only_some_connections_of_a_consumer_may_end_so(serve):
    """So that a client that comes again with a fresh token gets on."""
    session = serve(moods=moods_from({"close_after": {"requests": 1, "first": 2}}))
    session.connect(9, token="somebody else")
    for client in (2, 3, 4):
        session.connect(client)
    for client in (1, 2, 3, 4, 9):
        session.say(CLOCK, client=client)
    assert [client for _, client, _ in endings(session)] == [1, 2, 9]


def test_how_long_init_connection_may_take_is_a_mood(serve):
    session = serve(moods=moods_from({"init_within": "1s"}))
    session.connect(2, token=None)
    session.wait(30)
    assert [(at_s, client, what.code) for at_s, client, what in endings(session)] == [(1.0, 2, 4401)]


@pytest.mark.parametrize("size", [1, 40, 200, 700])
def test_a_connection_is_aborted_at_byte_n(serve, size):
    """Counting the bytes of the service's text frames, headers included; what came whole was told."""
    session = serve(moods=moods_from({"drop_after": size}))
    session.ask("cqm.SubscribeExConversations")
    for _ in range(20):
        session.say(CLOCK)
    *_, (_, _, off) = endings(session)
    whole = b"".join(
        encode(Opcode.TEXT, each.text.encode()) for *_, each in session.log if hasattr(each, "text")
    )
    assert len(whole) + len(off.data) == size
    assert session.say(CLOCK) == []


def test_our_checks_find_an_aborted_connection(serve):
    session = serve(moods=moods_from({"drop_after": 300}))
    for _ in range(10):
        session.say(CLOCK)
    assert "ended-without-close" in session.violated_rules()


def test_frames_after_an_abort_are_ignored(serve):
    """Though it may have been under way already."""
    session = serve(moods=moods_from({"drop_after": {"bytes": 200, "nth": 1}}))
    dialog_id = session.open()
    session.say(CLOCK)
    assert endings(session)
    session.write(dialog_id, "too late")
    session.connect(2)
    _, history = session.subscribe(dialog_id, client=2)
    assert history["body"]["changes"] == []


# --- on real sockets ------------------------------------------------------------------------------------

SILENT = agent_from([])


def connected(server):
    return websocket.create_connection(
        server.url, header=["Authorization: jwt consumer-one"], suppress_origin=True, timeout=20
    )


def raw(server):
    """A handshake by hand; the socket, and what came behind the handshake."""
    plain = socket.create_connection((server.host, server.port), timeout=20)
    path = server.url.split(f":{server.port}")[1]
    plain.sendall(
        f"GET {path} HTTP/1.1\r\nHost: {server.host}:{server.port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Authorization: jwt consumer-one\r\n\r\n".encode()
    )
    answer = b""
    while b"\r\n\r\n" not in answer:
        more = plain.recv(1)
        assert more, f"not let in: {answer!r}"
        answer += more
    return plain


def masked(text):
    return bytes([0x81, 0x80 | len(text)]) + bytes(4) + text.encode()


@pytest.mark.parametrize("size", [1, 2, 50, 105, 106, 150])
def test_exactly_so_many_bytes_reach_the_client_and_no_close_frame(size):
    """On the wire: frames are cut wherever the count ends."""
    moods = moods_from({"drop_after": {"bytes": size}})
    with SimulatorServer(SILENT, moods=moods, seed=1) as server, raw(server) as plain:
        plain.sendall(masked(CLOCK) * 5)
        got = b""
        while chunk := plain.recv(4096):
            got += chunk
        assert len(got) == size
        delivered = b'\x81\x67{"kind":"resp","reqId":"c","code":200,"body":'
        assert got[: len(delivered)] == delivered[:size]


def test_a_client_that_reads_slowly_gets_its_bytes_all_the_same():
    """What waits in the service's buffer goes out before the connection ends."""
    moods = moods_from({"drop_after": {"bytes": 5_000_000}})
    with SimulatorServer(SILENT, moods=moods, seed=1) as server, raw(server) as plain:
        plain.sendall(masked('{"id":"o","type":"cm.ConsumerRequestConversation"}'))
        opened = plain.recv(4096)
        dialog_id = opened.split(b'"conversationId":"')[1][:36].decode()
        event = {"type": "ContentEvent", "contentType": "text/plain", "message": "x" * 1_000_000}
        request = {"id": "w", "type": "ms.PublishEvent", "body": {"dialogId": dialog_id, "event": event}}
        data = json.dumps(request).encode()
        header = b"\x81\xff" + len(data).to_bytes(8, "big") + bytes(4)
        plain.sendall((header + data) * 6)
        got = len(opened)
        while chunk := plain.recv(65_536):
            got += len(chunk)
        assert got == 5_000_000


def test_a_client_sees_the_loss_where_a_frame_is_cut():
    moods = moods_from({"drop_after": {"bytes": 50}})
    with SimulatorServer(SILENT, moods=moods) as server:
        client = connected(server)
        client.send(CLOCK)
        with pytest.raises(websocket.WebSocketConnectionClosedException):
            client.recv()
        client.shutdown()


@pytest.mark.parametrize(
    ("mood", "code"),
    [
        ({"after": "20ms"}, 4401),
        ({"requests": 2, "code": 4407}, 4407),
        ({"after": "20ms", "code": 1011}, 1011),
    ],
)
def test_the_service_closes_with_the_code_of_the_mood(mood, code):
    with SimulatorServer(SILENT, moods=moods_from({"close_after": mood})) as server:
        client = connected(server)
        if "requests" in mood:
            client.send(CLOCK)
            client.send(CLOCK)
        while True:
            opcode, data = client.recv_data(control_frame=True)
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                break
        assert int.from_bytes(data[:2], "big") == code
        client.shutdown()


def test_other_connections_go_on_where_one_breaks_off():
    moods = moods_from({"drop_after": {"bytes": 20, "nth": 1}})
    with SimulatorServer(SILENT, moods=moods) as server:
        first, second = connected(server), connected(server)
        first.send(CLOCK)
        with pytest.raises(websocket.WebSocketConnectionClosedException):
            first.recv()
        second.send(CLOCK)
        assert '"reqId":"c"' in second.recv()
        for client in (first, second):
            client.close()
            client.shutdown()
    assert not [thread for thread in threading.enumerate() if thread.name == "simulator"]
