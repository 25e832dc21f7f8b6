"""Inflates what comes in compressed, before secrets are looked for: no redactor sees into it otherwise.

Frames of a ``ConnectionDecoder`` are inflated already. Those of a capture that has frames and not bytes, or
of a connection whose upgrade nobody saw, may carry a reserved bit and a payload as it stood on the wire.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256

from recorder.wire.deflate import UNKNOWN_EXTENSIONS, Extensions, FrameInflater, InflatedPiece
from recorder.wire.frames import CompressedPayload, Opcode, Side
from recorder.wire.handshake import Headers
from recorder.wire.records import RecordedFrame

UNREADABLE = "its reserved bits say that it is encoded, and nobody knows how"

_EMPTY_PAYLOAD = b"\x00"  # how an empty payload is compressed (RFC 7692 7.2.3.6)
_CONTROL_LETTERS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

_Stream = tuple[int, Side]


class IntakeInflater:
    """Makes the frames of one session readable for a redactor, in the order in which they came.

    Where the upgrade agreed on permessage-deflate, a compressed payload is inflated by that, and withheld if
    it does not inflate. Where nobody knows, or another extension was agreed on, a payload with the bit for
    compressed is inflated if that works. What cannot be read then, and is no text as it stands, is withheld.

    Args:
        keeps_secrets: leave payloads that cannot be read as they are.
    """

    def __init__(self, *, keeps_secrets: bool) -> None:
        self._keeps_secrets = keeps_secrets
        self._extensions: dict[int, Extensions] = {}
        self._inflaters: dict[_Stream, FrameInflater] = {}
        self.open_payloads: set[_Stream] = set()
        """Where the next continuation goes on a payload with reserved bits, which it may not have itself."""

    def upgraded(self, connection: int, response_headers: Sequence[tuple[str, str]]) -> None:
        """The answer to the upgrade of a connection."""
        headers: Headers = tuple(response_headers)
        self._extensions[connection] = Extensions.of(headers)

    def readable(self, frame: RecordedFrame) -> RecordedFrame:
        """The frame inflated, or withheld, or as it is. For frames with reserved bits, and their fragments.

        Never raises.
        """
        stream = frame.connection, frame.sender
        concerns = frame.rsv or (frame.opcode == Opcode.CONTINUATION and stream in self.open_payloads)
        if frame.opcode <= Opcode.BINARY:
            goes_on = concerns and not frame.fin
            (self.open_payloads.add if goes_on else self.open_payloads.discard)(stream)
        if not concerns or frame.compressed is not None:
            return frame
        extensions = self._extensions.get(frame.connection, UNKNOWN_EXTENSIONS)
        if extensions.deflate:
            piece = self._inflater(stream, takeover=extensions.takeover(frame.sender)).inflate(
                frame.opcode, frame.payload, fin=frame.fin, rsv=frame.rsv
            )
        else:
            piece = self._guessed(frame, stream)
        if piece is not None:
            return frame._replace(payload=piece.data, compressed=piece.compressed)
        return self._unless_unreadable(frame)

    def _inflater(self, stream: _Stream, *, takeover: bool) -> FrameInflater:
        if stream not in self._inflaters:
            self._inflaters[stream] = FrameInflater(takeover=takeover)
        return self._inflaters[stream]

    def _guessed(self, frame: RecordedFrame, stream: _Stream) -> InflatedPiece | None:
        """The piece of a payload, if it inflates after those before it, or by itself; else None.

        One that builds on nothing is read by a window that knows more than it needs.
        """
        for inflater in (self._inflater(stream, takeover=True), FrameInflater(takeover=True)):
            piece = inflater.inflate(frame.opcode, frame.payload, fin=frame.fin, rsv=frame.rsv)
            if piece is None or frame.opcode == Opcode.CONTINUATION:
                return piece
            if piece.compressed.withheld is None and not _is_nothing(frame, piece):
                self._inflaters[stream] = inflater
                return piece
        self._inflaters[stream] = FrameInflater(takeover=True)
        return None

    def _unless_unreadable(self, frame: RecordedFrame) -> RecordedFrame:
        """The frame as it is, or without its payload if that is no text: a secret may be encoded in it."""
        if self._keeps_secrets or not frame.payload or _is_text(frame):
            return frame
        payload = frame.payload
        withheld = CompressedPayload(len(payload), sha256(payload).digest(), withheld=UNREADABLE)
        return frame._replace(payload=b"", compressed=withheld)


def _is_nothing(frame: RecordedFrame, piece: InflatedPiece) -> bool:
    """Whether a whole payload inflates to nothing, as many a single letter does that nobody compressed."""
    return frame.fin and not piece.data and frame.payload not in (b"", _EMPTY_PAYLOAD)


def _is_text(frame: RecordedFrame) -> bool:
    """Whether a whole payload is text as it stands; of a fragment, a few letters say nothing."""
    if frame.opcode == Opcode.CONTINUATION or not frame.fin:
        return False
    text = frame.payload[2:] if frame.opcode == Opcode.CLOSE else frame.payload
    if _CONTROL_LETTERS.search(text):
        return False
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
