"""WebSocket events of the Chrome DevTools Protocol, turned into records.

The protocol's domain ``Network`` tells of handshakes and of whole messages, inflated; of masks, fragments,
control frames and close codes it tells nothing. Its times are monotonic seconds, the same for all targets of
one browser; only ``webSocketWillSendHandshakeRequest`` has a wall time beside its monotonic one.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from recorder.wire.frames import Opcode, Side
from recorder.wire.handshake import SWITCHING_PROTOCOLS, Headers
from recorder.wire.records import (
    ConnectionClosed,
    ConnectionOpened,
    HandshakeSeen,
    Record,
    RecordedFrame,
)

UNDECIDED_FRAMES = 256
"""Frames of a socket without URL that are held until one of them shows whether it is wanted."""

NO_CLOSE_CODE = "the browser tells neither the close code nor who closed"

Fields = Mapping[str, object]


class SocketChoice(Protocol):
    """Which sockets are recorded."""

    def wants_url(self, url: str) -> bool:
        """Whether a socket of this address is recorded."""
        ...

    def wants_payload(self, payload: bytes) -> bool:
        """Whether this payload shows that a socket of unknown address is recorded."""
        ...


@dataclass(slots=True)
class _BrowserSocket:
    """One socket of the browser: its number once it is recorded, and the records that wait until then."""

    owner: str
    url: str | None
    connection: int | None = None
    refused_by_choice: bool = False
    request_line: str | None = None
    request_headers: Headers = ()
    status: int | None = None
    error: str | None = None
    index: int = 0
    waiting: list[tuple[Side, Fields]] = field(default_factory=list)

    @property
    def is_refused(self) -> bool:
        """Whether its handshake is known and was not answered with 101."""
        return self.status != SWITCHING_PROTOCOLS and bool(self.request_headers)


class DevToolsSockets:
    """Turns the ``Network.webSocket…`` events of one browser into records, socket by socket.

    Args:
        choice: which sockets are recorded.
        numbers: gives each frame its number in the session, from 1.
        connections: gives each socket its number in the session, from 1.
        began_us: when the session began, microseconds since the epoch; offsets count from it. None: from the
            first event that has a time.

    Attributes:
        left_out: how many sockets were not recorded because nothing chose them.
    """

    def __init__(
        self,
        choice: SocketChoice,
        *,
        numbers: Iterator[int],
        connections: Iterator[int],
        began_us: int | None = None,
    ) -> None:
        self._choice = choice
        self._numbers = numbers
        self._connections = connections
        self._began_us = began_us
        self._began_tick_us: int | None = None
        self._wall_minus_tick_us: int | None = None
        self._came_us: int | None = None
        self._sockets: dict[tuple[str, str], _BrowserSocket] = {}
        self._left_out = 0

    @property
    def left_out(self) -> int:
        """How many sockets were not recorded because nothing chose them."""
        undecided = sum(
            each.connection is None and not each.refused_by_choice for each in self._sockets.values()
        )
        return self._left_out + undecided

    def feed(self, owner: str, method: str, params: Fields, *, came_us: int | None = None) -> list[Record]:
        """Return the records of one event; [] for one that is not of a recorded socket. Never raises.

        Args:
            owner: the target the event came from: ids of requests are unique in it.
            method, params: as in the protocol: ``Network.webSocketFrameSent``, …
            came_us: when the event came, microseconds since the epoch: the wall time of a browser that has
                told none. None: unknown.
        """
        handler = _HANDLERS.get(method)
        request = params.get("requestId")
        if handler is None or not isinstance(request, str):
            return []
        self._came_us = came_us
        return handler(self, (owner, request), params)

    def target_gone(self, owner: str, detail: str, *, came_us: int | None = None) -> list[Record]:
        """The end of the sockets of a target that closed or broke down."""
        self._came_us = came_us
        gone = [key for key in self._sockets if key[0] == owner]
        return [record for key in gone for record in self._end(key, "lost", detail, {})]

    def all_gone(self, detail: str, *, came_us: int | None = None) -> list[Record]:
        """The end of all sockets that are open."""
        owners = dict.fromkeys(owner for owner, _ in self._sockets)
        return [record for owner in owners for record in self.target_gone(owner, detail, came_us=came_us)]

    # Events ------------------------------------------------------------------------------------------------

    def _created(self, key: tuple[str, str], params: Fields) -> list[Record]:
        url = params.get("url")
        self._sockets[key] = _BrowserSocket(key[0], url if isinstance(url, str) else None)
        return []

    def _request_sent(self, key: tuple[str, str], params: Fields) -> list[Record]:
        wall, tick_us = params.get("wallTime"), _microseconds(params.get("timestamp"))
        wall_us = _microseconds(wall)
        if wall_us is not None and tick_us is not None and self._wall_minus_tick_us is None:
            self._wall_minus_tick_us = wall_us - tick_us
        socket = self._sockets.setdefault(key, _BrowserSocket(key[0], None))
        socket.request_headers = _headers(_object(params.get("request")).get("headers"))
        return [self._open(socket, params)] if self._is_chosen(socket) else []

    def _response_received(self, key: tuple[str, str], params: Fields) -> list[Record]:
        socket = self._sockets.setdefault(key, _BrowserSocket(key[0], None))
        response = _object(params.get("response"))
        status = response.get("status")
        socket.status = status if isinstance(status, int) else None
        if sent := _headers_of_text(response.get("requestHeadersText")):
            socket.request_line, socket.request_headers = sent
        elif headers := _headers(response.get("requestHeaders")):
            socket.request_headers = headers
        received = _headers_of_text(response.get("headersText"))
        headers = received[1] if received else _headers(response.get("headers"))
        records: list[Record] = [self._open(socket, params)] if self._is_chosen(socket) else []
        return [*records, *self._handshake(socket, headers)]

    def _handshake(self, socket: _BrowserSocket, response_headers: Headers) -> list[Record]:
        if socket.connection is None:
            return []
        request = socket.request_line, socket.request_headers
        return [HandshakeSeen(socket.connection, *request, socket.status, response_headers)]

    def _frame_sent(self, key: tuple[str, str], params: Fields) -> list[Record]:
        return self._frame(key, params, Side.CLIENT)

    def _frame_received(self, key: tuple[str, str], params: Fields) -> list[Record]:
        return self._frame(key, params, Side.SERVICE)

    def _frame(self, key: tuple[str, str], params: Fields, sender: Side) -> list[Record]:
        socket = self._sockets.setdefault(key, _BrowserSocket(key[0], None))
        if socket.connection is not None:
            return [self._recorded(socket, socket.connection, sender, params)]
        if socket.refused_by_choice:
            return []
        if socket.url is not None:
            records: list[Record] = [self._open(socket, params)] if self._is_chosen(socket) else []
        elif self._choice.wants_payload(_payload(params)[1]):
            records = self._open_late(socket, params)
        else:
            self._hold(socket, sender, params)
            return []
        if socket.connection is None:
            return []
        return [*records, self._recorded(socket, socket.connection, sender, params)]

    def _open_late(self, socket: _BrowserSocket, params: Fields) -> list[Record]:
        """A socket of unknown address turned out to be wanted: its opening, and the frames that waited."""
        waiting, socket.waiting = socket.waiting, []
        opened = self._open(socket, waiting[0][1] if waiting else params)
        number = opened.connection
        return [opened, *(self._recorded(socket, number, side, fields) for side, fields in waiting)]

    def _hold(self, socket: _BrowserSocket, sender: Side, params: Fields) -> None:
        socket.waiting.append((sender, params))
        if len(socket.waiting) >= UNDECIDED_FRAMES:
            self._refuse(socket)

    def _failed(self, key: tuple[str, str], params: Fields) -> list[Record]:
        message = params.get("errorMessage")
        if (socket := self._sockets.get(key)) is not None and isinstance(message, str):
            socket.error = message
        return []

    def _closed(self, key: tuple[str, str], params: Fields) -> list[Record]:
        socket = self._sockets.get(key)
        if socket is not None and socket.is_refused:
            # Of some refusals, such as 401, the browser tells only its own words.
            unanswered = [] if socket.status is not None else self._handshake(socket, ())
            return [*unanswered, *self._end(key, "refused", socket.error, params)]
        if socket is not None and socket.error is not None:
            return self._end(key, "lost", socket.error, params)
        return self._end(key, "closed", NO_CLOSE_CODE, params)

    # Sockets -----------------------------------------------------------------------------------------------

    def _is_chosen(self, socket: _BrowserSocket) -> bool:
        if socket.connection is not None or socket.url is None or socket.refused_by_choice:
            return False
        if self._choice.wants_url(socket.url):
            return True
        self._refuse(socket)
        return False

    def _refuse(self, socket: _BrowserSocket) -> None:
        socket.refused_by_choice = True
        socket.waiting = []
        self._left_out += 1

    def _open(self, socket: _BrowserSocket, params: Fields) -> ConnectionOpened:
        socket.connection = next(self._connections)
        times = self._times(params)
        return ConnectionOpened(socket.connection, socket.url, *times, provenance="cdp", fidelity="messages")

    def _recorded(
        self, socket: _BrowserSocket, connection: int, sender: Side, params: Fields
    ) -> RecordedFrame:
        opcode, payload = _payload(params)
        at_us, offset_us = self._times(params)
        index = socket.index
        socket.index += 1
        return RecordedFrame(
            next(self._numbers), connection, index, sender, at_us, offset_us, opcode, True, 0, payload
        )

    def _end(self, key: tuple[str, str], how: str, detail: str | None, params: Fields) -> list[Record]:
        socket = self._sockets.pop(key, None)
        if socket is None:
            return []
        if socket.connection is None:
            self._left_out += not socket.refused_by_choice
            return []
        at_us, offset_us = self._times(params)
        return [ConnectionClosed(socket.connection, at_us, offset_us, None, None, None, how, detail)]

    def _times(self, params: Fields) -> tuple[int | None, int | None]:
        """Wall time and offset of an event, in microseconds."""
        tick_us = _microseconds(params.get("timestamp"))
        if tick_us is None:
            if self._came_us is None or self._began_us is None:
                return self._came_us, None
            return self._came_us, max(self._came_us - self._began_us, 0)
        if self._wall_minus_tick_us is None and self._came_us is not None:
            self._wall_minus_tick_us = self._came_us - tick_us
        at_us = None if self._wall_minus_tick_us is None else self._wall_minus_tick_us + tick_us
        if self._began_us is not None and at_us is not None:
            return at_us, max(at_us - self._began_us, 0)
        if self._began_tick_us is None:
            self._began_tick_us = tick_us
        return at_us, max(tick_us - self._began_tick_us, 0)


_HANDLERS: Mapping[str, Callable[[DevToolsSockets, tuple[str, str], Fields], list[Record]]] = {
    "Network.webSocketCreated": DevToolsSockets._created,
    "Network.webSocketWillSendHandshakeRequest": DevToolsSockets._request_sent,
    "Network.webSocketHandshakeResponseReceived": DevToolsSockets._response_received,
    "Network.webSocketFrameSent": DevToolsSockets._frame_sent,
    "Network.webSocketFrameReceived": DevToolsSockets._frame_received,
    "Network.webSocketFrameError": DevToolsSockets._failed,
    "Network.webSocketClosed": DevToolsSockets._closed,
}


def _object(value: object) -> Fields:
    return value if isinstance(value, dict) else {}


def _microseconds(seconds: object) -> int | None:
    """Seconds as the protocol gives them, in microseconds; None where it is no time."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    return round(seconds * 1_000_000) if abs(seconds) < 1e12 else None


