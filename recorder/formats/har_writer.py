"""A session as a HAR 1.2 file that Chrome DevTools and HTTP Toolkit open with the messages of its WebSockets.

The keys are those of Chrome (``_webSocketMessages``) and HTTP Toolkit (``_webSocketClose``); DevTools wants
all sizes as numbers, and passes over a message without time, opcode or data. What a HAR has no place for is
in keys of our own, or said in its comment.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from urllib.parse import parse_qsl, urlsplit

import orjson

from recorder.wire.frames import Opcode, Side
from recorder.wire.handshake import SWITCHING_PROTOCOLS, Headers
from recorder.wire.payloads import Payload, PayloadAssembler
from recorder.wire.records import ConnectionInfo, HttpExchange, RecordedFrame, iso_utc

from .lines import JsonFields

COMMENT = (
    "A HAR holds messages, not frames: fragments are joined; masks, heads of frames, extensions and what "
    "came compressed are left out. Pings, pongs and Close frames are in _webSocketControlFrames, how a "
    "connection ended in _webSocketClose and _webSocketClosedBy. Messages without a time have 0. A text "
    "that is not UTF-8 is in base64 and has an encoding."
)
_TYPES = {Side.CLIENT: "send", Side.SERVICE: "receive"}
_EPOCH = "1970-01-01T00:00:00.000000Z"
_HTTP = "HTTP/1.1"

FramesOf = Callable[[int], Iterable[RecordedFrame]]
"""The frames of one connection, by its number, in order; asked for anew each time."""


def write(
    connections: Sequence[ConnectionInfo],
    frames_of: FramesOf,
    *,
    exchanges: Sequence[HttpExchange] = (),
    version: str,
) -> Iterator[bytes]:
    """Yield the file in pieces; a piece holds one message at most."""
    creator = {"name": "recorder", "version": version}
    log: JsonFields = {"version": "1.2", "creator": creator, "pages": [], "comment": COMMENT}
    yield b'{"log":' + _opened(log) + b',"entries":['
    refused = {each.connection: each for each in exchanges if each.connection is not None}
    between = b"\n"
    for exchange in exchanges:
        if exchange.connection is None:
            yield between + orjson.dumps(_exchange_entry(exchange))
            between = b",\n"
    for connection in connections:
        yield between + _opened(_connection_entry(connection, refused.get(connection.connection)))
        yield from _messages(frames_of(connection.connection))
        yield from _control_frames(frames_of(connection.connection))
        yield b"}"
        between = b",\n"
    yield b"\n]}}\n"


def _opened(fields: JsonFields) -> bytes:
    """An object without its end."""
    return orjson.dumps(fields)[:-1]


# --- messages ---------------------------------------------------------------------------------------------


def _messages(frames: Iterable[RecordedFrame]) -> Iterator[bytes]:
    yield b',"_webSocketMessages":['
    between = b"\n"
    assembler = PayloadAssembler()
    for frame in frames:
        payload = assembler.feed(frame)
        if payload is not None:
            yield between + orjson.dumps(_message(payload))
            between = b",\n"
    for payload in assembler.unfinished():
        yield between + orjson.dumps({**_message(payload), "_unfinished": True})
        between = b",\n"
    yield b"]"


def _message(payload: Payload) -> JsonFields:
    fields: JsonFields = {
        "type": _TYPES[payload.sender],
        "time": _seconds(payload.at_us, payload.offset_us),
        "opcode": payload.opcode,
    }
    if payload.opcode == Opcode.TEXT:
        try:
            return {**fields, "data": payload.data.decode()}
        except UnicodeDecodeError:
            fields["encoding"] = "base64"
    return {**fields, "data": b64encode(payload.data).decode()}


def _control_frames(frames: Iterable[RecordedFrame]) -> Iterator[bytes]:
    yield b',"_webSocketControlFrames":['
    between = b"\n"
    for frame in frames:
        if frame.opcode < Opcode.CLOSE:
            continue
        fields = {
            "type": _TYPES[frame.sender],
            "time": _seconds(frame.at_us, frame.offset_us),
            "opcode": frame.opcode,
            "data": b64encode(frame.payload).decode(),
        }
        yield between + orjson.dumps(fields)
        between = b",\n"
    yield b"]"


def _seconds(at_us: int | None, offset_us: int | None) -> float:
    """Of the epoch; where the wall clock is not known, monotonic seconds, as Chrome writes them then."""
    known_us = at_us if at_us is not None else offset_us
    return 0 if known_us is None else known_us / 1_000_000


# --- entries ----------------------------------------------------------------------------------------------


def _connection_entry(info: ConnectionInfo, refusal: HttpExchange | None) -> JsonFields:
    started_us, ended_us = info.opened_at_us, info.closed_at_us
    status = info.response_status
    line = (info.request_line or "").split(" ")
    url = info.url or "ws://unknown.invalid/"
    entry: JsonFields = {
        "_resourceType": "websocket",
        "connection": str(info.connection),
        **_timing(started_us, ended_us, passed_in="receive" if status == SWITCHING_PROTOCOLS else "wait"),
        "request": _request(line[0] or "GET", url, info.request_headers),
        "response": _response(status, info.response_headers, refusal),
    }
    if info.how == "closed" and info.close_code is not None:
        closing: JsonFields = {"code": info.close_code, "reason": info.close_reason or ""}
        if ended_us is not None:
            closing["timestamp"] = ended_us / 1_000_000
        entry["_webSocketClose"] = closing
    elif info.how == "closed":
        entry["_webSocketClose"] = {"code": 1005, "reason": "", "timestamp": _seconds(ended_us, None)}
    elif info.how in ("lost", "failed") and status == SWITCHING_PROTOCOLS:
        entry["_webSocketClose"] = "aborted"
    if info.closed_by is not None:
        entry["_webSocketClosedBy"] = info.closed_by.value
    if info.detail is not None:
        entry["_error"] = info.detail
    return entry


def _exchange_entry(exchange: HttpExchange) -> JsonFields:
    request = _request(exchange.method, exchange.url, ())
    if exchange.request_body is not None or exchange.request_type is not None:
        text = (exchange.request_body or b"").decode("utf-8", "replace")
        request["postData"] = {"mimeType": exchange.request_type or "", "params": [], "text": text}
        request["bodySize"] = -1 if exchange.request_size is None else exchange.request_size
    return {
        "_resourceType": "fetch",
        **_timing(exchange.at_us, exchange.answered_at_us),
        "request": request,
        "response": _response(exchange.status, (), exchange),
    }


def _timing(started_us: int | None, ended_us: int | None, *, passed_in: str = "wait") -> JsonFields:
    """All of the time is one phase's; a WebSocket is accepted at once, since when it was is not known."""
    known = started_us is not None and ended_us is not None
    time_ms = max(ended_us - started_us, 0) / 1_000 if known else 0  # type: ignore[operator]  # both are known
    timings = {"blocked": -1, "dns": -1, "connect": -1, "ssl": -1, "send": 0, "wait": 0, "receive": 0}
    timings[passed_in] = time_ms  # type: ignore[assignment]
    return {
        "startedDateTime": iso_utc(started_us) if started_us is not None else _EPOCH,
        "time": time_ms,
        "timings": timings,
        "cache": {},
    }


