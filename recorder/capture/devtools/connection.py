"""The connection to a browser's DevTools: commands out, messages in, one JSON object each."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import cast
from urllib.parse import urlsplit

import orjson
import websocket

from recorder.clock import Clock, RealClock
from recorder.errors import BadOption, CannotConnect
from recorder.runtime.selector import HasFileno, Wakeup, readable

from ..rest import request_json
from ..rest_address import RestAddress, is_loopback, is_netloc
from .targets import DevToolsCommand

TIMEOUT_S = 15.0
MAX_MESSAGES_AT_ONCE = 256
_WAY_OUT = (
    "start the browser with --remote-debugging-port=9222 and a --user-data-dir of its own, "
    "or let recorder start one: recorder attach --launch"
)


class BrowserGone(Exception):
    """The browser ended the DevTools connection, or was ended."""


class DevToolsConnection:
    """A WebSocket to the DevTools of a browser. One thread uses it; any may ``wake`` it."""

    def __init__(self, sock: websocket.WebSocket, base_url: str) -> None:
        self.base_url = base_url
        self._socket = sock
        self._stream = cast(socket.socket, sock.sock)
        self._wakeup = Wakeup()
        self._last_id = 0
        self._ended = False

    def wake(self) -> None:
        """Make ``receive`` return. May be called from any thread or signal handler."""
        self._wakeup.set()

    def send(self, command: DevToolsCommand) -> int:
        """Send a command; return its id. Raises ``BrowserGone``."""
        self._last_id += 1
        fields: dict[str, object] = {
            "id": self._last_id, "method": command.method, "params": dict(command.params)
        }  # fmt: skip
        if command.session is not None:
            fields["sessionId"] = command.session
        try:
            self._socket.send(orjson.dumps(fields).decode())
        except (OSError, websocket.WebSocketException):
            raise BrowserGone from None
        return self._last_id

    def receive(self, timeout_s: float | None) -> list[Mapping[str, object]]:
        """The messages that are there; [] after ``timeout_s`` (None: never) or ``wake``.

        Raises:
            BrowserGone: there are no more.
        """
        if self._ended:
            raise BrowserGone
        sources: list[HasFileno] = [self._stream, self._wakeup]
        ready = readable(sources, timeout_s)
        if self._wakeup in ready:
            self._wakeup.clear()
        messages: list[Mapping[str, object]] = []
        while self._stream in ready and len(messages) < MAX_MESSAGES_AT_ONCE:
            try:
                text = self._socket.recv()
            except (OSError, websocket.WebSocketException):
                text = ""
            if not text:  # how the library tells of a Close frame
                self._ended = True
                break
            message = _object(text)
            if message is not None:
                messages.append(message)
            ready = readable([*sources[:1]], 0)
        if self._ended and not messages:
            raise BrowserGone
        return messages

    def close(self) -> None:
        """Leave the browser; it goes on without us. May be called again."""
        with suppress(OSError, websocket.WebSocketException):
            self._socket.close(timeout=1)
        self._stream.close()  # where that failed half way
        self._wakeup.close()


def open_devtools(address: str, *, clock: Clock | None = None) -> DevToolsConnection:
    """Connect to the DevTools at ``http://HOST:PORT``, or at the ``ws://`` address that a browser prints.

    Raises:
        BadOption: it is no such address.
        CannotConnect: no browser answers there.
    """
    url = _socket_url(address, clock or RealClock())
    base_url = f"http://{urlsplit(url).netloc}"
    try:
        # No Origin: the browser would refuse one it was not told of.
        sock = websocket.create_connection(
            url, timeout=TIMEOUT_S, suppress_origin=True, skip_utf8_validation=True, enable_multithread=False
        )
    except (OSError, ValueError, websocket.WebSocketException):
        raise CannotConnect(base_url, "its DevTools cannot be reached", hint=_WAY_OUT) from None
    return DevToolsConnection(sock, base_url)


def _socket_url(address: str, clock: Clock) -> str:
    parts = urlsplit(address if "://" in address else f"http://{address}")
    if (
        parts.scheme not in ("http", "ws")
        or parts.query
        or "@" in parts.netloc
        or not is_netloc(parts.netloc)
    ):
        raise BadOption(
            "URL", "it must be the DevTools address of a browser", hint="http://127.0.0.1:9222, for example"
        )
    if not is_loopback(parts.netloc):
        raise BadOption(
            "URL",
            "DevTools speak in clear text, tokens included: the browser has to run on this machine",
            hint=f"bring its port here: ssh -L 9222:127.0.0.1:{parts.port or 9222} {parts.hostname}",
        )
    if parts.scheme == "ws":
        return parts.geturl()
    where = RestAddress(scheme="http", netloc=parts.netloc)
    try:
        answer = request_json(where, "GET", "/json/version", clock=clock)
    except CannotConnect as problem:
        raise CannotConnect(where.base_url, problem.problem, hint=_WAY_OUT) from None
    url = answer.get("webSocketDebuggerUrl")
    if not isinstance(url, str) or not url.startswith("ws://"):
        raise CannotConnect(where.base_url, "it is no browser: it names no DevTools address", hint=_WAY_OUT)
    return url


def _object(text: str | bytes) -> Mapping[str, object] | None:
    try:
        value = orjson.loads(text)
    except ValueError:
        try:
            value = json.loads(text)  # half a surrogate pair in a payload
        except ValueError:
            return None
    return value if isinstance(value, dict) else None
