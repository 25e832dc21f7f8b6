"""The actions a player gives to its driver.

``connection`` is the number of a connection in the session, as given to ``Player.connected``.
"""

from __future__ import annotations

from typing import NamedTuple


class Connect(NamedTuple):
    """Open a connection for this consumer, then call ``connected`` or ``not_connected``.

    ``fresh_token``: the last token was refused; fetch another one if there is a way to.
    """

    consumer: str
    fresh_token: bool = False


class Send(NamedTuple):
    """Send this text frame, then call ``sent``. ``due_s``: when it was planned for; None: now."""

    text: str
    due_s: float | None = None
    connection: int = 1


class SendRawFrame(NamedTuple):
    """Send one WebSocket frame as described, even against RFC 6455, then call ``sent_raw``."""

    opcode: int
    payload: bytes
    fin: bool = True
    rsv: int = 0
    masked: bool = True
    connection: int = 1


class SendBytes(NamedTuple):
    """Send these bytes unchanged, whether or not they form a frame, then call ``sent_raw``."""

    data: bytes
    connection: int = 1


class Upload(NamedTuple):
    """Upload a file, then call ``uploaded`` or ``not_uploaded``.

    ``target`` is a path with its query from the service's answer, relative to the consumer's upload URL.
    """

    target: str
    data: bytes
    content_type: str
    consumer: str


class CloseConnection(NamedTuple):
    """Start the closing handshake (RFC 6455, 7.1.2), then call ``connection_ended``."""

    code: int = 1000
    reason: str = ""
    connection: int = 1


class Abort(NamedTuple):
    """Drop the connection without a Close frame, ``mid_frame`` within a frame; then ``connection_ended``."""

    mid_frame: bool = False
    connection: int = 1


class WakeAt(NamedTuple):
    """Nothing to do before ``at_s``; payloads that arrive earlier are still to be handed in."""

    at_s: float


class AwaitMessage(NamedTuple):
    """A payload is needed to go on; ask again at ``until_s`` at the latest (None: no deadline)."""

    until_s: float | None


class Done(NamedTuple):
    """The script is over, and so are its connections."""


class Ended(NamedTuple):
    """How a connection ended, as the driver reports it.

    Attributes:
        how: "closed" if it ended with Close frames; else another word, like "lost".
        code, reason: as the Close frame had them; None where there was none. The peer wrote the reason.
        by: "service" or "client", whoever ended it; None: unknown.
        sentence: all of it in one phrase, for people: ``closed by the service, 4401 "expired"``.
    """

    how: str
    code: int | None = None
    reason: str | None = None
    by: str | None = None
    sentence: str = ""

    @property
    def description(self) -> str:
        """``sentence``, or ``how`` where there is none."""
        return self.sentence or self.how


DriverAction = Connect | Send | SendRawFrame | SendBytes | Upload | CloseConnection | Abort
"""What the driver carries out, and reports."""

PlayerAction = DriverAction | WakeAt | AwaitMessage | Done