def _request(method: str, url: str, headers: Headers) -> JsonFields:
    return {
        "method": method,
        "url": url,
        "httpVersion": _HTTP,
        "headers": _headers(headers),
        "queryString": _query(url),
        "cookies": [],
        "headersSize": -1,
        "bodySize": 0,
    }


def _response(status: int | None, headers: Headers, exchange: HttpExchange | None) -> JsonFields:
    content: JsonFields = {"size": 0, "mimeType": "x-unknown"}
    size = -1
    if exchange is not None:
        size = -1 if exchange.response_size is None else exchange.response_size
        body = exchange.response_body or b""
        content = {"size": max(size, len(body)), "mimeType": exchange.response_type or "x-unknown"}
        content["text"] = body.decode("utf-8", "replace")
    return {
        "status": status or 0,
        "statusText": "Switching Protocols" if status == SWITCHING_PROTOCOLS else "",
        "httpVersion": _HTTP,
        "headers": _headers(headers),
        "cookies": [],
        "content": content,
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": size,
    }


def _headers(headers: Headers) -> list[JsonFields]:
    return [{"name": name, "value": value} for name, value in headers]


def _query(url: str) -> list[JsonFields]:
    try:
        query = urlsplit(url).query
        return [{"name": name, "value": value} for name, value in parse_qsl(query, keep_blank_values=True)]
    except ValueError:
        return []
