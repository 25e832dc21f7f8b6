"""Where plain HTTP is served: one request, its answer, and goodbye.

A body is bounded, and so is the time a client may take to say what it wants, and to listen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus

import h11

from .messages import Answer, Ask, Headers, refusal

PATIENCE_S = 10.0
"""How long a client may take to say all of its request, and then to take the answer."""
LONGEST_HEAD = 64 * 1024

Answerer = Callable[[Ask], Answer]


class Counter(asyncio.Protocol):
    """Serves one connection. ``fail`` is told of a fault of ours; the client then gets a 500."""

    def __init__(self, answer: Answerer, *, largest_body: int, fail: Callable[[BaseException], None]) -> None:
        self._answer = answer
        self._largest_body = largest_body
        self._fail = fail
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=LONGEST_HEAD)
        self._request: h11.Request | None = None
        self._body = bytearray()
        self._answered = False
        self._transport: asyncio.Transport | None = None
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what streams are made of
        self._transport = transport
        self._wait(self._too_slow)

    def data_received(self, data: bytes) -> None:
        """Take in what came, and answer once the request is whole."""
        if self._answered:
            return
        try:
            self._http.receive_data(data)
            self._take_in()
        except h11.RemoteProtocolError as problem:
            self._reply(refusal(problem.error_status_hint, f"That is no HTTP/1.1: {problem}"))

    def eof_received(self) -> bool | None:
        """The client has said all it will. What is not whole by now never will be."""
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        if self._patience is not None:
            self._patience.cancel()

    def _take_in(self) -> None:
        while not self._answered:
            event = self._http.next_event()
            if isinstance(event, h11.Request):
                self._begin(event)
            elif isinstance(event, h11.Data):
                self._body += event.data
            elif isinstance(event, h11.EndOfMessage):
                self._serve()
                return
            else:
                return
            if len(self._body) > self._largest_body:
                self._reply(refusal(413, f"A body may have {self._largest_body} bytes"))

    def _begin(self, request: h11.Request) -> None:
        self._request = request
        said = dict(request.headers).get(b"content-length", b"0")
        if int(said) > self._largest_body:  # h11 has seen that it is a number
            self._reply(refusal(413, f"A body may have {self._largest_body} bytes"))
        elif self._http.they_are_waiting_for_100_continue:
            self._write(h11.InformationalResponse(status_code=100, headers=[]))

    def _serve(self) -> None:
        assert self._request is not None  # noqa: S101 - its end came
        ask = Ask(
            self._request.method.decode("ascii"),
            self._request.target.decode("ascii"),
            _text(self._request),
            bytes(self._body),
        )
        try:
            answer = self._answer(ask)
        except Exception as problem:  # a fault of ours: the client is told, and the server ends
            self._fail(problem)
            answer = refusal(500, "The simulator stumbled")
        self._reply(answer)

    def _reply(self, answer: Answer) -> None:
        self._answered = True
        length = [] if answer.status == 204 else [("content-length", str(len(answer.body)))]
        headers = [*answer.headers, *length, ("connection", "close")]
        head = h11.Response(
            status_code=answer.status,
            headers=[(name.encode(), value.encode("latin-1", "replace")) for name, value in headers],
            reason=HTTPStatus(answer.status).phrase.encode(),
        )
        self._write(head)
        if self._request is None or self._request.method != b"HEAD":
            self._write(h11.Data(data=answer.body))
        self._write(h11.EndOfMessage())
        self._leave()

    def _write(self, event: h11.Event) -> None:
        assert self._transport is not None  # noqa: S101 - made before anything came
        self._transport.write(self._http.send(event) or b"")

    def _leave(self) -> None:
        """Close. Whoever was answered before they had said all is heard out, or never gets to read it."""
        assert self._transport is not None  # noqa: S101 - made before anything came
        self._wait(self._transport.abort)
        if self._http.their_state is h11.DONE or not self._transport.can_write_eof():
            self._transport.close()
        else:
            self._transport.write_eof()

    def _too_slow(self) -> None:
        self._reply(refusal(408, f"A request must be whole within {PATIENCE_S:g} s"))

    def _wait(self, then: Callable[[], None]) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._patience = asyncio.get_running_loop().call_later(PATIENCE_S, then)


def _text(request: h11.Request) -> Headers:
    return tuple((name.decode("ascii"), value.decode("latin-1")) for name, value in request.headers)
