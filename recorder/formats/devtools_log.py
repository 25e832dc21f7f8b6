"""Logs of DevTools Protocol events: ``Network.webSocket…``, written by a program that drives a browser.

One event a line or an array of them, as ``{"method": …, "params": …}``; the debug logs of Playwright and
Puppeteer, with words before each event; and the performance log of ChromeDriver, with the event in a string.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping

from recorder.errors import BadCapture
from recorder.wire.records import Record

from .capture_file import CaptureFile
from .capture_format import CaptureFormat, Notify
from .devtools_events import DevToolsSockets
from .json_stream import build, elements, json_events
from .lines import JsonLine, read_lines, without_blanks

_BEGINS = re.compile(rb"\s*\[?\s*\{[^\n]{0,2000}?\\?\"method\\?\"\s*:\s*\\?\"[A-Z]\w+\.\w")
_SPREAD = re.compile(rb"\s*\[\s*\{\s*\"(?:method|params|sessionId)\"\s*:")
_DEBUG = re.compile(
    rb"(?:[^{\n]*\n)*[^{\n]*(?:RECV|SEND|protocol)[^{\n]*\{\s*\"(?:id|method|sessionId)\"\s*:"
)
_OTHERS = re.compile(rb"\s*\{\s*\"(?:sender|recorder|kind|connection)\"")


class _EverySocket:
    """All are read; which of them are imported is chosen later."""

    def wants_url(self, url: str) -> bool:
        return True

    def wants_payload(self, payload: bytes) -> bool:
        return True


def _recognise(file: CaptureFile) -> bool:
    beginning = file.beginning
    if _OTHERS.match(beginning):
        return False
    return any(pattern.match(beginning) for pattern in (_BEGINS, _SPREAD, _DEBUG))


def _read(file: CaptureFile, say: Notify) -> Iterator[Record]:
    sockets = DevToolsSockets(_EverySocket(), numbers=itertools.count(1), connections=itertools.count(1))
    in_array = file.beginning.lstrip()[:1] == b"["
    for value in _elements(file) if in_array else _lines(file):
        event, owner = _event_of(value)
        method, params = event.get("method"), event.get("params")
        if isinstance(method, str) and isinstance(params, dict):
            session = event.get("sessionId", owner)
            yield from sockets.feed(session if isinstance(session, str) else "", method, params)


def _elements(file: CaptureFile) -> Iterator[object]:
    events = json_events(file)
    next(events)
    for first in elements(events):
        yield build(events, first)
    for _ in events:  # so that what follows the array is told
        pass


def _lines(file: CaptureFile) -> Iterator[object]:
    for number, line in enumerate(read_lines(file.open(), file=file.name), 1):
        text = without_blanks(line, file=file.name, number=number)
        at = text.find(b"{")
        if at == 0:
            yield JsonLine(file.name, number, text).fields
        elif at > 0:
            yield _after_words(file.name, number, text[at:])


def _after_words(file: str, number: int, text: bytes) -> object:
    """The object with which a line of a log ends; None if it ends otherwise."""
    try:
        return JsonLine(file, number, text).fields
    except BadCapture:
        return None


def _event_of(value: object) -> tuple[Mapping[str, object], str]:
    """An event, and the target it came from where something around it says so."""
    if not isinstance(value, dict):
        return {}, ""
    told = value.get("message")
    if "method" in value or not isinstance(told, str):
        return value, ""
    try:
        within = json.loads(told)
    except (ValueError, RecursionError):
        return {}, ""
    event = within.get("message") if isinstance(within, dict) else None
    return (event, str(within.get("webview", ""))) if isinstance(event, dict) else ({}, "")


CDP = CaptureFormat(
    name="cdp",
    title="log of DevTools Protocol events, of Puppeteer, Playwright, ChromeDriver or your own program",
    source="cdp",
    made_by='write {"method": …, "params": …} a line for each event of Network; DEBUG=pw:protocol',
    lacks="control frames, fragments and masks; close codes and who closed; requests beside the WebSockets",
    recognise=_recognise,
    read=_read,
)
