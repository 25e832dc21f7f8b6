"""A frame as it stands in a temporary file between reading a capture and storing it; both directions.

Fixed fields first, then head, violation and payload; in little-endian order. A frame that came compressed is
followed by a JSON array with what is known of that. Ours alone: read back by the process that wrote it.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from collections.abc import Iterator
from struct import Struct

import orjson

from recorder.wire.frames import CompressedPayload, Side
from recorder.wire.records import FrameForwarded, RecordedFrame

# flags, opcode, rsv; time, order, number, index, at, offset; lengths of head, violation, payload
_FIXED = Struct("<BBBqQQQqqIIQ")
_SIZE = Struct("<I")
_CLIENT, _FIN, _REDACTED, _HEAD, _VIOLATION, _AT, _OFFSET, _COMPRESSED = (1 << bit for bit in range(8))
_FORWARDED = 0xFF
"""In the place of ``opcode``: not a frame, but when the frame of this number was passed on."""


def packed_frame(frame: RecordedFrame, time_us: int, order: int) -> bytes:
    """The bytes of one frame, with its place among the others."""
    (number, _, index, sender, at_us, offset_us,
     opcode, fin, rsv, payload, head, violation, redacted, compressed) = frame  # fmt: skip
    flags = (
        (_CLIENT if sender is Side.CLIENT else 0)
        | (_FIN if fin else 0)
        | (_REDACTED if redacted else 0)
        | (_HEAD if head is not None else 0)
        | (_AT if at_us is not None else 0)
        | (_OFFSET if offset_us is not None else 0)
    )
    words = extra = b""
    if violation is not None:
        flags |= _VIOLATION
        words = violation.encode("utf-8", "surrogatepass")
    if compressed is not None:
        flags |= _COMPRESSED
        extra = _packed_compressed(compressed)
    head = head or b""
    fixed = _FIXED.pack(
        flags, opcode, rsv, time_us, order, number, index, at_us or 0, offset_us or 0,
        len(head), len(words), len(payload),
    )  # fmt: skip
    return b"".join((fixed, head, words, payload, extra))


def packed_forwarded(record: FrameForwarded, time_us: int, order: int) -> bytes:
    """The bytes that say when a frame was passed on."""
    number, at_us, offset_us = record
    flags = (_AT if at_us is not None else 0) | (_OFFSET if offset_us is not None else 0)
    return _FIXED.pack(flags, _FORWARDED, 0, time_us, order, number, 0, at_us or 0, offset_us or 0, 0, 0, 0)


def unpacked(block: bytes, connection: int) -> Iterator[tuple[int, int, RecordedFrame | FrameForwarded]]:
    """The time, order and record of everything packed into these bytes."""
    at, end, fixed = 0, len(block), _FIXED.size
    client, service, unpack = Side.CLIENT, Side.SERVICE, _FIXED.unpack_from
    while at < end:
        (flags, opcode, rsv, time_us, order, number, index, at_us, offset_us,
         head_size, words_size, size) = unpack(block, at)  # fmt: skip
        seen_us = at_us if flags & _AT else None
        since_us = offset_us if flags & _OFFSET else None
        words_at = at + fixed + head_size
        payload_at = words_at + words_size
        if opcode == _FORWARDED:
            at = payload_at
            yield time_us, order, FrameForwarded(number, seen_us, since_us)
            continue
        head = block[at + fixed : words_at] if flags & _HEAD else None
        words = block[words_at:payload_at].decode("utf-8", "surrogatepass") if flags & _VIOLATION else None
        at = payload_at + size
        compressed = None
        if flags & _COMPRESSED:
            extra_at = at + _SIZE.size
            at = extra_at + _SIZE.unpack_from(block, at)[0]
            compressed = _unpacked_compressed(block[extra_at:at])
        yield (
            time_us,
            order,
            RecordedFrame(
                number, connection, index, client if flags & _CLIENT else service, seen_us, since_us, opcode,
                bool(flags & _FIN), rsv, block[payload_at : payload_at + size], head, words,
                bool(flags & _REDACTED), compressed,
            ),
        )  # fmt: skip


def _packed_compressed(compressed: CompressedPayload) -> bytes:
    length, digest, data, withheld = compressed
    encoded = None if data is None else b2a_base64(data, newline=False).decode()
    extra = orjson.dumps([length, digest.hex(), encoded, withheld])
    return _SIZE.pack(len(extra)) + extra


def _unpacked_compressed(extra: bytes) -> CompressedPayload:
    length, digest, encoded, withheld = orjson.loads(extra)
    return CompressedPayload(
        length, bytes.fromhex(digest), None if encoded is None else a2b_base64(encoded), withheld
    )
