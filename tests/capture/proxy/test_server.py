"""Many clients at once, storage that fails, TLS on both sides, and lookups whose services are followed."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import sqlite3
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest

from recorder.errors import BadOption, RecordingIncomplete, StorageFailed
from recorder.simulator import SimulatorServer
from recorder.wire.frames import Opcode, Side, encode

from .conftest import accept_upgrade, receive_all, receive_exactly, receive_head, text, upgrade_head


def echo(sock):
    accept_upgrade(sock)
    while data := sock.recv(65536):
        sock.sendall(data)


def test_many_clients_at_once_are_a_connection_each(serve, through):
    proxy = through(serve(echo).url)
    wrong = []

    def talk(number):
        message = text(b"client %d" % number)
        with proxy.upgrade() as sock:
            for _ in range(20):
                sock.sendall(message)
                if receive_exactly(sock, len(message)) != message:
                    wrong.append(number)

    threads = [threading.Thread(target=talk, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert proxy.end() is None
    assert wrong == []
    frames = proxy.frames()
    assert [frame.number for frame in frames] == list(range(1, 1201))
    for connection in proxy.connections():
        own = [frame for frame in frames if frame.connection == connection.connection]
        assert [frame.index for frame in own] == list(range(40))
        assert len({frame.payload for frame in own if frame.sender is Side.CLIENT}) == 1


def test_each_connection_may_have_a_session_of_its_own(serve, through):
    """What was asked for before a socket stands with it."""

    def handler(sock):
        if receive_head(sock).startswith(b"GET /before "):
            sock.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            return
        sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + encode(Opcode.TEXT, b"a"))
        receive_all(sock)

    proxy = through(serve(handler).url, session_per_connection=True, name="run")
    with proxy.connect() as sock:
        sock.sendall(f"GET /before HTTP/1.1\r\nHost: 127.0.0.1:{proxy.port}\r\n\r\n".encode())
        receive_all(sock)
    for _ in range(2):
        with proxy.upgrade() as sock:
            receive_exactly(sock, 3)
    assert proxy.end() is None
    with proxy.recorded() as (archive, _):
        first, second = archive.sessions()
        assert [each.name for each in (first, second)] == ["run 1", "run 2"]
        assert {each.state for each in (first, second)} == {"complete"}
        assert [each.connections for each in (first, second)] == [1, 1]
        assert [each.url.rpartition("/")[2] for each in archive.exchanges(first)] == ["before"]
        assert archive.exchanges(second) == []


def fill(proxy):
    """Make the archive unable to take more, as a full disk does."""
    connection = sqlite3.connect(proxy.archive)
    connection.execute("CREATE TRIGGER full BEFORE INSERT ON frame BEGIN SELECT RAISE(ABORT, 'full'); END")
    connection.commit()
    connection.close()


def test_what_cannot_be_stored_does_not_go_on(serve, through):
    """Both sides get a Close frame that says so, and the program ends with the storage's error."""
    received, ended = [], threading.Event()

    def handler(sock):
        accept_upgrade(sock)
        received.append(receive_exactly(sock, 7))
        received.append(receive_all(sock))
        ended.set()

    proxy = through(serve(handler).url)
    with proxy.upgrade() as sock:
        sock.sendall(text(b"a"))
        time.sleep(0.1)
        fill(proxy)
        sock.sendall(text(b"b"))
        answer = receive_all(sock)
    assert isinstance(proxy.wait(), StorageFailed)
    assert ended.wait(10)
    closing = (1013).to_bytes(2, "big") + b"the recorder cannot store what goes through it"
    assert answer == encode(Opcode.CLOSE, closing)
    assert received == [text(b"a"), encode(Opcode.CLOSE, closing, mask=bytes(4))]
    assert [frame.payload for frame in proxy.frames()] == [b"a"]


def test_a_half_frame_is_not_followed_by_a_close_frame(serve, through):
    received = []

    def handler(sock):
        accept_upgrade(sock)
        received.append(receive_all(sock))

    service = serve(handler)
    proxy = through(service.url)
    with proxy.upgrade() as sock, proxy.upgrade() as other:
        sock.sendall(text(b"abc")[:5])
        time.sleep(0.2)
        fill(proxy)
        other.sendall(text(b"b"))
        receive_all(sock)
    assert isinstance(proxy.wait(), StorageFailed)
    service.close()
    assert text(b"abc")[:5] in received


