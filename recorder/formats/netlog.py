"""NetLogs of Chromium, Chrome, Edge and Electron: every byte that crossed the browser's sockets.

A WebSocket is a socket over which an upgrade request was sent. What else went over it before, and over other
sockets, is skipped. The events and their numbers are Chromium's (net/log/net_log_event_type_list.h).
"""

from __future__ import annotations

import itertools
import re
from binascii import a2b_base64
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from recorder.errors import BadCapture
from recorder.wire.frames import Side
from recorder.wire.records import Record

from .capture_file import CaptureFile
from .capture_format import CaptureFormat, Notify
from .json_stream import JsonEnded, build, items, json_events, keys, skip
from .lines import JsonFields
from .netlog_request import NetlogRequest
from .upgraded_socket import SocketMoment, UpgradedSocket

_BEGINS = re.compile(rb'\s*\{\s*"(?:constants|events)"\s*:\s*[\[{]')
_CONSTANTS = ("logEventTypes", "logEventPhase", "timeTickOffset", "logCaptureMode")
_BYTES = {
    "SOCKET_BYTES_SENT": (Side.CLIENT, False),
    "SOCKET_BYTES_RECEIVED": (Side.SERVICE, False),
    "SSL_SOCKET_BYTES_SENT": (Side.CLIENT, True),
    "SSL_SOCKET_BYTES_RECEIVED": (Side.SERVICE, True),
}
_AGAIN = (
    'record it again with --net-log-capture-mode=Everything, or "Include raw bytes" at chrome://net-export'
)

Handler = Callable[[int, JsonFields, SocketMoment, bool], Sequence[Record]]


def _recognise(file: CaptureFile) -> bool:
    return _BEGINS.match(file.beginning) is not None


def _read(file: CaptureFile, say: Notify) -> Iterator[Record]:
    reader = _NetlogReader(file, _constants(file))
    try:
        for number, event in enumerate(items(file, "events.item"), 1):
            yield from reader.event(number, event)
    except JsonEnded:
        say(f"{file.name} ends in the middle, as where a browser was killed; it is read up to there")
    yield from reader.end()
    reader.check_bytes()
    if count := reader.without_bytes:
        say(f"{file.name}: {count} WebSockets went over HTTP/2: their frames are not in a NetLog")


def _constants(file: CaptureFile) -> JsonFields:
    """What is needed of "constants", which Chromium writes first. Raises BadCapture without them."""
    events = json_events(file)
    next(events)
    found: JsonFields = {}
    for key in keys(events):
        first = next(events)
        if key != "constants" or first[0] != "start_map":
            skip(events, first)
            continue
        for name in keys(events):
            value = next(events)
            if name in _CONSTANTS:
                found[name] = build(events, value)
            else:
                skip(events, value)
        break
    if not isinstance(found.get("logEventTypes"), dict):
        raise BadCapture(file.name, 'it is no NetLog: its "constants" have no "logEventTypes"')
    return found


