"""A session as it is heard: frames in, events out, and what must be remembered between two frames.

Whoever keeps a ``Hearing`` can go on with it when the session has grown; from its frames alone it tells
the same, whether they came in one piece or in many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

import orjson

from recorder.messaging.events import Event, Stamp
from recorder.messaging.fast_dict import read_notification
from recorder.messaging.interpreter import Interpreter
from recorder.store.frame_chunks import Skimmed
from recorder.store.info import ConnectionInfo
from recorder.wire.frames import Opcode, Side
from recorder.wire.payloads import PayloadAssembler
from recorder.wire.records import RecordedFrame

_TEXT = int(Opcode.TEXT)
_CLOSE = int(Opcode.CLOSE)
_new = tuple.__new__  # a third of the time that a named tuple's own constructor takes
_AT_ONCE = 1_024
"""Frames that are read before the first of their events is given out."""


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
        self.last = 0
        """Number of the last frame that was looked at."""

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
        """What these frames tell; some are read ahead."""
        return chain.from_iterable(self._batches(iter(frames)))

    def hear_rest(
        self, frames: Iterable[Skimmed], *, connections: Iterable[int], last: int
    ) -> Iterator[Event]:
        """What these tell; all others up to ``last``, of ``connections``, were read by somebody else."""
        self._heard.update(connections)
        yield from chain.from_iterable(self._batches(iter(frames)))
        self.last = last

    @property
    def half_told(self) -> bool:
        """Whether a payload has begun and not ended: what comes next does not stand by itself."""
        return self._half_told

    def _batches(self, frames: Iterator[Skimmed]) -> Iterator[list[Event]]:
        while some := list(islice(frames, _AT_ONCE)):
            self.last = some[-1][0]
            yield self._hear_some(some)

    def _hear_some(self, frames: Sequence[Skimmed]) -> list[Event]:
        """One loop for what nearly every frame is: a call for each would cost as much as its JSON."""
        events: list[Event] = []
        tell, loads = events.append, orjson.loads
        understand, same = self._interpreter.read_json, self._interpreter.intern
        heard, half_told = 0, self._half_told
        for number, connection, at_us, offset_us, from_service, opcode, fin, violation, payload in frames:
            if connection != heard:
                heard = connection
                self._heard.add(connection)
            if opcode != _TEXT or not fin or violation is not None or half_told:
                if opcode < _CLOSE:
                    events += self._hear_piece(
                        _whole(
                            number,
                            connection,
                            at_us,
                            offset_us,
                            from_service,
                            opcode,
                            fin,
                            violation,
                            payload,
                        )
                    )
                    half_told = self._half_told
                continue
            try:
                raw = loads(payload)
            except (ValueError, RecursionError):
                stamp = _new(Stamp, (number, connection, at_us, offset_us))
                events += self._interpreter.read(payload, stamp, from_client=not from_service)
                continue
            if from_service:
                usual = read_notification(raw, same, number, connection, at_us, offset_us)
                if usual is not None:
                    tell(usual)
                    continue
            stamp = _new(Stamp, (number, connection, at_us, offset_us))
            events += understand(raw, payload, stamp, from_client=not from_service)
        return events

    def _hear_piece(self, frame: RecordedFrame) -> Iterator[Event]:
        payload = self._assembler.feed(frame)
        self._half_told = self._assembler.is_waiting
        if payload is not None:
            stamp = Stamp(payload.number, payload.connection, payload.at_us, payload.offset_us)
            from_client = payload.sender is Side.CLIENT
            binary = payload.opcode == Opcode.BINARY
            yield from self._interpreter.read(payload.data, stamp, from_client=from_client, binary=binary)

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
