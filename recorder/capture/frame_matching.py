"""Which recorded frames a library's deliveries are made of: they tell number and times, and hold the bytes.

What the caller gets is put together from what was recorded, so the two cannot differ.
"""

from __future__ import annotations

from collections import deque

from recorder.wire.decoder import TEXT_NOT_UTF8
from recorder.wire.frames import Opcode
from recorder.wire.payloads import Payload, PayloadAssembler
from recorder.wire.records import RecordedFrame

from .tracker import PayloadTooLong


class TextNotUtf8(Exception):
    """RFC 6455 8.1: a text that is not UTF-8 fails the connection."""


class Deliveries:
    """The way from recorded frames to payloads in line for the caller.

    Attributes:
        heard: recorded frames of the service that nobody has asked for yet; whoever reads adds to it.
        waiting: payloads in line for the caller.
    """

    def __init__(self, heard: deque[RecordedFrame], *, max_payload: int) -> None:
        self.heard = heard
        self.waiting: deque[Payload] = deque()
        self._max_payload = max_payload
        self._assembler = PayloadAssembler()

    def match(self, delivered: int) -> None:
        """The library has delivered a frame of this opcode: use it up, put the payload it ends in line.

        Raises:
            TextNotUtf8: it must not be delivered.
            PayloadTooLong: nor must this.
        """
        frame = self.heard.popleft()
        if frame.fin and frame.opcode == delivered and 0 < delivered <= Opcode.BINARY:
            self._deliver(whole(frame), frame)  # by far the most common, so it takes no detour
            return
        if (payload := self._assembler.feed(frame)) is not None:
            self._deliver(payload, frame)
        elif delivered < Opcode.CLOSE:
            _check_text(frame)

    def match_rest(self) -> None:
        """The connection is over: put in line what else was recorded, up to the first broken rule."""
        for frame in self.heard:
            if frame.violation is not None:
                break
            payload = self._assembler.feed(frame)
            if payload is not None and len(payload.data) <= self._max_payload:
                self.waiting.append(payload)
        self.heard.clear()

    def forget(self) -> None:
        """Deliver nothing more."""
        self.heard.clear()
        self.waiting.clear()

    def first_violation(self) -> str | None:
        """What is wrong with the first frame in question that breaks a rule."""
        return next((frame.violation for frame in self.heard if frame.violation is not None), None)

    def _deliver(self, payload: Payload, last: RecordedFrame) -> None:
        _check_text(last)
        if len(payload.data) > self._max_payload:
            raise PayloadTooLong.of_length(len(payload.data), limit=self._max_payload)
        self.waiting.append(payload)


def whole(frame: RecordedFrame) -> Payload:
    """The payload of a frame that is all of it."""
    number, connection, _, sender, at_us, offset_us, opcode, _, _, data, *_ = frame
    return Payload(number, number, connection, sender, at_us, offset_us, opcode, data)


def _check_text(frame: RecordedFrame) -> None:
    # The library was told not to look: its own check is slow, and lets a text end inside a character.
    if frame.violation is not None and TEXT_NOT_UTF8 in frame.violation:
        raise TextNotUtf8(frame.violation)