class _NetlogReader:
    """The sockets and requests of one file that are open."""

    def __init__(self, file: CaptureFile, constants: JsonFields) -> None:
        self._file = file
        self._tick_us = _tick_us(constants.get("timeTickOffset"))
        self._mode = constants.get("logCaptureMode")
        self._sockets: dict[tuple[int, bool], UpgradedSocket] = {}
        self._requests: dict[int, NetlogRequest] = {}
        self._connections = itertools.count(1)
        self._seen_bytes = self._missed_bytes = False
        self.without_bytes = 0
        phases, types = constants.get("logEventPhase"), constants["logEventTypes"]
        known = phases if isinstance(phases, dict) else {}
        self._end = known.get("PHASE_END", 2)
        self._handlers = self._handlers_of(types if isinstance(types, dict) else {})

    def _handlers_of(self, types: dict[str, Any]) -> dict[int, Handler]:
        by_name: dict[str, Handler] = {
            **{name: self._bytes_of(*side_and_tls) for name, side_and_tls in _BYTES.items()},
            "SOCKET_ALIVE": self._on_socket,
            "URL_REQUEST_START_JOB": self._on_start,
            "HTTP_TRANSACTION_SEND_REQUEST_HEADERS": self._on_request_headers,
            "HTTP_TRANSACTION_HTTP2_SEND_REQUEST_HEADERS": self._on_request_headers,
            "HTTP_TRANSACTION_QUIC_SEND_REQUEST_HEADERS": self._on_request_headers,
            "HTTP_TRANSACTION_READ_RESPONSE_HEADERS": self._on_response_headers,
            "URL_REQUEST_JOB_FILTERED_BYTES_READ": self._on_body,
            "REQUEST_ALIVE": self._on_request,
        }
        return {types[name]: handler for name, handler in by_name.items() if name in types}

    def event(self, number: int, event: Any) -> Sequence[Record]:
        """The records that one event completes. Raises ``BadCapture`` if it is none."""
        try:
            handler = self._handlers.get(event["type"])
            if handler is None:
                return ()
            ticks_us = int(event["time"]) * 1_000
            when = SocketMoment(None if self._tick_us is None else self._tick_us + ticks_us, ticks_us)
            params = event.get("params")
            known = params if isinstance(params, dict) else {}
            return handler(int(event["source"]["id"]), known, when, event.get("phase") == self._end)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            problem = 'it is no event with "type", "time", "source" and what belongs to it'
            raise BadCapture(self._file.name, problem, step=f"event {number}") from None

    def end(self) -> Iterator[Record]:
        """What is left when the file ends: its sockets and requests were still open."""
        for socket in self._sockets.values():
            yield from socket.unfinished()
        for request in self._requests.values():
            yield from request.end()

    def check_bytes(self) -> None:
        """Raise ``BadCapture`` if the log was made without the bytes."""
        if self._missed_bytes and not self._seen_bytes:
            mode = f' (capture mode "{self._mode}")' if isinstance(self._mode, str) else ""
            raise BadCapture(self._file.name, f"it was recorded without the raw bytes{mode}", hint=_AGAIN)

    # Sockets ------------------------------------------------------------------------------------------------

    def _bytes_of(self, sender: Side, tls: bool) -> Handler:
        def handler(source: int, params: JsonFields, when: SocketMoment, _: bool) -> Sequence[Record]:
            encoded = params.get("bytes")
            if not isinstance(encoded, str):
                self._missed_bytes = self._missed_bytes or bool(params.get("byte_count"))
                return ()
            self._seen_bytes = True
            data = a2b_base64(encoded, strict_mode=True)
            socket = self._sockets.get((source, tls))
            if socket is None:
                if sender is Side.SERVICE or not data.startswith(b"GET "):
                    return ()
                socket = self._sockets[source, tls] = UpgradedSocket(self._connections, tls=tls)
            records = socket.feed(sender, data, when)
            if socket.is_idle:
                del self._sockets[source, tls]
            return records

        return handler

    def _on_socket(self, source: int, _: JsonFields, when: SocketMoment, ended: bool) -> Sequence[Record]:
        if not ended:
            return ()
        closed = [self._sockets.pop((source, tls), None) for tls in (True, False)]
        return [record for socket in closed if socket is not None for record in socket.end(when)]

    # Requests -----------------------------------------------------------------------------------------------

    def _on_start(self, source: int, params: JsonFields, when: SocketMoment, ended: bool) -> Sequence[Record]:
        if ended or not isinstance(url := params.get("url"), str):
            return ()
        redirected = self._requests.pop(source, None)
        self._requests[source] = NetlogRequest(str(params.get("method", "GET")), url, when)
        return () if redirected is None else redirected.end()

    def _on_request_headers(
        self, source: int, params: JsonFields, when: SocketMoment, ended: bool
    ) -> Sequence[Record]:
        if (request := self._requests.get(source)) is not None:
            request.sent(params.get("headers"))
        return ()

    def _on_response_headers(
        self, source: int, params: JsonFields, when: SocketMoment, ended: bool
    ) -> Sequence[Record]:
        if (request := self._requests.get(source)) is not None:
            request.answered(params.get("headers"), when)
        return ()

    def _on_body(self, source: int, params: JsonFields, when: SocketMoment, ended: bool) -> Sequence[Record]:
        encoded = params.get("bytes")
        if isinstance(encoded, str) and (request := self._requests.get(source)) is not None:
            request.received(a2b_base64(encoded, strict_mode=True))
        return ()

    def _on_request(self, source: int, _: JsonFields, when: SocketMoment, ended: bool) -> Sequence[Record]:
        request = self._requests.pop(source, None) if ended else None
        if request is None:
            return ()
        self.without_bytes += request.is_websocket_over_http2
        return request.end()


def _tick_us(value: object) -> int | None:
    """``timeTickOffset``: the wall clock at tick 0, in milliseconds; older logs write it as text."""
    try:
        return int(value) * 1_000 if isinstance(value, int | float | str) else None
    except (ValueError, OverflowError):
        return None


NETLOG = CaptureFormat(
    name="netlog",
    title="NetLog of Chromium, Chrome, Edge or Electron",
    source="netlog",
    made_by="chromium --log-net-log=FILE --net-log-capture-mode=Everything",
    lacks="nothing of the bytes; times are whole milliseconds; WebSockets over HTTP/2 are not in it",
    recognise=_recognise,
    read=_read,
)
