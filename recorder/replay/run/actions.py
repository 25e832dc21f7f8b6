"""What a player can tell its driver to do.

``connection`` is the number a connection has in the session, as the driver told it with ``connected``.
"""

from __future__ import annotations

from typing import NamedTuple


class Connect(NamedTuple):
    """Open a connection for this consumer, then call ``connected``; or ``not_connected``, saying why.

    ``fresh_token``: the last token was refused; fetch another one if there is a way to.
    """

    consumer: str
    fresh_token: bool = False


class Send(NamedTuple):
    """Send this text, then call ``sent``. ``due_s`` is when it was planned for, None for "now"."""

    text: str
    due_s: float | None = None
    connection: int = 1


class SendRawFrame(NamedTuple):
    """Send one WebSocket frame as it is described, be it against the rules, then call ``sent_raw``."""

    opcode: int
    payload: bytes
    fin: bool = True
    rsv: int = 0
    masked: bool = True
    connection: int = 1


class SendBytes(NamedTuple):
    """Send these bytes as they are, frame or not, then call ``sent_raw``."""

    data: bytes
    connection: int = 1


class Upload(NamedTuple):
    """Hand the file over to where the service said, then call ``uploaded``, or ``not_uploaded``.

    ``target`` is the service's answer: a path and its query, joined to the upload address of the consumer.
    """

    target: str
    data: bytes
    content_type: str
    consumer: str


class CloseConnection(NamedTuple):
    """Close the connection as one should, then call ``connection_ended``."""

    code: int = 1000
    reason: str = ""
    connection: int = 1


class Abort(NamedTuple):
    """End the connection without a goodbye, ``mid_frame`` in the middle of one; then ``connection_ended``."""

    mid_frame: bool = False
    connection: int = 1


class WakeAt(NamedTuple):
    """Nothing to do before then; what is heard meanwhile is still to be handed in."""

    at_s: float


class AwaitMessage(NamedTuple):
    """Something must be heard to go on; ask again then at the latest (None: whenever)."""

    until_s: float | None


class Done(NamedTuple):
    """The script is over, and so are its connections."""


class Ended(NamedTuple):
    """What a driver tells of a connection that is over.

    Attributes:
        how: "closed" if it ended with Close frames; else whatever word there is for it ("lost", …).
        code, reason: as the Close frame had them; None where there was none. The reason is others' text.
        by: "service" or "client", whoever ended it; None where nobody can tell.
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


PlayerAction = (
    Connect
    | Send
    | SendRawFrame
    | SendBytes
    | Upload
    | CloseConnection
    | Abort
    | WakeAt
    | AwaitMessage
    | Done
)
