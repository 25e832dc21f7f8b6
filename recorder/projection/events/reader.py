"""Turns the frames of a session into events, and keeps what has to be remembered between two frames.

A kept ``EventReader`` can go on when the session has grown: the events are the same, whether the frames come
at once or in parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

import orjson

from recorder.messaging.events import Event, Stamp
from recorder.messaging.fast_dict import read_notification
from recorder.messaging.interpreter import Interpreter
from recorder.store.frame_chunks import ScannedFrame
from recorder.wire.frames import Opcode, Side
from recorder.wire.payloads import PayloadAssembler
from recorder.wire.records import ConnectionInfo, RecordedFrame

_TEXT = int(Opcode.TEXT)
_CLOSE = int(Opcode.CLOSE)
_new = tuple.__new__  # a third of the time that a named tuple's own constructor takes
_AT_ONCE = 1_024
"""Frames that are read before the first of their events is given out."""


class EventReader:
    """Turns the frames of a session into events; remembers open requests and fragmented payloads.

    Call ``connections_opened`` before the frames of a connection, ``connections_ended`` after the last.
    """

    def __init__(self) -> None:
        self._interpreter = Interpreter()
        self._assembler = PayloadAssembler()
        self._tokens: dict[int, str | None] = {}
        self._connections_read: set[int] = set()
        self._ended: set[int] = set()
        self.in_fragment = False
        """Whether a fragmented payload is open: the next frames cannot be read by themselves."""
        self.last = 0
        """Number of the last frame that was read."""

    def connections_opened(self, connections: Iterable[ConnectionInfo]) -> Iterator[Event]:
        """The events that identify the participant of each connection, by the token in its handshake."""
        for connection in connections:
            number, token = connection.connection, _token(connection)
            if self._tokens.get(number, "") == token:
                continue
            self._tokens[number] = token
            # The handshake is no frame: frame 0 stands for "before the first".
            stamp = Stamp(0, number, connection.opened_at_us, connection.opened_offset_us)
            yield from self._interpreter.connection_opened(number, token=token, stamp=stamp)

    def can_continue(self, connections: Iterable[ConnectionInfo], *, interrupted: bool) -> bool:
        """Whether the events so far still hold, so that more frames can follow; else start again.

        They do not if a connection that was taken to have ended has not, or if the token of one that was
        read has changed.
        """
        now = {each.connection: each for each in connections}
        over = {number for number, each in now.items() if interrupted or each.how is not None}
        read = (each for number, each in now.items() if number in self._connections_read)
        return self._ended <= over and all(
            self._tokens.get(each.connection, "") == _token(each) for each in read
        )

    def read(self, frames: Iterable[ScannedFrame]) -> Iterator[Event]:
        """The events of these frames; some frames are read ahead."""
        return chain.from_iterable(self._batches(iter(frames)))

    def read_remaining(
        self, frames: Iterable[ScannedFrame], *, connections: Iterable[int], last: int
    ) -> Iterator[Event]:
        """The events of these frames; a worker has read all others up to ``last``, of ``connections``."""
        self._connections_read.update(connections)
        yield from chain.from_iterable(self._batches(iter(frames)))
        self.last = last

    def _batches(self, frames: Iterator[ScannedFrame]) -> Iterator[list[Event]]:
        while some := list(islice(frames, _AT_ONCE)):
            self.last = some[-1][0]
            yield self._read_batch(some)

    def _read_batch(self, frames: Sequence[ScannedFrame]) -> list[Event]:
        """One loop for nearly all frames: a call for each costs as much as its JSON (benchmarks/fold.py)."""
        events: list[Event] = []
        add, loads = events.append, orjson.loads
        understand, same = self._interpreter.read_json, self._interpreter.intern
        known, in_fragment = 0, self.in_fragment
        for frame in frames:
            number, connection, at_us, offset_us, from_service, opcode, fin, violation, payload = frame
            if connection != known:
                known = connection
                self._connections_read.add(connection)
            if opcode != _TEXT or not fin or violation is not None or in_fragment:
                if opcode < _CLOSE:
                    events += self._read_fragment(frame)
                    in_fragment = self.in_fragment
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
                    add(usual)
                    continue
            stamp = _new(Stamp, (number, connection, at_us, offset_us))
            events += understand(raw, payload, stamp, from_client=not from_service)
        return events

    def _read_fragment(self, frame: ScannedFrame) -> Iterator[Event]:
        payload = self._assembler.feed(_recorded(frame))
        self.in_fragment = self._assembler.is_waiting
        if payload is not None:
            stamp = Stamp(payload.number, payload.connection, payload.at_us, payload.offset_us)
            from_client = payload.sender is Side.CLIENT
            binary = payload.opcode == Opcode.BINARY
            yield from self._interpreter.read(payload.data, stamp, from_client=from_client, binary=binary)

    def connections_ended(
        self, connections: Iterable[ConnectionInfo], *, interrupted: bool
    ) -> Iterator[Event]:
        """The events that follow from the end of connections; of all connections, if ``interrupted``."""
        for connection in connections:
            number = connection.connection
            if (interrupted or connection.how is not None) and number not in self._ended:
                self._ended.add(number)
                yield from self._interpreter.connection_ended(number)


def _token(connection: ConnectionInfo) -> str | None:
    """The token of a handshake: its Authorization, else what its address holds (an agent's path)."""
    named = (value for name, value in connection.request_headers if name.lower() == "authorization")
    return next(named, connection.url)


def _recorded(frame: ScannedFrame) -> RecordedFrame:
    number, connection, at_us, offset_us, from_service, opcode, fin, violation, payload = frame
    side = Side.SERVICE if from_service else Side.CLIENT
    return RecordedFrame(
        number, connection, 0, side, at_us, offset_us, opcode, bool(fin), 0, payload, None, violation
    )
