"""Route each connection by its first line: to the WebSocket server, or to the HTTP endpoints.

The WebSocket library parses only GET without a body. So the first line of a request is read here, and the
transport handed over with all bytes received; from then on the chosen protocol has it alone.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

MAX_FIRST_LINE = 8 * 1024
"""Bytes without the end of a line after which the WebSocket server gets the connection, and refuses it."""

# Every method but GET, and GET below the paths of the REST endpoints. All else is the WebSocket server's.
_HTTP_REQUEST = re.compile(rb"(?:(?!GET )[A-Z]{3,16} |GET /(?:api|csdr|v1)/)")


class Router(asyncio.Protocol):
    """The protocol of a new connection until its first line has come, at most ``timeout_s``.

    ``on_transport`` is called with the transport, which goes on under the protocol that takes over.
    """

    def __init__(
        self,
        *,
        websocket: asyncio.Protocol,
        http: Callable[[], asyncio.Protocol],
        on_transport: Callable[[asyncio.Transport], None],
        timeout_s: float,
    ) -> None:
        self._websocket = websocket
        self._http = http
        self._on_transport = on_transport
        self._timeout_s = timeout_s
        self._received = b""
        self._transport: asyncio.Transport
        self._timeout: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first line."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what streams are made of
        self._transport = transport
        self._on_transport(transport)
        self._timeout = asyncio.get_running_loop().call_later(self._timeout_s, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Collect bytes up to the end of the first line, then hand over."""
        self._received += data
        if b"\n" in self._received or len(self._received) > MAX_FIRST_LINE:
            self._hand_over(self._http() if _HTTP_REQUEST.match(self._received) else self._websocket)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client left before its first line was complete."""
        self._timeout.cancel()

    def _hand_over(self, protocol: asyncio.Protocol) -> None:
        self._timeout.cancel()
        received, self._received = self._received, b""
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(received)
