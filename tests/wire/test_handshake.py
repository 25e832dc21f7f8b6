"""The HTTP upgrade: read however chopped, checked as RFC 6455 says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.wire.frames import Side
from recorder.wire.handshake import (
    HEAD_LIMIT,
    TOO_LONG,
    Extension,
    HandshakeReader,
    RequestHead,
    ResponseHead,
    accept_for,
    extensions,
    header_values,
    minimal_response,
    problems,
)

# RFC 6455 1.2 and 1.3
REQUEST = (
    b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat, superchat\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)
RESPONSE = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n"
)


def response_of(data: bytes) -> ResponseHead:
    reader = HandshakeReader(Side.SERVICE)
    reader.feed(data)
    return reader.response()


def request_of(data: bytes) -> RequestHead:
    reader = HandshakeReader(Side.CLIENT)
    reader.feed(data)
    return reader.request()


def test_the_key_of_the_rfc_has_the_answer_of_the_rfc() -> None:
    assert accept_for("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_a_key_no_header_can_hold_has_an_answer_too() -> None:
    assert accept_for("\ud800漢")


def test_a_request_keeps_order_case_and_repeats() -> None:
    head = request_of(b"GET /?a=b HTTP/1.1\r\nHost: h\r\nX-a: 1\r\nx-A:2 \r\nX-a:\r\n\r\n")
    assert head == RequestHead("GET /?a=b HTTP/1.1", (("Host", "h"), ("X-a", "1"), ("x-A", "2"), ("X-a", "")))
    assert header_values(head.headers, "x-a") == ("1", "2", "")


def test_a_frame_glued_to_the_answer_is_left_over() -> None:
    reader = HandshakeReader(Side.SERVICE)
    assert reader.feed(RESPONSE[:50]) is None
    assert not reader.done
    assert reader.feed(RESPONSE[50:] + b"\x81\x05Hello") == b"\x81\x05Hello"
    assert reader.done
    assert reader.raw == RESPONSE
    assert reader.feed(b"\x89\x00") == b"\x89\x00"


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        pytest.param(b"GET / HTTP/1.1\nA: 1\nB: 2\n\n", (("A", "1"), ("B", "2")), id="only line feeds"),
        pytest.param(b"GET / HTTP/1.1\r\nA: 1\n\r\n", (("A", "1"),), id="mixed line ends"),
        pytest.param(b"GET / HTTP/1.1\r\nA: 1\r\n  2\r\n\t3\r\n\r\n", (("A", "1 2 3"),), id="folded"),
        pytest.param(b"GET / HTTP/1.1\r\nA:\r\n 2\r\n\r\n", (("A", "2"),), id="folded after nothing"),
        pytest.param(b"GET / HTTP/1.1\r\n A: 1\r\n\r\n", (("A", "1"),), id="folded behind no header"),
        pytest.param(b"GET / HTTP/1.1\r\nA: \xe9\x00\x85\r\n\r\n", (("A", "é\0\x85"),), id="odd bytes"),
        pytest.param(b"GET / HTTP/1.1\r\nnonsense\r\n\r\n", (("nonsense", ""),), id="no colon"),
        pytest.param(b"GET / HTTP/1.1\r\nA : b:c\r\n\r\n", (("A", "b:c"),), id="blank before the colon"),
        pytest.param(b"\r\nGET / HTTP/1.1\r\n\r\n", (), id="empty line before"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", (), id="no headers"),
    ],
)
def test_odd_heads_are_read_as_well_as_they_can_be(data: bytes, headers: tuple[tuple[str, str], ...]) -> None:
    reader = HandshakeReader(Side.CLIENT)
    assert reader.feed(data) == b""
    assert reader.request() == RequestHead("GET / HTTP/1.1", headers)


@pytest.mark.parametrize(
    ("line", "status", "reason"),
    [
        pytest.param("HTTP/1.1 101 Switching Protocols", 101, "Switching Protocols", id="usual"),
        pytest.param("HTTP/1.1 401", 401, "", id="no reason"),
        pytest.param("HTTP/1.0 403 ", 403, "", id="empty reason"),
        pytest.param("HTTP/2 200 OK", 200, "OK", id="another version"),
        pytest.param("HTTP/1.1 2x0 OK", None, "", id="no number"),
        pytest.param("HTTP/1.1 1010", None, "", id="four digits"),
        pytest.param("SSH-2.0-OpenSSH", None, "", id="not HTTP"),
    ],
)
def test_a_status_line_comes_apart(line: str, status: int | None, reason: str) -> None:
    head = response_of(line.encode() + b"\r\n\r\n")
    assert (head.status_line, head.status, head.reason) == (line, status, reason)


def test_interim_answers_are_passed_over_but_kept() -> None:
    interim = b"HTTP/1.1 100 Continue\r\nX: 1\r\n\r\n"
    for pieces in (
        [interim + interim + RESPONSE + b"!"],
        [interim, interim + RESPONSE[:9], RESPONSE[9:] + b"!"],
    ):
        reader = HandshakeReader(Side.SERVICE)
        assert [reader.feed(piece) for piece in pieces][-1] == b"!"
        assert reader.raw == interim + interim + RESPONSE
        assert reader.response() == response_of(RESPONSE)


def test_a_head_may_be_as_long_as_the_limit_and_no_longer() -> None:
    def head_of(size: int) -> bytes:
        return b"GET / HTTP/1.1\r\nA: " + b"x" * (size - 23) + b"\r\n\r\n"

    longest = HandshakeReader(Side.CLIENT)
    assert longest.feed(head_of(HEAD_LIMIT)) == b""
    assert longest.fault is None
    longer = HandshakeReader(Side.CLIENT)
    assert longer.feed(head_of(HEAD_LIMIT + 1)) == b"\n"
    assert longer.fault == TOO_LONG


def test_an_endless_head_is_given_up_at_the_limit() -> None:
    reader = HandshakeReader(Side.SERVICE)
    assert reader.feed(b"x" * HEAD_LIMIT) is None
    assert reader.feed(b"yz") == b"yz"
    assert reader.fault == TOO_LONG
    assert reader.raw == b"x" * HEAD_LIMIT


def test_interim_answers_do_not_make_the_head_endless_however_they_are_chopped() -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"
    data = interim * (HEAD_LIMIT // len(interim) + 9) + RESPONSE
    whole, slowly = HandshakeReader(Side.SERVICE), HandshakeReader(Side.SERVICE)
    whole.feed(data)
    for at in range(HEAD_LIMIT + 1):
        slowly.feed(data[at : at + 1])
    assert whole.fault == slowly.fault == TOO_LONG
    assert whole.raw == slowly.raw == data[:HEAD_LIMIT]
    assert whole.response() == slowly.response()


@given(
    data=st.lists(
        st.sampled_from(
            [b"HTTP/1.1 101 X", b"HTTP/1.1 100 X", b"A: b", b"\r\n", b"\n", b"\r", b" ", b"\xff"]
        ),
        max_size=20,
    ).map(b"".join),
    sender=st.sampled_from(list(Side)),
)
def test_chopping_makes_no_difference_and_no_byte_is_lost(data: bytes, sender: Side) -> None:
    whole, slowly = HandshakeReader(sender), HandshakeReader(sender)
    rest = whole.feed(data) or b""
    rest_slowly = b"".join(slowly.feed(data[at : at + 1]) or b"" for at in range(len(data)))
    assert whole.raw + rest == data
    assert (slowly.raw, rest_slowly, slowly.done) == (whole.raw, rest, whole.done)
    assert (slowly.request(), slowly.response()) == (whole.request(), whole.response())


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_no_bytes_make_it_raise(asked: bytes, answered: bytes) -> None:
    assert isinstance(problems(request_of(asked), response_of(answered)), tuple)
    problems(request_of(REQUEST), response_of(b"HTTP/1.1 101 X\r\n" + answered + b"\r\n\r\n"))


def test_a_right_answer_has_no_problems() -> None:
    assert problems(request_of(REQUEST), response_of(RESPONSE)) == ()


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        pytest.param(
            b"101 Switching Protocols", b"401 No", "the service answered 401 No instead of 101", id="401"
        ),
        pytest.param(b"101 Switching Protocols", b"302", "the service answered 302 instead of 101", id="302"),
        pytest.param(b"HTTP/1.1 101", b"ICY", "the answer is not HTTP", id="not HTTP"),
        pytest.param(b"s3pP", b"S3pP", "Sec-WebSocket-Accept does not answer the key", id="wrong accept"),
        pytest.param(b"-Accept", b"-Akzept", "no Sec-WebSocket-Accept in the answer", id="no accept"),
        pytest.param(
            b"Upgrade: websocket", b"X: y", 'no "Upgrade: websocket" in the answer', id="no upgrade"
        ),
        pytest.param(
            b"Connection: Upgrade",
            b"Connection: close",
            'no "Connection: Upgrade" in the answer',
            id="connection",
        ),
        pytest.param(
            b"Protocol: chat",
            b"Protocol: Chat",
            "the service chose a subprotocol nobody asked for: Chat",
            id="subprotocol",
        ),
        pytest.param(
            b"Protocol: chat\r\n",
            b"Protocol: chat\r\nSec-WebSocket-Protocol: superchat\r\n",
            "more than one subprotocol in the answer",
            id="two subprotocols",
        ),
        pytest.param(
            b"Upgrade\r\nSec",
            b"Upgrade\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\nSec",
            "the service chose an extension nobody asked for: permessage-deflate",
            id="extension",
        ),
    ],
)
def test_problems_name_what_a_client_must_not_accept(old: bytes, new: bytes, found: str) -> None:
    assert old in RESPONSE
    assert problems(request_of(REQUEST), response_of(RESPONSE.replace(old, new))) == (found,)


def test_what_was_asked_for_is_no_problem_however_it_is_spelled() -> None:
    asked = REQUEST.replace(
        b"\r\n\r\n", b"\r\nsec-websocket-extensions: x-a, permessage-deflate; client_max_window_bits\r\n\r\n"
    )
    answered = (
        RESPONSE.replace(b"Connection: Upgrade", b"CONNECTION: keep-alive, upgrade")
        .replace(b"Upgrade: websocket", b"upgrade: WebSocket")
        .replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
    )
    assert problems(request_of(asked), response_of(answered)) == ()


def test_extensions_are_read_with_their_parameters_over_all_headers() -> None:
    """RFC 6455 9.1: a list, in one header or several; a parameter may have a value, and that quotes."""
    headers = (
        ("sec-websocket-extensions", 'x-a; b; c = 1 ,x-b;d="2"'),
        ("Host", "x-c"),
        ("Sec-WebSocket-Extensions", " , x-a;;"),
    )
    assert extensions(headers) == (
        Extension("x-a", {"b": None, "c": "1"}),
        Extension("x-b", {"d": "2"}),
        Extension("x-a", {}),
    )


def test_a_request_without_a_key_cannot_be_answered() -> None:
    asked = request_of(b"GET / HTTP/1.1\r\nSec-WebSocket-Protocol: chat\r\n\r\n")
    assert problems(asked, response_of(RESPONSE)) == ("the request has no Sec-WebSocket-Key",)


def test_a_plain_answer_holds_what_a_library_needs_and_nothing_else():
    """No cookie for the next connection, no address to go to instead."""
    evil = RESPONSE.replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=b\r\nLocation: ws://elsewhere\r\nX: y\r\n\r\n")
    assert minimal_response(response_of(evil)) == RESPONSE
