"""A transport ended in the middle of a frame, so that the other end gets every byte up to there.

Closing a socket while something of the client's is still unread makes the system take back what it has
not delivered yet. So only our half is ended, and the client's half is read to its end.
"""

from __future__ import annotations

import asyncio


class _Deaf(asyncio.Protocol):
    """Takes the place of a connection that has said its last byte: hears nothing, tells of its end."""

    def __init__(self, before: asyncio.BaseProtocol, given_up: asyncio.TimerHandle) -> None:
        self._before = before
        self._given_up = given_up

    def data_received(self, data: bytes) -> None:
        pass

    def connection_lost(self, problem: Exception | None) -> None:
        self._given_up.cancel()
        self._before.connection_lost(problem)


def break_off(transport: asyncio.Transport, data: bytes, *, patience_s: float) -> None:
    """Write ``data`` and end the transport; a client that does not close within ``patience_s`` is dropped.

    Must be called in the event loop. Encrypted transports know no half: they are closed at once.
    """
    if transport.is_closing() or isinstance(transport.get_protocol(), _Deaf):
        return
    transport.write(data)
    if not transport.can_write_eof():
        transport.close()
        return
    loop = asyncio.get_running_loop()
    given_up = loop.call_later(patience_s, transport.abort)
    transport.set_protocol(_Deaf(transport.get_protocol(), given_up))
    transport.resume_reading()
    transport.write_eof()
