"""NetLogs in the form in which Chromium writes them: for what no browser here does by itself."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path

from recorder.wire.handshake import accept_for

NAMES = (
    "SOCKET_ALIVE", "SOCKET_BYTES_SENT", "SOCKET_BYTES_RECEIVED", "SSL_SOCKET_BYTES_SENT",
    "SSL_SOCKET_BYTES_RECEIVED", "REQUEST_ALIVE", "URL_REQUEST_START_JOB",
    "HTTP_TRANSACTION_SEND_REQUEST_HEADERS", "HTTP_TRANSACTION_READ_RESPONSE_HEADERS",
    "URL_REQUEST_JOB_FILTERED_BYTES_READ", "HTTP_STREAM_JOB",
)  # fmt: skip
TYPES = {name: number for number, name in enumerate(NAMES, 30)}
TICK_OFFSET_MS = 1_769_860_800_000
BEGIN, END, NONE = 1, 2, 0
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
URL = "ws_api/account/1/messaging/consumer?v=3"


def upgrade(target: str = f"/{URL}", host: str = "va.msg.liveperson.net", *, extensions: str = "") -> bytes:
    """A request that asks for a WebSocket."""
    lines = [
        f"GET {target} HTTP/1.1", f"Host: {host}", "Connection: Upgrade", "Upgrade: websocket",
        "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {KEY}",
        *([f"Sec-WebSocket-Extensions: {extensions}"] if extensions else []), "", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


def switched(*, extensions: str = "") -> bytes:
    """The answer that grants it."""
    lines = [
        "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept_for(KEY)}",
        *([f"Sec-WebSocket-Extensions: {extensions}"] if extensions else []), "", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


class NetLogFile:
    """A NetLog, event by event; times are in milliseconds since the first tick."""

    def __init__(self, **constants: object) -> None:
        self.constants: Mapping[str, object] = {
            "logEventPhase": {"PHASE_BEGIN": BEGIN, "PHASE_END": END, "PHASE_NONE": NONE},
            "logEventTypes": TYPES,
            "timeTickOffset": TICK_OFFSET_MS,
            "logCaptureMode": "Everything",
            **constants,
        }
        self.events: list[object] = []

    def event(self, name: str, source: int, at_ms: int, phase: int = NONE, **params: object) -> NetLogFile:
        made = {
            "phase": phase, "source": {"id": source, "start_time": "0", "type": 8}, "time": str(at_ms),
            "type": TYPES[name],
        }  # fmt: skip
        self.events.append({"params": params, **made} if params else made)
        return self

    def sent(self, source: int, at_ms: int, data: bytes, *, tls: bool = True) -> NetLogFile:
        return self._bytes("SENT", source, at_ms, data, tls)

    def received(self, source: int, at_ms: int, data: bytes, *, tls: bool = True) -> NetLogFile:
        return self._bytes("RECEIVED", source, at_ms, data, tls)

    def closed(self, source: int, at_ms: int) -> NetLogFile:
        return self.event("SOCKET_ALIVE", source, at_ms, END)

    def _bytes(self, way: str, source: int, at_ms: int, data: bytes, tls: bool) -> NetLogFile:
        name = f"{'SSL_' if tls else ''}SOCKET_BYTES_{way}"
        encoded = base64.b64encode(data).decode()
        return self.event(name, source, at_ms, byte_count=len(data), bytes=encoded)

    def text(self) -> str:
        """As Chromium writes it: an event a line."""
        events = ",\n".join(json.dumps(event, separators=(",", ":")) for event in self.events)
        constants = json.dumps(self.constants, separators=(",", ":"))
        return f'{{"constants":{constants},\n"events": [\n{events}],\n"polledData": {{}}}}\n'

    def save(self, path: Path, *, cut: int | None = None) -> Path:
        """Write it; without its last ``cut`` characters."""
        text = self.text()
        path.write_text(text if cut is None else text[:-cut])
        return path
