"""The bytes of a connection become its records, however they are chopped and whatever they are."""

from __future__ import annotations

import zlib
from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.wire.connection_decoder import ConnectionDecoder
from recorder.wire.decoder import COMPRESSED_BIT, NOT_DEFLATE, TEXT_NOT_UTF8
from recorder.wire.deflate import CONTEXT_LOST, UNKNOWN_EXTENSIONS, Extensions
from recorder.wire.frames import Side, encode, raw_bytes
from recorder.wire.handshake import accept_for
from recorder.wire.records import ConnectionClosed, HandshakeSeen, HttpExchange, Record, RecordedFrame

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
REQUEST = (
    "GET /path HTTP/1.1\r\nHost: host\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
).encode()
MASK = b"\1\2\3\4"
RESERVED = "reserved bits without an extension (RFC 6455 5.2)"
CLIENT, SERVICE = Side


def answer(extensions: str | None = None) -> bytes:
    chosen = f"Sec-WebSocket-Extensions: {extensions}\r\n" if extensions else ""
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept_for(KEY)}\r\n{chosen}\r\n"
    ).encode()


def upgraded(extensions: str | None = None) -> ConnectionDecoder:
    decoder = ConnectionDecoder(3, count(5))
    assert decoder.feed(CLIENT, REQUEST, 1, 1) == ()
    (seen,) = decoder.feed(SERVICE, answer(extensions), 2, 2)
    assert seen == decoder.handshake
    return decoder


def frames_of(records: list[Record]) -> list[RecordedFrame]:
    return [each for each in records if isinstance(each, RecordedFrame)]


def wire_bytes(frame: RecordedFrame) -> bytes:
    """The frame as it stood on the wire."""
    compressed = frame.compressed
    return raw_bytes(frame.head or b"", frame.payload if compressed is None else compressed.data or b"")


def deflate(compressor: object, payload: bytes) -> bytes:
    assert isinstance(compressor, type(zlib.compressobj()))
    data: bytes = compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)
    return data[:-4]


def test_an_upgrade_comes_before_its_frames_which_are_numbered_over_both_sides() -> None:
    decoder = upgraded()
    first = decoder.feed(CLIENT, encode(1, b"a", mask=MASK), 10, 20)
    second = decoder.feed(SERVICE, encode(1, b"b") + encode(9, b"c"), None, None)
    assert [each[:6] for each in frames_of([*first, *second])] == [
        (5, 3, 0, CLIENT, 10, 20),
        (6, 3, 1, SERVICE, None, None),
        (7, 3, 2, SERVICE, None, None),
    ]


def test_what_the_client_sends_before_the_answer_waits_for_it_with_its_own_time() -> None:
    decoder = ConnectionDecoder(1, count(1))
    assert decoder.feed(CLIENT, REQUEST + encode(1, b"ear", mask=MASK)[:4], 1, 1) == ()
    assert decoder.feed(CLIENT, encode(1, b"ear", mask=MASK)[4:], 2, 2) == ()
    seen, early, glued = decoder.feed(SERVICE, answer() + encode(1, b"late"), 3, 3)
    assert isinstance(seen, HandshakeSeen)
    assert [(each.sender, each.payload, each.at_us) for each in frames_of([early, glued])] == [
        (CLIENT, b"ear", 2),
        (SERVICE, b"late", 3),
    ]


def test_a_request_that_ends_after_its_answer_is_told_again_whole() -> None:
    """As a capture may have it, whose two sides are put together by coarse times."""
    decoder = ConnectionDecoder(1, count(1))
    decoder.feed(CLIENT, REQUEST[:30], 1, 1)
    (half,) = decoder.feed(SERVICE, answer(), 2, 2)
    whole, frame = decoder.feed(CLIENT, REQUEST[30:] + encode(1, b"x", mask=MASK), 3, 3)
    assert isinstance(half, HandshakeSeen)
    assert isinstance(whole, HandshakeSeen)
    assert (len(half.request_headers), len(whole.request_headers)) == (1, 5)
    assert frames_of([frame])[0].payload == b"x"


