"""A WebSocket through the proxy, on real sockets: bytes, halves of streams, refusals and breaks."""

from __future__ import annotations

import socket
import struct
import time
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recorder.wire.frames import Opcode, Side, encode, raw_bytes

from .conftest import (
    accept_upgrade,
    receive_all,
    receive_exactly,
    receive_head,
    text,
    upgrade_head,
)

MASK = b"\xa1\x00\xff\x7e"
BYE = encode(Opcode.CLOSE, b"\x03\xe8bye")


def echo_bytes(sock: socket.socket) -> None:
    """Accept, then send back every byte as it came."""
    accept_upgrade(sock)
    while data := sock.recv(65536):
        sock.sendall(data)


def wire(frames, sender):
    return b"".join(raw_bytes(frame.head, frame.payload) for frame in frames if frame.sender is sender)


def test_the_head_changes_in_host_alone_and_the_change_is_recorded(serve, through):
    seen = []

    def handler(sock):
        seen.append(accept_upgrade(sock, extra=b"x-ODD:  kept \r\n", glued=encode(Opcode.TEXT, b"glued")))
        receive_all(sock)

    service = serve(handler)
    proxy = through(service.url)
    with proxy.connect() as sock:
        own = f"127.0.0.1:{proxy.port}"
        sock.sendall(upgrade_head(own, extra=f"Origin: http://{own}\r\nCookie: a=b\r\n"))
        assert b"x-ODD:  kept \r\n" in receive_head(sock)
        assert receive_exactly(sock, 7) == encode(Opcode.TEXT, b"glued")
    assert proxy.end() is None
    upstream = f"127.0.0.1:{service.port}"
    assert seen == [upgrade_head(upstream, extra=f"Origin: http://{upstream}\r\nCookie: a=b\r\n")]
    (connection,) = proxy.connections()
    assert connection.url == f"ws://{upstream}/ws_api/account/1/messaging/consumer?v=3"
    assert ("hOsT", own) in connection.request_headers
    assert connection.response_status == 101
    assert (connection.provenance, connection.fidelity) == ("proxy", "bytes")
    assert f"Host {own} became {upstream}; Origin http://{own} became http://{upstream}" in connection.detail


CONTROL = st.tuples(st.sampled_from([Opcode.PING, Opcode.PONG]), st.binary(max_size=125))
DATA = st.tuples(st.sampled_from([0, 1, 2, 3, 11]), st.binary(max_size=300))
FRAMES = st.lists(
    st.tuples(
        st.one_of(CONTROL, DATA), st.booleans(), st.sampled_from([0, 2]), st.binary(min_size=4, max_size=4)
    ),
    max_size=12,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=FRAMES, cuts=st.lists(st.integers(1, 2000), max_size=6))
def test_any_frames_go_through_byte_by_byte_and_stand_in_the_archive_so(serve, through, parts, cuts):
    """Whatever the client sends, legal or not, the service gets the same bytes; so does the archive."""
    data = b"".join(
        encode(opcode, payload, fin=fin, rsv=rsv, mask=mask) for (opcode, payload), fin, rsv, mask in parts
    )
    received = []

    def handler(sock):
        accept_upgrade(sock)
        while piece := sock.recv(65536):
            received.append(piece)
            sock.sendall(piece)

    proxy = through(serve(handler).url, keep_secrets=True)
    with proxy.upgrade() as sock:
        begin = 0
        for cut in [*sorted(cuts), len(data)]:
            sock.sendall(data[begin:cut])
            begin = max(begin, cut)
        assert receive_exactly(sock, len(data)) == data
        sock.shutdown(socket.SHUT_WR)
        assert receive_all(sock) == b""
    assert proxy.end() is None
    assert b"".join(received) == data
    frames = proxy.frames()
    assert wire(frames, Side.CLIENT) == data
    assert wire(frames, Side.SERVICE) == data


def test_a_frame_under_way_goes_on_before_it_is_whole(serve, through):
    """Who checks a text as it comes must be able to."""
    proxy = through(serve(echo_bytes).url)
    frame = text(b"x" * 1000)
    with proxy.upgrade() as sock:
        sock.sendall(frame[:500])
        assert receive_exactly(sock, 500) == frame[:500]
        sock.sendall(frame[500:])
        assert receive_exactly(sock, len(frame) - 500) == frame[500:]


def test_every_frame_has_the_time_it_came_and_the_time_it_went_on(serve, through):
    proxy = through(serve(echo_bytes).url)
    with proxy.upgrade() as sock:
        for _ in range(3):
            sock.sendall(text(b"a"))
            receive_exactly(sock, 7)
    assert proxy.end() is None
    with proxy.recorded() as (archive, session):
        forwarded = {each.number: each for each in archive.forwarded(session)}
    frames = proxy.frames()
    assert forwarded.keys() == {frame.number for frame in frames}
    for frame in frames:
        assert frame.at_us <= forwarded[frame.number].at_us
        assert 0 <= forwarded[frame.number].offset_us - frame.offset_us < 5_000_000


