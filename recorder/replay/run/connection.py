"""The interface between a driver and its connections: real sockets, virtual ones, those of a test.

Only ``Connection.close`` may block: receipts of other connections may be due meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from recorder.runtime.waiter import Source
from recorder.wire.payloads import Payload
from recorder.wire.records import ConnectionClosed, RecordedFrame

RecordedPosition = RecordedFrame | Payload
"""Where a frame was recorded: its number in the session, its connection, its times."""


class Connection(Source, Protocol):
    """One open connection; whoever opened it records it.

    Attributes:
        number: its place in the session, from 1.
        token: the JWT of the consumer, if any.
        init_connection: whether the token is still to be sent in an InitConnection request.
    """

    @property
    def number(self) -> int: ...
    @property
    def token(self) -> str | None: ...
    @property
    def init_connection(self) -> bool: ...

    @property
    def closed(self) -> ConnectionClosed | None:
        """How it ended; None while it is open. Payloads may be left to receive even then."""
        ...

    def send(self, text: str, *, at_s: float | None = None) -> RecordedPosition | None:
        """Send a text frame; returns where it was recorded; None: it became part of an unfinished frame.

        ``at_s`` is less than a millisecond ahead: prepare the frame, and send it then, not before.

        Raises:
            RecordingIncomplete: the connection is over.
        """
        ...

    def send_frame(
        self, opcode: int, payload: bytes, *, fin: bool = True, rsv: int = 0, masked: bool = True
    ) -> RecordedPosition | None:
        """Send one frame as described, even against RFC 6455; returns and raises as ``send`` does."""
        ...

    def send_bytes(self, data: bytes) -> RecordedPosition | None:
        """Send bytes unchanged; returns the last frame they completed, None if none; raises as ``send``."""
        ...

    def receive(self, until_s: float | None = None) -> Payload | None:
        """The next payload; None if there is none by then (a moment that is past: only what is there)."""
        ...

    def take_in(self) -> None:
        """Record what has arrived; ``receive`` delivers it later."""
        ...

    def hang_up(self, code: int = 1000, reason: str = "") -> None:
        """Start the closing handshake; ``closed`` is set once ``receive`` has seen the answer."""
        ...

    def abort(self, *, mid_frame: bool = False) -> None:
        """Drop it at once without a Close frame; ``mid_frame``: after half a frame."""
        ...

    def close(self) -> object:
        """Close it, and return once it is closed."""
        ...

    def next_due_s(self) -> float | None:
        """When ``receive`` must be called even if nothing arrived: a ping or a timeout is due."""
        ...


class ConnectionObserver(Protocol):
    """Is told what the connections of a session carry, before its player is."""

    def connected(self, took_s: float) -> None: ...
    def sent(self, text: str | None, position: RecordedPosition | None) -> None:
        """A frame was sent; ``text`` is None where it was no text frame of an action ``Send``."""

    def received(self, payload: Payload) -> None: ...


@runtime_checkable
class PendingConnection(Protocol):
    """A connection that is being opened in the background."""

    @property
    def source(self) -> Source | None:
        """What to wait for before the next ``take``: another one for each part of the work; None: nothing."""
        ...

    def take(self) -> Connection | None:
        """The connection once it is open; None: not yet.

        Raises:
            CannotConnect: there will be none.
        """
        ...

    def give_up(self) -> None:
        """Abandon it. May be called at any time, and again."""
        ...


ConnectFunction = Callable[[str, bool], Connection | PendingConnection]
"""Connect for this consumer, with a fresh token if that is asked for and there is a way to get one.

Raises ``CannotConnect``, at once or from ``PendingConnection.take``.
"""