def test_passthrough_goes_on_and_marks_the_session(serve, through):
    proxy = through(serve(echo).url, on_storage_failure="passthrough")
    with proxy.upgrade() as sock:
        sock.sendall(text(b"a"))
        assert receive_exactly(sock, 7) == text(b"a")
        fill(proxy)
        for _ in range(3):
            sock.sendall(text(b"b"))
            assert receive_exactly(sock, 7) == text(b"b")
    with proxy.upgrade() as sock:
        sock.sendall(text(b"c"))
        assert receive_exactly(sock, 7) == text(b"c")
    problem = proxy.end()
    assert isinstance(problem, RecordingIncomplete)
    assert "went on without being stored" in str(problem)
    assert any("bytes go on without being stored" in sentence for sentence in proxy.said)
    assert [frame.payload for frame in proxy.frames()] == [b"a", b"a"]
    with proxy.recorded() as (_, session):
        assert session.state == "interrupted"


def certificate(folder, name="localhost"):
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here: apt-get install openssl")
    folder.mkdir(exist_ok=True)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", folder / "own.key", "-out", folder / "own.pem", "-days", "2", "-subj", f"/CN={name}",
         "-addext", f"subjectAltName=DNS:{name}"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder / "own.pem", folder / "own.key"


def client_over_tls(proxy, ca_file, *, alpn=("h2", "http/1.1")):
    context = ssl.create_default_context(cafile=str(ca_file))
    context.set_alpn_protocols(list(alpn))
    return context.wrap_socket(proxy.connect(), server_hostname="localhost")


def test_tls_on_both_sides(serve, through, tmp_path):
    """HTTP/1.1 is agreed on with both, the service's certificate is verified, and halves end over TLS too."""
    pem, key = certificate(tmp_path / "service")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    context.set_alpn_protocols(["h2", "http/1.1"])
    agreed, received = [], []

    def handler(plain):
        with context.wrap_socket(plain, server_side=True) as sock:
            agreed.append(sock.selected_alpn_protocol())
            accept_upgrade(sock)
            received.append(receive_exactly(sock, 300_000))
            sock.sendall(encode(Opcode.BINARY, bytes(200_000)))
            received.append(receive_all(sock))

    service = serve(handler)
    upstream = f"wss://localhost:{service.port}"
    proxy = through(upstream, tls_ca=tmp_path / "ca", ca_file=pem)
    message = encode(Opcode.BINARY, bytes(299_986), mask=b"abcd")
    assert len(message) == 300_000
    with client_over_tls(proxy, tmp_path / "ca" / "ca.pem") as sock:
        assert sock.selected_alpn_protocol() == "http/1.1"
        sock.sendall(upgrade_head(f"localhost:{proxy.port}"))
        receive_head(sock)
        sock.sendall(message)
        receive_exactly(sock, 200_010)
        with contextlib.suppress(ssl.SSLError, OSError):
            sock.unwrap().close()
    service.close()
    assert proxy.end() is None
    assert agreed == ["http/1.1"]
    assert received == [message, b""]
    assert [connection.url.partition("/ws_api")[0] for connection in proxy.connections()] == [upstream]


def test_a_service_whose_certificate_is_not_trusted_is_not_spoken_to(serve, through, tmp_path):
    pem, key = certificate(tmp_path / "service")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)

    def handler(plain):
        with pytest.raises(ssl.SSLError):
            context.wrap_socket(plain, server_side=True).recv(1)

    proxy = through(f"wss://localhost:{serve(handler).port}")
    with proxy.connect() as sock:
        sock.sendall(upgrade_head(f"127.0.0.1:{proxy.port}"))
        assert b"its certificate is self-signed" in receive_all(sock)


def test_a_client_that_speaks_no_tls_is_told_of(through, tmp_path):
    proxy = through("ws://127.0.0.1:1", tls_ca=tmp_path / "ca")
    with proxy.connect() as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        receive_all(sock)
    assert proxy.end() is None
    assert any("TLS failed" in sentence for sentence in proxy.said), proxy.said


def test_an_answer_that_names_the_upstream_names_the_proxy_instead(through):
    """The archive keeps what the service said."""
    with SimulatorServer() as one:

        def looked_up(proxy, path):
            with proxy.connect() as sock:
                sock.sendall(
                    f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{proxy.port}\r\n"
                    "Accept-Encoding: br\r\n\r\n".encode()
                )
                answer = receive_all(sock)
            head, _, body = answer.partition(b"\r\n\r\n")
            assert f"content-length: {len(body)}".encode() in head.lower()
            return json.loads(body)

        proxy = through(one.url.partition("/ws_api")[0], rewrite_lookup=True)
        answer = looked_up(proxy, "/api/account/1/service/baseURI.json?version=1.0")
        named = {each["service"]: each["baseURI"] for each in answer["baseURIs"]}
        assert set(named.values()) == {f"127.0.0.1:{proxy.port}"}  # the simulator is all services itself
    assert proxy.end() is None
    assert [each.purpose for each in proxy.exchanges()] == ["domain-lookup"]
    assert f"127.0.0.1:{one.port}".encode() in proxy.exchanges()[0].response_body


