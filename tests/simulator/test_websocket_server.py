"""WebSockets and HTTP at one address, and aborted transports."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import ssl
import subprocess
import threading

import pytest
import websocket

from recorder.runtime.http import connection as http_connection
from recorder.simulator import SimulatorServer, agent_from, websocket_server
from recorder.simulator.protocol.tokens import consumer_id_of
from recorder.simulator.websocket_server import abort

TIMEOUT_S = 20
ACCOUNT = "/api/account/12345678"
SILENT = agent_from([])


@pytest.fixture
def served():
    with SimulatorServer(SILENT) as server:
        yield server


def ask(server, method, path, body=None, *, headers=None, tls=None):
    """Status, headers and body, by a client that is not ours."""
    if tls is None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_S)
    else:
        connection = http.client.HTTPSConnection("localhost", server.port, timeout=TIMEOUT_S, context=tls)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def connect(url, token, **options):
    return websocket.create_connection(
        url, header=[f"Authorization: jwt {token}"], timeout=TIMEOUT_S, suppress_origin=True, **options
    )


def hear_own_conversation(url, token):
    session = connect(url, token)
    session.send('{"id":1,"type":"cqm.SubscribeExConversations","body":{}}')
    session.recv()
    session.recv()
    session.send('{"id":2,"type":"cm.ConsumerRequestConversation"}')
    session.recv()
    participants = json.loads(session.recv())["body"]["changes"][0]["result"]["conversationDetails"][
        "participants"
    ]
    session.close()
    return [one["id"] for one in participants if one["role"] == "CONSUMER"]


def test_a_client_finds_everything_from_the_base_url(served):
    """Look up, sign up, connect; and the socket knows the consumer of the token."""
    base = f"127.0.0.1:{served.port}"
    assert served.base_url == f"http://{base}"
    for service in ("idp", "asyncMessagingEnt"):
        _, _, body = ask(served, "GET", f"{ACCOUNT}/service/{service}/baseURI.json?version=1.0")
        assert json.loads(body)["baseURI"] == base
    status, _, body = ask(served, "POST", f"{ACCOUNT}/signup")
    assert status == 200
    token = json.loads(body)["jwt"]
    url = f"ws://{base}/ws_api/account/12345678/messaging/consumer?v=3"
    assert hear_own_conversation(url, token) == [consumer_id_of(token)]


def test_a_file_goes_to_the_address_that_the_socket_hands_out(served):
    session = connect(served.url, "x")
    session.send('{"id":1,"type":"ms.GenerateURLForUploadFile","body":{"fileSize":"4","fileType":"PNG"}}')
    delivered = json.loads(session.recv())["body"]
    query = "&".join(f"{name}={value}" for name, value in delivered["queryParams"].items())
    assert ask(served, "PUT", f"{delivered['relativePath']}?{query}", b"\x89PNG")[0] == 201
    assert ask(served, "PUT", f"{delivered['relativePath']}?{query}1", b"\x89PNG")[0] == 401
    body = json.dumps({"relativePath": delivered["relativePath"]})
    session.send(f'{{"id":2,"type":"ms.GenerateURLForDownloadFile","body":{body}}}')
    delivered = json.loads(session.recv())["body"]
    query = "&".join(f"{name}={value}" for name, value in delivered["queryParams"].items())
    assert ask(served, "GET", f"{delivered['relativePath']}?{query}")[::2] == (200, b"\x89PNG")
    session.close()


def test_the_largest_file_is_taken_and_one_byte_more_is_not(served):
    session = connect(served.url, "x")
    session.send('{"id":1,"type":"ms.GenerateURLForUploadFile","body":{"fileSize":"4","fileType":"PNG"}}')
    delivered = json.loads(session.recv())["body"]
    session.close()
    target = f"{delivered['relativePath']}?" + "&".join(
        f"{a}={b}" for a, b in delivered["queryParams"].items()
    )
    assert ask(served, "PUT", target, bytes(3 * 1024 * 1024))[0] == 201
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=TIMEOUT_S)
    connection.putrequest("PUT", target)
    connection.putheader("content-length", str(3 * 1024 * 1024 + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        pytest.param("POST", f"{ACCOUNT}/signup", {"Host": "evil.example"}, 403, id="host"),
        pytest.param("POST", f"{ACCOUNT}/signup", {"Origin": "https://evil.example"}, 403, id="origin"),
        pytest.param("OPTIONS", f"{ACCOUNT}/signup", {"Origin": "https://evil.example"}, 403, id="preflight"),
        pytest.param(
            "OPTIONS", f"{ACCOUNT}/signup", {"Origin": "http://localhost:3000"}, 204, id="local-preflight"
        ),
        pytest.param("POST", "/ws_api/account/1/messaging/consumer", {}, 404, id="socket-by-post"),
        pytest.param("GET", "/api/", {}, 404, id="nothing-there"),
    ],
)
def test_plain_http_checks_host_and_origin_too(served, method, path, headers, status):
    assert ask(served, method, path, headers=headers)[0] == status


def test_plain_http_does_not_hold_up_a_socket(served):
    """Requests that never end stand at the counter while a connection goes on talking."""
    waiting = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(20)]
    for sock, sent in zip(
        waiting, [b"", b"POST ", b"POST /x HTTP/1.1\r\nhost: h\r\n", b"GET /ws_api"] * 5, strict=True
    ):
        sock.sendall(sent)
    session = connect(served.url, "x")
    session.send('{"id":1,"type":"GetClock"}')
    assert json.loads(session.recv())["code"] == 200
    session.close()
    for sock in waiting:
        sock.close()


@pytest.mark.parametrize("sent", [b"", b"POST /x HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\nx"])
def test_an_unrouted_connection_does_not_delay_the_stop(sent):
    server = SimulatorServer(SILENT).start()
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        sock.sendall(sent)
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        stopping.join(TIMEOUT_S)
        assert not stopping.is_alive()


def test_a_connection_without_a_request_gets_408(monkeypatch):
    monkeypatch.setattr(websocket_server, "OPEN_TIMEOUT_S", 0.02)
    monkeypatch.setattr(http_connection, "TIMEOUT_S", 0.02)
    with SimulatorServer(SILENT) as server:
        for sent in (b"", b"GET /ws_api/acc", b"GET /ws_api HTTP/1.1\r\n", b"POST /x HTTP/1.1\r\n"):
            with socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_S) as sock:
                sock.sendall(sent)
                try:
                    while sock.recv(65536):
                        pass
                except ConnectionResetError:
                    pass


def test_tls_serves_websockets_and_http(tmp_path):
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=str(certificate))
    with SimulatorServer(SILENT, tls=context) as server:
        assert server.url.startswith("wss://127.0.0.1:")
        assert server.base_url.startswith("https://127.0.0.1:")
        status, _, body = ask(server, "POST", f"{ACCOUNT}/signup", tls=trusting)
        assert status == 200
        url = server.url.replace("127.0.0.1", "localhost")
        session = connect(url, json.loads(body)["jwt"], sslopt={"ca_certs": str(certificate)})
        session.send('{"id":1,"type":"GetClock"}')
        assert json.loads(session.recv())["code"] == 200
        session.close()


def test_ids_of_the_rest_legs_are_new_unless_seeded_and_disturb_no_others():
    def ids(**options):
        with SimulatorServer(SILENT, **options) as server:
            tokens = [json.loads(ask(server, "POST", f"{ACCOUNT}/signup")[2])["jwt"] for _ in range(2)]
            session = connect(server.url, "x")
            session.send('{"id":1,"type":"cm.ConsumerRequestConversation"}')
            opened = session.recv()
            session.close()
            return [*map(consumer_id_of, tokens), opened]

    assert ids(seed=7) == ids(seed=7)
    assert len({*ids(), *ids()}) == 6
    with SimulatorServer(SILENT, seed=7) as server:
        session = connect(server.url, "x")
        session.send('{"id":1,"type":"cm.ConsumerRequestConversation"}')
        assert session.recv() == ids(seed=7)[2]
        session.close()


# --- the end of a transport in the middle of a frame ----

BIG = b"x" * 3_000_000


class Aborting(asyncio.Protocol):
    """The service's side: breaks off as soon as it is connected or hears something."""

    def __init__(self, lost, *, at_once=True, timeout_s=30.0):
        self.lost = lost
        self.at_once = at_once
        self.timeout_s = timeout_s

    def connection_made(self, transport):
        self.transport = transport
        if self.at_once:
            abort(transport, BIG, timeout_s=self.timeout_s)

    def data_received(self, data):
        abort(self.transport, b"end", timeout_s=self.timeout_s)
        abort(self.transport, b"no more", timeout_s=self.timeout_s)

    def connection_lost(self, problem):
        self.lost.set_result(problem)


