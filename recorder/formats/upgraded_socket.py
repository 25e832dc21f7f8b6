"""The bytes of one TCP connection, as the WebSocket that it becomes once an upgrade is asked for.

NetLogs, packets and raw flows of mitmproxy have such bytes.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from recorder.wire.connection_decoder import ConnectionDecoder
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionClosed, ConnectionOpened, Record

_REQUEST = re.compile(rb"GET (\S+) HTTP/1\.\d\r\n")
_HOST = re.compile(rb"\r\nhost:[ \t]*([^\r\n]+)", re.IGNORECASE)
_UPGRADE = re.compile(rb"\r\nupgrade:[^\r\n]*\bwebsocket\b", re.IGNORECASE)
_HEAD_LIMIT = 1 << 16


class SocketMoment(NamedTuple):
    """When bytes crossed: on the wall clock, where the capture tells it, and on a clock of its own, in µs."""

    at_us: int | None
    offset_us: int


class UpgradedSocket:
    """The bytes of one socket, from a request that may ask for an upgrade on.

    Attributes:
        is_idle: whether it holds nothing, and can be forgotten until the next request.
    """

    def __init__(self, connections: Iterator[int], *, tls: bool, provenance: str = "netlog") -> None:
        self._provenance = provenance
        self._connections = connections
        self._tls = tls
        self._head = b""
        self._decoder: ConnectionDecoder | None = None
        self._last = SocketMoment(None, 0)

    @property
    def is_idle(self) -> bool:
        """Whether no WebSocket was asked for, and no request is unfinished."""
        return self._decoder is None and not self._head

    def feed(self, sender: Side, data: bytes, when: SocketMoment) -> Sequence[Record]:
        """The records that these bytes complete."""
        self._last = when
        if self._decoder is not None:
            refused = self._decoder.handshake is not None and not self._decoder.is_upgraded
            if not refused or sender is Side.SERVICE:
                return self._decoder.feed(sender, data, *when)
            # Refused, and asked again over the same socket.
            return [*self.end(when), *self.feed(sender, data, when)]
        if sender is Side.SERVICE:
            return ()
        self._head += data
        if b"\r\n\r\n" not in self._head and len(self._head) < _HEAD_LIMIT:
            return ()
        head, self._head = self._head, b""
        request = _REQUEST.match(head)
        if request is None or _UPGRADE.search(head) is None:
            return ()
        connection, url = next(self._connections), self._url(request[1], head)
        self._decoder = ConnectionDecoder(connection, itertools.count(1), url=url)
        began = ConnectionOpened(connection, url, *when, self._provenance, "bytes")
        return [began, *self._decoder.feed(sender, head, *when)]

    def _url(self, target: bytes, head: bytes) -> str | None:
        host = _HOST.search(head)
        if host is None:
            return None
        return f"ws{'s' if self._tls else ''}://{host[1].strip().decode('latin-1')}{target.decode('latin-1')}"

    def end(self, when: SocketMoment) -> Sequence[Record]:
        """The socket was closed."""
        decoder, self._decoder = self._decoder, None
        if decoder is None:
            return ()
        how = "closed" if decoder.close_frames else "lost" if decoder.is_upgraded else "refused"
        return decoder.end(how, None, *when)

    def unfinished(self) -> Sequence[Record]:
        """The log ended while the socket was open: what it had begun, and its end if it had sent one."""
        if self._decoder is None:
            return ()
        closing = bool(self._decoder.close_frames)
        return [each for each in self.end(self._last) if closing or not isinstance(each, ConnectionClosed)]