def test_an_answer_without_a_request_is_enough() -> None:
    """The capture began between the two."""
    decoder = ConnectionDecoder(1, count(1))
    (seen,) = decoder.feed(SERVICE, answer(), 1, 1)
    assert isinstance(seen, HandshakeSeen)
    assert (seen.request_line, seen.response_status) == (None, 101)
    (frame,) = decoder.feed(CLIENT, encode(1, b"x", mask=MASK), 2, 2)
    assert frames_of([frame])[0].payload == b"x"


def test_joined_in_the_middle_every_byte_is_a_frames() -> None:
    """Without knowing what was agreed on, reserved bits break no rule, and the payload stays as it is."""
    decoder = ConnectionDecoder(1, count(1), extensions=UNKNOWN_EXTENSIONS)
    frames = frames_of([*decoder.feed(SERVICE, encode(1, b"\xff", rsv=4) + encode(2, b"y", rsv=7), 1, 1)])
    assert [(each.payload, each.rsv, each.violation) for each in frames] == [
        (b"\xff", 4, TEXT_NOT_UTF8), (b"y", 7, None),
    ]  # fmt: skip
    assert [each.compressed for each in frames] == [None, None]
    assert decoder.handshake is None


def test_joined_in_the_middle_a_known_compression_is_inflated_until_its_window_is_missing() -> None:
    compressor = zlib.compressobj(wbits=-15)
    wires = [deflate(compressor, b"a text that comes again, ") for _ in range(3)]
    known = Extensions(deflate=True, service_takeover=False)
    alone, lost = (
        frames_of(
            [*ConnectionDecoder(1, count(1), extensions=known).feed(SERVICE, encode(1, wire, rsv=4), 1, 1)]
        )[0]
        for wire in wires[:2]
    )
    assert (alone.payload, alone.violation) == (b"a text that comes again, ", None)
    assert (lost.payload, lost.violation) == (b"", NOT_DEFLATE)


@pytest.mark.parametrize(("url", "told"), [(None, "/path"), ("wss://host/path", "wss://host/path")])
def test_a_refusal_is_told_at_the_end_with_its_body(url: str | None, told: str) -> None:
    """However it is chopped, the end of the stream included."""
    decoder = ConnectionDecoder(4, count(1), url=url)
    decoder.feed(CLIENT, REQUEST, 1, 10)
    head = b"HTTP/1.1 401 Unauthorized\r\nContent-Type: text/plain\r\n\r\n"
    (seen,) = decoder.feed(SERVICE, head + b"no ", 2, 20)
    assert isinstance(seen, HandshakeSeen)
    assert seen.response_status == 401
    assert decoder.feed(SERVICE, b"token", 3, 30) == ()
    assert decoder.feed(SERVICE, b"", 4, 40) == ()
    assert decoder.feed(CLIENT, b"whatever", 5, 50) == ()
    refused, closed = decoder.end("refused", "why", 9, 90)
    assert refused == HttpExchange(
        4, "upgrade", 1, 10, "GET", told, 401, 2, 20, None, "text/plain", None, 8, None, b"no token"
    )
    assert closed == ConnectionClosed(4, 9, 90, None, None, None, "refused", "why")


def test_an_answer_that_is_no_http_has_no_body() -> None:
    decoder = ConnectionDecoder(4, count(1))
    decoder.feed(CLIENT, REQUEST, 1, 1)
    decoder.feed(SERVICE, b"hello\r\n\r\nyou", 2, 2)
    assert decoder.upgrade_problems() == ("the answer is not HTTP",)
    assert [type(each) for each in decoder.end("lost", None, 3, 3)] == [ConnectionClosed]


@pytest.mark.parametrize(
    ("client", "service", "line", "status"),
    [
        (REQUEST, b"", "GET /path HTTP/1.1", None),
        (b"", b"HTTP/1.1 50", None, None),
        (REQUEST, b"nonsense", "GET /path HTTP/1.1", None),
    ],
)
def test_half_an_upgrade_is_told_at_the_end(
    client: bytes, service: bytes, line: str | None, status: int | None
) -> None:
    decoder = ConnectionDecoder(1, count(1))
    decoder.feed(CLIENT, client, 1, 1)
    decoder.feed(SERVICE, service, 1, 1)
    seen, closed = decoder.end("lost", None, 7, 8)
    assert isinstance(seen, HandshakeSeen)
    assert (seen.request_line, seen.response_status) == (line, status)
    assert closed == ConnectionClosed(1, 7, 8, None, None, None, "lost", None)


