"""What follows from the frames: events, and nothing that is not in them.

Frames are the only truth. All here can be thrown away and made again, with the same result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from recorder.messaging.envelopes import parse
from recorder.messaging.events import Event, Stamp
from recorder.messaging.interpreter import Interpreter
from recorder.wire.frames import Side
from recorder.wire.payloads import PayloadAssembler
from recorder.wire.records import RecordedFrame

from .info import ConnectionInfo


def events_of(
    connections: Iterable[ConnectionInfo], frames: Iterable[RecordedFrame], *, interrupted: bool = False
) -> Iterator[Event]:
    """The events of a session, in the order of its frames.

    ``interrupted``: the recording broke off, so a request without an answer will not get one here; the
    same holds for every connection that is known to have ended.
    """
    interpreter = Interpreter()
    known = {connection.connection: connection for connection in connections}
    yield from _identities(interpreter, known.values())
    assembler = PayloadAssembler()
    for frame in frames:
        payload = assembler.feed(frame)
        if payload is None:
            continue
        envelope = parse(payload.data, from_client=payload.sender is Side.CLIENT)
        stamp = Stamp(payload.number, payload.connection, payload.at_us, payload.offset_us)
        yield from interpreter.feed(envelope, stamp)
    for number, connection in known.items():
        if interrupted or connection.how is not None:
            yield from interpreter.connection_ended(number)


def _identities(interpreter: Interpreter, connections: Iterable[ConnectionInfo]) -> Iterator[Event]:
    for connection in connections:
        named = (value for name, value in connection.request_headers if name.lower() == "authorization")
        # The handshake is no frame: frame 0 stands for "before the first".
        stamp = Stamp(0, connection.connection, connection.opened_at_us, connection.opened_offset_us)
        yield from interpreter.connection_opened(connection.connection, token=next(named, None), stamp=stamp)
