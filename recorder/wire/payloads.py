"""Fragments joined into payloads.

RFC 6455 (section 5.4) lets a payload come in pieces, with control frames between them. Where a sender
breaks those rules nothing is lost:

- a continuation of nothing is a payload of its own, binary because its kind was never said;
- a new data frame inside fragments begins a new payload; the earlier one is kept among ``unfinished``;
- a data frame whose opcode is reserved (3–7) is a binary payload of its own and leaves open fragments be;
- a frame that was cut off by the end of its connection leaves its payload unfinished.
"""

from __future__ import annotations

from typing import NamedTuple

from .frames import UNFINISHED, Opcode, Side
from .records import RecordedFrame


class Payload(NamedTuple):
    """One or more data frames joined (RFC 6455 says message; here that word is taken).

    Attributes:
        number: number of the frame that completed it; its times are that frame's.
        first: number of the frame that began it; the same unless it was fragmented.
        connection: number of the connection in the session.
        sender: who sent it.
        opcode: ``Opcode.TEXT`` or ``Opcode.BINARY``.
        data: the joined payload.
        redacted: whether secrets in any of its frames were replaced.
    """

    number: int
    first: int
    connection: int
    sender: Side
    at_us: int | None
    offset_us: int | None
    opcode: int
    data: bytes
    redacted: bool = False


_BEGINS = (Opcode.TEXT, Opcode.BINARY)


class PayloadAssembler:
    """Joins the frames of a session, which may be of several connections and both sides, into payloads."""

    def __init__(self) -> None:
        self._fragments: dict[tuple[int, Side], list[RecordedFrame]] = {}
        self._interrupted: list[Payload] = []

    def feed(self, frame: RecordedFrame) -> Payload | None:
        """Return the payload this frame completes, or None. Never raises. Control frames complete nothing."""
        if frame.opcode >= Opcode.CLOSE:
            return None
        key = (frame.connection, frame.sender)
        if frame.opcode not in _BEGINS and not (
            frame.opcode == Opcode.CONTINUATION and key in self._fragments
        ):
            return self._single_frame(frame)
        if frame.opcode in _BEGINS:
            self._interrupt(key)
        pieces = self._fragments.setdefault(key, [])
        pieces.append(frame)
        if _is_cut_off(frame):
            self._interrupt(key)
        if not frame.fin or _is_cut_off(frame):
            return None
        return _join(self._fragments.pop(key))

    @property
    def is_waiting(self) -> bool:
        """Whether a payload was begun and is not complete, so that the next frame may belong to it."""
        return bool(self._fragments)

    def unfinished(self) -> tuple[Payload, ...]:
        """The payloads that were begun and not completed so far, as far as they came, oldest first.

        Their ``number`` and times are those of the last frame that came.
        """
        waiting = [_join(pieces) for pieces in self._fragments.values()]
        return tuple(sorted(self._interrupted + waiting, key=lambda payload: payload.first))

    def _single_frame(self, frame: RecordedFrame) -> Payload | None:
        if not _is_cut_off(frame):
            return _join([frame])
        self._interrupted.append(_join([frame]))
        return None

    def _interrupt(self, key: tuple[int, Side]) -> None:
        if pieces := self._fragments.pop(key, None):
            self._interrupted.append(_join(pieces))


def _is_cut_off(frame: RecordedFrame) -> bool:
    return frame.violation is not None and frame.violation.startswith(UNFINISHED)


def _join(pieces: list[RecordedFrame]) -> Payload:
    first, last = pieces[0], pieces[-1]
    return Payload(
        number=last.number,
        first=first.number,
        connection=last.connection,
        sender=last.sender,
        at_us=last.at_us,
        offset_us=last.offset_us,
        opcode=Opcode.TEXT if first.opcode == Opcode.TEXT else Opcode.BINARY,
        data=first.payload if first is last else b"".join([piece.payload for piece in pieces]),
        redacted=any(piece.redacted for piece in pieces),
    )
