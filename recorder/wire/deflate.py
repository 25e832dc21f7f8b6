"""permessage-deflate (RFC 7692): which compression an upgrade agreed on, and the payloads inflated again.

Every window is read with the largest one, 32 KiB, which reads all smaller ones too: so ``max_window_bits``,
which zlib itself gets wrong for 8, changes nothing here.
"""

from __future__ import annotations

import zlib
from hashlib import sha256
from typing import NamedTuple

from recorder.counted import counted

from .frames import CompressedPayload, Opcode, Side
from .handshake import Headers, extensions

PERMESSAGE_DEFLATE = "permessage-deflate"
RSV1 = 4
"""The reserved bit that marks the first frame of a compressed payload (section 6)."""

INFLATE_LIMIT = 16 * 1024 * 1024
"""Bytes one payload may inflate to; above, it is taken for a bomb."""

DOES_NOT_INFLATE = "it does not inflate (RFC 7692)"
CONTEXT_LOST = "an earlier payload did not inflate, and this one builds on it"

_TAIL = b"\x00\x00\xff\xff"  # what a sender cuts off the end of each payload (section 7.2.1)
_FINAL_EMPTY_BLOCK = b"\x01\x00\x00\xff\xff"
_WINDOW = 1 << 15
_MOST_FINAL_BLOCKS = 64


class Extensions(NamedTuple):
    """What an upgrade agreed on, as far as it changes how frames are read.

    Attributes:
        deflate: whether payloads may be compressed by permessage-deflate.
        client_takeover, service_takeover: whether a payload of that side builds on those before it.
        others: whether another extension was agreed on, or nobody knows: any reserved bit may have a meaning.
    """

    deflate: bool = False
    client_takeover: bool = True
    service_takeover: bool = True
    others: bool = False

    @classmethod
    def of(cls, response_headers: Headers) -> Extensions:
        """What the answer to an upgrade agreed on."""
        chosen = extensions(response_headers)
        deflate = next((each for each in chosen if each.name == PERMESSAGE_DEFLATE), None)
        parameters = {} if deflate is None else deflate.parameters
        return cls(
            deflate=deflate is not None,
            client_takeover="client_no_context_takeover" not in parameters,
            service_takeover="server_no_context_takeover" not in parameters,
            others=any(each.name != PERMESSAGE_DEFLATE for each in chosen),
        )

    def takeover(self, sender: Side) -> bool:
        """Whether a payload of this side builds on those before it."""
        return self.client_takeover if sender is Side.CLIENT else self.service_takeover


NO_EXTENSIONS = Extensions()
UNKNOWN_EXTENSIONS = Extensions(others=True)


class InflatedPiece(NamedTuple):
    """What one frame of a compressed payload holds; ``data`` is empty where ``compressed`` says withheld."""

    data: bytes
    compressed: CompressedPayload


class _CannotInflate(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class FrameInflater:
    """Inflates the compressed payloads of one side, frame by frame.

    Once a payload did not inflate, those after it are withheld too, unless each begins anew (no takeover).

    Args:
        takeover: whether a payload builds on those before it.
        limit: bytes one payload may inflate to; of a longer one the rest is withheld.
    """

    def __init__(self, *, takeover: bool, limit: int = INFLATE_LIMIT) -> None:
        self._takeover = takeover
        self._limit = limit
        self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
        self._window = b""
        self._open = False  # inside the fragments of a compressed payload
        self._size = 0  # inflated bytes of this payload so far
        self._wire_size = 0
        self._problem: str | None = None  # why the rest of this payload cannot be inflated

    def inflate(self, opcode: int, payload: bytes, *, fin: bool, rsv: int) -> InflatedPiece | None:
        """The part of a payload that this frame carries; None if it is not compressed. Never raises.

        Control frames and frames with a reserved opcode are never compressed.
        """
        if opcode > Opcode.BINARY:
            return None
        if opcode != Opcode.CONTINUATION:
            self._open = False
            if not rsv & RSV1:
                return None
            self._begin()
        elif not self._open:
            return None
        self._open = not fin
        data = b""
        if self._problem is None:
            try:
                data = self._inflated(payload, last=fin)
            except zlib.error:
                self._problem = DOES_NOT_INFLATE
            except _CannotInflate as why:
                self._problem = why.reason
        wire = CompressedPayload(len(payload), sha256(payload).digest(), payload, self._problem)
        return InflatedPiece(data, wire)

    def _begin(self) -> None:
        self._size = self._wire_size = 0
        if not self._takeover:
            self._stream, self._window, self._problem = zlib.decompressobj(-zlib.MAX_WBITS), b"", None
        elif self._problem is not None:
            self._problem = CONTEXT_LOST

    def _inflated(self, piece: bytes, *, last: bool) -> bytes:
        self._wire_size += len(piece)
        if last and self._wire_size:  # without a byte nothing was compressed, not even an empty text
            piece += _TAIL
        data = self._decompressed(piece)
        if last and self._wire_size and not self._is_between_blocks():
            raise _CannotInflate(DOES_NOT_INFLATE)
        return data

    def _decompressed(self, piece: bytes) -> bytes:
        pieces: list[bytes] = []
        for _ in range(_MOST_FINAL_BLOCKS):
            data = self._stream.decompress(piece, self._limit - self._size + 1)
            self._size += len(data)
            if self._size > self._limit:
                raise _CannotInflate(f"it inflates to more than {counted(self._limit, 'byte')}")
            pieces.append(data)
            self._window = (self._window + data)[-_WINDOW:]
            if not self._stream.eof:
                return b"".join(pieces)
            # A final block ends the stream for zlib, but neither payload nor window (section 7.2.3.4).
            piece = self._stream.unused_data
            self._stream = zlib.decompressobj(-zlib.MAX_WBITS, zdict=self._window)
            if piece == _TAIL:  # the sender left out the empty block that should have followed
                return b"".join(pieces)
        raise _CannotInflate(DOES_NOT_INFLATE)

    def _is_between_blocks(self) -> bool:
        """Whether the payload was whole: then a block may follow, such as an empty one that is the last."""
        ahead = self._stream.copy()
        return not ahead.decompress(_FINAL_EMPTY_BLOCK) and ahead.eof and not ahead.unused_data
