"""``recorder proxy``: what it prints, how it ends, and that nothing which went on is lost."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import socket
import sqlite3
import subprocess

import pytest
import websocket

from recorder.simulator import SimulatorServer
from recorder.store.archive import Archive
from recorder.wire.frames import Opcode, Side, encode
from recorder.wire.handshake import HandshakeReader, accept_for, header_values

PATIENCE_S = 30
CLOCK = '{"kind":"req","id":1,"type":"GetClock"}'
WSCAT = shutil.which("wscat")


@pytest.fixture
def simulator():
    with SimulatorServer() as server:
        yield server


def address(process) -> str:
    """The address it says it listens on."""
    for line in process.stderr:
        if line.startswith("listening on "):
            return line.split()[-1]
    raise AssertionError("it does not listen")


def client_of(url: str) -> websocket.WebSocket:
    path = "/ws_api/account/le-sim/messaging/consumer?v=3"
    header = ["Authorization: jwt anything"]
    return websocket.create_connection(url + path, header=header, timeout=PATIENCE_S)


def proxy_to(start, simulator, *arguments):
    upstream = simulator.url.partition("/ws_api")[0]
    return start("proxy", "--upstream", upstream, "--listen", "127.0.0.1:0", *arguments)


def last_frames(archive):
    with Archive.open(archive, mode="read") as opened:
        session = opened.sessions()[-1]
        return session, list(opened.frames(session))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_records_until_a_signal_comes(start, simulator, archive, number, code):
    process = proxy_to(start, simulator)
    client = client_of(address(process))
    client.send(CLOCK)
    answer = client.recv()
    assert process.stdout.readline() == f"> {CLOCK}\n"
    assert process.stdout.readline() == f"< {answer}\n"
    process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == code
    assert "2 frames recorded\n" in errors
    client.shutdown()
    session, frames = last_frames(archive)
    assert (session.source, session.state) == ("proxy", "complete")
    assert [frame.payload.decode() for frame in frames] == [CLOCK, answer]


def test_payloads_are_objects_with_json(start, simulator):
    process = proxy_to(start, simulator, "--json")
    client = client_of(address(process))
    client.send(CLOCK)
    client.recv()
    shown = [json.loads(process.stdout.readline()) for _ in range(2)]
    assert [each["sender"] for each in shown] == ["client", "service"]
    assert shown[0]["text"] == CLOCK
    client.shutdown()


@pytest.fixture
def terminal():
    """A pseudo-terminal: what is read here, and what a process has as stdout."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb") as shown:
        yield shown, theirs


def shown_to(terminal, start, simulator, text, *arguments):
    """The first line that a proxy shows there, when a client sends this."""
    shown, theirs = terminal
    upstream = simulator.url.partition("/ws_api")[0]
    process = start(
        "proxy", "--upstream", upstream, "--listen", "127.0.0.1:0", *arguments, stdout=theirs,
        env={**os.environ, "TERM": "xterm", "NO_COLOR": "1"},
    )  # fmt: skip
    os.close(theirs)
    client = client_of(address(process))
    client.send(text)
    line = shown.readline().decode().rstrip("\r\n")
    client.shutdown()
    return line


def test_objects_on_a_terminal_hold_nothing_that_acts_on_it(terminal, start, simulator):
    """U+009B begins a control sequence, as ESC [ does."""
    line = shown_to(terminal, start, simulator, CLOCK.replace("GetClock", "Get\x9b31mClock"), "--json")
    assert "\x9b" not in line
    assert "Get\x9b31mClock" in json.loads(line)["text"]


def test_on_a_terminal_the_time_stands_before_a_payload(terminal, start, simulator):
    line = shown_to(terminal, start, simulator, CLOCK)
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3} > " + re.escape(CLOCK), line)


