"""The options that say how a service is reached, on every command that reaches one, against real sockets."""

from __future__ import annotations

import json
import os
import socket
import threading
import time

import pytest
from builders.proxies import LoopbackProxy

from recorder.recipes.endpoints import simulated_token
from recorder.simulator import SimulatorServer

SECRET = "s3cret-of-the-proxy"
SCRIPT = """
consumer: {{url: "{url}", token: "{token}"}}
steps: [{{open_conversation: }}, {{say: Hello}}, {{close_conversation: }}]
agent: []
"""


@pytest.fixture(scope="module")
def service():
    with SimulatorServer(None, allow_origins=["https://shop.example"]) as server:
        yield server


@pytest.fixture
def spoken(start):
    """Run ``recorder`` as a process of its own, with these lines on stdin; exit code, stdout and stderr."""

    def invoke(*arguments, lines=""):
        process = start(*arguments, env={**os.environ, "A_TOKEN": simulated_token("me")})
        out, err = process.communicate(lines, timeout=60)
        return process.returncode, out, err

    return invoke


@pytest.fixture(params=["record", "replay", "replay --users"])
def reach(request, spoken, archive, tmp_path, monkeypatch):
    """Reach a service by one of the commands; exit code, stdout and stderr."""
    monkeypatch.setenv("RECORDER_ARCHIVE", str(archive))

    def invoke(url, *options):
        if request.param == "record":
            line = '{"kind":"req","id":1,"type":"GetClock"}\n'
            return spoken("record", url, "--token-env", "A_TOKEN", "--linger", "100ms", *options, lines=line)
        file = tmp_path / "s.yaml"
        file.write_text(SCRIPT.format(url=url, token=simulated_token("me")))
        many = ("--users", "1") if request.param.endswith("--users") else ()
        return spoken("replay", str(file), "--url", "script", *many, *options)

    return invoke


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_a_proxy_lets_who_has_its_password_through_and_nobody_tells_it(reach, service, archive, run, scheme):
    with LoopbackProxy(scheme, login=f"anna:{SECRET}") as proxy:
        let_in = reach(service.url, "--proxy", proxy.url_as(f"anna:{SECRET}"))
        assert let_in[0] == 0, let_in
        assert proxy.asked == [service.url.partition("://")[2].partition("/")[0]]
        sent_away = reach(service.url, "--proxy", proxy.url_as(f"anna:{SECRET}-wrong"))
    assert sent_away[0] != 0
    assert "refuses the login" in f"{sent_away}"
    shown = run("session", "show", "last").output + run("session", "show", "last", "--json").output
    assert SECRET not in f"{let_in} {sent_away} {shown}"
    for file in archive.parent.glob(f"{archive.name}*"):
        assert SECRET.encode() not in file.read_bytes()


def test_an_origin_is_sent(reach, service, run):
    assert reach(service.url, "--origin", "https://shop.example")[0] == 0
    lines = map(json.loads, run("session", "export", "last").stdout.splitlines())
    (connection,) = (line for line in lines if "request_headers" in line)
    assert ["Origin", "https://shop.example"] in connection["request_headers"]


def test_a_service_that_never_answers_is_waited_for_as_long_as_was_said(reach):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        began_s = time.monotonic()
        result = reach(f"ws://127.0.0.1:{listener.getsockname()[1]}/", "--connect-timeout", "300ms")
        assert 0.3 <= time.monotonic() - began_s < 10
    assert result[0] != 0
    assert "within 0.3 s" in f"{result}"


def test_a_payload_that_is_too_long_ends_the_connection(reach, service, run):
    assert reach(service.url, "--max-payload", "20")[0] != 0
    (connection,) = json.loads(run("session", "show", "last", "--json").stdout)["connection_details"]
    assert connection["close_code"] == 1009


def test_a_service_that_reads_nothing_is_sent_to_as_long_as_was_said(spoken):
    """Only ``record`` sends lines that are larger than what the system's buffers hold."""
    reached = threading.Event()

    def accept(listener):
        from recorder.wire.frames import Side
        from recorder.wire.handshake import HandshakeReader, accept_for, header_values

        peer, _ = listener.accept()
        reader = HandshakeReader(Side.CLIENT)
        while reader.feed(peer.recv(65536)) is None:
            pass
        key = header_values(reader.request().headers, "Sec-WebSocket-Key")[0]
        peer.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + f"Sec-WebSocket-Accept: {accept_for(key)}\r\n\r\n".encode()
        )
        reached.wait(30)
        peer.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, args=(listener,))
        thread.start()
        url = f"ws://127.0.0.1:{listener.getsockname()[1]}/"
        code, _, err = spoken("record", url, "--send-timeout", "200ms", lines="x" * 9_000_000 + "\n")
        reached.set()
        thread.join()
    assert code == 5
    assert "did not take a frame within 0.2 s" in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ("--proxy", f"https://u:{SECRET}@p:1"),
            "--proxy: it must begin with http://, socks5:// or socks5h://",
        ),
        (("--connect-timeout", "0"), "--connect-timeout: more than 0 and at most an hour, not 0s"),
        (("--send-timeout", "2h"), "--send-timeout: more than 0 and at most an hour, not 7200s"),
        (("--max-payload", "48MiB"), "--max-payload: from 1 byte to 47MiB, not 50,331,648 bytes"),
        (("--max-payload", "much"), '--max-payload: "much" is no number of bytes'),
        (("--origin", "a b"), "--origin: it may hold printable ASCII only, without spaces"),
    ],
    ids=lambda value: value[0][2:] if isinstance(value, tuple) else "",
)
def test_what_cannot_be_used_is_one_sentence(reach, service, options, said):
    code, out, err = reach(service.url, *options)
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {said}")
    assert SECRET not in err
