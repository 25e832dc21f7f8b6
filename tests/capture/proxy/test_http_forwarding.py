"""HTTP beside the WebSockets: streamed, one request after another, with a summary in the archive."""

from __future__ import annotations

import gzip
import json
import socket

import pytest

from .conftest import receive_all, receive_exactly, receive_head, upgrade_head

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def request(proxy, line, *headers, body=b""):
    host = f"Host: 127.0.0.1:{proxy.port}"
    return "\r\n".join([f"{line} HTTP/1.1", host, *headers, "", ""]).encode() + body


def test_requests_follow_each_other_on_one_connection(serve, through):
    """Three at once, of three kinds: each goes on by itself, after the answer to the one before."""
    bodies = []

    def handler(sock):
        assert receive_head(sock).startswith(b"GET /one ")
        sock.sendall(OK)
        assert receive_head(sock).startswith(b"POST /two ")
        bodies.append(receive_exactly(sock, 5))
        sock.sendall(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nyes\r\n0\r\n\r\n")
        assert receive_head(sock).startswith(b"PUT /v1/three ")
        bodies.append(receive_exactly(sock, 18))
        sock.sendall(OK)

    service = serve(handler)
    proxy = through(service.url)
    chunked = b"4;a=b\r\nfile\r\n0\r\n\r\n"
    with proxy.connect() as sock:
        sock.sendall(
            request(proxy, "GET /one")
            + request(proxy, "POST /two", "Content-Length: 5", body=b"hello")
            + request(proxy, "PUT /v1/three", "Transfer-Encoding: chunked", body=chunked)
        )
        assert receive_exactly(sock, len(OK)) == OK
        created = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nyes\r\n0\r\n\r\n"
        assert receive_exactly(sock, len(created)) == created
        assert receive_exactly(sock, len(OK)) == OK
    assert proxy.end() is None
    assert bodies == [b"hello", chunked]
    assert service.accepted == 1
    shown = [(each.method, each.purpose, each.status, each.request_size) for each in proxy.exchanges()]
    assert shown == [("GET", "other", 200, 0), ("POST", "other", 201, 5), ("PUT", "upload", 200, 4)]
    two = proxy.exchanges()[1]
    assert (two.request_body, two.response_body, two.response_size) == (b"hello", b"yes", 3)
    assert two.url == f"http://127.0.0.1:{service.port}/two"
    assert two.at_us <= two.answered_at_us


def test_a_body_is_streamed_in_both_directions(serve, through):
    """The service sees the beginning of an upload before its end, and the client that of the answer."""

    def handler(sock):
        receive_head(sock)
        assert receive_exactly(sock, 3) == b"abc"
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nfir")
        assert receive_exactly(sock, 3) == b"def"
        sock.sendall(b"st!")

    proxy = through(serve(handler).url)
    with proxy.connect() as sock:
        sock.sendall(request(proxy, "POST /", "Content-Length: 6", body=b"abc"))
        receive_head(sock)
        assert receive_exactly(sock, 3) == b"fir"
        sock.sendall(b"def")
        assert receive_exactly(sock, 3) == b"st!"


def test_a_client_that_waits_for_100_continue_gets_it(serve, through):
    def handler(sock):
        receive_head(sock)
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert receive_exactly(sock, 4) == b"body"
        sock.sendall(OK)

    proxy = through(serve(handler).url)
    with proxy.connect() as sock:
        sock.sendall(request(proxy, "POST /", "Expect: 100-continue", "Content-Length: 4"))
        assert receive_head(sock) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"body")
        assert receive_exactly(sock, len(OK)) == OK
    assert proxy.end() is None
    assert [each.status for each in proxy.exchanges()] == [200]


