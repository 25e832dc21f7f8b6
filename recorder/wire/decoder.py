"""Turn the bytes one side sent into frames, however the network chopped them, and keep every byte.

Nothing the other end does is an error here. What RFC 6455 forbids is labelled on the frame
(``Frame.violation``, several joined by "; ") and decoding goes on. For any input whatever, the raw bytes
of all frames followed by ``FrameDecoder.unfinished`` are the input; the raw bytes of a frame that came
compressed are its head and ``Frame.compressed.data``, masked.
"""

from __future__ import annotations

from codecs import utf_8_decode
from collections.abc import Callable
from typing import NamedTuple

from .deflate import DOES_NOT_INFLATE, INFLATE_LIMIT, NO_EXTENSIONS, RSV1, Extensions, FrameInflater
from .frames import (
    HEAD_SIZE,
    UNFINISHED,
    CompressedPayload,
    Frame,
    Opcode,
    Side,
    apply_mask,
    close_parts,
    may_be_sent,
    payload_length,
    size_of_frame,
)

LONE_CONTINUATION = "continuation of nothing (RFC 6455 5.4)"
INSIDE_FRAGMENTS = "new data frame inside fragments (RFC 6455 5.4)"
AFTER_CLOSE = "data after close (RFC 6455 5.5.1)"
TEXT_NOT_UTF8 = "text is not UTF-8 (RFC 6455 8.1)"
CLOSE_ONE_BYTE = "close payload of 1 byte (RFC 6455 5.5.1)"
CLOSE_CODE = "close code not allowed (RFC 6455 7.4)"
CLOSE_REASON = "close reason is not UTF-8 (RFC 6455 5.5.1)"
COMPRESSED_BIT = "compressed bit on a frame that cannot have it (RFC 7692 6.1)"
NOT_DEFLATE = "compressed payload does not inflate (RFC 7692 7.2.2)"


_COMPRESSIBLE = frozenset({Opcode.TEXT, Opcode.BINARY})


class _Head(NamedTuple):
    """What the head bytes say; None where the head was cut off before it said so."""

    sender: Side
    opcode: int
    fin: bool
    rsv: int
    extensions: Extensions
    masked: bool | None
    short_length: int | None
    length: int | None


# What a head alone can do wrong, in the order it is told. A control frame is one whose opcode has its
# highest bit set (5.5), also where the opcode is not defined yet.
_HEAD_RULES: tuple[tuple[str, Callable[[_Head], bool]], ...] = (
    ("reserved bits without an extension (RFC 6455 5.2)", lambda head: _is_without_extension(head)),
    (
        COMPRESSED_BIT,
        lambda head: bool(head.extensions.deflate and head.rsv & RSV1 and head.opcode not in _COMPRESSIBLE),
    ),
    ("unknown opcode (RFC 6455 5.2)", lambda head: head.opcode & 7 > 2),
    (
        "masked frame from the service (RFC 6455 5.1)",
        lambda head: head.sender is Side.SERVICE and head.masked is True,
    ),
    (
        "unmasked frame from the client (RFC 6455 5.1)",
        lambda head: head.sender is Side.CLIENT and head.masked is False,
    ),
    (
        "length not in its shortest form (RFC 6455 5.2)",
        lambda head: (
            head.length is not None
            and (
                (head.short_length == 126 and head.length < 126)
                or (head.short_length == 127 and head.length < 1 << 16)
            )
        ),
    ),
    (
        "length above 2^63-1 (RFC 6455 5.2)",
        lambda head: head.length is not None and head.length >= 1 << 63,
    ),
    ("fragmented control frame (RFC 6455 5.5)", lambda head: head.opcode > 7 and not head.fin),
    (
        "control frame over 125 bytes (RFC 6455 5.5)",
        lambda head: head.opcode > 7 and head.length is not None and head.length > 125,
    ),
)


_LONGEST_HEAD = 14


def _is_without_extension(head: _Head) -> bool:
    if head.extensions.others:
        return False
    return (head.rsv & ~RSV1 if head.extensions.deflate else head.rsv) != 0


def _close_violations(payload: bytes) -> list[str]:
    if not payload:
        return []
    if len(payload) == 1:
        return [CLOSE_ONE_BYTE]
    code, _ = close_parts(payload)
    found = [] if code is not None and may_be_sent(code) else [CLOSE_CODE]
    try:
        payload[2:].decode()
    except UnicodeDecodeError:
        found.append(CLOSE_REASON)
    return found


class _Utf8Check:
    """Whether a text is UTF-8 so far, piece by piece; tells the first fault once, then keeps quiet."""

    _STEP = 1 << 16
    """Bytes decoded at once: the decoded copy of a huge piece is thrown away in small ones."""

    def __init__(self) -> None:
        self._tail = b""
        self._bad = False

    def feed(self, piece: bytes, *, last: bool) -> bool:
        """Return whether the text turned out bad with this piece."""
        if self._bad:
            return False
        if not self._tail and piece.isascii():
            return False
        try:
            self._decode(piece, last=last)
        except UnicodeDecodeError:
            self._bad = True
        return self._bad

    def _decode(self, piece: bytes, *, last: bool) -> None:
        for at in range(0, len(piece), self._STEP):
            waiting = self._tail + piece[at : at + self._STEP]
            _, used = utf_8_decode(waiting, "strict", False)
            self._tail = waiting[used:]
        if last:
            utf_8_decode(self._tail, "strict", True)


