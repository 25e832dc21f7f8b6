"""A small capture of one conversation in the shape of each format that is imported."""

from __future__ import annotations

import io
import json
import zipfile

from builders.flows import http_flow, typed, websocket_state
from builders.netlog import NetLogFile, switched, upgrade

from recorder.wire.frames import Opcode, Side, encode
from recorder.wire.records import RecordedFrame

URL = "wss://va.msg.liveperson.net/ws_api/account/1/messaging/consumer?v=3"
START_US = 1_769_860_800_000_000

Message = tuple[Side, bytes]
"""Who sent it, and the text."""

CONVERSATION: tuple[Message, ...] = (
    (Side.CLIENT, b'{"kind":"req","id":"1","type":"InitConnection"}'),
    (Side.SERVICE, b'{"kind":"resp","reqId":"1","code":200}'),
    (Side.CLIENT, '{"kind":"req","id":"2","type":"GetClock","body":"é \U0001f600 \\" \\u0000"}'.encode()),
    (Side.SERVICE, b'{"kind":"notification","type":"x","body":{}}'),
)


def har(messages: tuple[Message, ...] = CONVERSATION, *, unit: int = 1) -> bytes:
    """As Chrome writes it, or with ``unit=1000`` Playwright; pretty-printed, messages before the request."""
    written = [
        {
            "type": "send" if sender is Side.CLIENT else "receive",
            "time": (START_US + place) * unit / 1_000_000,
            "opcode": 1,
            "data": text.decode(),
        }
        for place, (sender, text) in enumerate(messages)
    ]
    entry = {
        "_webSocketMessages": written,
        "startedDateTime": "2026-01-31T12:00:00.000Z",
        "request": {"method": "GET", "url": URL, "headers": [{"name": "Origin", "value": "https://x"}]},
        "response": {"status": 101, "headers": []},
    }
    page = {"request": {"method": "GET", "url": "https://x/"}, "response": {"status": 200, "content": {}}}
    whole = {"log": {"version": "1.2", "creator": {"name": "WebInspector"}, "entries": [page, entry]}}
    return json.dumps(whole, indent=1, ensure_ascii=False).encode()


def jsonl(messages: tuple[Message, ...] = CONVERSATION) -> bytes:
    """As ``session export`` writes it, with fewer keys."""
    lines: list[dict[str, object]] = [{"recorder": 1, "name": "by hand"}, {"connection": 1, "url": URL}]
    lines += [
        {"connection": 1, "sender": sender.value, "at": (START_US + place) / 1_000_000, "text": text.decode()}
        for place, (sender, text) in enumerate(messages)
    ]
    return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)


def netlog(messages: tuple[Message, ...] = CONVERSATION) -> bytes:
    """As Chromium writes it: the client's frames masked, two frames of the service in one piece."""
    log = NetLogFile().sent(7, 1, upgrade()).received(7, 1, switched())
    for at_ms, (sender, text) in enumerate(messages, 2):
        if sender is Side.CLIENT:
            log.sent(7, at_ms, encode(1, text, mask=b"mask"))
        else:
            log.received(7, at_ms, encode(1, text))
    return log.closed(7, len(messages) + 2).text().encode()


def mitmproxy(messages: tuple[Message, ...] = CONVERSATION) -> bytes:
    """As mitmdump -w writes it: a request, then the WebSocket."""
    start_s = START_US / 1_000_000
    page = http_flow("https://x/", start_s=start_s)
    state = websocket_state(list(messages), start_us=START_US)
    return typed(page) + typed(http_flow(URL, start_s=start_s, websocket=state))


def cdp(messages: tuple[Message, ...] = CONVERSATION) -> bytes:
    """As a program writes the events of a browser: one a line, times in seconds since the machine started."""
    request = {"headers": {"Host": "va.msg.liveperson.net"}}
    opened = {"timestamp": 9.0, "wallTime": START_US / 1_000_000, "request": request}
    events: list[tuple[str, dict[str, object]]] = [
        ("Created", {"url": URL}),
        ("WillSendHandshakeRequest", opened),
        ("HandshakeResponseReceived", {"timestamp": 9.1, "response": {"status": 101, "headers": {}}}),
    ]
    for place, (sender, text) in enumerate(messages):
        told = {"timestamp": 9.2 + place, "response": {"opcode": 1, "payloadData": text.decode()}}
        events.append(("FrameSent" if sender is Side.CLIENT else "FrameReceived", told))
    events.append(("Closed", {"timestamp": 99.0}))
    lines = (
        {"method": f"Network.webSocket{name}", "params": {"requestId": "1.2", **params}, "sessionId": "AB"}
        for name, params in events
    )
    return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)


def playwright(messages: tuple[Message, ...] = CONVERSATION) -> bytes:
    """As Playwright writes a trace: the messages in a file of their own. It leaves out empty ones."""
    lines = (
        {
            "type": "send" if sender is Side.CLIENT else "receive",
            "time": (START_US + place) / 1_000,
            "opcode": 1,
            "data": text.decode(),
        }
        for place, (sender, text) in enumerate(messages)
    )
    entry = {
        "startedDateTime": "2026-01-31T12:00:00.000Z",
        "request": {"method": "GET", "url": URL, "httpVersion": "HTTP/1.1", "headers": []},
        "response": {"status": 101, "headers": [], "content": {"_file": "resources/ab.jsonl"}},
        "_resourceType": "websocket",
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as whole:
        whole.writestr("trace.trace", "{}\n")
        whole.writestr("trace.network", json.dumps({"type": "resource-snapshot", "snapshot": entry}) + "\n")
        whole.writestr("resources/ab.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    return made.getvalue()


def envelopes(messages: tuple[Message, ...] = CONVERSATION) -> bytes:
    """One a line."""
    return b"".join(text + b"\n" for _, text in messages)


def wscat(messages: tuple[Message, ...] = CONVERSATION) -> bytes:
    """As a terminal shows it."""
    lines = (b"> " + text if sender is Side.CLIENT else b"< " + text for sender, text in messages)
    end = b'Disconnected (code: 1000, reason: "")'
    return b"\n".join((b"Connected (press CTRL+C to quit)", *lines, end, b""))


def log(messages: tuple[Message, ...] = CONVERSATION) -> bytes:
    """As a bot logs what it sends and gets."""
    lines = (
        b"2026-01-31 12:00:00,%06d DEBUG ws %s %s\n"
        % (place, b">>" if sender is Side.CLIENT else b"<<", text)
        for place, (sender, text) in enumerate(messages)
    )
    return b"".join((f"2026-01-31 11:59:59,9 INFO connecting to {URL}\n".encode(), *lines))


CAPTURES = {
    "har": har,
    "netlog": netlog,
    "mitmproxy": mitmproxy,
    "playwright": playwright,
    "cdp": cdp,
    "envelopes": envelopes,
    "wscat": wscat,
    "log": log,
    "jsonl": jsonl,
}
"""By the name of the format."""

OF_ENVELOPES = ("envelopes", "wscat", "log")
"""Formats that hold no other texts, or not with any line breaks."""


def texts_of(frames: list[RecordedFrame]) -> list[Message]:
    """The text frames, as they went into a capture."""
    return [(frame.sender, frame.payload) for frame in frames if frame.opcode == Opcode.TEXT]
