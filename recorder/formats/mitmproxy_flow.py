"""One flow of mitmproxy as records: the messages of a WebSocket, bytes after an upgrade, or a request.

The shapes are those of mitmproxy's ``get_state``; whatever else stands there is read as not known.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from recorder.wire.connection_decoder import ConnectionDecoder
from recorder.wire.deflate import UNKNOWN_EXTENSIONS, Extensions
from recorder.wire.frames import CloseCode, Side
from recorder.wire.handshake import SWITCHING_PROTOCOLS, Headers, header_values
from recorder.wire.records import (
    ConnectionClosed,
    ConnectionOpened,
    HandshakeSeen,
    HttpExchange,
    Record,
    RecordedFrame,
)
from recorder.wire.refusal import without_content_encoding
from recorder.wire.rest_purpose import purpose_of

from .lines import epoch_us
from .tnetstring import TypedDictionary, TypedValue
from .upgraded_socket import SocketMoment, UpgradedSocket

PROVENANCE = "mitm"


class MitmproxyFlow(Protocol):
    """A flow that is of use.

    Attributes:
        messages: how many of its messages were read.
        dropped: how many of them mitmproxy did not pass on.
        injected: how many of them mitmproxy made itself.
    """

    messages: int
    dropped: int
    injected: int

    def message(self, state: TypedValue) -> Sequence[Record] | str:
        """The records of its next message; or, in a few words, what is wrong with it."""
        ...

    def ends(self, fields: TypedDictionary) -> Iterator[Record]:
        """Its other records, from its parts without the messages. These may be missing."""
        ...


def flows_of(heads: Iterable[TypedDictionary]) -> list[MitmproxyFlow | None]:
    """What each flow is, from its parts without the messages; None for one that is of no use."""
    connections = itertools.count(1)
    upgraded: dict[str, UpgradeFlow] = {}
    flows: list[MitmproxyFlow | None] = []
    for fields in heads:
        if isinstance(fields.get("websocket"), dict):
            flows.append(WebSocketFlow(next(connections)))
        elif fields.get("type") == "tcp":
            upgrade = upgraded.pop(_client_id(fields), None)
            tls = _object(fields, "client_conn").get("tls") is True
            flows.append(StreamFlow(connections, tls=tls) if upgrade is None else upgrade.bytes_after)
        elif fields.get("type") != "http":
            flows.append(None)
        elif _asks_for_websocket(_object(fields, "request")):
            upgrade = UpgradeFlow(next(connections), _headers(_object(fields, "response")))
            upgraded[_client_id(fields)] = upgrade
            flows.append(upgrade)
        else:
            flows.append(HttpFlow())
    return flows


def unfinished_flow(
    message: TypedValue, earlier: list[MitmproxyFlow | None]
) -> tuple[MitmproxyFlow, Sequence[Record]]:
    """What a flow is that ends before it says so, by its first message, and the records it begins with.

    Where to is not known then, unless there is one upgrade only that it can belong to.
    """
    number = 1 + sum(isinstance(flow, WebSocketFlow | UpgradeFlow) for flow in earlier)
    if isinstance(message, list) and len(message) > len(_TCP_MESSAGE):
        return WebSocketFlow(number), [ConnectionOpened(number, None, None, None, PROVENANCE, "messages")]
    begun = [flow.bytes_after for flow in earlier if isinstance(flow, UpgradeFlow)]
    left = [flow for flow in begun if flow not in earlier]
    if len(left) == 1:
        return left[0], ()
    opened = ConnectionOpened(number, None, None, None, PROVENANCE, "bytes")
    return BytesFlow(number, UNKNOWN_EXTENSIONS), [opened]


# --- a WebSocket, message by message ----------------------------------------------------------------------

_WEBSOCKET_MESSAGE = (int, bool, bytes, float, bool)
_TCP_MESSAGE = (bool, bytes, float)
_NO_TCP_MESSAGE = "it is no message of side, content and time"


class WebSocketFlow:
    """A WebSocket with its messages, and how it was closed."""

    def __init__(self, connection: int) -> None:
        self._connection = connection
        self.messages = self.dropped = self.injected = 0

    def message(self, state: TypedValue) -> Sequence[Record] | str:
        """The frame of a message, of which nothing tells more than its payload."""
        self.messages += 1
        if not _is_like(state, _WEBSOCKET_MESSAGE):
            return "it is no message of type, side, content and time"
        opcode, from_client, content, timestamp, dropped, *more = state
        self.dropped += bool(dropped)
        self.injected += bool(more and more[0])
        if not 0 <= opcode <= 15:
            return f"there is no opcode {opcode}"
        sender = Side.CLIENT if from_client else Side.SERVICE
        at_us = epoch_us(timestamp)
        return [RecordedFrame(0, self._connection, 0, sender, at_us, None, opcode, True, 0, content)]

    def ends(self, fields: TypedDictionary) -> Iterator[Record]:
        """How the connection began and ended."""
        yield from _begins(self._connection, fields, "messages")
        closing = _object(fields, "websocket")
        closed_us = epoch_us(closing.get("timestamp_end"))
        code, by_client = closing.get("close_code"), closing.get("closed_by_client")
        if code is None and by_client is None and closed_us is None:
            return  # mitmproxy was ended before it
        reason = closing.get("close_reason")
        if not isinstance(code, int) or code == CloseCode.ABNORMAL:
            yield ConnectionClosed(
                self._connection, closed_us, None, None, None, None, "lost", _error(fields)
            )
            return
        yield ConnectionClosed(
            self._connection,
            closed_us,
            None,
            None if code == CloseCode.NO_STATUS else code,
            reason if isinstance(reason, str) else None,
            Side.CLIENT if by_client else Side.SERVICE,
            "closed",
        )


# --- an upgrade, and the bytes after it -------------------------------------------------------------------


class UpgradeFlow:
    """The upgrade of a connection whose bytes are another flow, or that was refused.

    Attributes:
        bytes_after: reads that other flow.
    """

    def __init__(self, connection: int, response_headers: Headers) -> None:
        self._connection = connection
        self.bytes_after = BytesFlow(connection, Extensions.of(response_headers))
        self.messages = self.dropped = self.injected = 0

    def message(self, state: TypedValue) -> Sequence[Record] | str:
        """A request has none."""
        self.messages += 1
        return ()

    def ends(self, fields: TypedDictionary) -> Iterator[Record]:
        """The handshake; of a refused one, what the answer says."""
        response = _object(fields, "response")
        refused = response.get("status_code") != SWITCHING_PROTOCOLS
        yield from _begins(self._connection, fields, "bytes")
        if not refused:
            return
        if response:
            yield _exchange(fields, "upgrade")._replace(connection=self._connection, url=_url(fields))
        at_us = epoch_us(response.get("timestamp_end"))
        yield ConnectionClosed(self._connection, at_us, None, None, None, None, "refused", _error(fields))


class BytesFlow:
    """What crossed a connection after its upgrade, byte for byte."""

    def __init__(self, connection: int, extensions: Extensions) -> None:
        self._decoder = ConnectionDecoder(connection, itertools.count(1), extensions=extensions)
        self._last_us: int | None = None
        self.messages = self.dropped = self.injected = 0

    def message(self, state: TypedValue) -> Sequence[Record] | str:
        """The frames that these bytes complete."""
        self.messages += 1
        if not _is_like(state, _TCP_MESSAGE):
            return _NO_TCP_MESSAGE
        from_client, content, timestamp = state[:3]
        self._last_us = epoch_us(timestamp)
        sender = Side.CLIENT if from_client else Side.SERVICE
        return self._decoder.feed(sender, content, self._last_us, None)

    def ends(self, fields: TypedDictionary) -> Iterator[Record]:
        """How the connection ended, unless mitmproxy was ended before it."""
        ends = (_object(fields, side).get("timestamp_end") for side in ("client_conn", "server_conn"))
        times = [at_us for each in ends if (at_us := epoch_us(each)) is not None]
        closed = bool(self._decoder.close_frames)
        how = "closed" if closed else "lost"
        for record in self._decoder.end(how, _error(fields), min(times, default=self._last_us), None):
            if closed or times or not isinstance(record, ConnectionClosed):
                yield record


class StreamFlow:
    """A TCP connection from its first byte (``--mode reverse:tcp://``), over which an upgrade may come."""

    def __init__(self, connections: Iterator[int], *, tls: bool) -> None:
        self._socket = UpgradedSocket(connections, tls=tls, provenance=PROVENANCE)
        self.messages = self.dropped = self.injected = 0

    def message(self, state: TypedValue) -> Sequence[Record] | str:
        """The records that these bytes complete; none before an upgrade."""
        self.messages += 1
        if not _is_like(state, _TCP_MESSAGE):
            return _NO_TCP_MESSAGE
        from_client, content, timestamp = state[:3]
        at_us = epoch_us(timestamp)
        return self._socket.feed(
            Side.CLIENT if from_client else Side.SERVICE, content, SocketMoment(at_us, at_us or 0)
        )

    def ends(self, fields: TypedDictionary) -> Iterator[Record]:
        """How the connection ended, if it was a WebSocket that closed."""
        yield from self._socket.unfinished()


# --- requests ---------------------------------------------------------------------------------------------


class HttpFlow:
    """A request and its answer."""

    messages = dropped = injected = 0

    def message(self, state: TypedValue) -> Sequence[Record] | str:
        """It has none."""
        return ()

    def ends(self, fields: TypedDictionary) -> Iterator[Record]:
        """Its summary."""
        if _object(fields, "request"):
            yield _exchange(fields, purpose_of(_text(fields, "request", "method"), _target(fields)))


def _exchange(fields: TypedDictionary, purpose: str) -> HttpExchange:
    request, response = _object(fields, "request"), _object(fields, "response")
    status = response.get("status_code")
    asked, answered = _headers(request), _headers(response)
    asked_body, answered_body = request.get("content"), response.get("content")
    return HttpExchange(
        connection=None,
        purpose=purpose,
        at_us=epoch_us(request.get("timestamp_start")),
        offset_us=None,
        method=_text(fields, "request", "method") or "GET",
        url=re.sub(r"\Aws", "http", _url(fields)),
        status=status if isinstance(status, int) else None,
        answered_at_us=epoch_us(response.get("timestamp_start")),
        request_type=_header(asked, "Content-Type"),
        response_type=_header(answered, "Content-Type"),
        request_size=_size(asked, asked_body),
        response_size=_size(answered, answered_body),
        request_body=_body(asked, asked_body),
        response_body=_body(answered, answered_body),
    )


def _size(headers: Headers, body: TypedValue) -> int | None:
    """What the header says; or what is here, which may be cut."""
    told = _header(headers, "Content-Length") or ""
    if told.isascii() and told.isdigit() and len(told) < 16:
        return int(told)
    return len(body) if isinstance(body, bytes) and body else None


def _body(headers: Headers, body: TypedValue) -> bytes | None:
    return without_content_encoding(body, headers) if isinstance(body, bytes) and body else None


# --- parts ------------------------------------------------------------------------------------------------


def _is_like(state: TypedValue, kinds: tuple[type, ...]) -> bool:
    """Whether a message begins with values of these types; a whole number will do for a time."""
    if not isinstance(state, list) or len(state) < len(kinds):
        return False
    return all(
        isinstance(value, kind) or (kind is float and type(value) is int)
        for value, kind in zip(state, kinds, strict=False)
    )


def _begins(connection: int, fields: TypedDictionary, fidelity: str) -> Iterator[Record]:
    request, response = _object(fields, "request"), _object(fields, "response")
    if not request:
        yield ConnectionOpened(connection, None, None, None, PROVENANCE, fidelity)
        return
    at_us = epoch_us(request.get("timestamp_start"))
    yield ConnectionOpened(connection, _url(fields), at_us, None, PROVENANCE, fidelity)
    line = (_text(fields, "request", name) for name in ("method", "path", "http_version"))
    status = response.get("status_code")
    yield HandshakeSeen(
        connection,
        " ".join(line),
        _headers(request),
        status if isinstance(status, int) else None,
        _headers(response),
    )


def _asks_for_websocket(request: TypedDictionary) -> bool:
    return any("websocket" in value.lower() for value in header_values(_headers(request), "Upgrade"))


def _url(fields: TypedDictionary) -> str:
    request = _object(fields, "request")
    scheme = "wss" if _text(fields, "request", "scheme") == "https" else "ws"
    host = _text(fields, "request", "authority") or _header(_headers(request), "Host")
    if not host:
        port = request.get("port")
        host = _text(fields, "request", "host") + (f":{port}" if isinstance(port, int) else "")
    return f"{scheme}://{host}{_target(fields)}"


def _target(fields: TypedDictionary) -> str:
    return _text(fields, "request", "path")


def _headers(half: TypedDictionary) -> Headers:
    pairs = half.get("headers")
    if not isinstance(pairs, list):
        return ()
    return tuple(
        (pair[0].decode("latin-1"), pair[1].decode("latin-1"))
        for pair in pairs
        if isinstance(pair, list) and len(pair) == 2
        and isinstance(pair[0], bytes) and isinstance(pair[1], bytes)
    )  # fmt: skip


def _header(headers: Headers, name: str) -> str | None:
    return next(iter(header_values(headers, name)), None)


def _client_id(fields: TypedDictionary) -> str:
    return str(_object(fields, "client_conn").get("id"))


def _error(fields: TypedDictionary) -> str | None:
    message = _object(fields, "error").get("msg")
    return message if isinstance(message, str) else None


def _object(fields: TypedDictionary, key: str) -> TypedDictionary:
    value = fields.get(key)
    return value if isinstance(value, dict) else {}


def _text(fields: TypedDictionary, part: str, key: str) -> str:
    value = _object(fields, part).get(key)
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else ""
