"""Matches the frames that are read with the recorded ones, and joins these to payloads.

The caller gets recorded bytes only, so what is delivered and what is stored cannot differ.
"""

from __future__ import annotations

from collections import deque

from recorder.wire.decoder import TEXT_NOT_UTF8
from recorder.wire.frames import Opcode
from recorder.wire.payloads import Payload, PayloadAssembler
from recorder.wire.records import RecordedFrame

from .tracker import PayloadTooLong


class TextNotUtf8(Exception):
    """A text payload is not UTF-8: RFC 6455 8.1 fails the connection."""


class FrameMatcher:
    """Turns recorded frames into payloads for the caller, in the order the library reads them.

    Attributes:
        received_frames: recorded frames that the library has not read yet; the socket appends to it.
        payloads: complete payloads for the caller, oldest first.
    """

    def __init__(self, received_frames: deque[RecordedFrame], *, max_payload: int) -> None:
        self.received_frames = received_frames
        self.payloads: deque[Payload] = deque()
        self._max_payload = max_payload
        self._assembler = PayloadAssembler()

    def match(self, opcode: int) -> RecordedFrame:
        """A frame of this opcode has been read: take the recorded one, queue the payload it completes.

        Raises:
            TextNotUtf8: the text must not be delivered.
            PayloadTooLong: the joined payload is longer than ``max_payload``.
        """
        frame = self.received_frames.popleft()
        if frame.fin and frame.opcode == opcode and 0 < opcode <= Opcode.BINARY:
            self._deliver(payload_of(frame), frame)  # unfragmented: needs no assembler
            return frame
        if (payload := self._assembler.feed(frame)) is not None:
            self._deliver(payload, frame)
        elif opcode < Opcode.CLOSE:
            _check_text(frame)
        return frame

    def whole_payload(self) -> RecordedFrame | None:
        """The next frame, if it is a payload by itself that has nothing wrong; else None."""
        if not self.received_frames or self._assembler.is_waiting:
            return None
        frame = self.received_frames[0]
        is_whole = frame.fin and 0 < frame.opcode <= Opcode.BINARY and frame.compressed is None
        return frame if is_whole and frame.violation is None else None

    def match_rest(self) -> None:
        """The connection is over: queue what else was recorded, up to the first violation."""
        for frame in self.received_frames:
            if frame.violation is not None:
                break
            payload = self._assembler.feed(frame)
            if payload is not None and len(payload.data) <= self._max_payload:
                self.payloads.append(payload)
        self.received_frames.clear()

    def clear(self) -> None:
        """Deliver nothing more."""
        self.received_frames.clear()
        self.payloads.clear()

    def first_violation(self) -> str | None:
        """What is wrong with the first unread frame that violates RFC 6455; None if none does."""
        return next((frame.violation for frame in self.received_frames if frame.violation is not None), None)

    def _deliver(self, payload: Payload, last: RecordedFrame) -> None:
        _check_text(last)
        if len(payload.data) > self._max_payload:
            raise PayloadTooLong.of_length(len(payload.data), limit=self._max_payload)
        self.payloads.append(payload)


def payload_of(frame: RecordedFrame) -> Payload:
    """The payload of an unfragmented frame."""
    number, connection, _, sender, at_us, offset_us, opcode, _, _, data, *_ = frame
    return Payload(number, number, connection, sender, at_us, offset_us, opcode, data)


def _check_text(frame: RecordedFrame) -> None:
    # The library's own check is off: it is slow, and lets a text end inside a character.
    if frame.violation is not None and TEXT_NOT_UTF8 in frame.violation:
        raise TextNotUtf8(frame.violation)