def test_a_large_upload_waits_for_a_service_that_does_not_read(serve, through):
    size = 32 * 1024 * 1024

    def handler(sock):
        receive_head(sock)
        left = size
        while left:
            left -= len(sock.recv(min(left, 1 << 20)))
        sock.sendall(OK)

    proxy = through(serve(handler).url)
    with proxy.connect() as sock:
        sock.sendall(request(proxy, "PUT /v1/file", f"Content-Length: {size}"))
        sock.sendall(bytes(size))
        assert receive_exactly(sock, len(OK)) == OK
    assert proxy.end() is None
    (upload,) = proxy.exchanges()
    assert (upload.purpose, upload.request_size, upload.status) == ("upload", size, 200)


def test_secrets_of_a_login_are_not_stored(serve, through):
    token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhYmMifQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
    answer = gzip.compress(json.dumps({"jwt": token}).encode())

    def handler(sock):
        assert b"code-of-the-brand-0123456789" in receive_head(sock) + receive_exactly(sock, 43)
        sock.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
            b"Content-Length: %d\r\n\r\n" % len(answer) + answer
        )

    proxy = through(serve(handler).url)
    body = b'{"authCode":"code-of-the-brand-0123456789"}'
    with proxy.connect() as sock:
        line = "POST /api/account/1/authenticate?token=secret-in-the-query-0123456789"
        sock.sendall(request(proxy, line, "Content-Length: 43", "Cookie: id=cookie-0123456789", body=body))
        receive_head(sock)
        assert receive_exactly(sock, len(answer)) == answer
    assert proxy.end() is None
    (login,) = proxy.exchanges()
    assert (login.purpose, login.status) == ("login", 200)
    assert b"jwt:" in login.response_body
    stored = b"".join(file.read_bytes() for file in proxy.archive.parent.glob(f"{proxy.archive.name}*"))
    for secret in (
        token,
        "code-of-the-brand-0123456789",
        "secret-in-the-query-0123456789",
        "cookie-0123456789",
    ):
        assert secret.encode() not in stored


@pytest.mark.parametrize(
    ("answer", "complete"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\nto the end", True, id="until-the-end"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", False, id="cut-short"),
        pytest.param(b"\x00\x01 no http at all\r\n\r\n", False, id="no-http"),
        pytest.param(b"", False, id="nothing"),
    ],
)
def test_what_a_service_sends_goes_on_whatever_it_is(serve, through, answer, complete):
    def handler(sock):
        receive_head(sock)
        sock.sendall(answer)

    proxy = through(serve(handler).url)
    with proxy.connect() as sock:
        sock.sendall(request(proxy, "GET /"))
        assert receive_all(sock) == answer
    assert proxy.end() is None
    (exchange,) = proxy.exchanges()
    assert exchange.status == (200 if answer.startswith(b"HTTP") else None)


def test_a_service_that_has_closed_an_idle_connection_closes_the_clients(serve, through):
    """The client learns it before it sends the next request, as without a proxy."""

    def handler(sock):
        receive_head(sock)
        sock.sendall(OK)

    proxy = through(serve(handler).url)
    with proxy.connect() as sock:
        sock.sendall(request(proxy, "GET /"))
        assert receive_all(sock) == OK


def test_an_upgrade_may_follow_a_request_on_the_same_connection(serve, through):
    from .conftest import accept_upgrade

    def handler(sock):
        receive_head(sock)
        sock.sendall(OK)
        accept_upgrade(sock)
        receive_all(sock)

    service = serve(handler)
    proxy = through(service.url)
    with proxy.connect() as sock:
        sock.sendall(request(proxy, "GET /"))
        assert receive_exactly(sock, len(OK)) == OK
        sock.sendall(upgrade_head(f"127.0.0.1:{proxy.port}"))
        assert receive_head(sock).startswith(b"HTTP/1.1 101 ")
    assert proxy.end() is None
    assert service.accepted == 1


def test_a_service_that_is_gone_is_a_bad_gateway(through):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    proxy = through(f"ws://127.0.0.1:{port}")
    with proxy.connect() as sock:
        sock.sendall(request(proxy, "GET /"))
        assert receive_all(sock).startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert proxy.end() is None
    assert [(each.method, each.status) for each in proxy.exchanges()] == [("GET", None)]