def test_killed_it_has_lost_nothing_that_went_on(start, simulator, archive):
    process = proxy_to(start, simulator)
    client = client_of(address(process))
    for _ in range(50):
        client.send(CLOCK)
    answers = [client.recv() for _ in range(50)]
    process.kill()
    process.communicate(timeout=PATIENCE_S)
    client.shutdown()
    session, frames = last_frames(archive)
    assert session.state == "interrupted"
    assert [frame.payload.decode() for frame in frames if frame.sender is Side.SERVICE] == answers
    assert sum(frame.sender is Side.CLIENT for frame in frames) == 50


def test_it_ends_with_6_when_the_archive_takes_nothing_more(start, simulator, archive):
    process = proxy_to(start, simulator)
    client = client_of(address(process))
    client.send(CLOCK)
    client.recv()
    connection = sqlite3.connect(archive)
    connection.execute("CREATE TRIGGER full BEFORE INSERT ON frame BEGIN SELECT RAISE(ABORT, 'x'); END")
    connection.commit()
    connection.close()
    client.send(CLOCK)
    opcode, data = client.recv_data(control_frame=True)
    assert (opcode, data[:2]) == (Opcode.CLOSE, (1013).to_bytes(2, "big"))
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 6
    assert errors.splitlines()[-1].startswith(("error: ", "hint: "))
    client.shutdown()


def test_who_does_not_read_the_output_does_not_hold_up_the_conversation(start, simulator):
    """The pipe of stdout fills; what cannot be printed is counted, and is in the archive."""
    process = proxy_to(start, simulator)
    client = client_of(address(process))
    request = json.dumps({"kind": "req", "id": 1, "type": "GetClock", "pad": "x" * 20_000})
    for _ in range(600):
        client.send(request)
        client.recv()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert " payloads were not printed: the output was read too slowly" in errors
    client.shutdown()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["--upstream", "va.msg.liveperson.net"], "--upstream: it must begin", id="no-scheme"),
        pytest.param(["--upstream", "wss://x/path"], "paths come from the client", id="path"),
        pytest.param(["--upstream", "wss://x", "--listen", "0.0.0.0:1"], "this machine only", id="remote"),
        pytest.param(["--upstream", "wss://x", "--tls-key", "k.pem"], "give both or none", id="half"),
        pytest.param(["--upstream", "wss://x", "--on-storage-failure", "ignore"], "ignore", id="no-way"),
        pytest.param([], "--upstream", id="nothing"),
    ],
)
def test_unusable_options_are_one_sentence(run, arguments, says):
    result = run("proxy", *arguments)
    assert result.exit_code == 2
    assert says in result.stderr


@pytest.mark.skipif(WSCAT is None, reason="no wscat here: npm install -g wscat")
def test_a_real_wscat_negotiates_compression_through_it(start, archive):
    """wscat offers permessage-deflate; what the service compresses is in the archive inflated."""
    import threading
    import zlib

    deflate = zlib.compressobj(wbits=-15)
    plain = b'{"said":"' + b"so " * 200 + b'"}'
    packed = (deflate.compress(plain) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]

    def serve():
        sock, _ = listening.accept()
        with sock:
            head = HandshakeReader(Side.CLIENT)
            while head.feed(sock.recv(1)) is None:
                pass
            key = header_values(head.request().headers, "Sec-WebSocket-Key")[0]
            assert header_values(head.request().headers, "Sec-WebSocket-Extensions")
            sock.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
                b"Sec-WebSocket-Accept: " + accept_for(key).encode() + b"\r\n\r\n"
                + encode(Opcode.TEXT, packed, rsv=4)
            )  # fmt: skip
            while sock.recv(1000):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = threading.Thread(target=serve)
        serving.start()
        port = listening.getsockname()[1]
        process = start("proxy", "--upstream", f"ws://127.0.0.1:{port}", "--listen", "127.0.0.1:0")
        url = address(process)
        wscat = subprocess.Popen(
            [WSCAT, "-c", f"{url}/x"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert any(plain.decode() in line for line in wscat.stdout)
        wscat.communicate(timeout=PATIENCE_S)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_S)
        serving.join(PATIENCE_S)
    _, frames = last_frames(archive)
    assert frames[0].payload == plain
