"""HAR files with the messages of WebSockets: of Chrome and Edge, Playwright, mitmproxy, HTTP Toolkit, gori.

The messages stand in ``_webSocketMessages`` of an entry, or in a file of JSON lines that the entry names
(Playwright, with attached content). HAR 1.2 itself knows no WebSockets; each program adds its own keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from recorder.errors import BadCapture
from recorder.wire.records import (
    Record,
)

from .capture_file import CaptureFile
from .capture_format import CaptureFormat, Notify
from .har_exchange import build_half, exchange_of_entry, fields_of
from .har_socket import MESSAGES, HarSocket, attached_messages, is_websocket, started_at
from .json_stream import JsonEvent, JsonEvents, build, elements, json_events, keys, skip
from .lines import JsonFields

_BEGINS = re.compile(rb'\s*\{\s*(?:"(?:_|\$)?\w+"\s*:\s*(?:"[^"]*"|[\d.]+)\s*,\s*)*"log"\s*:\s*\{')
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


def _recognise(file: CaptureFile) -> bool:
    return _BEGINS.match(file.beginning) is not None


def _read(file: CaptureFile, say: Notify) -> Iterator[Record]:
    events = json_events(file, halves=True)
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
        socket = HarSocket(self._sockets + 1)
        for key in keys(events):
            value = next(events)
            if key == MESSAGES and value[0] == "start_array":
                entry[key] = True
                yield from self._messages(events, socket)
            elif key in ("request", "response") and value[0] == "start_map":
                entry[key] = build_half(events)
            elif key in _KEPT:
                entry[key] = build(events, value)
            else:
                skip(events, value)
        if not is_websocket(entry):
            url = fields_of(entry, "request").get("url")
            if isinstance(url, str):
                yield exchange_of_entry(entry, url, started_at(entry.get("startedDateTime")))
            return
        self._sockets += 1
        attached = fields_of(fields_of(entry, "response"), "content").get("_file")
        if MESSAGES not in entry and isinstance(attached, str):
            yield from self._attached(attached, socket)
        yield from socket.ends(entry)

    def _messages(self, events: JsonEvents, socket: HarSocket) -> Iterator[Record]:
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

    def _attached(self, name: str, socket: HarSocket) -> Iterator[Record]:
        """The messages in the file that an entry names."""
        with self._file.open_external(name) as stream:
            if stream is None:
                problem = f"its messages are in {name}, which is not beside it"
                raise BadCapture(
                    self._file.name,
                    problem,
                    step=f"entry {self._entries}",
                    hint="put that file beside the HAR",
                )
            yield from attached_messages(stream, name, socket)


HAR = CaptureFormat(
    name="har",
    title="HAR of Chrome, Edge, Playwright, mitmproxy, HTTP Toolkit or gori",
    source="har",
    made_by="DevTools, opened before the page: Network, Export HAR",
    lacks="control frames, fragments and masks; with Chrome and Playwright also how a connection closed",
    recognise=_recognise,
    read=_read,
)
