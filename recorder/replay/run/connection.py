"""What a driver needs of a connection. Sockets, virtual ones, a test's own: the driver knows no difference.

Nothing here waits but ``Connection.close``: a receipt of somebody else may be due meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from recorder.runtime.waiter import Source


class RecordedPosition(Protocol):
    """A frame that was recorded, by its place in the session."""

    @property
    def number(self) -> int: ...
    @property
    def connection(self) -> int: ...
    @property
    def at_us(self) -> int | None: ...
    @property
    def offset_us(self) -> int | None: ...


class IncomingPayload(RecordedPosition, Protocol):
    """A payload with its place in the session."""

    @property
    def opcode(self) -> int: ...
    @property
    def data(self) -> bytes: ...


class CloseInfo(Protocol):
    """How a connection ended."""

    @property
    def close_code(self) -> int | None: ...
    @property
    def close_reason(self) -> str | None: ...
    @property
    def closed_by(self) -> str | None: ...
    @property
    def how(self) -> str: ...


class Connection(Source, Protocol):
    """One open connection, recorded by whoever made it.

    Attributes:
        number: its place in the session, from 1.
        token: the JWT it was opened with, if any; ``init_connection``: whether it still is to be handed
            over in an InitConnection request.
    """

    @property
    def number(self) -> int: ...
    @property
    def token(self) -> str | None: ...
    @property
    def init_connection(self) -> bool: ...

    @property
    def closed(self) -> CloseInfo | None:
        """How it ended; None while it has not. Payloads may be left to receive even then."""
        ...

    def send(self, text: str, *, at_s: float | None = None) -> RecordedPosition | None:
        """Send, and tell which frame it was; None: it fell into a frame that ``send_bytes`` began.

        ``at_s`` is a moment at hand: get everything ready, and let it leave then, and not before.

        Raises:
            RecordingIncomplete: the connection is over.
        """
        ...

    def send_frame(
        self, opcode: int, payload: bytes, *, fin: bool = True, rsv: int = 0, masked: bool = True
    ) -> RecordedPosition | None:
        """Send one frame as it is described, be it against the rules; as ``send``."""
        ...

    def send_bytes(self, data: bytes) -> RecordedPosition | None:
        """Send these bytes as they are; tell the last frame they completed, None if none; as ``send``."""
        ...

    def receive(self, until_s: float | None = None) -> IncomingPayload | None:
        """The next payload; None if there is none by then (a moment that is past: only what is there)."""
        ...

    def hang_up(self, code: int = 1000, reason: str = "") -> None:
        """Say Close. It is over some time later, when ``receive`` has seen the other side take part."""
        ...

    def abort(self, *, mid_frame: bool = False) -> None:
        """End it here and now without a goodbye, if asked with half a frame on the wire."""
        ...

    def close(self) -> object:
        """Close it, and return once it is closed."""
        ...

    def next_due_s(self) -> float | None:
        """When ``receive`` should be called even if nothing came: a ping is due, patience is over."""
        ...


@runtime_checkable
class PendingConnection(Source, Protocol):
    """A connection that is being made elsewhere."""

    def take(self) -> Connection | None:
        """The connection once it is there; None: not yet.

        Raises:
            CannotConnect: there will be none.
        """
        ...

    def give_up(self) -> None:
        """Nobody wants it any more. May be called at any time, and again."""
        ...


ConnectFunction = Callable[[str, bool], Connection | PendingConnection]
"""Connect for this consumer, with a fresh token if that is asked for and there is a way to get one.

Raises ``CannotConnect``, at once or from ``PendingConnection.take``.
"""