@pytest.mark.parametrize("side", [Side.CLIENT, Side.SERVICE])
def test_a_half_of_the_connection_can_end_before_the_other(serve, through, side):
    """Who has ended its stream still gets what the other sends."""

    def handler(sock):
        accept_upgrade(sock)
        if side is Side.SERVICE:
            sock.sendall(encode(Opcode.TEXT, b"last"))
            sock.shutdown(socket.SHUT_WR)
            assert receive_exactly(sock, 7) == text(b"a")
        assert receive_all(sock) == b""
        if side is Side.CLIENT:
            sock.sendall(encode(Opcode.TEXT, b"later"))

    service = serve(handler)
    proxy = through(service.url)
    with proxy.upgrade() as sock:
        if side is Side.SERVICE:
            assert receive_all(sock) == encode(Opcode.TEXT, b"last")
            sock.sendall(text(b"a"))
        sock.shutdown(socket.SHUT_WR)
        if side is Side.CLIENT:
            assert receive_all(sock) == encode(Opcode.TEXT, b"later")
        assert receive_all(sock) == b""
    service.close()
    assert proxy.end() is None
    (connection,) = proxy.connections()
    assert connection.how == "lost"
    assert f"the {side.value} ended the stream without a Close frame" in connection.detail


def test_a_close_code_of_the_service_goes_through(serve, through):
    def handler(sock):
        accept_upgrade(sock)
        sock.sendall(encode(Opcode.CLOSE, (4401).to_bytes(2, "big") + b"token expired"))
        assert receive_exactly(sock, 8) == encode(Opcode.CLOSE, b"\x11\x31", mask=MASK)

    proxy = through(serve(handler).url)
    with proxy.upgrade() as sock:
        assert receive_exactly(sock, 17)[2:4] == b"\x11\x31"
        sock.sendall(encode(Opcode.CLOSE, b"\x11\x31", mask=MASK))
        assert receive_all(sock) == b""
    assert proxy.end() is None
    (connection,) = proxy.connections()
    assert (connection.how, connection.close_code, connection.closed_by) == ("closed", 4401, Side.SERVICE)


@pytest.mark.parametrize("side", [Side.CLIENT, Side.SERVICE])
def test_a_reset_goes_through_as_a_reset(serve, through, side):
    def reset(sock):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()

    def handler(sock):
        accept_upgrade(sock)
        assert sock.recv(100)
        if side is Side.SERVICE:
            reset(sock)
            return
        with pytest.raises(ConnectionResetError):
            sock.recv(100)

    proxy = through(serve(handler).url)
    sock = proxy.upgrade()
    with sock:
        sock.sendall(text(b"a"))
        if side is Side.CLIENT:
            time.sleep(0.2)  # a reset would take back what the service has not read yet
            reset(sock)
        else:
            with pytest.raises(ConnectionResetError):
                sock.recv(100)
    assert proxy.end() is None
    (connection,) = proxy.connections()
    assert connection.how == "lost"
    assert f"the connection of the {side.value} broke" in connection.detail


REFUSAL = b"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n"
BODY = b'{"error":"bad"}'


def test_an_upgrade_that_is_refused_comes_with_its_body_and_another_request_may_follow(serve, through):
    def handler(sock):
        receive_head(sock)
        sock.sendall(REFUSAL + BODY)
        assert receive_head(sock).startswith(b"GET /next HTTP/1.1\r\n")
        sock.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    service = serve(handler)
    proxy = through(service.url)
    with proxy.connect() as sock:
        sock.sendall(upgrade_head(f"127.0.0.1:{proxy.port}"))
        assert receive_exactly(sock, len(REFUSAL + BODY)) == REFUSAL + BODY
        sock.sendall(f"GET /next HTTP/1.1\r\nHost: 127.0.0.1:{proxy.port}\r\n\r\n".encode())
        assert receive_head(sock) == b"HTTP/1.1 204 No Content\r\n\r\n"
    assert proxy.end() is None
    assert service.accepted == 1
    (connection,) = proxy.connections()
    assert (connection.how, connection.response_status) == ("refused", 401)
    refused, following = proxy.exchanges()
    with proxy.recorded() as (_, session):
        assert session.state == "refused"
    assert (refused.connection, refused.purpose, refused.status) == (1, "upgrade", 401)
    assert (refused.response_type, refused.response_size) == ("application/json", 15)
    assert (following.connection, following.status) == (None, 204)


