"""A session as it is heard: frames in, events out, and what must be remembered between two frames.

Whoever keeps a ``Hearing`` can go on with it when the session has grown; from its frames alone it tells
the same, whether they came in one piece or in many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from recorder.messaging.events import Event, Stamp
from recorder.messaging.interpreter import Interpreter
from recorder.wire.frames import Opcode, Side
from recorder.wire.payloads import PayloadAssembler
from recorder.wire.records import RecordedFrame

from .info import ConnectionInfo

_TEXT = int(Opcode.TEXT)
_CLOSE = int(Opcode.CLOSE)
# A named tuple's own constructor costs three times as much, and there is one of these for every frame.
_new = tuple.__new__


class Skimmed(NamedTuple):
    """Of a frame what tells something; fields as in ``RecordedFrame``. ``from_service``: who sent it."""

    number: int
    connection: int
    at_us: int | None
    offset_us: int | None
    from_service: int
    opcode: int
    fin: int
    violation: str | None
    payload: bytes


def skimmed(frame: RecordedFrame) -> Skimmed:
    """The same frame, skimmed."""
    return Skimmed(
        frame.number,
        frame.connection,
        frame.at_us,
        frame.offset_us,
        frame.sender is Side.SERVICE,
        frame.opcode,
        frame.fin,
        frame.violation,
        frame.payload,
    )


class Hearing:
    """Reads the frames of one session, in order; remembers who asked what, and payloads half told.

    ``meet`` the connections before their frames; ``end`` them after the last.
    """

    def __init__(self) -> None:
        self._interpreter = Interpreter()
        self._assembler = PayloadAssembler()
        self._tokens: dict[int, str | None] = {}
        self._heard: set[int] = set()
        self._ended: set[int] = set()
        self._half_told = False

    def meet(self, connections: Iterable[ConnectionInfo]) -> Iterator[Event]:
        """Tell who the connections speak for, as far as their handshakes tell."""
        for connection in connections:
            number, token = connection.connection, _token(connection)
            if self._tokens.get(number, "") == token:
                continue
            self._tokens[number] = token
            # The handshake is no frame: frame 0 stands for "before the first".
            stamp = Stamp(0, number, connection.opened_at_us, connection.opened_offset_us)
            yield from self._interpreter.connection_opened(number, token=token, stamp=stamp)

    def goes_on(self, connections: Iterable[ConnectionInfo], *, interrupted: bool) -> bool:
        """Whether what was heard still stands, so that later frames may follow; else begin anew.

        It does not if a connection was told to be over that is not, or if one turns out to have spoken
        for somebody from its beginning.
        """
        now = {each.connection: each for each in connections}
        over = {number for number, each in now.items() if interrupted or each.how is not None}
        told = (each for number, each in now.items() if number in self._heard)
        return self._ended <= over and all(
            self._tokens.get(each.connection, "") == _token(each) for each in told
        )

    def hear(self, frames: Iterable[Skimmed]) -> Iterator[Event]:
        """What these frames tell."""
        read, heard = self._interpreter.read, self._heard
        for number, connection, at_us, offset_us, from_service, opcode, fin, violation, payload in frames:
            if connection not in heard:
                heard.add(connection)
            if opcode == _TEXT and fin and violation is None and not self._half_told:
                stamp = _new(Stamp, (number, connection, at_us, offset_us))
                yield from read(payload, stamp, from_client=not from_service)
            elif opcode < _CLOSE:
                frame = _whole(
                    number, connection, at_us, offset_us, from_service, opcode, fin, violation, payload
                )
                yield from self._hear_piece(frame)

    def _hear_piece(self, frame: RecordedFrame) -> Iterator[Event]:
        payload = self._assembler.feed(frame)
        self._half_told = self._assembler.is_waiting
        if payload is not None:
            stamp = Stamp(payload.number, payload.connection, payload.at_us, payload.offset_us)
            from_client = payload.sender is Side.CLIENT
            yield from self._interpreter.read(payload.data, stamp, from_client=from_client)

    def end(self, connections: Iterable[ConnectionInfo], *, interrupted: bool) -> Iterator[Event]:
        """What follows from the end of the connections that have ended; of all, if ``interrupted``."""
        for connection in connections:
            number = connection.connection
            if (interrupted or connection.how is not None) and number not in self._ended:
                self._ended.add(number)
                yield from self._interpreter.connection_ended(number)


def _token(connection: ConnectionInfo) -> str | None:
    named = (value for name, value in connection.request_headers if name.lower() == "authorization")
    return next(named, None)


def _whole(
    number: int,
    connection: int,
    at_us: int | None,
    offset_us: int | None,
    from_service: int,
    opcode: int,
    fin: int,
    violation: str | None,
    payload: bytes,
) -> RecordedFrame:
    side = Side.SERVICE if from_service else Side.CLIENT
    return RecordedFrame(
        number, connection, 0, side, at_us, offset_us, opcode, bool(fin), 0, payload, None, violation
    )
