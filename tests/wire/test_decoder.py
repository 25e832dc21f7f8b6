"""Bytes to frames: nothing refused, nothing lost, every violation named."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websocket import ABNF
from websocket._abnf import frame_buffer
from wsproto.frame_protocol import FrameDecoder as RefereeDecoder
from wsproto.frame_protocol import MessageDecoder as RefereeJoiner
from wsproto.frame_protocol import ParseFailed

from recorder.wire import decoder as rules
from recorder.wire.decoder import FrameDecoder
from recorder.wire.frames import Frame, Side, encode, raw_bytes

KEY = bytes.fromhex("37fa213d")
CLIENT, SERVICE = Side.CLIENT, Side.SERVICE


def chopped(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[begin:end] for begin, end in pairwise(places)]


def decoded(sender: Side, pieces: list[bytes]) -> tuple[list[Frame], bytes]:
    decoder = FrameDecoder(sender)
    frames = [frame for piece in pieces for frame in decoder.feed(piece)]
    return frames, decoder.unfinished


def bytewise(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


RFC_EXAMPLES = [
    pytest.param(SERVICE, "810548656c6c6f", [Frame(1, b"Hello", head=b"\x81\x05")], id="text"),
    pytest.param(
        CLIENT,
        "818537fa213d7f9f4d5158",
        [Frame(1, b"Hello", head=b"\x81\x85" + KEY, mask=KEY)],
        id="masked text",
    ),
    pytest.param(
        SERVICE,
        "010348656c80026c6f",
        [Frame(1, b"Hel", False, head=b"\x01\x03"), Frame(0, b"lo", head=b"\x80\x02")],
        id="fragments",
    ),
    pytest.param(SERVICE, "890548656c6c6f", [Frame(9, b"Hello", head=b"\x89\x05")], id="ping"),
    pytest.param(
        CLIENT,
        "8a8537fa213d7f9f4d5158",
        [Frame(10, b"Hello", head=b"\x8a\x85" + KEY, mask=KEY)],
        id="masked pong",
    ),
    pytest.param(
        SERVICE,
        "827e0100" + "ab" * 256,
        [Frame(2, b"\xab" * 256, head=b"\x82\x7e\x01\x00")],
        id="256 bytes of binary",
    ),
    pytest.param(
        SERVICE,
        "827f0000000000010000" + "ab" * 65536,
        [Frame(2, b"\xab" * 65536, head=b"\x82\x7f\0\0\0\0\0\1\0\0")],
        id="64 KiB of binary",
    ),
]


@pytest.mark.parametrize(("sender", "hexed", "frames"), RFC_EXAMPLES)
def test_the_examples_of_the_rfc_decode_whole(sender: Side, hexed: str, frames: list[Frame]) -> None:
    assert decoded(sender, [bytes.fromhex(hexed)]) == (frames, b"")


@pytest.mark.parametrize(("sender", "hexed", "frames"), RFC_EXAMPLES)
def test_the_examples_of_the_rfc_decode_byte_by_byte(sender: Side, hexed: str, frames: list[Frame]) -> None:
    assert decoded(sender, bytewise(bytes.fromhex(hexed))) == (frames, b"")


def service(*frames: bytes) -> tuple[Side, bytes]:
    return SERVICE, b"".join(frames)


def client(*frames: bytes) -> tuple[Side, bytes]:
    return CLIENT, b"".join(frames)


RESERVED = "reserved bits without an extension (RFC 6455 5.2)"
UNKNOWN = "unknown opcode (RFC 6455 5.2)"
NOT_SHORTEST = "length not in its shortest form (RFC 6455 5.2)"
FRAGMENTED_CONTROL = "fragmented control frame (RFC 6455 5.5)"
LONG_CONTROL = "control frame over 125 bytes (RFC 6455 5.5)"


@pytest.mark.parametrize(
    ("stream", "violations"),
    [
        pytest.param(service(encode(1, b"", rsv=4)), [RESERVED], id="RSV1"),
        pytest.param(service(encode(1, b"", rsv=2)), [RESERVED], id="RSV2"),
        pytest.param(service(encode(9, b"", rsv=1)), [RESERVED], id="RSV3 on a ping"),
        *(pytest.param(service(encode(n, b"")), [UNKNOWN], id=f"opcode {n}") for n in range(3, 8)),
        *(pytest.param(service(encode(n, b"")), [UNKNOWN], id=f"opcode {n}") for n in range(11, 16)),
        pytest.param(
            service(encode(1, b"x", mask=KEY)),
            ["masked frame from the service (RFC 6455 5.1)"],
            id="masked service frame",
        ),
        pytest.param(
            client(encode(1, b"x")),
            ["unmasked frame from the client (RFC 6455 5.1)"],
            id="unmasked client frame",
        ),
        pytest.param(client(encode(1, b"x", mask=b"\0\0\0\0")), [None], id="a mask of zeros is legal"),
        pytest.param(service(b"\x81\x7e\x00\x01x"), [NOT_SHORTEST], id="16 bits for 1"),
        pytest.param(service(b"\x82\x7e\x00\x7d" + b"x" * 125), [NOT_SHORTEST], id="16 bits for 125"),
        pytest.param(service(b"\x82\x7f" + bytes(7) + b"\x01x"), [NOT_SHORTEST], id="64 bits for 1"),
        pytest.param(
            service(b"\x81\x7f" + (65535).to_bytes(8, "big") + b"x" * 65535),
            [NOT_SHORTEST],
            id="64 bits for 65535",
        ),
        pytest.param(service(encode(9, b"", fin=False)), [FRAGMENTED_CONTROL], id="fragmented ping"),
        pytest.param(service(encode(8, b"", fin=False)), [FRAGMENTED_CONTROL], id="fragmented close"),
        pytest.param(service(encode(10, b"x" * 126)), [LONG_CONTROL], id="long pong"),
        pytest.param(service(encode(9, b"x" * 125)), [None], id="longest legal ping"),
        pytest.param(
            service(encode(11, b"x" * 126, fin=False)),
            [f"{UNKNOWN}; {FRAGMENTED_CONTROL}; {LONG_CONTROL}"],
            id="several at once, unknown control opcode",
        ),
        pytest.param(service(encode(8, b"\x03")), [rules.CLOSE_ONE_BYTE], id="close of one byte"),
        pytest.param(service(encode(8, b"\x03\xed")), [rules.CLOSE_CODE], id="close code 1005"),
        pytest.param(service(encode(8, b"\x03\xe7")), [rules.CLOSE_CODE], id="close code 999"),
        pytest.param(service(encode(8, b"\x03\xe8\xff")), [rules.CLOSE_REASON], id="close reason not UTF-8"),
        pytest.param(
            service(encode(8, b"\x00\x00\xc3")),
            [f"{rules.CLOSE_CODE}; {rules.CLOSE_REASON}"],
            id="close code and reason",
        ),
        pytest.param(service(encode(8, b"")), [None], id="close without code is legal"),
        pytest.param(service(encode(0, b"x")), [rules.LONE_CONTINUATION], id="lone continuation"),
        pytest.param(
            service(encode(1, b"a"), encode(0, b"b", fin=False), encode(0, b"c")),
            [None, rules.LONE_CONTINUATION, rules.LONE_CONTINUATION],
            id="a lone continuation begins nothing",
        ),
        pytest.param(
            service(encode(1, b"a", fin=False), encode(1, b"b"), encode(0, b"c")),
            [None, rules.INSIDE_FRAGMENTS, rules.LONE_CONTINUATION],
            id="new text inside fragments",
        ),
        pytest.param(
            service(encode(2, b"a", fin=False), encode(1, b"b", fin=False), encode(0, b"\xff")),
            [None, rules.INSIDE_FRAGMENTS, rules.TEXT_NOT_UTF8],
            id="the new one replaces the old one",
        ),
        pytest.param(
            service(encode(1, b"a", fin=False), encode(9, b""), encode(0, b"b")),
            [None, None, None],
            id="control inside fragments is legal",
        ),
        pytest.param(service(encode(1, b"\xff")), [rules.TEXT_NOT_UTF8], id="bad UTF-8"),
        pytest.param(client(encode(1, b"\xff", mask=KEY)), [rules.TEXT_NOT_UTF8], id="bad UTF-8, masked"),
        pytest.param(service(encode(1, b"\xed\xa0\x80")), [rules.TEXT_NOT_UTF8], id="surrogate"),
        pytest.param(service(encode(1, b"\xc0\x80")), [rules.TEXT_NOT_UTF8], id="overlong"),
        pytest.param(service(encode(1, b"\xe2\x82")), [rules.TEXT_NOT_UTF8], id="character cut at the end"),
        pytest.param(service(encode(2, b"\xff")), [None], id="binary may hold anything"),
        pytest.param(
            service(encode(1, b"\xe2\x82", fin=False), encode(0, b"\xac")),
            [None, None],
            id="character split between fragments is legal",
        ),
        pytest.param(
            service(encode(1, b"\xe2\x82", fin=False), encode(0, b"", fin=False), encode(0, b"x")),
            [None, None, rules.TEXT_NOT_UTF8],
            id="bad across fragments",
        ),
        pytest.param(
            service(encode(1, b"\xe2", fin=False), encode(0, b"")),
            [None, rules.TEXT_NOT_UTF8],
            id="character cut at the end of the last fragment",
        ),
        pytest.param(
            service(encode(1, b"\xff", fin=False), encode(0, b"\xff"), encode(1, b"\xff")),
            [rules.TEXT_NOT_UTF8, None, rules.TEXT_NOT_UTF8],
            id="bad text is told once a payload",
        ),
        pytest.param(
            service(encode(2, b"\xff", fin=False), encode(0, b"\xff")), [None, None], id="binary fragments"
        ),
        pytest.param(
            service(encode(8, b""), encode(1, b"x"), encode(9, b""), encode(8, b"")),
            [None, rules.AFTER_CLOSE, None, None],
            id="data after close",
        ),
        pytest.param(
            service(encode(8, b""), encode(0, b"x"), encode(3, b"")),
            [None, f"{rules.AFTER_CLOSE}; {rules.LONE_CONTINUATION}", f"{UNKNOWN}; {rules.AFTER_CLOSE}"],
            id="continuation and unknown data after close",
        ),
    ],
)
def test_a_violation_is_named_and_the_frame_is_kept(
    stream: tuple[Side, bytes], violations: list[str | None]
) -> None:
    sender, data = stream
    frames, unfinished = decoded(sender, [data])
    assert [frame.violation for frame in frames] == violations
    assert unfinished == b""
    assert decoded(sender, bytewise(data)) == (frames, b"")


def test_a_bad_text_larger_than_one_step_of_the_check_is_found_wherever_it_is_bad() -> None:
    good = "é".encode() * 70_000
    assert decoded(SERVICE, [encode(1, b"x" + good)])[0][0].violation is None
    assert decoded(SERVICE, [encode(1, good + b"\xc3")])[0][0].violation == rules.TEXT_NOT_UTF8
    assert decoded(SERVICE, [encode(1, b"\xc3" + good)])[0][0].violation == rules.TEXT_NOT_UTF8


# --- the end of a connection ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sender", "data", "payload", "violation"),
    [
        pytest.param(SERVICE, b"\x81", b"", "unfinished: 1 of an unknown number of bytes", id="one byte"),
        pytest.param(SERVICE, b"\x81\x05", b"", "unfinished: 2 of 7 bytes", id="head only"),
        pytest.param(SERVICE, b"\x81\x05Hel", b"Hel", "unfinished: 5 of 7 bytes", id="half a payload"),
        pytest.param(
            CLIENT,
            encode(1, b"Hello", mask=KEY)[:-2],
            b"Hel",
            "unfinished: 9 of 11 bytes",
            id="masked: what came is unmasked",
        ),
        pytest.param(
            CLIENT, b"\x81\x85\x37\xfa", b"", "unfinished: 4 of an unknown number of bytes", id="half a key"
        ),
        pytest.param(
            SERVICE, b"\x81\x7e\x01", b"", "unfinished: 3 of an unknown number of bytes", id="half a length"
        ),
        pytest.param(
            SERVICE,
            b"\x81\x7f\x80" + bytes(7),
            b"",
            f"unfinished: 10 of {2**63 + 10} bytes; length above 2^63-1 (RFC 6455 5.2)",
            id="length with the top bit",
        ),
        pytest.param(
            SERVICE,
            b"\xf3",
            b"",
            f"unfinished: 1 of an unknown number of bytes; {RESERVED}; {UNKNOWN}",
            id="and more",
        ),
        pytest.param(
            SERVICE,
            b"\x81\x05\xe2",
            b"\xe2",
            "unfinished: 3 of 7 bytes",
            id="a character cut off is not blamed",
        ),
        pytest.param(SERVICE, b"\x88\x05\x03", b"\x03", "unfinished: 3 of 7 bytes", id="nor a close payload"),
    ],
)
def test_the_end_turns_what_is_unfinished_into_a_last_frame(
    sender: Side, data: bytes, payload: bytes, violation: str
) -> None:
    decoder = FrameDecoder(sender)
    assert decoder.feed(data) == []
    assert decoder.unfinished == data
    last = decoder.end()
    assert last is not None
    assert (last.payload, last.violation) == (payload, violation)
    assert raw_bytes(last.head, last.payload) == data
    assert decoder.unfinished == b""
    assert decoder.end() is None


def test_nothing_unfinished_has_no_last_frame() -> None:
    decoder = FrameDecoder(SERVICE)
    decoder.feed(b"\x81\x00")
    assert decoder.end() is None


@pytest.mark.parametrize(
    ("data", "length"),
    [
        pytest.param(b"", None, id="between frames"),
        pytest.param(b"\x81", None, id="half a head"),
        pytest.param(b"\x82\x7f\0\0", None, id="half a length"),
        pytest.param(b"\x82\x05", 5, id="short"),
        pytest.param(b"\x82\x05abc", 5, id="some of it here"),
        pytest.param(b"\x82\x7f" + b"\xff" * 8, 2**64 - 1, id="the most there can be"),
        pytest.param(b"\x81\x00\x82\x7e\x01\x00", 256, id="behind a whole frame"),
        pytest.param(b"\x82\x01x", None, id="whole"),
    ],
)
def test_the_declared_length_is_known_as_soon_as_the_head_is(data: bytes, length: int | None) -> None:
    whole, slowly = FrameDecoder(SERVICE), FrameDecoder(SERVICE)
    whole.feed(data)
    for piece in bytewise(data):
        slowly.feed(piece)
    assert whole.declared_length == slowly.declared_length == length


def test_a_huge_frame_is_gathered_in_place() -> None:
    """Each chunk goes behind the others in one growing buffer; copying it all for each would be quadratic."""
    decoder = FrameDecoder(SERVICE)
    payload = bytes(16 * 1024) * 512
    raw = encode(2, payload)
    pieces = [raw[at : at + 16 * 1024] for at in range(0, len(raw), 16 * 1024)]
    decoder.feed(pieces[0])
    buffer = decoder._buffer
    for piece in pieces[1:-1]:
        assert decoder.feed(piece) == []
        assert decoder._buffer is buffer
    assert decoder.feed(pieces[-1] + b"\x81\x01x") == [
        Frame(2, payload, head=raw[:10]),
        Frame(1, b"x", head=b"\x81\x01"),
    ]


# --- laws ----------------------------------------------------------------------------------------

sides = st.sampled_from(list(Side))
keys = st.binary(min_size=4, max_size=4)
cuts = st.lists(st.integers(0, 100_000), max_size=8)

# Bytes that look like frames now and then, so that more than the first head is reached.
any_bytes = st.binary(max_size=60) | st.lists(
    st.builds(
        encode,
        st.integers(0, 15),
        st.binary(max_size=130),
        fin=st.booleans(),
        rsv=st.sampled_from([0, 0, 0, 4, 7]),
        mask=st.none() | keys,
    )
    | st.binary(max_size=12),
    max_size=8,
).map(b"".join)


@given(sender=sides, data=any_bytes, cuts=cuts)
def test_every_byte_is_in_a_frame_or_unfinished(sender: Side, data: bytes, cuts: list[int]) -> None:
    frames, unfinished = decoded(sender, chopped(data, cuts))
    assert b"".join(raw_bytes(frame.head, frame.payload) for frame in frames) + unfinished == data


@given(sender=sides, data=any_bytes)
def test_the_last_frame_holds_every_byte_that_was_unfinished(sender: Side, data: bytes) -> None:
    decoder = FrameDecoder(sender)
    frames = decoder.feed(data)
    last = decoder.end()
    frames += [last] if last else []
    assert b"".join(raw_bytes(frame.head, frame.payload) for frame in frames) == data


@given(sender=sides, data=any_bytes, cuts=cuts)
def test_how_the_network_chops_makes_no_difference(sender: Side, data: bytes, cuts: list[int]) -> None:
    whole = decoded(sender, [data])
    assert decoded(sender, chopped(data, cuts)) == whole
    assert decoded(sender, bytewise(data)) == whole


@given(
    opcode=st.sampled_from([1, 2, 9, 10]),
    text=st.text(max_size=31),
    mask=st.none() | keys,
)
def test_what_was_encoded_is_decoded_without_complaint(opcode: int, text: str, mask: bytes | None) -> None:
    sender = SERVICE if mask is None else CLIENT
    raw = encode(opcode, text.encode(), mask=mask)
    [frame], unfinished = decoded(sender, [raw])
    assert (frame.opcode, frame.payload, frame.mask, frame.violation) == (opcode, text.encode(), mask, None)
    assert unfinished == b""


# --- referees ------------------------------------------------------------------------------------


@st.composite
def legal_streams(draw: st.DrawFn) -> tuple[Side, bytes]:
    """What a correct side sends: payloads of every length class, fragmented anywhere, controls between."""
    sender = draw(sides)

    def framed(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
        return encode(opcode, payload, fin=fin, mask=draw(keys) if sender is CLIENT else None)

    def control() -> bytes:
        return framed(draw(st.sampled_from([9, 10])), draw(st.binary(max_size=125)))

    parts = []
    for _ in range(draw(st.integers(0, 4))):
        opcode = draw(st.sampled_from([1, 2]))
        stretch = draw(st.sampled_from([0, 0, 0, 124, 125, 126, 127, 65534, 65535, 65536]))
        payload = draw(st.text(max_size=20)).encode() if opcode == 1 else draw(st.binary(max_size=20))
        payload += b"x" * stretch
        pieces = chopped(payload, draw(st.lists(st.integers(0, 70_000), max_size=3)))
        for place, piece in enumerate(pieces):
            if draw(st.booleans()):
                parts.append(control())
            parts.append(framed(0 if place else opcode, piece, fin=place == len(pieces) - 1))
    if draw(st.booleans()):
        code = draw(st.sampled_from([1000, 1001, 1002, 1003, 1007, 1011, 3000, 4401, 4999]))
        reason = draw(st.text(max_size=30)).encode()
        parts.append(framed(8, draw(st.sampled_from([b"", code.to_bytes(2, "big") + reason]))))
    return sender, b"".join(parts)


def heard_by_websocket_client(data: bytes) -> list[tuple[int, bytes, bool]]:
    rest = bytearray(data)

    def recv(size: int) -> bytes:
        taken = bytes(rest[:size])
        del rest[:size]
        return taken

    reader = frame_buffer(recv, skip_utf8_validation=True)
    heard = []
    while rest:
        frame: ABNF = reader.recv_frame()
        heard.append((frame.opcode, bytes(frame.data), bool(frame.fin)))
    return heard


def heard_by_wsproto(sender: Side, data: bytes) -> list[tuple[int, bytes, bool]]:
    reader = RefereeDecoder(client=sender is SERVICE)
    joiner = RefereeJoiner()
    reader.receive_bytes(data)
    heard = []
    opcode, payload = None, b""
    while (part := reader.process_buffer()) is not None:
        # wsproto hands out what there is of a frame; the first part carries the frame's own opcode
        opcode = int(part.opcode) if opcode is None else opcode
        payload += bytes(part.payload)
        if not part.opcode.iscontrol():
            joiner.process_frame(part)
        if part.frame_finished:
            heard.append((opcode, payload, bool(part.message_finished)))
            opcode, payload = None, b""
    return heard


@given(legal_streams(), cuts)
def test_websocket_client_and_wsproto_read_the_same_frames(
    stream: tuple[Side, bytes], cuts: list[int]
) -> None:
    sender, data = stream
    frames, unfinished = decoded(sender, chopped(data, cuts))
    heard = [(frame.opcode, frame.payload, frame.fin) for frame in frames]
    assert unfinished == b""
    assert [frame.violation for frame in frames] == [None] * len(frames)
    assert heard == heard_by_websocket_client(data)
    assert heard == heard_by_wsproto(sender, data)


@given(
    sender=sides,
    opcode=st.sampled_from([0, 1, 2, 3, 7, 9, 10, 11, 15]),
    payload=st.binary(max_size=3) | st.binary(min_size=124, max_size=127),
    fin=st.booleans(),
    rsv=st.sampled_from([0, 0, 0, 1, 2, 4]),
    masked=st.booleans(),
)
def test_a_first_frame_is_a_violation_exactly_when_wsproto_refuses_it(
    sender: Side, opcode: int, payload: bytes, fin: bool, rsv: int, masked: bool
) -> None:
    data = encode(opcode, payload, fin=fin, rsv=rsv, mask=KEY if masked else None)
    [frame], _ = decoded(sender, [data])
    try:
        heard_by_wsproto(sender, data)
        refused = False
    except ParseFailed:
        refused = True
    assert (frame.violation is not None) is refused


@given(
    st.lists(st.tuples(st.sampled_from([0, 1, 125, 126, 200, 65_536]), st.booleans()), max_size=12),
    st.integers(0, 20),
    st.integers(1, 5),
)
def test_reach_finds_the_end_of_that_many_frames(sizes, held, most):
    """However much of the first frame has come already, its head cut short included."""
    frames = [encode(2, bytes(size), mask=KEY if masked else None) for size, masked in sizes]
    data = b"".join(frames)
    cut = min(held, len(frames[0]) - 1) if frames else 0
    decoder = FrameDecoder(SERVICE)
    decoder.feed(data[:cut])
    reached = decoder.reach(data[cut:], most)
    assert reached == max(len(b"".join(frames[:most])) - cut, 0) or reached == len(data) - cut
    assert len(decoder.feed(data[cut:][:reached])) == min(most, len(frames)) or reached <= 2 * most
    assert decoder.unfinished == b"" or reached == len(data) - cut


@pytest.mark.parametrize("most", [1, 3])
def test_reach_of_a_frame_that_is_not_whole_is_all_there_is(most):
    data = encode(2, bytes(5)) * (most - 1) + encode(2, bytes(100))[:50]
    assert FrameDecoder(SERVICE).reach(data, most) == len(data)