def _headers(value: object) -> Headers:
    """Headers as the protocol gives them: an object; one that was repeated has its values in lines."""
    return tuple(
        (name, line)
        for name, text in _object(value).items()
        if isinstance(name, str) and isinstance(text, str)
        for line in text.split("\n")
    )


def _headers_of_text(text: object) -> tuple[str, Headers] | None:
    """First line and headers of a head as it stood on the wire; None if it is not there."""
    if not isinstance(text, str) or not text:
        return None
    first, *lines = text.replace("\r\n", "\n").split("\n")
    parted = (line.partition(":") for line in lines if ":" in line)
    return first, tuple((name.strip(), value.strip()) for name, _, value in parted)


def _payload(params: Fields) -> tuple[int, bytes]:
    """Opcode and payload of a frame event: text, or base64 where it is not text."""
    response = _object(params.get("response"))
    opcode, data = response.get("opcode"), response.get("payloadData")
    kind = int(opcode) if isinstance(opcode, int | float) and 0 <= opcode <= 15 else int(Opcode.TEXT)
    text = data if isinstance(data, str) else ""
    if kind == Opcode.TEXT:
        return kind, text.encode("utf-8", errors="surrogatepass")
    try:
        return kind, b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return kind, text.encode("utf-8", errors="surrogatepass")
