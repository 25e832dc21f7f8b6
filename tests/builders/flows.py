"""Flow files as mitmproxy writes them, in the order in which it writes the parts of a flow."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from recorder.wire.frames import Side

Message = tuple[Side, bytes]


def typed(value: Any) -> bytes:
    """A value as a typed netstring, the parts of a dictionary last first, as mitmproxy has them."""
    if value is None:
        data, tag = b"", b"~"
    elif isinstance(value, bool):
        data, tag = str(value).lower().encode(), b"!"
    elif isinstance(value, int | float):
        data, tag = repr(value).encode(), b"#" if isinstance(value, int) else b"^"
    elif isinstance(value, str | bytes):
        data, tag = (value, b",") if isinstance(value, bytes) else (value.encode(), b";")
    elif isinstance(value, dict):
        parts = (typed(key) + typed(part) for key, part in reversed(value.items()))
        data, tag = b"".join(parts), b"}"
    else:
        data, tag = b"".join(map(typed, value)), b"]"
    return b"%d:%s%s" % (len(data), data, tag)


def http_flow(url: str, *, start_s: float, client: str = "c1", **parts: Any) -> dict[str, Any]:
    """The flow of a request; an upgrade if its address is that of a WebSocket."""
    address = urlsplit(url)
    upgrade = address.scheme in ("ws", "wss")
    host, path = address.netloc.encode(), f"{address.path}?{address.query}".rstrip("?").encode()
    headers = [[b"Host", host], *([[b"Upgrade", b"websocket"]] if upgrade else [])]
    request = {
        "http_version": b"HTTP/1.1", "headers": headers, "content": b"", "timestamp_start": start_s,
        "host": address.hostname, "port": 443, "method": b"GET", "authority": b"", "path": path,
        "scheme": b"https" if address.scheme in ("https", "wss") else b"http",
    }  # fmt: skip
    response = {
        "http_version": b"HTTP/1.1", "headers": [], "content": b"", "timestamp_start": start_s + 1,
        "timestamp_end": start_s + 1, "status_code": 101 if upgrade else 200,
    }  # fmt: skip
    own = {"request": {**request, **parts.pop("request", {})}}
    own["response"] = {**response, **parts.pop("response", {})} if parts.get("error") is None else None
    return {**_flow("http", client), **parts, **own, "websocket": parts.get("websocket")}


def tcp_flow(messages: list[list[Any]], *, client: str = "c1", **parts: Any) -> dict[str, Any]:
    """The flow of the bytes of a connection."""
    return {**_flow("tcp", client), **parts, "messages": messages}


def _flow(kind: str, client: str) -> dict[str, Any]:
    return {
        "version": 21, "type": kind, "id": "f", "error": None, "comment": "",
        "client_conn": {"id": client, "timestamp_end": None},
        "server_conn": {"id": "s", "timestamp_end": None},
    }  # fmt: skip


def websocket_state(messages: list[Message], *, start_us: int, **closing: Any) -> dict[str, Any]:
    """The messages of a flow, a microsecond after each other."""
    states = [
        [1, sender is Side.CLIENT, text, (start_us + place) / 1_000_000, False, False]
        for place, (sender, text) in enumerate(messages)
    ]
    end = {
        "closed_by_client": True,
        "close_code": 1000,
        "close_reason": "",
        "timestamp_end": start_us / 1e6 + 1,
    }
    return {"messages": states, **end, **closing}
