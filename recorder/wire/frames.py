"""One RFC 6455 frame: its parts, how its bytes are built and taken apart, and the close codes."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum, StrEnum
from functools import cache
from typing import NamedTuple

UNFINISHED = "unfinished:"
"""How the violation of a frame begins whose end never came."""


class Side(StrEnum):
    """Who sent a frame."""

    CLIENT = "client"
    SERVICE = "service"


class Opcode(IntEnum):
    """The opcodes RFC 6455 (section 5.2) defines. Others are kept as plain numbers."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


class CloseCode(IntEnum):
    """Why a connection was closed: RFC 6455 (section 7.4.1), its registry, and LivePerson's own two."""

    NORMAL = 1000  # normal closure
    GOING_AWAY = 1001  # going away
    PROTOCOL_ERROR = 1002  # protocol error
    UNSUPPORTED_DATA = 1003  # kind of data not accepted
    NO_STATUS = 1005  # no code was given
    ABNORMAL = 1006  # ended without a Close frame
    INVALID_DATA = 1007  # data not as its type says
    POLICY_VIOLATION = 1008  # policy violation; LivePerson: authentication
    TOO_BIG = 1009  # payload too big
    EXTENSION_MISSING = 1010  # a required extension was not agreed
    INTERNAL_ERROR = 1011  # internal error; LivePerson: get a new token
    SERVICE_RESTART = 1012  # service restarts
    TRY_AGAIN_LATER = 1013  # try again later
    BAD_GATEWAY = 1014  # gateway got a bad answer
    TLS_FAILED = 1015  # TLS handshake failed
    TOKEN_EXPIRED = 4401  # token missing or expired: get a new one from the brand
    IDENTITY_EXPIRED = 4407  # identity expired: have LivePerson's identity provider extend it


class AuthenticationClose(NamedTuple):
    """What one close code says about the client's authentication.

    Attributes:
        meaning: what is wrong and what helps, in one phrase.
        source: who gives the code this meaning.
        hint: what to do, where LivePerson documents the code; None where it may mean something else.
    """

    meaning: str
    source: str
    hint: str | None = None


AUTHENTICATION_CLOSES: dict[int, AuthenticationClose] = {
    CloseCode.TOKEN_EXPIRED: AuthenticationClose(
        "the token is missing or has expired: get a fresh one from the brand, then reconnect",
        "LivePerson's documentation",
        hint="get a fresh token from the brand; this one is missing or has expired",
    ),
    CloseCode.IDENTITY_EXPIRED: AuthenticationClose(
        "the identity has expired: have the identity provider extend it, then reconnect",
        "LivePerson's documentation",
        hint="have the identity extended; it has expired",
    ),
    CloseCode.POLICY_VIOLATION: AuthenticationClose(
        "policy violation; an authentication problem for LivePerson's agent workspace", "client code only"
    ),
    CloseCode.INTERNAL_ERROR: AuthenticationClose(
        "internal error; an authentication problem for LivePerson's agent SDK: reconnect with a new token",
        "the agent SDK's readme only",
    ),
}
"""The close codes after which a client needs another token, documented or not."""


def authentication_hint(close_code: int | None) -> str | None:
    """What to do after a close that LivePerson documents as an authentication failure; else None."""
    known = None if close_code is None else AUTHENTICATION_CLOSES.get(close_code)
    return None if known is None else known.hint


# Section 7.4: these are words for an API and never stand on the wire.
_NEVER_SENT = {CloseCode.NO_STATUS, CloseCode.ABNORMAL, CloseCode.TLS_FAILED}


def may_be_sent(close_code: int) -> bool:
    """Whether RFC 6455 (section 7.4) lets a Close frame carry this code."""
    if 3000 <= close_code <= 4999:
        return True
    return 1000 <= close_code <= 1015 and close_code != 1004 and close_code not in _NEVER_SENT


class CompressedPayload(NamedTuple):
    """How a payload stood on the wire that permessage-deflate (RFC 7692) had compressed; unmasked.

    Attributes:
        length: bytes of it on the wire.
        digest: SHA-256 of them.
        data: the bytes themselves, kept only where secrets are kept; else None.
        withheld: why the frame has an empty payload, in a few words; None where it was inflated.
    """

    length: int
    digest: bytes
    data: bytes | None = None
    withheld: str | None = None


class Frame(NamedTuple):
    """One frame as it stood on the wire.

    A named tuple, not a dataclass: a burst makes tens of thousands a second, and this costs a third.

    Attributes:
        opcode: 0–15; the known ones compare equal to ``Opcode``.
        payload: the payload with the mask taken off; inflated, if it was compressed by an extension.
        fin: whether it ends its payload.
        rsv: the three reserved bits as a number, RSV1 being 4.
        head: the header bytes exactly as they came, mask key included.
        mask: the four mask bytes, or None for an unmasked frame.
        violation: what RFC 6455 forbids about it, in a few words, or None. Never a reason to drop it.
        compressed: how the payload stood on the wire, its bytes included, if it was compressed.
    """

    opcode: int
    payload: bytes
    fin: bool = True
    rsv: int = 0
    head: bytes = b""
    mask: bytes | None = None
    violation: str | None = None
    compressed: CompressedPayload | None = None


