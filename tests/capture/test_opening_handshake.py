"""Services that do not let us in: what is recorded, what is said, and what is never said."""

from __future__ import annotations

import socket
import threading

import pytest

from recorder.errors import CannotConnect, HandshakeRefused
from recorder.wire.frames import Opcode
from recorder.wire.records import HttpExchange

SECRET = "eyJhbGciOi.canary.signature"


def answering(answer):
    """A service that reads the request and answers this."""

    def script(peer):
        request = peer.read_request()
        peer.send(answer)
        return request

    return script


def refused(connect, url, **options):
    with pytest.raises(CannotConnect) as error:
        connect(url, **options)
    assert error.value.exit_code == 4
    return error.value


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        pytest.param("401 Unauthorized", "token", id="401"),
        pytest.param("403 Forbidden", "token", id="403"),
        pytest.param("404 Not Found", "path", id="404"),
        pytest.param("429 Too Many Requests", "later", id="429"),
        pytest.param("500 Internal Server Error", "later", id="500"),
        pytest.param("200 OK", "path", id="200"),
        pytest.param("299 Strange", None, id="unknown"),
    ],
)
def test_a_refusal_is_recorded_and_explained(serve, connect, recorded, status, hint):
    service = serve(
        answering(f"HTTP/1.1 {status}\r\nX-Why: because\r\nContent-Length: 3\r\n\r\nno\n".encode())
    )
    error = refused(connect, service.url, token=SECRET)
    assert isinstance(error, HandshakeRefused)
    assert f"answered {status} instead of 101" in str(error)
    assert (hint or "") in (error.hint or "")
    (exchange,) = (record for record in recorded.records if isinstance(record, HttpExchange))
    assert (exchange.purpose, exchange.status, exchange.response_body) == (
        "upgrade",
        int(status[:3]),
        b"no\n",
    )
    assert str(error).endswith(': "no"')
    (seen,) = recorded.handshakes
    assert seen.response_status == int(status[:3])
    assert ("X-Why", "because") in seen.response_headers
    assert [end.how for end in recorded.ends] == ["refused"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_the_token_goes_nowhere_else(serve, connect, status):
    elsewhere = serve(lambda peer: peer.read_request())
    location = f"http://127.0.0.1:{elsewhere.port}/{SECRET}"
    service = serve(answering(f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\n\r\n".encode()))
    error = refused(connect, service.url, token=SECRET)
    assert "not followed" in error.hint
    assert SECRET not in f"{error} {error.hint}"
    assert SECRET.encode() in service.result()
    assert (service.connections, elsewhere.connections) == (1, 0)


def test_a_token_that_the_service_repeats_is_in_no_error_text(serve, connect, recorded):
    service = serve(answering(f"HTTP/1.1 401 bad {SECRET}\x1b[31m\r\n\r\n".encode()))
    error = refused(connect, f"{service.url}{SECRET}?jwt={SECRET}", token=SECRET)
    assert SECRET not in f"{error} {error.hint} {error!r} {recorded.ends[0].detail}"
    assert "\x1b" not in str(error)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        pytest.param(b"220 mail.example ESMTP\r\n", "not HTTP", id="banner"),
        pytest.param(b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "Upgrade", id="no-headers"),
        pytest.param(
            b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: eA==\r\n\r\n",
            "Accept",
            id="wrong-accept",
        ),
        pytest.param(b"HTTP/1.1 101 x\r\nX: " + b"a" * 3_000_000, "no end within 65536", id="endless-header"),
        pytest.param(b"HTTP/1.1 101 x", "before it answered", id="cut-off"),
        pytest.param(b"", "before it answered", id="hung-up"),
    ],
)
def test_an_answer_that_is_no_websocket_upgrade_is_refused(serve, connect, recorded, answer, problem):
    error = refused(connect, serve(answering(answer)).url)
    assert problem in str(error)
    assert [end.how for end in recorded.ends] == ["refused"]
    assert len(recorded.handshakes) == 1


@pytest.mark.parametrize(
    ("headers", "options", "problem"),
    [
        pytest.param("Sec-WebSocket-Protocol: x\r\n", {}, "subprotocol", id="unasked-subprotocol"),
        pytest.param("Sec-WebSocket-Extensions: x\r\n", {}, "extension", id="unasked-extension"),
        pytest.param(
            "", {"subprotocols": ("a", "b")}, "none of the subprotocols offered (a, b)", id="none-chosen"
        ),
    ],
)
def test_an_upgrade_to_something_else_is_refused(serve, connect, headers, options, problem):
    service = serve(lambda peer: peer.accept(headers=headers))
    assert problem in str(refused(connect, service.url, **options))


@pytest.mark.parametrize(
    ("headers", "offered", "problem", "hint"),
    [
        pytest.param(
            "other",
            (),
            'a subprotocol nobody asked for: "other"; offered: none',
            "--subprotocol other",
            id="none",
        ),
        pytest.param("CHAT", ("chat", "v2"), '"CHAT"; offered: chat, v2', "--subprotocol CHAT", id="case"),
        pytest.param("x", ("bearer", "aB3-x"), '"x"; offered: bearer, …', "--subprotocol x", id="token"),
        pytest.param("AB3-X", ("bearer", "aB3-x"), "one that is not shown", "repeat the token", id="echo"),
        pytest.param(None, ("bearer", "aB3-x"), "offered (bearer, …)", "without --subprotocol", id="nothing"),
        pytest.param("a b", (), "one that is not shown", "letter by letter", id="no name"),
    ],
)
def test_a_mismatch_of_subprotocols_says_what_was_offered_and_what_came(
    serve, connect, recorded, headers, offered, problem, hint
):
    line = "" if headers is None else f"Sec-WebSocket-Protocol: {headers}\r\n"
    error = refused(connect, serve(lambda peer: peer.accept(headers=line)).url, subprotocols=offered)
    assert problem in str(error)
    assert hint in error.hint
    assert "aB3-x" not in f"{error} {error.hint} {recorded.ends}"


def test_an_origin_that_may_be_why_is_named(serve, connect):
    service = serve(answering(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"))
    assert (
        "--origin https://shop.example" in refused(connect, service.url, origin="https://shop.example").hint
    )


def test_a_subprotocol_that_was_offered_may_be_chosen(serve, connect):
    service = serve(
        lambda peer: (peer.accept(headers="Sec-WebSocket-Protocol: b\r\n"), peer.remaining_frames())
    )
    connection = connect(service.url, subprotocols=("a", "b"))
    assert connection.closed is None


def test_an_upgrade_that_is_not_answered_is_given_up(serve, connect, recorded):
    done = threading.Event()
    service = serve(lambda peer: (peer.read_request(), done.wait(20)))
    error = refused(connect, service.url, connect_timeout_s=0.1)
    done.set()
    assert "not answered within 0.1 s" in str(error)
    assert recorded.handshakes[0].response_status is None


def test_an_answer_that_trickles_is_given_up(serve, connect):
    """A byte now and then does not buy more time."""

    def script(peer):
        peer.read_request()
        try:
            for byte in b"HTTP/1.1 101 x\r\n" + b"X: y\r\n" * 1000:
                peer.send(bytes([byte]))
                threading.Event().wait(0.002)
        except OSError:
            return

    error = refused(connect, serve(script).url, connect_timeout_s=0.2)
    assert "not answered within 0.2 s" in str(error)


def test_interim_answers_are_passed_over(serve, connect):
    def script(peer):
        peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        peer.accept()
        peer.send_text("hello")
        peer.remaining_frames()

    assert connect(serve(script).url).receive(None).data == b"hello"


def request_of(serve, connect, path="", **options):
    """The request that a service sees."""
    service = serve(lambda peer: (peer.accept(), peer.answer_close())[-1])
    connect(service.url + path, **options).close()
    return service.result().decode()


def test_the_request_carries_what_was_asked_for_and_nothing_else(serve, connect):
    request = request_of(
        serve, connect, "ws_api;v=1/x;y=2?v=3&a=b;c", token=SECRET, headers=(("X-A", "1"), ("X-A", "2"))
    )
    first, *lines = request.strip().split("\r\n")
    assert first == "GET /ws_api%3Bv=1/x%3By=2?v=3&a=b;c HTTP/1.1"
    assert [line for line in lines if line.startswith(("Authorization", "X-"))] == [
        f"Authorization: jwt {SECRET}",
        "X-A: 1",
        "X-A: 2",
    ]
    names = {line.split(":")[0] for line in lines}
    assert not names & {"Origin", "Cookie", "Sec-WebSocket-Extensions"}


def test_an_origin_is_sent_if_asked_for(serve, connect):
    assert "Origin: https://shop.example\r\n" in request_of(serve, connect, origin="https://shop.example")


def test_with_init_connection_the_token_is_not_in_the_request(serve, connect):
    assert SECRET not in request_of(serve, connect, token=SECRET, init_connection=True)


def test_a_cookie_of_one_connection_does_not_reach_the_next(serve, connect):
    """The library keeps one cookie jar for the whole process."""
    cookie = "Set-Cookie: session=canary; Domain=localhost\r\n"
    service = serve(lambda peer: (peer.accept(headers=cookie), peer.answer_close())[-1])
    for _ in range(2):
        connect(f"ws://localhost:{service.port}/").close()
        assert b"ookie" not in service.result()


def test_a_name_with_several_addresses_is_tried_in_order(serve, connect, monkeypatch):
    """The first address refuses; the second is there."""
    service = serve(lambda peer: (peer.accept(), peer.remaining_frames()))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        dead = listener.getsockname()
    addresses = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", at) for at in (dead, ("127.0.0.1", service.port))
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
    assert connect("ws://many.example/").closed is None


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
