"""What any peer compresses comes back, piece by piece; what does not inflate is withheld and says why."""

from __future__ import annotations

import zlib
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame as PeerFrame
from websockets.frames import Opcode as PeerOpcode
from wsproto.extensions import PerMessageDeflate as WsprotoDeflate
from wsproto.frame_protocol import FrameProtocol, RsvBits
from wsproto.frame_protocol import Opcode as WsprotoOpcode

from recorder.wire.deflate import (
    CONTEXT_LOST,
    DOES_NOT_INFLATE,
    NO_EXTENSIONS,
    Extensions,
    FrameInflater,
)
from recorder.wire.frames import Side

TAIL = b"\x00\x00\xff\xff"
PAYLOADS = st.lists(
    st.binary(max_size=300) | st.text(max_size=200).map(str.encode) | st.just(b"again and again " * 30),
    min_size=1,
    max_size=6,
)


def deflated(*payloads: bytes, takeover: bool = True, wbits: int = 15) -> list[bytes]:
    """Each payload as RFC 7692 (7.2.1) has it compressed."""
    made, compressor = [], zlib.compressobj(wbits=-wbits)
    for payload in payloads:
        made.append((compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(TAIL))
        compressor = compressor if takeover else zlib.compressobj(wbits=-wbits)
    return made


def fragments(payload: bytes, cuts: list[int]) -> list[bytes]:
    """The payload in pieces, some of them empty."""
    bounds = [0, *sorted(min(cut, len(payload)) for cut in cuts), len(payload)]
    return [payload[begin:end] for begin, end in pairwise(bounds)]


def inflated(
    inflater: FrameInflater, pieces: list[bytes], *, opcode: int = 1
) -> tuple[bytes, list[str | None]]:
    """The payload of these fragments, and why any of them was withheld."""
    data, withheld = b"", []
    for place, piece in enumerate(pieces):
        got = inflater.inflate(
            opcode if place == 0 else 0, piece, fin=place == len(pieces) - 1, rsv=0 if place else 4
        )
        assert got is not None
        assert got.compressed[:3] == (len(piece), sha256(piece).digest(), piece)
        data += got.data
        withheld.append(got.compressed.withheld)
    return data, withheld


@given(
    payloads=PAYLOADS,
    takeover=st.booleans(),
    wbits=st.integers(9, 15),
    cuts=st.lists(st.integers(0, 400), max_size=4),
)
def test_what_zlib_compresses_comes_back(
    payloads: list[bytes], takeover: bool, wbits: int, cuts: list[int]
) -> None:
    """Any window, with and without takeover, in any pieces."""
    inflater = FrameInflater(takeover=takeover)
    for payload, wire in zip(payloads, deflated(*payloads, takeover=takeover, wbits=wbits), strict=True):
        data, withheld = inflated(inflater, fragments(wire, cuts))
        assert (data, set(withheld)) == (payload, {None})


@given(payloads=PAYLOADS, takeover=st.booleans(), bits=st.integers(8, 15))
def test_what_the_websockets_library_compresses_comes_back(
    payloads: list[bytes], takeover: bool, bits: int
) -> None:
    """It takes 8 for 9, as everybody on zlib has to."""
    peer = PerMessageDeflate(False, not takeover, 15, max(bits, 9))
    inflater = FrameInflater(takeover=takeover)
    for payload in payloads:
        sent = peer.encode(PeerFrame(PeerOpcode.BINARY, payload))
        assert sent.rsv1
        assert inflated(inflater, [bytes(sent.data)], opcode=2) == (payload, [None])


@given(payloads=PAYLOADS, takeover=st.booleans(), cut=st.integers(0, 300))
def test_what_wsproto_compresses_comes_back(payloads: list[bytes], takeover: bool, cut: int) -> None:
    """In two fragments of its own making."""
    peer = WsprotoDeflate(client_no_context_takeover=not takeover)
    peer.finalize("permessage-deflate" + ("" if takeover else "; client_no_context_takeover"))
    protocol = FrameProtocol(client=True, extensions=[peer])
    inflater = FrameInflater(takeover=takeover)
    for payload in payloads:
        pieces = []
        for part, fin in ((payload[:cut], False), (payload[cut:], True)):
            _, data = peer.frame_outbound(
                protocol, WsprotoOpcode.BINARY, RsvBits(False, False, False), part, fin
            )
            pieces.append(data)
        assert inflated(inflater, pieces, opcode=2)[0] == payload


def test_the_examples_of_the_rfc() -> None:
    """Section 7.2.3: one block, a shared window, no compression, a final block, two blocks, empty."""
    one = bytes.fromhex("f248cdc9c90700")
    inflater = FrameInflater(takeover=True)
    for wire in (one, bytes.fromhex("f200110000"), bytes.fromhex("000500faff48656c6c6f00")):
        assert inflated(inflater, [wire]) == (b"Hello", [None])
    assert inflated(inflater, [bytes.fromhex("f348cdc9c9070000")]) == (b"Hello", [None])
    assert inflated(inflater, [bytes.fromhex("f200110000")]) == (b"Hello", [None])  # the window outlives it
    assert inflated(inflater, [bytes.fromhex("f24805000000ffffcac9c90700")]) == (b"Hello", [None])
    assert inflated(inflater, [b"\x00"]) == (b"", [None])
    assert inflated(inflater, [one[:3], one[3:]]) == (b"Hello", [None, None])


@pytest.mark.parametrize("wire", [b"", zlib.compress(b"Hello", wbits=-15)])
def test_lenient_where_nothing_is_lost(wire: bytes) -> None:
    """No byte at all is an empty payload; a final block need not be followed by an empty one."""
    inflater = FrameInflater(takeover=True)
    assert inflated(inflater, [wire])[1] == [None]
    assert inflated(inflater, deflated(b"after it")) == (b"after it", [None])


@pytest.mark.parametrize(("takeover", "after"), [(True, [CONTEXT_LOST]), (False, [None])])
@pytest.mark.parametrize("bad", [b"\xff" * 9, deflated(b"cut off" * 9)[0][:-3], b"\x03\x00" * 500])
def test_what_does_not_inflate_is_withheld_and_so_is_what_builds_on_it(
    bad: bytes, takeover: bool, after: list[str | None]
) -> None:
    """Garbage, a payload that is not whole, and one of nothing but final blocks."""
    inflater = FrameInflater(takeover=takeover)
    assert inflated(inflater, [bad]) == (b"", [DOES_NOT_INFLATE])
    [wire] = deflated(b"fine by itself")
    assert inflated(inflater, [wire])[1] == after


def test_a_bomb_is_stopped_at_the_limit() -> None:
    """What came before the limit in earlier fragments stays; the rest is withheld; memory stays small."""
    bomb = deflated(b"\0" * 50_000_000)[0]
    inflater = FrameInflater(takeover=False, limit=1_000_000)
    data, withheld = inflated(inflater, fragments(bomb, [500, 1_000, 20_000]))
    assert len(data) < 1_000_000
    assert withheld[0] is None
    assert set(withheld[1:]) == {"it inflates to more than 1,000,000 bytes"}
    assert inflated(inflater, deflated(b"next")) == (b"next", [None])


def test_a_payload_of_exactly_the_limit_is_no_bomb() -> None:
    """One byte more is."""
    for size, withheld in ((1000, None), (1001, "it inflates to more than 1,000 bytes")):
        assert inflated(FrameInflater(takeover=True, limit=1000), deflated(b"x" * size))[1] == [withheld]


@pytest.mark.parametrize("opcode", [3, 8, 9, 10, 15])
def test_control_and_reserved_frames_are_never_inflated(opcode: int) -> None:
    """Also between the fragments of a compressed payload."""
    inflater = FrameInflater(takeover=True)
    [wire] = deflated(b"Hello")
    first = inflater.inflate(1, wire[:2], fin=False, rsv=4)
    assert inflater.inflate(opcode, b"x", fin=True, rsv=4) is None
    last = inflater.inflate(0, wire[2:], fin=True, rsv=0)
    assert first is not None
    assert last is not None
    assert first.data + last.data == b"Hello"


def test_payloads_that_are_not_compressed_pass_between_those_that_are() -> None:
    """Their fragments too; they are no part of the window."""
    inflater = FrameInflater(takeover=True)
    first, second = deflated(b"Hello", b"Hello")
    assert inflated(inflater, [first])[0] == b"Hello"
    assert inflater.inflate(1, b"pl", fin=False, rsv=0) is None
    assert inflater.inflate(0, b"ain", fin=True, rsv=4) is None
    assert inflated(inflater, [second])[0] == b"Hello"


@given(
    st.lists(
        st.tuples(st.integers(0, 15), st.binary(max_size=60), st.booleans(), st.integers(0, 7)), max_size=12
    ),
    st.booleans(),
)
@settings(max_examples=300)
def test_any_bytes_whatever_never_raise(frames: list[tuple[int, bytes, bool, int]], takeover: bool) -> None:
    """And a payload is only ever empty where it says withheld."""
    inflater = FrameInflater(takeover=takeover, limit=2_000)
    for opcode, payload, fin, rsv in frames:
        piece = inflater.inflate(opcode, payload, fin=fin, rsv=rsv)
        if piece is not None and piece.compressed.withheld is not None:
            assert piece.data == b""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, NO_EXTENSIONS),
        ("permessage-deflate", Extensions(deflate=True)),
        (
            "permessage-deflate; server_no_context_takeover; server_max_window_bits=8",
            Extensions(deflate=True, service_takeover=False),
        ),
        (
            'permessage-deflate;client_no_context_takeover;x="1"',
            Extensions(deflate=True, client_takeover=False),
        ),
        ("x-webkit-deflate-frame", Extensions(others=True)),
        ("permessage-deflate, x-other; y", Extensions(deflate=True, others=True)),
        (" , ;", NO_EXTENSIONS),
    ],
)
def test_what_was_agreed_on_stands_in_the_answer(value: str | None, expected: Extensions) -> None:
    headers = () if value is None else (("sec-websocket-extensions", value),)
    assert Extensions.of(headers) == expected
    for side, takeover in (
        (Side.CLIENT, expected.client_takeover),
        (Side.SERVICE, expected.service_takeover),
    ):
        assert expected.takeover(side) is takeover
