"""Which requests are forwarded, and what of their heads is changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.capture.proxy.request_head import (
    HeaderChange,
    UpstreamRequest,
    origins_of,
    proxy_refusal,
    read_request,
    upstream_changes,
    with_header,
)
from recorder.wire.frames import Side
from recorder.wire.handshake import HandshakeReader


def request_of(raw):
    reader = HandshakeReader(Side.CLIENT)
    reader.feed(raw)
    return read_request(reader.request(), raw)


@pytest.mark.parametrize(
    ("raw", "upgrade"),
    [
        pytest.param(b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", True, id="plain"),
        pytest.param(b"GET / HTTP/1.1\r\nupgrade: h2c, WebSocket\r\n\r\n", True, id="one-of-two"),
        pytest.param(b"POST / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", False, id="no-get"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", False, id="none"),
    ],
)
def test_an_upgrade_is_told_from_other_requests(raw, upgrade):
    assert request_of(raw).is_upgrade is upgrade


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        pytest.param(b"GET /path?q HTTP/1.1", None, id="path"),
        pytest.param(b"OPTIONS * HTTP/1.1", None, id="asterisk"),
        pytest.param(b"GET http://evil.example/ HTTP/1.1", "not a whole address", id="absolute"),
        pytest.param(b"GET ws://evil.example/ HTTP/1.1", "not a whole address", id="absolute-ws"),
        pytest.param(b"CONNECT evil.example:443 HTTP/1.1", "no tunnels", id="connect"),
        pytest.param(b"GET / HTTP/2.0", "HTTP/1.1 only", id="other-version"),
        pytest.param(b"GET /", "HTTP/1.1 only", id="no-version"),
        pytest.param(b"GET  HTTP/1.1", "HTTP/1.1 only", id="no-target"),
    ],
)
def test_it_is_no_open_proxy(line, problem):
    found = proxy_refusal(request_of(line + b"\r\nHost: evil.example\r\n\r\n"))
    assert (found is None) if problem is None else (problem in found)


def test_host_and_an_origin_of_our_own_are_changed_and_nothing_else():
    raw = (
        b"GET /x HTTP/1.1\r\nhost :127.0.0.1:9001\r\nORIGIN: http://127.0.0.1:9001\r\n"
        b"Cookie: Host: not me\r\nX-Host: 127.0.0.1:9001\n\r\n"
    )
    changes = upstream_changes(
        request_of(raw),
        upstream="va.msg.liveperson.net",
        own_origins=origins_of(["127.0.0.1:9001"], secure=False),
        upstream_origin="https://va.msg.liveperson.net",
    )
    assert changes == (
        HeaderChange("Host", "127.0.0.1:9001", "va.msg.liveperson.net"),
        HeaderChange("Origin", "http://127.0.0.1:9001", "https://va.msg.liveperson.net"),
    )
    assert UpstreamRequest(request_of(raw), b"", "", changes).head == (
        b"GET /x HTTP/1.1\r\nhost : va.msg.liveperson.net\r\nORIGIN: https://va.msg.liveperson.net\r\n"
        b"Cookie: Host: not me\r\nX-Host: 127.0.0.1:9001\n\r\n"
    )


@pytest.mark.parametrize("origin", ["http://localhost:3000", "https://127.0.0.1:9001", "null"])
def test_the_origin_of_a_page_from_elsewhere_stays(origin):
    raw = f"GET / HTTP/1.1\r\nHost: up\r\nOrigin: {origin}\r\n\r\n".encode()
    own = origins_of(["127.0.0.1:9001"], secure=False)
    assert upstream_changes(request_of(raw), upstream="up", own_origins=own, upstream_origin="x") == ()


def test_the_usual_port_is_no_part_of_an_origin():
    assert origins_of(["Localhost:443", "[::1]:80"], secure=True) == ("https://localhost", "https://[::1]:80")


NAMES = st.text(st.sampled_from("abHOST-"), min_size=1, max_size=6)
VALUES = st.text(st.sampled_from("ab: ,\t"), max_size=8)
LINES = st.lists(st.tuples(NAMES, VALUES, st.sampled_from(["\r\n", "\n"])), max_size=8)


@given(lines=LINES, value=st.text(st.sampled_from("xyz.:1"), max_size=8))
def test_every_other_byte_of_the_head_stays(lines, value):
    """What is replaced is the value of the lines of that name; all other bytes are the same, in order."""
    head = "GET / HTTP/1.1\r\n" + "".join(f"{name}:{old}{end}" for name, old, end in lines) + "\r\n"
    expected = (
        "GET / HTTP/1.1\r\n"
        + "".join(
            f"{name}: {value}{end}" if name.lower() == "host" else f"{name}:{old}{end}"
            for name, old, end in lines
        )
        + "\r\n"
    )
    assert with_header(head.encode(), "Host", value) == expected.encode()
