"""HAR files with the messages of WebSockets: of Chrome and Edge, Playwright, mitmproxy, HTTP Toolkit, gori.

The messages stand in ``_webSocketMessages`` of an entry, or in a file of JSON lines that the entry names
(Playwright, with attached content). HAR 1.2 itself knows no WebSockets; each program adds its own keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from recorder.errors import BadCapture
from recorder.wire.frames import CloseCode, Opcode, Side, close_parts
from recorder.wire.records import (
    ConnectionClosed,
    ConnectionOpened,
    HandshakeSeen,
    Record,
    RecordedFrame,
    parse_iso_utc,
)

from .capture_file import CaptureFile
from .capture_format import CaptureFormat, Notify
from .har_exchange import build_half, exchange_of_entry, fields_of
from .har_message import HarTime, har_time, message_frame
from .json_stream import JsonEvent, JsonEvents, build, elements, json_events, keys, skip
from .lines import JsonFields, JsonLine, read_lines

_BEGINS = re.compile(rb'\s*\{\s*(?:"(?:_|\$)?\w+"\s*:\s*(?:"[^"]*"|[\d.]+)\s*,\s*)*"log"\s*:\s*\{')
_MESSAGES = "_webSocketMessages"
_KEPT = frozenset(
    (
        "startedDateTime",
        "request",
        "response",
        "_webSocketClose",
        "_webSocketClosedBy",
        "_resourceType",
        "_error",
        "timings",
    )
)  # fmt: skip
_SWITCHING_PROTOCOLS = 101


def _recognise(file: CaptureFile) -> bool:
    return _BEGINS.match(file.beginning) is not None


def _read(file: CaptureFile, say: Notify) -> Iterator[Record]:
    events = json_events(file)
    if next(events)[0] != "start_map":
        raise BadCapture(file.name, 'it is no HAR: it has no "log"')
    reader = _HarReader(file)
    for key in keys(events):
        first = next(events)
        if key != "log" or first[0] != "start_map":
            skip(events, first)
            continue
        for part in keys(events):
            first = next(events)
            if part == "entries" and first[0] == "start_array":
                for entry in elements(events):
                    yield from reader.entry(events, entry)
            else:
                skip(events, first)
    for _ in events:  # so that what follows the document is told
        pass


class _HarReader:
    """Reads the entries of one file, and counts them and their WebSockets."""

    def __init__(self, file: CaptureFile) -> None:
        self._file = file
        self._entries = 0
        self._sockets = 0

    def entry(self, events: JsonEvents, first: JsonEvent) -> Iterator[Record]:
        """The records of one entry: a WebSocket, or an HTTP request."""
        self._entries += 1
        if first[0] != "start_map":
            skip(events, first)
            return
        entry: JsonFields = {}
        socket = _Socket(self._sockets + 1)
        for key in keys(events):
            value = next(events)
            if key == _MESSAGES and value[0] == "start_array":
                entry[key] = True
                yield from self._messages(events, socket)
            elif key in ("request", "response") and value[0] == "start_map":
                entry[key] = build_half(events)
            elif key in _KEPT:
                entry[key] = build(events, value)
            else:
                skip(events, value)
        if not _is_websocket(entry):
            url = fields_of(entry, "request").get("url")
            if isinstance(url, str):
                yield exchange_of_entry(entry, url, _started(entry.get("startedDateTime")))
            return
        self._sockets += 1
        attached = fields_of(fields_of(entry, "response"), "content").get("_file")
        if _MESSAGES not in entry and isinstance(attached, str):
            yield from self._attached(attached, socket)
        yield from socket.ends(entry)

    def _messages(self, events: JsonEvents, socket: _Socket) -> Iterator[Record]:
        for first in elements(events):
            message: JsonFields = {}
            if first[0] == "start_map":
                key = ""
                for event, value in events:
                    if event == "map_key":
                        key = value
                    elif event == "end_map":
                        break
                    elif event == "start_map" or event == "start_array":
                        skip(events, (event, value))
                    else:
                        message[key] = value
            else:
                skip(events, first)
            frame = socket.frame(message)
            if isinstance(frame, str):
                place = f"entry {self._entries}, message {socket.messages}"
                raise BadCapture(self._file.name, frame, step=place)
            if frame is not None:
                yield frame

    def _attached(self, name: str, socket: _Socket) -> Iterator[Record]:
        """The messages in the file that an entry names."""
        with self._file.open_neighbour(name) as stream:
            if stream is None:
                problem = f"its messages are in {name}, which is not beside it"
                raise BadCapture(
                    self._file.name,
                    problem,
                    step=f"entry {self._entries}",
                    hint="put that file beside the HAR",
                )
            for number, line in enumerate(read_lines(stream, file=name), 1):
                if line.isspace():
                    continue
                json_line = JsonLine(name, number, line.strip())
                frame = socket.frame(json_line.fields)
                if isinstance(frame, str):
                    raise json_line.error(frame)
                if frame is not None:
                    yield frame


class _Socket:
    """One WebSocket: what its messages tell of its end."""

    def __init__(self, connection: int) -> None:
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
        started = _started(entry.get("startedDateTime"))
        yield ConnectionOpened(self._connection, _url(request), *started, "har", "messages")
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
        if self.messages == 0 and response.get("status") != _SWITCHING_PROTOCOLS:
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


def _is_websocket(entry: JsonFields) -> bool:
    if _MESSAGES in entry or entry.get("_resourceType") == "websocket":
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


def _started(value: object) -> HarTime:
    try:
        at_us = parse_iso_utc(value) if isinstance(value, str) else None
    except ValueError:
        at_us = None
    return HarTime(None, None) if at_us is None else har_time(at_us / 1_000_000)


HAR = CaptureFormat(
    name="har",
    title="HAR of Chrome, Edge, Playwright, mitmproxy, HTTP Toolkit or gori",
    source="har",
    made_by="DevTools, opened before the page: Network, Export HAR",
    lacks="control frames, fragments and masks; with Chrome and Playwright also how a connection closed",
    recognise=_recognise,
    read=_read,
)
