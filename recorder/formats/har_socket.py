"""One WebSocket of a HAR entry, as records; the same for an entry of a HAR and of a Playwright trace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from recorder.wire.frames import CloseCode, Opcode, Side, close_parts
from recorder.wire.handshake import SWITCHING_PROTOCOLS
from recorder.wire.records import (
    ConnectionClosed,
    ConnectionOpened,
    HandshakeSeen,
    Record,
    RecordedFrame,
    parse_iso_utc,
)

from .har_exchange import fields_of
from .har_message import HarTime, har_time, message_frame
from .lines import JsonFields, JsonLine, read_lines

MESSAGES = "_webSocketMessages"


class HarSocket:
    """One WebSocket: what its messages tell of its end."""

    def __init__(self, connection: int, provenance: str = "har") -> None:
        self._provenance = provenance
        self._connection = connection
        self.messages = 0
        self._errors: list[tuple[str, HarTime]] = []
        self._close: RecordedFrame | None = None

    def frame(self, message: JsonFields) -> RecordedFrame | str | None:
        """The frame of a message, or what is wrong with it; None for one that tells of an error."""
        self.messages += 1
        if message.get("type") == "error":
            self._errors.append((str(message.get("data", "")), har_time(message.get("time"))))
            return None
        frame = message_frame(message, self._connection)
        if self._close is None and not isinstance(frame, str) and frame.opcode == Opcode.CLOSE:
            self._close = frame
        return frame

    def ends(self, entry: JsonFields) -> Iterator[Record]:
        """How the connection began and ended, as far as the entry says."""
        request, response = fields_of(entry, "request"), fields_of(entry, "response")
        started = started_at(entry.get("startedDateTime"))
        yield ConnectionOpened(self._connection, _url(request), *started, self._provenance, "messages")
        status = response.get("status")
        yield HandshakeSeen(
            self._connection,
            _request_line(request),
            _headers(request),
            status if isinstance(status, int) and status > 0 else None,
            _headers(response),
        )
        closed = self._closed(entry, response)
        if closed is not None:
            yield closed

    def _closed(self, entry: JsonFields, response: JsonFields) -> ConnectionClosed | None:
        given = entry.get("_webSocketClose")
        if self._close is not None:
            code, reason = close_parts(self._close.payload)
            when = self._close.at_us, self._close.offset_us
            return ConnectionClosed(self._connection, *when, code, reason, self._close.sender, "closed")
        if isinstance(given, dict):
            return self._given_close(given, entry.get("_webSocketClosedBy"))
        if given == "aborted":
            return self._lost("aborted")
        if self._errors:
            text, when = self._errors[-1]
            return ConnectionClosed(self._connection, *when, None, None, None, "lost", text or None)
        if self.messages == 0 and response.get("status") != SWITCHING_PROTOCOLS:
            words = entry.get("_error") or response.get("_error") or response.get("_failureText")
            detail = words if isinstance(words, str) else None
            return ConnectionClosed(self._connection, None, None, None, None, None, "refused", detail)
        return None

    def _lost(self, detail: str) -> ConnectionClosed:
        return ConnectionClosed(self._connection, None, None, None, None, None, "lost", detail)

    def _given_close(self, given: dict[str, Any], closed_by: object) -> ConnectionClosed:
        code, reason = given.get("code"), given.get("reason")
        known = isinstance(code, int) and 0 <= code <= 65535
        sender = next((side for side in Side if side.value == closed_by), None)
        return ConnectionClosed(
            self._connection,
            *har_time(given.get("timestamp")),
            code if known and code != CloseCode.NO_STATUS else None,
            reason if isinstance(reason, str) else None,
            sender,
            "closed" if known else "lost",
        )


def is_websocket(entry: JsonFields) -> bool:
    """Whether an entry is that of a WebSocket."""
    if MESSAGES in entry or entry.get("_resourceType") == "websocket":
        return True
    url = fields_of(entry, "request").get("url")
    return isinstance(url, str) and url.lower().startswith(("ws://", "wss://"))


def _url(request: JsonFields) -> str | None:
    """The address with the scheme of a WebSocket: mitmproxy writes that of HTTP."""
    url = request.get("url")
    if not isinstance(url, str):
        return None
    return re.sub(r"\Ahttp(s?)://", r"ws\1://", url, flags=re.IGNORECASE)


def _request_line(request: JsonFields) -> str | None:
    url, version = request.get("url"), request.get("httpVersion")
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    version = version if isinstance(version, str) and version.upper().startswith("HTTP/") else "HTTP/1.1"
    return f"{request.get('method') or 'GET'} {target} {version.upper()}"


def _headers(half: JsonFields) -> tuple[tuple[str, str], ...]:
    headers = half.get("headers")
    if not isinstance(headers, list):
        return ()
    pairs = ((each.get("name"), each.get("value")) for each in headers if isinstance(each, dict))
    return tuple((name, value) for name, value in pairs if isinstance(name, str) and isinstance(value, str))


def started_at(value: object) -> HarTime:
    """When an entry began, by its ``startedDateTime``."""
    try:
        at_us = parse_iso_utc(value) if isinstance(value, str) else None
    except ValueError:
        at_us = None
    return HarTime(None, None) if at_us is None else har_time(at_us / 1_000_000)


def attached_messages(stream: BinaryIO, name: str, socket: HarSocket) -> Iterator[Record]:
    """The messages that stand in a file of their own, one a line.

    Raises:
        BadCapture: a line is none.
    """
    for number, line in enumerate(read_lines(stream, file=name), 1):
        if line.isspace():
            continue
        json_line = JsonLine(name, number, line.strip())
        frame = socket.frame(json_line.fields)
        if isinstance(frame, str):
            raise json_line.error(frame)
        if frame is not None:
            yield frame
