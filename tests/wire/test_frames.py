"""One frame: its bytes, and its close code."""

import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.wire.frames import (
    CloseCode,
    apply_mask,
    authentication_hint,
    close_parts,
    encode,
    mask_by_numbers,
    mask_key,
    may_be_sent,
    raw_bytes,
    split_raw,
)

keys = st.binary(min_size=4, max_size=4)
Masking = Callable[[bytes, bytes], bytes]


either = pytest.mark.parametrize("masking", [apply_mask, mask_by_numbers])


@either
@given(data=st.binary(max_size=300), key=keys)
def test_masking_is_xor_byte_by_byte_and_undoes_itself(masking: Masking, data: bytes, key: bytes) -> None:
    masked = masking(data, key)
    assert masked == bytes(byte ^ key[place % 4] for place, byte in enumerate(data))
    assert masking(masked, key) == data


@either
@pytest.mark.parametrize("extra", [-1, 0, 1, 5])
def test_masking_a_huge_payload_in_pieces_keeps_the_key_in_step(masking: Masking, extra: int) -> None:
    data = bytes(range(251)) * (3 * 65536 // 251 + 1)
    data = data[: 2 * 65536 + extra]
    masked = masking(data, b"\x01\x02\x04\x08")
    assert masked[-9:] == bytes(data[place] ^ (1 << place % 4) for place in range(len(data) - 9, len(data)))
    assert masking(masked, b"\x01\x02\x04\x08") == data


def test_where_the_library_has_no_function_in_c_masking_goes_without() -> None:
    """As where it was built without a compiler."""
    program = (
        "import sys; sys.modules['websockets.speedups'] = None\n"
        "from recorder.wire.frames import apply_mask; print(apply_mask(b'abcde', bytes(3) + b' ').decode())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "abcDe\n"


# RFC 6455 5.7, the examples; and 5.2, the borders of the three lengths.
@pytest.mark.parametrize(
    ("raw", "made"),
    [
        pytest.param(b"\x81\x05Hello", encode(1, b"Hello"), id="text"),
        pytest.param(
            bytes.fromhex("818537fa213d7f9f4d5158"),
            encode(1, b"Hello", mask=bytes.fromhex("37fa213d")),
            id="masked text",
        ),
        pytest.param(b"\x01\x03Hel", encode(1, b"Hel", fin=False), id="first fragment"),
        pytest.param(b"\x80\x02lo", encode(0, b"lo"), id="last fragment"),
        pytest.param(b"\x89\x05Hello", encode(9, b"Hello"), id="ping"),
        pytest.param(
            bytes.fromhex("8a8537fa213d7f9f4d5158"),
            encode(10, b"Hello", mask=bytes.fromhex("37fa213d")),
            id="masked pong",
        ),
        pytest.param(b"\x82\x7d" + b"x" * 125, encode(2, b"x" * 125), id="125"),
        pytest.param(b"\x82\x7e\x00\x7e" + b"x" * 126, encode(2, b"x" * 126), id="126"),
        pytest.param(b"\x82\x7e\xff\xff" + b"x" * 65535, encode(2, b"x" * 65535), id="65535"),
        pytest.param(
            b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + b"x" * 65536, encode(2, b"x" * 65536), id="65536"
        ),
        pytest.param(b"\xf3\x00", encode(3, b"", rsv=7), id="breaks rules when asked to"),
    ],
)
def test_encoding_writes_the_bytes_of_the_rfc(raw: bytes, made: bytes) -> None:
    assert made == raw


@pytest.mark.parametrize(
    ("opcode", "rsv", "mask"),
    [
        pytest.param(16, 0, None, id="opcode"),
        pytest.param(-1, 0, None, id="negative opcode"),
        pytest.param(1, 8, None, id="rsv"),
        pytest.param(1, 0, b"abc", id="mask"),
    ],
)
def test_encoding_refuses_what_no_frame_can_hold(opcode: int, rsv: int, mask: bytes | None) -> None:
    with pytest.raises(ValueError, match="no such frame"):
        encode(opcode, b"", rsv=rsv, mask=mask)


@given(
    opcode=st.integers(0, 15),
    payload=st.binary(max_size=200) | st.integers(65530, 65540).map(bytes),
    fin=st.booleans(),
    rsv=st.integers(0, 7),
    mask=st.none() | keys,
)
def test_splitting_undoes_encoding(
    opcode: int, payload: bytes, fin: bool, rsv: int, mask: bytes | None
) -> None:
    raw = encode(opcode, payload, fin=fin, rsv=rsv, mask=mask)
    frame = split_raw(raw)
    assert frame[:4] == (opcode, payload, fin, rsv)
    assert frame.mask == mask
    assert raw_bytes(frame.head, frame.payload) == raw


@given(st.binary(max_size=40))
def test_any_bytes_split_and_join_to_themselves(raw: bytes) -> None:
    frame = split_raw(raw)
    assert raw_bytes(frame.head, frame.payload) == raw


@pytest.mark.parametrize(
    "head",
    [b"", b"\x81", b"\x81\x85", b"\x81\x85abc", b"\x81\x05", b"\x81\xfeab", b"\x81\x85abcde"],
)
def test_a_head_that_is_not_whole_or_not_masked_has_no_key(head: bytes) -> None:
    assert mask_key(head) is None
    assert raw_bytes(head, b"xyz") == head + b"xyz"


@pytest.mark.parametrize(
    ("payload", "parts"),
    [
        pytest.param(b"", (None, ""), id="empty"),
        pytest.param(b"\x03", (None, ""), id="one byte"),
        pytest.param(b"\x03\xe8", (1000, ""), id="code"),
        pytest.param(b"\x11\x31" + "née".encode(), (4401, "née"), id="code and reason"),
        pytest.param(b"\x03\xe8a\xffb", (1000, "a\\xffb"), id="bad bytes are escaped"),
    ],
)
def test_close_payloads_come_apart(payload: bytes, parts: tuple[int | None, str]) -> None:
    assert close_parts(payload) == parts


def test_the_close_codes_are_those_of_the_registry_and_livepersons_two() -> None:
    assert CloseCode(4401) is CloseCode.TOKEN_EXPIRED
    assert {1000, 1001, 1002, 1003, 1005, 1006, *range(1007, 1016), 4401, 4407} == set(CloseCode)


@pytest.mark.parametrize("code", [1000, 1003, 1007, 1011, 1014, 3000, 4401, 4999])
def test_these_close_codes_may_be_sent(code: int) -> None:
    assert may_be_sent(code)


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535])
def test_these_codes_may_not(code: int) -> None:
    assert not may_be_sent(code)


@pytest.mark.parametrize(
    ("code", "hinted"),
    [(4401, True), (4407, True), (1008, False), (1011, False), (1000, False), (4000, False), (None, False)],
)
def test_only_documented_authentication_codes_carry_a_hint(code: int | None, hinted: bool) -> None:
    assert (authentication_hint(code) is not None) is hinted