def test_an_answer_without_a_length_ends_with_the_connection(serve, through):
    def handler(sock):
        receive_head(sock)
        sock.sendall(b"HTTP/1.1 503 Busy\r\n\r\ntry later")

    proxy = through(serve(handler).url)
    with proxy.connect() as sock:
        sock.sendall(upgrade_head(f"127.0.0.1:{proxy.port}"))
        assert receive_all(sock) == b"HTTP/1.1 503 Busy\r\n\r\ntry later"
    assert proxy.end() is None
    assert [each.how for each in proxy.connections()] == ["refused"]


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        pytest.param(b"", "before it answered the upgrade", id="nothing"),
        pytest.param(b"220 mail.example ready\r\n\r\n", "not HTTP", id="no-http"),
    ],
)
def test_an_answer_that_is_none_is_passed_on_and_recorded(serve, through, answer, detail):
    def handler(sock):
        receive_head(sock)
        sock.sendall(answer)

    proxy = through(serve(handler).url)
    with proxy.connect() as sock:
        sock.sendall(upgrade_head(f"127.0.0.1:{proxy.port}"))
        assert receive_all(sock) == answer
    assert proxy.end() is None
    (connection,) = proxy.connections()
    assert connection.how == "refused"
    assert detail in connection.detail


def test_a_service_that_is_not_there_is_said_to_the_client_and_recorded(through):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    proxy = through(f"ws://127.0.0.1:{port}")
    with proxy.connect() as sock:
        sock.sendall(upgrade_head(f"127.0.0.1:{proxy.port}"))
        answer = receive_all(sock)
    assert answer.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert b"nothing listens there" in answer
    assert proxy.end() is None
    (connection,) = proxy.connections()
    assert connection.how == "refused"
    assert "nothing listens there" in connection.detail
    assert any("nothing listens there" in sentence for sentence in proxy.said)


def test_who_does_not_read_makes_the_other_wait(serve, through):
    """The service can send no more than what sockets and the proxy hold; when the client reads, all comes."""
    total, frame = 64 * 1024 * 1024, encode(Opcode.BINARY, bytes(64 * 1024))
    sent = [0]

    def handler(sock):
        accept_upgrade(sock)
        while sent[0] < total:
            sock.sendall(frame)
            sent[0] += len(frame)

    proxy = through(serve(handler).url)
    with proxy.upgrade() as sock:
        held = -1
        while held != sent[0]:  # until it stands still
            held = sent[0]
            time.sleep(0.3)
        assert held < total / 2
        received = 0
        while received < total:
            data = sock.recv(1 << 20)
            assert data
            received += len(data)
    assert proxy.end() is None
    assert len(proxy.frames()) == -(-total // len(frame))


def test_frames_that_are_compressed_are_inflated_in_the_archive_alone(serve, through):
    deflate = zlib.compressobj(wbits=-15)
    plain = b'{"body":"' + b"z" * 500 + b'"}'
    packed = (deflate.compress(plain) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]
    frame = encode(Opcode.TEXT, packed, rsv=4)

    def handler(sock):
        accept_upgrade(sock, extra=b"Sec-WebSocket-Extensions: permessage-deflate\r\n", glued=frame)
        receive_all(sock)

    proxy = through(serve(handler).url)
    with proxy.upgrade(extra="Sec-WebSocket-Extensions: permessage-deflate\r\n") as sock:
        assert receive_exactly(sock, len(frame)) == frame
    assert proxy.end() is None
    (recorded,) = proxy.frames()
    assert recorded.payload == plain
    assert recorded.violation is None


def test_a_stop_ends_the_connection_and_leaves_a_complete_session(serve, through):
    proxy = through(serve(echo_bytes).url)
    with proxy.upgrade() as sock:
        sock.sendall(text(b"a"))
        receive_exactly(sock, 7)
        assert proxy.end() is None
        assert receive_all(sock) == b""
    (connection,) = proxy.connections()
    assert connection.how == "lost"
    assert connection.detail.startswith("the proxy was stopped")
    with proxy.recorded() as (_, session):
        assert session.state == "complete"


@pytest.mark.parametrize("length", [2**63 - 1, 64 * 1024 * 1024 + 1])
def test_a_frame_longer_than_memory_allows_ends_its_connection_alone(serve, through, length):
    def handler(sock):
        accept_upgrade(sock)
        receive_all(sock)

    proxy = through(serve(handler).url)
    with proxy.upgrade() as other, proxy.upgrade() as sock:
        sock.sendall(b"\x82\xff" + length.to_bytes(8, "big") + b"abcd" + b"begin")
        receive_all(sock)
        other.sendall(text(b"a"))
        other.shutdown(socket.SHUT_WR)
        assert receive_all(other) == b""
    assert proxy.end() is None
    ends = {each.detail.partition(" of the")[0]: each.how for each in proxy.connections()}
    assert ends["a frame"] == "failed"
    assert sorted(each.how for each in proxy.connections()) == ["failed", "lost"]
    assert b"a" in [frame.payload for frame in proxy.frames()]


def test_a_huge_frame_within_the_limit_goes_through_whole(serve, through):
    frame = encode(Opcode.BINARY, bytes(range(256)) * 100_000)

    def handler(sock):
        accept_upgrade(sock)
        sock.sendall(frame)
        receive_all(sock)

    proxy = through(serve(handler).url)
    with proxy.upgrade() as sock:
        assert receive_exactly(sock, len(frame)) == frame
    assert proxy.end() is None
    assert [len(each.payload) for each in proxy.frames()] == [25_600_000]
