"""Who is let through: refusals of hosts, pages, tunnels and bytes that are no request."""

from __future__ import annotations

import pytest

from .conftest import PATH, accept_upgrade, receive_all, receive_head, upgrade_head


def never(sock):
    raise AssertionError("it was connected to")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        pytest.param("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403, id="rebound-name"),
        pytest.param("GET / HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n", 403, id="other-port"),
        pytest.param("GET / HTTP/1.1\r\n\r\n", 403, id="no-host"),
        pytest.param("GET / HTTP/1.1\r\nHost: {own}\r\nHost: evil.example\r\n\r\n", 403, id="two-hosts"),
        pytest.param("GET http://evil.example/ HTTP/1.1\r\nHost: {own}\r\n\r\n", 400, id="absolute-form"),
        pytest.param("CONNECT evil.example:443 HTTP/1.1\r\nHost: {own}\r\n\r\n", 405, id="connect"),
        pytest.param(
            "GET / HTTP/1.1\r\nHost: {own}\r\nOrigin: https://evil.example\r\n\r\n", 403, id="foreign-page"
        ),
        pytest.param("GET / HTTP/1.1\r\nHost: {own}\r\nOrigin: null\r\n\r\n", 403, id="page-of-no-origin"),
        pytest.param("GET / HTTP/2.0\r\nHost: {own}\r\n\r\n", 400, id="other-version"),
        pytest.param("hello\r\n\r\n", 400, id="no-request"),
        pytest.param("GET / HTTP/1.1\r\nX: " + "x" * 70_000, 431, id="endless-head"),
    ],
)
def test_what_is_not_for_the_service_is_refused_and_never_gets_there(serve, through, head, status):
    service = serve(never)
    proxy = through(service.url)
    with proxy.connect() as sock:
        sock.sendall(head.format(own=f"127.0.0.1:{proxy.port}").encode())
        answer = receive_all(sock)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer
    assert b"recorder proxy: " in answer
    assert proxy.end() is None
    assert service.accepted == 0
    assert proxy.connections() == []


@pytest.mark.parametrize("origin", ["http://localhost:3000", "https://shop.example", "null"])
def test_a_page_that_may_connect_is_seen_by_the_service_as_it_is(serve, through, origin):
    seen = []

    def handler(sock):
        seen.append(accept_upgrade(sock))

    proxy = through(serve(handler).url, allow_origins=["https://shop.example", "null"])
    with proxy.upgrade(extra=f"Origin: {origin}\r\n") as sock:
        receive_all(sock)
    assert f"\r\nOrigin: {origin}\r\n".encode() in seen[0]


def test_the_user_is_told_how_to_let_a_page_in(serve, through):
    proxy = through(serve(never).url)
    with proxy.connect() as sock:
        sock.sendall(upgrade_head(f"127.0.0.1:{proxy.port}", extra="Origin: https://shop.example\r\n"))
        receive_all(sock)
    assert "refused a page of https://shop.example: let it in with --allow-origin https://shop.example" in (
        proxy.said
    )


def test_a_client_that_speaks_tls_to_a_plain_address_is_told_of(serve, through):
    proxy = through(serve(never).url)
    with proxy.connect() as sock:
        sock.sendall(b"\x16\x03\x01\x02\x00\x01\x00")
        assert receive_all(sock) == b""
    assert proxy.end() is None
    assert any("a client speaks TLS to a plain address" in sentence for sentence in proxy.said)


def test_a_name_of_the_service_that_points_here_is_accepted_if_it_is_given(serve, through):
    def handler(sock):
        accept_upgrade(sock)

    proxy = through(serve(handler).url, as_hosts=["va.msg.liveperson.net"])
    with proxy.connect() as sock:
        sock.sendall(upgrade_head("va.msg.liveperson.net"))
        assert receive_head(sock).startswith(b"HTTP/1.1 101 ")


def test_a_head_that_comes_byte_by_byte_is_read(serve, through):
    def handler(sock):
        accept_upgrade(sock)

    proxy = through(serve(handler).url)
    with proxy.connect() as sock:
        for byte in upgrade_head(f"127.0.0.1:{proxy.port}", path=PATH):
            sock.sendall(bytes([byte]))
        assert receive_head(sock).startswith(b"HTTP/1.1 101 ")