def test_the_end_tells_what_was_cut_short_and_who_closed_first() -> None:
    decoder = upgraded()
    decoder.feed(CLIENT, encode(8, b"\x03\xe8bye", mask=MASK), 1, 1)
    decoder.feed(SERVICE, encode(8, b"\x03\xe9") + b"\x81\x05He", 2, 2)
    decoder.feed(CLIENT, b"\x81", 3, 3)
    *cut, closed = decoder.end("closed", None, 4, 4)
    assert [(each.sender, each.payload) for each in frames_of([*cut])] == [(SERVICE, b"He"), (CLIENT, b"")]
    assert closed == ConnectionClosed(3, 4, 4, 1000, "bye", CLIENT, "closed", None)


# --- compressed payloads --------------------------------------------------------------------------------


@given(
    payloads=st.lists(
        st.tuples(st.sampled_from(Side), st.text(max_size=60).map(str.encode), st.booleans()), max_size=8
    ),
    cuts=st.lists(st.integers(0, 1500), max_size=8),
    takeover=st.booleans(),
)
def test_compressed_payloads_come_inflated_however_they_are_chopped(
    payloads: list[tuple[Side, bytes, bool]], cuts: list[int], takeover: bool
) -> None:
    """Of both sides, in two fragments with a ping between them; the wire bytes stay provable."""
    decoder = upgraded(
        "permessage-deflate"
        + ("" if takeover else "; server_no_context_takeover; client_no_context_takeover")
    )
    compressors = {side: zlib.compressobj(wbits=-15) for side in Side}
    frames = []
    for side, payload, compressed in payloads:
        if not takeover:
            compressors[side] = zlib.compressobj(wbits=-15)
        wire = deflate(compressors[side], payload) if compressed else payload
        mask = MASK if side is CLIENT else None
        middle = len(wire) // 2
        bytes_of = (
            encode(1, wire[:middle], fin=False, rsv=4 * compressed, mask=mask)
            + encode(9, b"ping", mask=mask)
            + encode(0, wire[middle:], mask=mask)
        )
        bounds = [0, *sorted(min(cut, len(bytes_of)) for cut in cuts), len(bytes_of)]
        came = [
            each
            for begin, end in pairwise(bounds)
            for each in frames_of([*decoder.feed(side, bytes_of[begin:end], 1, 1)])
        ]
        first, ping, last = came
        assert (first.payload + last.payload, ping.payload) == (payload, b"ping")
        assert b"".join(map(wire_bytes, came)) == bytes_of
        assert [each.compressed is not None for each in came] == [compressed, False, compressed]
        frames += came
    assert [each.violation for each in frames] == [None] * len(frames)


@pytest.mark.parametrize(
    ("extensions", "wire", "violation"),
    [
        pytest.param(None, encode(1, b"x", rsv=4), RESERVED, id="nothing-agreed"),
        pytest.param("permessage-deflate", encode(1, b"x", rsv=2), RESERVED, id="another-bit"),
        pytest.param("permessage-deflate", encode(9, b"x", rsv=4), COMPRESSED_BIT, id="a-ping"),
        pytest.param("permessage-deflate", encode(1, b"\xff", rsv=4), NOT_DEFLATE, id="not-deflate"),
        pytest.param("permessage-deflate", encode(1, b"x"), None, id="not-compressed"),
        pytest.param("x-other", encode(1, b"x", rsv=5), None, id="another-extension"),
        pytest.param("permessage-deflate, x-other", encode(1, b"x", rsv=3), None, id="and-another"),
        pytest.param(
            "permessage-deflate",
            encode(1, deflate(zlib.compressobj(wbits=-15), b"\xff"), rsv=4),
            TEXT_NOT_UTF8,
            id="judged-inflated",
        ),
    ],
)
def test_reserved_bits_are_judged_by_what_was_agreed_on(
    extensions: str | None, wire: bytes, violation: str | None
) -> None:
    (frame,) = frames_of([*upgraded(extensions).feed(SERVICE, wire, 1, 1)])
    assert frame.violation == violation


