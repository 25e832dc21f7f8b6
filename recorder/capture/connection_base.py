"""What a real and a virtual connection have in common, and the error for sending on one that is over."""

from __future__ import annotations

from recorder.errors import InputUnusable, RecordingIncomplete
from recorder.wire.endings import ending_words
from recorder.wire.frames import Opcode, encode
from recorder.wire.records import ConnectionClosed

from .options import ConnectOptions
from .tracker import ConnectionTracker

HALF_FRAME = encode(Opcode.TEXT, b'{"kind":"req","id":"cut","type":"GetClock"}', mask=b"\x00" * 4)[:24]
"""The last bytes of a connection that is dropped within a frame."""


class ConnectionBase:
    """A connection that a tracker records; over once ``closed`` is not None."""

    def __init__(self, options: ConnectOptions, tracker: ConnectionTracker) -> None:
        self._options = options
        self._tracker = tracker
        self._closed: ConnectionClosed | None = None

    @property
    def number(self) -> int:
        """Its place in the session, from 1."""
        return self._tracker.connection

    @property
    def token(self) -> str | None:
        """The token it was opened with."""
        return self._options.token

    @property
    def init_connection(self) -> bool:
        """Whether the caller still has to send the token, in an InitConnection request."""
        return self._options.init_connection

    @property
    def closed(self) -> ConnectionClosed | None:
        """How the connection ended; None while it has not."""
        return self._closed


def utf8(text: str) -> bytes:
    """The payload of a text frame. Raises ``InputUnusable`` for half a surrogate pair."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise InputUnusable("the text holds half a surrogate pair, which UTF-8 cannot carry") from None


class ConnectionEnded(RecordingIncomplete):
    """Something was to be sent on a connection that has ended. What was recorded stays."""

    def __init__(self, closed: ConnectionClosed) -> None:
        super().__init__(
            f"connection {closed.connection} is over ({ending_words(closed)}); this was not sent"
        )
        self.closed = closed
