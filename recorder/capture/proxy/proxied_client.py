"""One client's connection: reads its requests, decides on each, and has it forwarded; one after another."""

from __future__ import annotations

import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol

from recorder.clock import Clock
from recorder.errors import CannotConnect
from recorder.wire.frames import Side
from recorder.wire.handshake import HandshakeReader
from recorder.wire.rest_purpose import DOMAIN_LOOKUP, purpose_of

from ..rest_address import RestAddress
from .answer_rewrite import AnswerRewriter
from .channel import TLS_FAILED, SocketChannel
from .http_forwarding import HttpForwarding
from .http_message import NotHttp, request_reader
from .listeners import ProxyListener, host_in
from .lookup import AddressFor
from .recording import ProxyRecorder
from .request_head import (
    ClientRequest,
    HeaderChange,
    UpstreamRequest,
    origins_of,
    proxy_refusal,
    read_request,
    upstream_changes,
)
from .timers import Timer, Timers
from .websocket_relay import WebSocketRelay

HEAD_TIMEOUT_S = 15.0
IDLE_TIMEOUT_S = 120.0
LINGER_S = 2.0
DRAIN_TIMEOUT_S = 60.0
_TLS_HELLO = b"\x16\x03"

Forwarding = HttpForwarding | WebSocketRelay


class ProxyContext(Protocol):
    """What the connections of a proxy share."""

    clock: Clock
    timers: Timers
    recorder: ProxyRecorder

    def open_channel(self, sock: socket.socket, handlers: ProxiedClient, side: Side) -> SocketChannel:
        """A channel whose events go to the connection, as those of this side."""
        ...

    def connect(self, address: RestAddress, done: Callable[[socket.socket | CannotConnect], None]) -> None:
        """Connect to a service; see ``UpstreamConnector``."""
        ...

    def address_for(self, client_host: str) -> AddressFor | None:
        """Gives addresses at that host in answers to lookups; None: they stay as they are."""
        ...

    def remark(self, sentence: str) -> None:
        """Tell the user, once."""
        ...


