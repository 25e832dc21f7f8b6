"""One address for two kinds of callers: WebSockets go in, plain HTTP goes to the counter.

The WebSocket library reads nothing but GET without a body. So the first line of a request is looked at
here, and the connection handed on with all that was said; after that nobody stands in between.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

LONGEST_LINE = 8 * 1024
"""With more bytes and no end of the line, the WebSocket side may say what it thinks of that."""

# Whatever has a method of its own, and GET where the REST legs are. All else is the socket's, nonsense too.
_PLAIN = re.compile(rb"(?:(?!GET )[A-Z]{3,16} |GET /(?:api|csdr|v1)/)")


class Porch(asyncio.Protocol):
    """Stands at the door until the first line is there, and ``patience_s`` at the longest.

    ``met`` is told of the transport, which outlives this object: whoever has it by then.
    """

    def __init__(
        self,
        *,
        socket_side: asyncio.Protocol,
        plain_side: Callable[[], asyncio.Protocol],
        met: Callable[[asyncio.Transport], None],
        patience_s: float,
    ) -> None:
        self._socket_side = socket_side
        self._plain_side = plain_side
        self._met = met
        self._patience_s = patience_s
        self._said = b""
        self._transport: asyncio.Transport | None = None
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is at the door."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what streams are made of
        self._transport = transport
        self._met(transport)
        self._patience = asyncio.get_running_loop().call_later(self._patience_s, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Listen until it is clear whom this is for."""
        self._said += data
        if b"\n" in self._said or len(self._said) > LONGEST_LINE:
            self._hand_on(self._plain_side() if _PLAIN.match(self._said) else self._socket_side)

    def connection_lost(self, exc: Exception | None) -> None:
        """They went away without a word."""
        self._stop_waiting()

    def _hand_on(self, side: asyncio.Protocol) -> None:
        assert self._transport is not None  # noqa: S101 - made before anything came
        self._stop_waiting()
        said, self._said = self._said, b""
        self._transport.set_protocol(side)
        side.connection_made(self._transport)
        side.data_received(said)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