def test_the_compressed_bit_belongs_on_the_first_fragment_alone() -> None:
    wire = deflate(zlib.compressobj(wbits=-15), b"Hello")
    bytes_of = encode(1, wire[:3], fin=False, rsv=4) + encode(0, wire[3:], rsv=4)
    first, last = frames_of([*upgraded("permessage-deflate").feed(SERVICE, bytes_of, 1, 1)])
    assert (first.violation, last.violation) == (None, COMPRESSED_BIT)
    assert first.payload + last.payload == b"Hello"


def test_after_what_does_not_inflate_the_rest_is_withheld_of_that_side_alone() -> None:
    decoder = upgraded("permessage-deflate")
    fine = encode(1, deflate(zlib.compressobj(wbits=-15), b"fine"), rsv=4)
    bad, later = frames_of([*decoder.feed(SERVICE, encode(1, b"\xff" * 5, rsv=4) + fine, 1, 1)])
    assert bad.compressed is not None
    assert later.compressed is not None
    assert (bad.payload, later.payload, later.compressed.withheld) == (b"", b"", CONTEXT_LOST)
    masked = encode(1, deflate(zlib.compressobj(wbits=-15), b"fine"), rsv=4, mask=MASK)
    (other,) = frames_of([*decoder.feed(CLIENT, masked, 1, 1)])
    assert other.payload == b"fine"


def test_a_bomb_is_stopped() -> None:
    decoder = ConnectionDecoder(1, count(1), extensions=Extensions(deflate=True), inflate_limit=1000)
    wire = encode(1, deflate(zlib.compressobj(wbits=-15), b"\0" * 9_000_000), rsv=4)
    (frame,) = frames_of([*decoder.feed(SERVICE, wire, 1, 1)])
    assert frame.compressed is not None
    assert (frame.payload, frame.compressed.withheld) == (b"", "it inflates to more than 1,000 bytes")


@given(
    st.lists(st.tuples(st.sampled_from(Side), st.binary(max_size=80)), max_size=10),
    st.sampled_from(
        [None, "permessage-deflate", "permessage-deflate; server_no_context_takeover", "x-other"]
    ),
    st.booleans(),
)
def test_any_bytes_whatever_never_raise(
    chunks: list[tuple[Side, bytes]], extensions: str | None, upgrade: bool
) -> None:
    """Before an upgrade or after it; every byte after it is a frame's."""
    decoder = upgraded(extensions) if upgrade else ConnectionDecoder(1, count(1))
    records = [each for side, data in chunks for each in decoder.feed(side, data, 1, 1)]
    records += decoder.end("lost", None, 2, 2)
    assert isinstance(records[-1], ConnectionClosed)
    if upgrade:
        for side in Side:
            wire = b"".join(wire_bytes(each) for each in frames_of(records) if each.sender is side)
            assert wire == b"".join(data for sender, data in chunks if sender is side)


@pytest.mark.parametrize("sender", [Side.CLIENT, Side.SERVICE])
def test_what_a_side_has_begun_is_known_until_it_is_whole(sender):
    decoder = ConnectionDecoder(1, count(1), extensions=Extensions.of(()))
    assert decoder.is_between_frames(sender)
    assert decoder.announced_by(sender) is None
    frame = encode(2, bytes(300), mask=b"abcd" if sender is Side.CLIENT else None)
    decoder.feed(sender, frame[:20], None, None)
    assert not decoder.is_between_frames(sender)
    assert decoder.announced_by(sender) == 300
    other = Side.SERVICE if sender is Side.CLIENT else Side.CLIENT
    assert decoder.is_between_frames(other)
    decoder.feed(sender, frame[20:], None, None)
    assert decoder.is_between_frames(sender)