# Section 5.2: the second byte alone tells how long a head is: 2 bytes, 2 or 8 more for the length,
# 4 more for a mask key.
HEAD_SIZE = tuple(
    2 + {126: 2, 127: 8}.get(second & 0x7F, 0) + (4 if second & 0x80 else 0) for second in range(256)
)

_STRIDE = 1 << 16
"""Masking goes in pieces of this many bytes, so that a huge payload costs one copy and not four."""


def apply_mask(data: bytes, mask: bytes) -> bytes:
    """Mask or unmask (it is the same): XOR with the four bytes of ``mask``, over and over."""
    return _masking()(data, mask)


@cache
def _masking() -> Callable[[bytes, bytes], bytes]:
    """The function of websockets that is written in C, where it was installed with it."""
    try:  # late: most commands mask nothing, and the library takes milliseconds to load
        from websockets.speedups import apply_mask as mask_in_c
    except ImportError:
        return mask_by_numbers
    return mask_in_c


def mask_by_numbers(data: bytes, mask: bytes) -> bytes:
    """What ``apply_mask`` does, in Python alone: ten times as long for 350 bytes."""
    size = len(data)
    if size > _STRIDE:
        pieces = (data[at : at + _STRIDE] for at in range(0, size, _STRIDE))
        return b"".join([mask_by_numbers(piece, mask) for piece in pieces])
    key = int.from_bytes((mask * (size // 4 + 1))[:size], "little")
    return (int.from_bytes(data, "little") ^ key).to_bytes(size, "little")


def encode(
    opcode: int, payload: bytes, *, fin: bool = True, rsv: int = 0, mask: bytes | None = None
) -> bytes:
    """The bytes of one frame, its length in the shortest form. It may break every other rule.

    Args:
        opcode: 0–15.
        payload: not yet masked.
        rsv: the three reserved bits as a number, RSV1 being 4.
        mask: the four mask bytes; None sends unmasked.

    Raises:
        ValueError: a number that does not fit its bits, or a mask of another length.
    """
    if not (0 <= opcode <= 15 and 0 <= rsv <= 7) or (mask is not None and len(mask) != 4):
        raise ValueError(f"no such frame: opcode {opcode}, rsv {rsv}, mask {mask!r}")
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    head = bytes((first,)) + _length_bytes(len(payload), masked=mask is not None)
    return head + payload if mask is None else head + mask + apply_mask(payload, mask)


def _length_bytes(length: int, *, masked: bool) -> bytes:
    bit = 0x80 if masked else 0
    if length < 126:
        return bytes((bit | length,))
    if length < 1 << 16:
        return bytes((bit | 126,)) + length.to_bytes(2, "big")
    return bytes((bit | 127,)) + length.to_bytes(8, "big")


def payload_length(head: bytes | bytearray) -> int | None:
    """Payload bytes that the frame which begins so announces; None while its head is not whole."""
    if len(head) < 2 or len(head) < HEAD_SIZE[head[1]]:
        return None
    short = head[1] & 0x7F
    if short < 126:
        return short
    return int.from_bytes(head[2:4] if short == 126 else head[2:10], "big")


def size_of_frame(beginning: bytes | bytearray) -> int | None:
    """Bytes of the frame that begins so, head and payload; None while its head is not whole."""
    length = payload_length(beginning)
    return None if length is None else HEAD_SIZE[beginning[1]] + length


def mask_key(head: bytes) -> bytes | None:
    """The mask key at the end of a whole head; None if it has none, or the head is cut short."""
    if len(head) < 6 or not head[1] & 0x80 or len(head) != HEAD_SIZE[head[1]]:
        return None
    return head[-4:]


def raw_bytes(head: bytes, payload: bytes) -> bytes:
    """The exact bytes of the wire, from a frame's head and its unmasked payload.

    Only true for the payload that came with that head: not for one that was redacted.
    """
    key = mask_key(head)
    return head + payload if key is None else head + apply_mask(payload, key)


def split_raw(raw: bytes) -> Frame:
    """The one frame that ``raw`` is, by its head alone: rules are not checked, the length is not compared.

    The opposite of ``raw_bytes``. A head that is cut short leaves the payload empty.
    """
    first = raw[0] if raw else 0
    size = HEAD_SIZE[raw[1]] if len(raw) > 1 else 2
    head, payload = raw[:size], raw[size:]
    key = mask_key(head)
    payload = payload if key is None else apply_mask(payload, key)
    return Frame(first & 15, payload, first > 127, first >> 4 & 7, head, key)


def close_parts(payload: bytes) -> tuple[int | None, str]:
    """Code and reason of a Close frame; (None, "") where it has none.

    A reason that is not UTF-8 keeps its bad bytes as backslash escapes.
    """
    if len(payload) < 2:
        return None, ""
    return int.from_bytes(payload[:2], "big"), payload[2:].decode("utf-8", "backslashreplace")