def test_a_service_at_another_address_gets_a_listener(serve, through):
    hosts = []

    def idp(sock):
        hosts.append(receive_head(sock))
        sock.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

    elsewhere = serve(idp)

    def lookup(sock):
        receive_head(sock)
        body = json.dumps({"service": "idp", "baseURI": f"127.0.0.1:{elsewhere.port}"}).encode()
        sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        sock.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))

    proxy = through(serve(lookup).url, rewrite_lookup=True)
    with proxy.connect() as sock:
        line = "GET /api/account/1/service/idp/baseURI.json"
        sock.sendall(f"{line} HTTP/1.1\r\nHost: localhost:{proxy.port}\r\n\r\n".encode())
        receive_head(sock)
        body = json.loads(sock.recv(1000))
    host, _, port = body["baseURI"].partition(":")
    assert (host, body["service"]) == ("localhost", "idp")
    assert int(port) not in (proxy.port, elsewhere.port)
    assert any(
        f"127.0.0.1:{elsewhere.port}, which a lookup named, is reached at" in say for say in proxy.said
    )
    with socket.create_connection(("127.0.0.1", int(port)), timeout=10) as sock:
        sock.sendall(f"GET /x HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode())
        assert receive_all(sock).startswith(b"HTTP/1.1 204 ")
    with socket.create_connection(("127.0.0.1", int(port)), timeout=10) as sock:
        sock.sendall(f"GET /x HTTP/1.1\r\nHost: evil.example:{port}\r\n\r\n".encode())
        assert receive_all(sock).startswith(b"HTTP/1.1 403 ")
    assert len(hosts) == 1
    assert f"\r\nHost: 127.0.0.1:{elsewhere.port}\r\n".encode() in hosts[0]


def test_payloads_are_delivered_of_both_sides_in_order(serve, through):
    proxy = through(serve(echo).url)
    with proxy.upgrade() as sock:
        for number in range(5):
            message = text(b"%d" % number)
            sock.sendall(message)
            receive_exactly(sock, len(message))
    assert proxy.end() is None
    assert [(each.sender, each.data) for each in proxy.delivered] == [
        (side, b"%d" % number) for number in range(5) for side in (Side.CLIENT, Side.SERVICE)
    ]


def test_payloads_are_delivered_though_frames_never_stop_coming(serve, through):
    """What waits for a pause does not wait for ever."""

    def never_stops(sock):
        accept_upgrade(sock)
        with contextlib.suppress(OSError):
            while True:
                sock.sendall(encode(Opcode.TEXT, b"a"))

    proxy = through(serve(never_stops).url)
    with proxy.upgrade() as sock:
        while not proxy.delivered:
            assert sock.recv(65536)
    assert proxy.end() is None


SOCKETS = Path("/proc/self/fd")


@pytest.mark.skipif(not SOCKETS.is_dir(), reason="looks at this process's sockets in /proc")
def test_of_both_peers_it_is_noticed_within_half_a_minute_that_they_are_gone(serve, through):
    """The kernel asks them, in both directions; nothing is added to the frames."""
    held = threading.Event()

    def handler(sock):
        accept_upgrade(sock)
        held.wait(20)

    service = serve(handler)
    proxy = through(service.url)
    with proxy.upgrade() as sock:
        client = sock.getsockname()[1]
        watched = {
            there: after_s
            for here, there, after_s in own_connections()
            if (here, there) == (proxy.port, client) or there == service.port
        }
    held.set()
    assert watched.keys() == {client, service.port}
    assert all(0 < after_s <= 30 for after_s in watched.values())


def own_connections():
    """Own port, peer's port, and ``noticed_after_s`` of every TCP connection of this process."""
    for entry in SOCKETS.iterdir():
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(int(entry.name))) as copy:
            if copy.family == socket.AF_INET:
                yield copy.getsockname()[1], copy.getpeername()[1], noticed_after_s(copy)


def noticed_after_s(sock):
    """After how long without an answer the kernel gives an idle connection up; 0 for never."""
    if not sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE):
        return 0
    idle_s, every_s, times = (
        sock.getsockopt(socket.IPPROTO_TCP, option)
        for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
    )
    return idle_s + every_s * times


def test_only_this_machine_may_connect_unless_others_are_let_in(tmp_path, through):
    with pytest.raises(BadOption, match="this machine only"):
        through("ws://127.0.0.1:1", listen="0.0.0.0:0")
    proxy = through("ws://127.0.0.1:1", listen="0.0.0.0:0", allow_remote=True)
    assert proxy.host == "0.0.0.0"


def test_a_service_that_is_the_proxy_itself_is_refused(through):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    proxy = through(f"ws://localhost:{port}", listen=f"127.0.0.1:{port}")
    with proxy.connect() as sock:
        sock.sendall(upgrade_head(f"127.0.0.1:{port}"))
        assert b"its name leads back to the proxy itself" in receive_all(sock)