async def visited(talk, **options):
    loop = asyncio.get_running_loop()
    lost = loop.create_future()
    server = await loop.create_server(lambda: Aborting(lost, **options), "127.0.0.1", 0)
    async with server:
        got = await asyncio.to_thread(talk, server.sockets[0].getsockname())
        return got, await asyncio.wait_for(lost, 20)


def read_all(plain):
    got = b""
    while chunk := plain.recv(1 << 16):
        got += chunk
    return got


def test_every_byte_before_an_abort_arrives_despite_unread_data():
    def talk(address):
        with socket.create_connection(address, timeout=20) as plain:
            plain.sendall(b"unheard" * 10_000)
            return read_all(plain)

    got, problem = asyncio.run(visited(talk))
    assert (got, problem) == (BIG, None)


def test_aborting_twice_ends_the_transport_once():
    def talk(address):
        with socket.create_connection(address, timeout=20) as plain:
            plain.sendall(b"hello")
            return read_all(plain)

    got, problem = asyncio.run(visited(talk, at_once=False))
    assert (got, problem) == (b"end", None)


@pytest.mark.parametrize("at_once", [True, False])
def test_an_aborted_client_that_does_not_close_is_dropped(at_once):
    """The side that was there before is told of it."""
    held = []

    def talk(address):
        plain = socket.create_connection(address, timeout=20)
        plain.sendall(b"hello")
        held.append(plain)

    asyncio.run(visited(talk, at_once=at_once, timeout_s=0.05))
    held[0].close()