class ProxiedClient:
    """Serves one client that has connected to a listener.

    One connection to the service belongs to it, opened with the first request: what either side does to its
    connection, the other can see.
    """

    def __init__(self, sock: socket.socket, listener: ProxyListener, context: ProxyContext) -> None:
        self._listener = listener
        self._context = context
        self._upstream: SocketChannel | None = None
        self._forwarding: Forwarding | None = None
        self._head = HandshakeReader(Side.CLIENT)
        self._unread = b""
        self._connecting = False
        self._refused = False
        self._over = False
        self._timer: Timer | None = None
        self._client = context.open_channel(sock, self, Side.CLIENT)
        self._set_timer(HEAD_TIMEOUT_S)

    # What the channels call ----------------------------------------------------------------------------

    def received(self, side: Side, data: bytes) -> None:
        """Bytes came from this side; ``b""`` is the end of its stream."""
        if self._forwarding is not None:
            self._forwarding.received(side, data)
        elif self._refused:
            if not data:
                self.close()
                self._end()
        elif side is Side.SERVICE or not data:
            self._close_all()  # between two requests: as without a proxy, the other side learns of it
        else:
            self._read_head(data)

    def drained(self, side: Side) -> None:
        """What was queued for this side has been sent."""
        if self._forwarding is not None:
            self._forwarding.drained(side)

    def broken(self, side: Side, words: str) -> None:
        """The connection of this side broke."""
        if self._forwarding is not None:
            self._forwarding.broken(side, words)
            return
        if words.startswith(TLS_FAILED):
            self._context.remark(
                f"{words}, at a client's word: does it speak TLS, and does it trust the certificate?"
            )
        self._close_all()

    def stop(self) -> None:
        """The proxy is stopped: record the end of what is going on."""
        if self._forwarding is not None:
            self._forwarding.stop()
        else:
            self._close_all()

    def storage_failed(self) -> None:
        """Nothing can be stored, and so nothing may go on."""
        if self._forwarding is not None:
            self._forwarding.storage_failed()
        else:
            self._close_all()

    def close(self) -> None:
        """Close both sockets now; what is queued is lost."""
        for channel in (self._client, self._upstream):
            if channel is not None:
                channel.close()

    @property
    def is_finished(self) -> bool:
        """Whether it is over, and both sockets are closed: all that was queued has been sent."""
        return self._over and self.is_drained

    @property
    def is_drained(self) -> bool:
        """Whether both sockets are closed."""
        return self._client.closed and (self._upstream is None or self._upstream.closed)

    # A request -----------------------------------------------------------------------------------------

    def _read_head(self, data: bytes) -> None:
        if not self._head.raw and data.startswith(_TLS_HELLO) and self._listener.tls is None:
            self._context.remark(
                "a client speaks TLS to a plain address: give it ws:// or http://, or start with --tls-ca DIR"
            )
            self._close_all()
            return
        if not self._head.raw:
            self._set_timer(HEAD_TIMEOUT_S)
        rest = self._head.feed(data)
        if rest is None:
            return
        self._cancel_timer()
        request = read_request(self._head.request(), self._head.raw)
        if self._head.fault is not None:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"The request has {self._head.fault}")
            return
        problem = proxy_refusal(request)
        if problem is not None:
            code = HTTPStatus.METHOD_NOT_ALLOWED if request.method == "CONNECT" else HTTPStatus.BAD_REQUEST
            self._refuse(code, problem)
            return
        refusal = self._listener.access.refusal(
            hosts=request.values("Host"), origins=request.values("Origin")
        )
        if refusal is not None:
            self._remark_refusal(request, refusal)
            self._refuse(HTTPStatus.FORBIDDEN, refusal)
            return
        self._forward(request, rest)

    def _forward(self, request: ClientRequest, rest: bytes) -> None:
        try:
            forwarding = self._websocket(request, rest) if request.is_upgrade else self._http(request, rest)
        except NotHttp as problem:
            self._refuse(HTTPStatus.BAD_REQUEST, f"That is no HTTP/1.1: {problem}")
            return
        self._forwarding = forwarding
        if self._upstream is not None:
            forwarding.begin(self._upstream)
            return
        self._connecting = True
        self._client.pause()
        self._context.connect(self._listener.upstream, self._connected)

    def _connected(self, outcome: socket.socket | CannotConnect) -> None:
        self._connecting = False
        forwarding = self._forwarding
        if forwarding is None or self._over:
            if isinstance(outcome, socket.socket):
                outcome.close()
            return
        if isinstance(outcome, CannotConnect):
            self._context.remark(f"{outcome}" if outcome.hint is None else f"{outcome} ({outcome.hint})")
            forwarding.fail(outcome.problem)
            self._refuse(HTTPStatus.BAD_GATEWAY, str(outcome))
            return
        self._upstream = self._context.open_channel(outcome, self, Side.SERVICE)
        self._client.resume()
        forwarding.begin(self._upstream)

    def _websocket(self, request: ClientRequest, rest: bytes) -> WebSocketRelay:
        upstream = self._listener.upstream
        url = f"{'wss' if upstream.secure else 'ws'}://{upstream.netloc}{request.target}"
        return WebSocketRelay(
            UpstreamRequest(request, rest, url, self._changes(request)),
            recorder=self._context.recorder,
            client=self._client,
            on_over=self._forwarded,
        )

    def _http(self, request: ClientRequest, rest: bytes) -> HttpForwarding:
        reader = request_reader()
        reader.feed(request.raw)
        changes = self._changes(request)
        rewriter = self._rewriter(request)
        if rewriter is not None:
            # An answer in an encoding of the client's choice could not be read.
            encodings = request.values("Accept-Encoding")
            changes += tuple(HeaderChange("Accept-Encoding", value, "identity") for value in encodings)
        url = f"{self._listener.upstream.base_url}{request.target}"
        return HttpForwarding(
            UpstreamRequest(request, rest, url, changes),
            reader,
            recorder=self._context.recorder,
            client=self._client,
            rewriter=rewriter,
            on_over=self._forwarded,
        )

    def _rewriter(self, request: ClientRequest) -> AnswerRewriter | None:
        if purpose_of(request.method, request.target) != DOMAIN_LOOKUP:
            return None
        address_for = self._context.address_for(host_in(request.values("Host")[0]))
        return None if address_for is None else AnswerRewriter(address_for, self._context.remark)

    def _changes(self, request: ClientRequest) -> tuple[HeaderChange, ...]:
        upstream = self._listener.upstream
        return upstream_changes(
            request,
            upstream=upstream.netloc,
            own_origins=origins_of(request.values("Host"), secure=self._listener.tls is not None),
            upstream_origin=upstream.base_url,
        )

    def _forwarded(self, reusable: bool) -> None:
        """A request is over. The next one may have come already."""
        forwarding, self._forwarding = self._forwarding, None
        if not reusable:
            self._end()
            return
        leftover = forwarding.leftover if isinstance(forwarding, HttpForwarding) else b""
        self._head = HandshakeReader(Side.CLIENT)
        self._set_timer(IDLE_TIMEOUT_S)
        self._client.resume()
        if leftover:
            self._read_head(leftover)

    # Refusals and ends ---------------------------------------------------------------------------------

    def _remark_refusal(self, request: ClientRequest, refusal: str) -> None:
        hosts, origins = request.values("Host"), request.values("Origin")
        if len(hosts) == 1 and self._listener.access.names_us(hosts[0]):
            allow = "".join(f" --allow-origin {origin}" for origin in origins)
            self._context.remark(f"refused a page of {', '.join(origins)}: let it in with{allow}")
        else:
            self._context.remark(f"refused a request for the host {', '.join(hosts) or '(none)'}: {refusal}")

    def _refuse(self, status: HTTPStatus, text: str) -> None:
        """Answer ourselves, and close once the client has read it."""
        self._forwarding = None
        self._refused = True
        body = f"recorder proxy: {text}\n".encode("utf-8", "replace")
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self._client.send(head.encode() + body)
        self._client.send_end()
        self._client.resume()  # bytes that are left unread would reset the connection, and lose the answer
        if self._upstream is not None:
            self._upstream.close()
        self._set_timer(LINGER_S)

    def _close_all(self) -> None:
        for channel in (self._client, self._upstream):
            if channel is not None:
                channel.close_when_sent()
        self._end()

    def _end(self) -> None:
        """Nothing more is forwarded; what is queued may still be sent."""
        self._over = True
        self._set_timer(DRAIN_TIMEOUT_S)

    def _set_timer(self, after_s: float) -> None:
        self._cancel_timer()
        due_s = self._context.clock.now_s() + after_s
        self._timer = self._context.timers.call_at(due_s, self._timed_out)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _timed_out(self) -> None:
        if self._over or self._refused or not self._head.raw:
            self.close()
            self._end()
        else:
            self._refuse(
                HTTPStatus.REQUEST_TIMEOUT, f"The head of a request must be whole within {HEAD_TIMEOUT_S:g} s"
            )
