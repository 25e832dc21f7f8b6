"""One HTTP request to a REST address and its response, bounded in time and size, over h11.

Redirects are not followed: the request may hold a secret. Error texts hold the status and one sentence of
the service, and nothing else of request or response.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import closing
from http import HTTPStatus

import h11
import orjson

from recorder.clock import Clock
from recorder.errors import CannotConnect

from .rest_address import RestAddress
from .transport import open_socket

TIMEOUT_S = 15.0
"""Seconds for one request and its whole response."""
MAX_RESPONSE = 1024 * 1024
MAX_SERVICE_TEXT = 200
MAX_INTERIM_RESPONSES = 16


def request_json(
    address: RestAddress,
    method: str,
    path: str,
    body: Mapping[str, object] | None = None,
    *,
    clock: Clock,
    timeout_s: float = TIMEOUT_S,
) -> Mapping[str, object]:
    """Send one request, and return the JSON object of the response.

    Args:
        path: with its query, escaped; ``body`` goes out as JSON.
        timeout_s: for request and response; connecting has a timeout of its own.

    Raises:
        CannotConnect: the service cannot be reached or is too slow, or its response is no JSON object
            with status 200 or 201.
        BadOption: the CA file cannot be used.
    """
    with closing(open_socket(address, clock=clock)) as sock:
        exchange = RestExchange(address, sock, clock=clock, until_s=clock.now_s() + timeout_s)
        content = None if body is None else orjson.dumps(body)
        status, data = exchange.run(method, path, content, content_type="application/json")
    answer = _json_object(data)
    if status not in (200, 201):
        raise CannotConnect(address.base_url, _refusal(method, path, status, answer), hint=_HINTS.get(status))
    if answer is None:
        raise CannotConnect(address.base_url, f"{_named(method, path)} was answered with no JSON object")
    return answer


class RestExchange:
    """One HTTP/1.1 request and its response over a connected socket, finished by ``until_s``."""

    def __init__(self, address: RestAddress, sock: socket.socket, *, clock: Clock, until_s: float) -> None:
        self._address = address
        self._sock = sock
        self._clock = clock
        self._until_s = until_s
        self._http = h11.Connection(h11.CLIENT)
        self._first_bytes = b""

    def run(self, method: str, path: str, body: bytes | None, *, content_type: str) -> tuple[int, bytes]:
        """Send the request; return status and body of the response. Raises ``CannotConnect``."""
        try:
            self._send(method, path, body, content_type)
            return self._receive()
        except TimeoutError:
            problem = "it did not answer in time"
        except OSError:
            problem = "it broke off the connection"
        except h11.RemoteProtocolError:
            ended = self._http.trailing_data[1] and b"HTTP/".startswith(self._first_bytes)
            problem = "it broke off the connection" if ended else "it does not answer with HTTP"
        raise CannotConnect(self._address.base_url, problem)

    def _send(self, method: str, path: str, body: bytes | None, content_type: str) -> None:
        headers = [("Host", self._address.netloc), ("Accept", "application/json"), ("Connection", "close")]
        if body is not None:
            headers += [("Content-Type", content_type), ("Content-Length", str(len(body)))]
        elif method == "POST":
            headers.append(("Content-Length", "0"))
        data = self._http.send(h11.Request(method=method, target=path, headers=headers)) or b""
        data += self._http.send(h11.Data(data=body or b"")) or b"" if body else b""
        self._http.send(h11.EndOfMessage())
        self._sock.settimeout(self._left_s())
        self._sock.sendall(data)

    def _receive(self) -> tuple[int, bytes]:
        status, body, interim = 0, bytearray(), 0
        while interim <= MAX_INTERIM_RESPONSES:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                self._sock.settimeout(self._left_s())
                data = self._sock.recv(65_536)
                self._first_bytes = (self._first_bytes + data)[:5]
                self._http.receive_data(data)
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                return status, bytes(body)
            elif isinstance(event, h11.InformationalResponse):
                interim += 1
            else:
                raise ConnectionResetError
            if len(body) > MAX_RESPONSE:
                raise CannotConnect(self._address.base_url, f"its answer is longer than {MAX_RESPONSE} bytes")
        raise CannotConnect(self._address.base_url, "it sent only interim responses (1xx)")

    def _left_s(self) -> float:
        left_s = self._until_s - self._clock.now_s()
        if left_s <= 0:
            raise TimeoutError
        return left_s


_HINTS = {
    **dict.fromkeys((301, 302, 307, 308), "it is elsewhere now; give that address with --base"),
    401: "is the token or code for this account, and fresh?",
    403: "may this account log in like that?",
    404: "is the account right, and is it set up for this?",
    429: "too many requests: wait a second or more",
}


def _refusal(method: str, path: str, status: int, answer: Mapping[str, object] | None) -> str:
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
    service_text = _service_text(answer)
    explained = f": {service_text}" if service_text else ""
    return f"{_named(method, path)} was answered {f'{status} {phrase}'.strip()}{explained}"


def _named(method: str, path: str) -> str:
    return f"{method} {path.partition('?')[0]}"


def _service_text(answer: Mapping[str, object] | None) -> str:
    """The service's own explanation, if it stands in one of the usual fields."""
    for name in ("message", "error_description", "error"):
        value = (answer or {}).get(name)
        if isinstance(value, str) and value:
            shown = "".join(char if char.isprintable() else " " for char in value[: MAX_SERVICE_TEXT + 1])
            # Cut between words: redaction would not recognise half a secret.
            return shown if len(value) <= MAX_SERVICE_TEXT else f"{shown.rpartition(' ')[0]} …".lstrip()
    return ""


def _json_object(data: bytes) -> Mapping[str, object] | None:
    try:
        value = orjson.loads(data)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
