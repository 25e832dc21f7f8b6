"""HTTP on a real socket: one request, one response, and bounds on both."""

import asyncio
import contextlib

import h11
import pytest

from recorder.runtime.http import connection as http_connection
from recorder.runtime.http.connection import HttpConnection
from recorder.runtime.http.messages import HttpRequest, HttpResponse

TIMEOUT_S = 20
HEAD = b"POST /x HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\n"


class Stumbled(Exception):
    pass


def echo(ask):
    if ask.target == "/stumble":
        raise Stumbled
    return HttpResponse(201, (("x-asked", f"{ask.method} {ask.target}"),), ask.body)


async def _talk(sent, failures, end):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: HttpConnection(echo, largest_body=10, on_failure=failures.append), "127.0.0.1", 0
    )
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        for part in sent:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)
        if end:
            writer.write_eof()
        return await asyncio.wait_for(reader.read(), TIMEOUT_S)
    finally:
        writer.close()
        server.close()


def talk(*sent, failures=None, end=False):
    """Say it, part by part; everything that comes back until the server closes."""
    return asyncio.run(_talk(sent, [] if failures is None else failures, end))


def read(answer, method=b"POST"):
    """Status, headers and body, read by another party than the one that wrote them."""
    client = h11.Connection(h11.CLIENT)
    length = [("content-length", "0")] if method == b"POST" else []
    client.send(h11.Request(method=method, target="/", headers=[("host", "h"), *length]))
    client.send(h11.EndOfMessage())
    client.receive_data(answer)
    client.receive_data(b"")
    response, body = client.next_event(), b""
    while isinstance(response, h11.InformationalResponse):
        response = client.next_event()
    while isinstance(event := client.next_event(), h11.Data):
        body += event.data
    return response.status_code, {name.decode(): value.decode() for name, value in response.headers}, body


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param([HEAD + b"Hello"], id="at-once"),
        pytest.param([HEAD, b"Hel", b"lo"], id="in-parts"),
        pytest.param([bytes([byte]) for byte in HEAD + b"Hello"], id="byte-by-byte"),
        pytest.param(
            [
                b"POST /x HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n",
                b"2\r\nHe\r\n3\r\nllo\r\n0\r\n\r\n",
            ],
            id="in-chunks",
        ),
        pytest.param([HEAD + b"HelloGET /next HTTP/1.1\r\n"], id="with-more-behind"),
    ],
)
def test_a_request_is_answered_however_it_came(sent):
    status, headers, body = read(talk(*sent))
    assert (status, body) == (201, b"Hello")
    assert headers["x-asked"] == "POST /x"
    assert headers["connection"] == "close"


def test_expect_100_continue_is_answered():
    answer = talk(HEAD.replace(b"\r\n\r\n", b"\r\nexpect: 100-continue\r\n\r\n"), b"Hello")
    assert answer.startswith(b"HTTP/1.1 100 ")
    assert read(answer)[2] == b"Hello"


def test_a_head_request_gets_no_body():
    answer = talk(b"HEAD /x HTTP/1.1\r\nhost: h\r\n\r\n")
    status, headers, body = read(answer, b"HEAD")
    assert (status, body, headers["content-length"]) == (201, b"", "0")


def test_a_half_closed_client_still_gets_the_response():
    assert read(talk(HEAD + b"Hello", end=True))[0] == 201


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param([HEAD.replace(b"5", b"11")], 413, id="announced"),
        pytest.param(
            [b"POST /x HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\nf\r\n", b"x" * 15],
            413,
            id="chunk",
        ),
        pytest.param([b"POST /x HTTP/1.1\r\nhost: h\r\nx: " + b"y" * 70_000], 431, id="head"),
        pytest.param([b"POST /x HTTP/1.1\r\n\r\n"], 400, id="no-host"),
        pytest.param([b"POST /x\r\n\r\n"], 400, id="no-version"),
        pytest.param([b"POST /x HTTP/1.1\r\nhost: h\r\ncontent-length: x\r\n\r\n"], 400, id="no-length"),
        pytest.param([b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"], 400, id="tls"),
    ],
)
def test_too_large_or_invalid_requests_get_an_error(sent, status):
    assert read(talk(*sent))[0] == status


def test_a_body_at_the_limit_is_taken():
    assert read(talk(HEAD.replace(b"5", b"10") + b"0123456789"))[2] == b"0123456789"


@pytest.mark.parametrize(
    "sent", [pytest.param(b"", id="nothing"), pytest.param(HEAD + b"Hel", id="half-a-body")]
)
def test_a_slow_request_gets_408(sent, monkeypatch):
    monkeypatch.setattr(http_connection, "TIMEOUT_S", 0.02)
    assert read(talk(sent))[0] == 408


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        pytest.param(HEAD.replace(b"5", b"99") + b"x" * 50, True, id="has-more-to-say"),
        pytest.param(b"GET /large HTTP/1.1\r\nhost: h\r\n\r\n", False, id="does-not-listen"),
    ],
)
def test_a_client_that_does_not_close_is_dropped(sent, answered, monkeypatch):
    """It was answered, and heard out for a while."""
    monkeypatch.setattr(http_connection, "TIMEOUT_S", 0.02)

    class Watched(HttpConnection):
        def connection_lost(self, exc):
            super().connection_lost(exc)
            lost.set()

    async def stay():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: Watched(
                lambda ask: HttpResponse(200, body=bytes(50_000_000)), largest_body=10, on_failure=print
            ),
            "127.0.0.1",
            0,
        )
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(sent)
        if answered:
            assert read(await asyncio.wait_for(reader.read(), TIMEOUT_S))[0] == 413
        await asyncio.wait_for(lost.wait(), TIMEOUT_S)
        writer.transport.abort()
        server.close()

    lost = asyncio.Event()
    asyncio.run(stay())


def test_a_fault_of_ours_is_handed_on_and_the_client_told():
    failures = []
    assert read(talk(HEAD.replace(b"/x", b"/stumble") + b"Hello", failures=failures))[0] == 500
    assert [type(failure) for failure in failures] == [Stumbled]


def test_a_request_is_passed_on_unchanged():
    asked = []

    def note(ask):
        asked.append(ask)
        return HttpResponse(204)

    async def once():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: HttpConnection(note, largest_body=10, on_failure=print), "127.0.0.1", 0
        )
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"PUT /a%20b?c HTTP/1.1\r\nHost: h\r\nX-Odd: \xfc\r\ncontent-length: 1\r\n\r\n\xff")
        answer = await asyncio.wait_for(reader.read(), TIMEOUT_S)
        writer.close()
        server.close()
        return answer

    answer = asyncio.run(once())
    assert asked == [
        HttpRequest("PUT", "/a%20b?c", (("host", "h"), ("x-odd", "\xfc"), ("content-length", "1")), b"\xff")
    ]
    assert answer.startswith(b"HTTP/1.1 204 No Content\r\n")
    assert b"content-length" not in answer


def test_a_connection_that_is_aborted_before_it_is_made_is_aborted_then():
    """As when the server ends while the client's connection is being accepted."""

    def aborted():
        connection = HttpConnection(echo, largest_body=10, on_failure=print)
        connection.abort()
        return connection

    async def ask():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(aborted, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(HEAD + b"Hello")
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), TIMEOUT_S) == b""
        writer.close()
        server.close()

    asyncio.run(ask())