class FrameDecoder:
    """Frames out of the bytes of one direction of one connection, after the upgrade.

    Args:
        sender: who sends in this direction: it decides whether frames have to be masked.
        extensions: what the upgrade agreed on. Compressed payloads are inflated, and judged as inflated.
        inflate_limit: bytes one payload may inflate to; the rest of a longer one is withheld.
    """

    def __init__(
        self,
        sender: Side,
        extensions: Extensions = NO_EXTENSIONS,
        *,
        inflate_limit: int = INFLATE_LIMIT,
    ) -> None:
        self._sender = sender
        self._extensions = extensions
        self._inflater = (
            FrameInflater(takeover=extensions.takeover(sender), limit=inflate_limit)
            if extensions.deflate
            else None
        )
        self._masks = sender is Side.CLIENT
        self._buffer = bytearray()
        self._frame_size: int | None = None  # bytes the held frame will have, once its head is there
        self._fragments: _Utf8Check | bool = False  # an open fragmented payload; True if not a text
        self._closed = False

    @property
    def unfinished(self) -> bytes:
        """The bytes of the frame whose end has not come yet; empty between frames."""
        return bytes(self._buffer)

    @property
    def is_between_frames(self) -> bool:
        """Whether no frame is unfinished."""
        return not self._buffer

    @property
    def declared_length(self) -> int | None:
        """Payload bytes the unfinished frame announces; None without one, or before its head is whole."""
        return None if self._frame_size is None else self._frame_size - HEAD_SIZE[self._buffer[1]]

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames these bytes completed, in order. Never raises."""
        frames: list[Frame] = []
        at = self._complete_buffered(data, frames) if self._buffer else 0
        size = len(data)
        masks = self._masks
        new: Callable[..., Frame] = tuple.__new__  # as Frame(...) in half the time
        expects_new_payload = not self._closed and self._fragments is False
        # The common frame (whole in the chunk, a complete text, nothing wrong) is judged in this loop;
        # whatever is less common goes through _finish.
        while at + 2 <= size:
            first = data[at]
            second = data[at + 1]
            start = at + HEAD_SIZE[second]
            if start > size:
                break
            length = second & 0x7F
            shortest = 0
            if length == 126:
                length = data[at + 2] << 8 | data[at + 3]
                shortest = 126
            elif length == 127:
                length = int.from_bytes(data[at + 2 : at + 10], "big")
                shortest = 1 << 16
            end = start + length
            if end > size:
                break
            head = data[at:start]
            payload = data[start:end]
            at = end
            if first == 0x81 and expects_new_payload and (second > 127) is masks and length >= shortest:
                key = None
                if masks:
                    key = head[-4:]
                    payload = apply_mask(payload, key)
                if payload.isascii() or not _Utf8Check().feed(payload, last=True):
                    frames.append(new(Frame, (1, payload, True, 0, head, key, None, None)))
                else:
                    frames.append(Frame(1, payload, True, 0, head, key, TEXT_NOT_UTF8))
            else:
                frames.append(self._frame(head, payload))
                expects_new_payload = not self._closed and self._fragments is False
        if at < size:
            self._keep_incomplete(data[at:])
        return frames

    def lone_text(self, data: bytes) -> tuple[bytes, bytes] | None:
        """Head and payload of the frame that these bytes are, if ``feed`` would find nothing else in them
        than one whole text without fault, of less than 64 KiB.

        None for any other bytes: then nothing was taken in.
        """
        size = len(data)
        if size < 4 or data[0] != 0x81 or self._buffer or self._closed or self._fragments is not False:
            return None
        second = data[1]
        start, length = HEAD_SIZE[second], second & 0x7F
        if length >= 126:
            length = data[2] << 8 | data[3] if length == 126 else 0
            if length < 126:
                return None
        if start + length != size or (second > 127) is not self._masks:
            return None
        head, payload = data[:start], data[start:]
        if second > 127:
            payload = apply_mask(payload, head[-4:])
        if payload.isascii() or not _Utf8Check().feed(payload, last=True):
            return head, payload
        return None

    def reach(self, data: bytes, most: int) -> int:
        """How many of these bytes, from the first, ``most`` frames take; all, if they hold no more frames.

        They are not taken in: ``feed`` does that.
        """
        at, size = 0, len(data)
        if size <= 2 * most:  # no frame is shorter than two bytes
            return size
        if self._buffer:
            # Its head may be cut: what is lacking of it is looked at together with the data.
            whole = self._frame_size or size_of_frame(self._buffer + data[:_LONGEST_HEAD])
            at, most = (size if whole is None else whole - len(self._buffer)), most - 1
        while most > 0 and at + 2 <= size:
            second = data[at + 1]
            length = second & 0x7F
            if length == 126:
                length = int.from_bytes(data[at + 2 : at + 4], "big")
            elif length == 127:
                length = int.from_bytes(data[at + 2 : at + 10], "big")
            at += HEAD_SIZE[second] + length
            most -= 1
        return size if most > 0 or at > size else at

    def end(self) -> Frame | None:
        """The connection is over: return what is unfinished as a last frame, or None if nothing is.

        Its violation begins "unfinished: 9 of 135 bytes", heads counted; its raw bytes are as true as
        any other frame's. A head that was cut short leaves mask None and payload empty.
        """
        if not self._buffer:
            return None
        buffer, whole = bytes(self._buffer), self._frame_size
        self._buffer, self._frame_size = bytearray(), None
        total = "an unknown number of" if whole is None else str(whole)
        cut_off = f"{UNFINISHED} {len(buffer)} of {total} bytes"
        size = HEAD_SIZE[buffer[1]] if len(buffer) > 1 else 2
        frame = self._frame(buffer[:size], buffer[size:], whole=False)
        return frame._replace(violation="; ".join(filter(None, (cut_off, frame.violation))))

    def _keep_incomplete(self, rest: bytes) -> None:
        self._buffer = bytearray(rest)
        self._frame_size = size_of_frame(self._buffer)

    def _complete_buffered(self, data: bytes, frames: list[Frame]) -> int:
        """Give the held frame what it lacks; return how much of ``data`` that took.

        Grows one bytearray in place: a frame of 100 MB in small chunks must not be copied for each.
        """
        buffer, taken = self._buffer, 0
        while self._frame_size is None:  # at most twice: the first two bytes, then the rest of the head
            lacking = (HEAD_SIZE[buffer[1]] if len(buffer) > 1 else 2) - len(buffer)
            if taken == len(data):
                return taken
            buffer += data[taken : taken + lacking]
            taken = min(len(data), taken + lacking)
            self._frame_size = size_of_frame(buffer)
        lacking = self._frame_size - len(buffer)
        buffer += data[taken : taken + lacking]
        taken = min(len(data), taken + lacking)
        if len(buffer) == self._frame_size:
            self._buffer, self._frame_size = bytearray(), None
            with memoryview(buffer) as view:
                size = HEAD_SIZE[buffer[1]]
                frames.append(self._frame(bytes(view[:size]), bytes(view[size:])))
        return taken

    def _frame(self, head: bytes, payload: bytes, *, whole: bool = True) -> Frame:
        """Unmask, judge, and take note of what the next frame is judged by."""
        first = head[0]
        facts = _read_head(self._sender, head, self._extensions)
        key = head[-4:] if facts.masked and len(head) == HEAD_SIZE[head[1]] else None
        payload = payload if key is None else apply_mask(payload, key)
        found = [label for label, broken in _HEAD_RULES if broken(facts)]
        payload, compressed = self._inflated(facts, payload, whole=whole)
        if compressed is not None and compressed.withheld == DOES_NOT_INFLATE:
            found.append(NOT_DEFLATE)
        if facts.opcode <= Opcode.BINARY:
            is_known = compressed is None or compressed.withheld is None
            found += self._data_violations(facts, payload if is_known else None, whole=whole)
        elif facts.opcode == Opcode.CLOSE:
            found += _close_violations(payload) if whole else []
            self._closed = True
        elif facts.opcode < Opcode.CLOSE and self._closed:
            found.append(AFTER_CLOSE)
        violation = "; ".join(found) if found else None
        return Frame(facts.opcode, payload, first > 127, facts.rsv, head, key, violation, compressed)

    def _inflated(
        self, facts: _Head, payload: bytes, *, whole: bool
    ) -> tuple[bytes, CompressedPayload | None]:
        """The payload as it was before compression, and how it came if it was compressed."""
        if self._inflater is None:
            return payload, None
        piece = self._inflater.inflate(facts.opcode, payload, fin=facts.fin and whole, rsv=facts.rsv)
        return (payload, None) if piece is None else piece

    def _data_violations(self, facts: _Head, payload: bytes | None, *, whole: bool) -> list[str]:
        """What is wrong with a data frame; a payload of None is not known, nor is the rest of its text."""
        found = [AFTER_CLOSE] if self._closed else []
        if facts.opcode == Opcode.CONTINUATION:
            if self._fragments is False:
                return [*found, LONE_CONTINUATION]
        else:
            if self._fragments is not False:
                found.append(INSIDE_FRAGMENTS)
            self._fragments = _Utf8Check() if facts.opcode == Opcode.TEXT else True
        if payload is None:
            self._fragments = True
        elif isinstance(self._fragments, _Utf8Check) and self._fragments.feed(
            payload, last=facts.fin and whole
        ):
            found.append(TEXT_NOT_UTF8)
        if facts.fin:
            self._fragments = False
        return found


def _read_head(sender: Side, head: bytes, extensions: Extensions) -> _Head:
    first = head[0]
    second = head[1] if len(head) > 1 else None
    return _Head(
        sender=sender,
        opcode=first & 15,
        fin=first > 127,
        rsv=first >> 4 & 7,
        extensions=extensions,
        masked=None if second is None else second > 127,
        short_length=None if second is None else second & 0x7F,
        length=payload_length(head),
    )