PIECES = st.one_of(
    st.builds(
        encode,
        st.sampled_from([0, 1, 1, 1, 1, 2, 8, 9]),
        st.one_of(st.text(max_size=200).map(str.encode), st.binary(max_size=200)),
        fin=st.sampled_from([True, True, True, False]),
        rsv=st.sampled_from([0, 0, 0, 0, 4]),
        mask=st.sampled_from([None, MASK]),
    ),
    st.binary(max_size=4),
)


@given(
    st.sampled_from([None, "permessage-deflate"]),
    st.lists(st.tuples(st.sampled_from(Side), st.lists(PIECES, max_size=2).map(b"".join)), max_size=8),
)
def test_a_lone_text_becomes_the_frame_that_feed_makes_of_it(
    extensions: str | None, chunks: list[tuple[Side, bytes]]
) -> None:
    """Whatever came before it; and bytes that are anything else are left to ``feed``, all of them."""
    usual, quick = upgraded(extensions), upgraded(extensions)
    for sender, data in chunks:
        frame = quick.feed_lone(sender, data, 7, 8)
        records = quick.feed(sender, data, 7, 8) if frame is None else [frame]
        assert records == usual.feed(sender, data, 7, 8)
    assert quick.close_frames == usual.close_frames
    assert quick.end("lost", None, 9, 9) == usual.end("lost", None, 9, 9)


@pytest.mark.parametrize(
    "payload",
    [pytest.param(b"ab", id="short"), pytest.param("\u00e4\U0001f642".encode(), id="beyond ASCII"),
     pytest.param(b"x" * 126, id="16-bit length"), pytest.param(b"x" * 65535, id="the longest of those")],
)  # fmt: skip
@pytest.mark.parametrize("sender", Side)
def test_a_lone_text_takes_the_shorter_road(sender: Side, payload: bytes) -> None:
    decoder = upgraded()
    frame = decoder.feed_lone(sender, encode(1, payload, mask=MASK if sender is CLIENT else None), 7, 8)
    assert frame is not None
    assert (frame.number, frame.sender, frame.payload) == (5, sender, payload)


@pytest.mark.parametrize(
    ("before", "data"),
    [
        pytest.param(encode(8, b""), encode(1, b"ab"), id="after a close"),
        pytest.param(encode(1, b"a", fin=False), encode(1, b"ab"), id="inside fragments"),
        pytest.param(encode(1, b"ab")[:3], encode(1, b"ab"), id="inside a frame"),
        pytest.param(b"", encode(1, b"\xff\xff"), id="not UTF-8"),
        pytest.param(b"", encode(1, b"ab", mask=MASK), id="masked by the service"),
        pytest.param(b"", b"\x81\x7e\0\2ab", id="length not in its shortest form"),
        pytest.param(b"", encode(1, b"ab") * 2, id="two of them"),
        pytest.param(b"", encode(1, b"ab")[:-1], id="cut short"),
        pytest.param(b"", encode(1, b"x" * 65536), id="64-bit length"),
        pytest.param(b"", encode(2, b"ab"), id="binary"),
    ],
)
def test_what_is_no_lone_text_is_left_to_feed(before: bytes, data: bytes) -> None:
    usual, quick = upgraded(), upgraded()
    for decoder in (usual, quick):
        decoder.feed(SERVICE, before, 5, 5)
    assert quick.feed_lone(SERVICE, data, 7, 8) is None
    assert quick.feed(SERVICE, data, 7, 8) == usual.feed(SERVICE, data, 7, 8)


def test_nothing_is_a_lone_text_before_the_upgrade_or_where_it_is_too_long() -> None:
    text = encode(1, b"ab")
    assert ConnectionDecoder(3, count(5)).feed_lone(SERVICE, text, 7, 8) is None
    limited = ConnectionDecoder(3, count(5), extensions=UNKNOWN_EXTENSIONS, payload_limit=1)
    assert limited.feed_lone(SERVICE, text, 7, 8) is None
    assert len(limited.feed(SERVICE, text, 7, 8)) == 1
    assert limited.too_long is not None


def test_before_the_upgrade_nothing_is_between_frames():
    assert not ConnectionDecoder(1, count(1)).is_between_frames(Side.CLIENT)
