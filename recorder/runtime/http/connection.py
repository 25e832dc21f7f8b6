"""An HTTP/1.1 connection of one request: read it, respond, close.

The body is bounded, and so is the time to send the request and to read the response.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus

import h11

from recorder.counted import counted

from .messages import HttpRequest, HttpResponse, error_response

TIMEOUT_S = 10.0
"""Within which a client must have sent its request, and then have read the response."""
MAX_HEAD_BYTES = 64 * 1024

Respond = Callable[[HttpRequest], HttpResponse]


class HttpConnection(asyncio.Protocol):
    """Serves one connection.

    Args:
        respond: makes the response; if it raises, the client gets a 500.
        largest_body: bytes; a larger body is answered 413.
        on_failure: called with what ``respond`` raised.
    """

    def __init__(
        self, respond: Respond, *, largest_body: int, on_failure: Callable[[BaseException], None]
    ) -> None:
        self._respond = respond
        self._largest_body = largest_body
        self._on_failure = on_failure
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
        self._request: h11.Request | None = None
        self._body = bytearray()
        self._has_responded = False
        self._is_made = False
        self._is_aborted = False
        self._transport: asyncio.Transport
        self._timeout: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the request, at most ``TIMEOUT_S``."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what streams are made of
        self._transport = transport
        self._is_made = True
        self._timeout = self._call_later(self._on_timeout)
        if self._is_aborted:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Parse what came, and respond once the request is complete."""
        if self._has_responded:
            return
        try:
            self._http.receive_data(data)
            self._read_events()
        except h11.RemoteProtocolError as problem:
            self._send_response(error_response(problem.error_status_hint, f"That is no HTTP/1.1: {problem}"))

    def abort(self) -> None:
        """End it, whatever is under way; before it is made, once it is."""
        self._is_aborted = True
        if self._is_made:
            self._transport.abort()

    def eof_received(self) -> bool | None:
        """The client sends nothing more: close, complete request or not."""
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport has ended: no timeout any more."""
        self._timeout.cancel()

    def _read_events(self) -> None:
        while not self._has_responded:
            event = self._http.next_event()
            if isinstance(event, h11.Request):
                self._begin(event)
            elif isinstance(event, h11.Data):
                self._body += event.data
            elif isinstance(event, h11.EndOfMessage):
                self._handle_request()
                return
            else:
                return
            if len(self._body) > self._largest_body:
                self._send_response(
                    error_response(413, f"A body may have {counted(self._largest_body, 'byte')}")
                )

    def _begin(self, request: h11.Request) -> None:
        self._request = request
        length = dict(request.headers).get(b"content-length", b"0")
        if int(length) > self._largest_body:  # h11 has seen that it is a number
            self._send_response(error_response(413, f"A body may have {counted(self._largest_body, 'byte')}"))
        elif self._http.they_are_waiting_for_100_continue:
            self._write(h11.InformationalResponse(status_code=100, headers=[]))

    def _handle_request(self) -> None:
        assert self._request is not None  # noqa: S101 - its end came
        method, target = self._request.method.decode("ascii"), self._request.target.decode("ascii")
        headers = tuple(
            (name.decode("ascii"), value.decode("latin-1")) for name, value in self._request.headers
        )
        request = HttpRequest(method, target, headers, bytes(self._body))
        try:
            response = self._respond(request)
        except Exception as problem:  # a fault of ours: the client is told, and the server ends
            self._on_failure(problem)
            response = error_response(500, "The server stumbled")
        self._send_response(response)

    def _send_response(self, response: HttpResponse) -> None:
        self._has_responded = True
        length = [] if response.status == 204 else [("content-length", str(len(response.body)))]
        headers = [*response.headers, *length, ("connection", "close")]
        head = h11.Response(
            status_code=response.status,
            headers=[(name.encode(), value.encode("latin-1", "replace")) for name, value in headers],
            reason=HTTPStatus(response.status).phrase.encode(),
        )
        self._write(head)
        if self._request is None or self._request.method != b"HEAD":
            self._write(h11.Data(data=response.body))
        self._write(h11.EndOfMessage())
        self._close()

    def _write(self, event: h11.Event) -> None:
        self._transport.write(self._http.send(event) or b"")

    def _close(self) -> None:
        """Close; a client answered before its request was complete may first send the rest of it.

        Closing with unread bytes resets the connection, and the response might be lost.
        """
        self._timeout.cancel()
        self._timeout = self._call_later(self._transport.abort)
        if self._http.their_state is h11.DONE or not self._transport.can_write_eof():
            self._transport.close()
        else:
            self._transport.write_eof()

    def _on_timeout(self) -> None:
        self._send_response(error_response(408, f"A request must be whole within {TIMEOUT_S:g} s"))

    def _call_later(self, callback: Callable[[], None]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(TIMEOUT_S, callback)
