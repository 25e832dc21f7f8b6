"""One HTTP request of a NetLog, as a summary beside the WebSockets."""

from __future__ import annotations

import re
from collections.abc import Sequence

from recorder.wire.records import BODY_LIMIT, HttpExchange, Record
from recorder.wire.rest_purpose import purpose_of

from .upgraded_socket import SocketMoment

_STATUS = re.compile(r"HTTP/\S+ (\d{3})\b")
_OK = 200


class NetlogRequest:
    """What the events of one request have told so far."""

    def __init__(self, method: str, url: str, when: SocketMoment) -> None:
        self._method = method
        self._url = url
        self._when = when
        self._answered = SocketMoment(None, 0)
        self._status: int | None = None
        self._request_type: str | None = None
        self._response_type: str | None = None
        self._body = b""
        self._size: int | None = None

    @property
    def _is_websocket(self) -> bool:
        return self._url.startswith(("ws:", "wss:"))

    @property
    def is_websocket_over_http2(self) -> bool:
        """Whether it opened a WebSocket by CONNECT (RFC 8441), which is answered 200."""
        return self._is_websocket and self._status == _OK

    def sent(self, headers: object) -> None:
        """Its header lines."""
        self._request_type = _content_type(headers) or self._request_type

    def answered(self, headers: object, when: SocketMoment) -> None:
        """The status line and header lines of its answer."""
        status = _STATUS.match(headers[0]) if isinstance(headers, list) and headers else None
        self._status = int(status[1]) if status else None
        self._answered = when
        self._response_type = _content_type(headers)

    def received(self, data: bytes) -> None:
        """A part of the body of its answer, unpacked."""
        self._size = (self._size or 0) + len(data)
        self._body += data[: BODY_LIMIT + 1 - len(self._body)]

    def end(self) -> Sequence[Record]:
        """Its summary; nothing for a WebSocket, whose upgrade is among the bytes."""
        if self._is_websocket:
            return ()
        answered = self._status is not None
        exchange = HttpExchange(
            connection=None,
            purpose=purpose_of(self._method, "/" + self._url.partition("://")[2].partition("/")[2]),
            at_us=self._when.at_us,
            offset_us=self._when.offset_us,
            method=self._method,
            url=self._url,
            status=self._status,
            answered_at_us=self._answered.at_us if answered else None,
            answered_offset_us=self._answered.offset_us if answered else None,
            request_type=self._request_type,
            response_type=self._response_type,
            response_size=self._size,
            response_body=self._body or None,
        )
        return (exchange,)


def _content_type(headers: object) -> str | None:
    for line in headers if isinstance(headers, list) else ():
        name, _, value = str(line).partition(":")
        if name.strip().lower() == "content-type":
            return value.strip() or None
    return None
