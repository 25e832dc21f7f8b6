"""The simulator's connections in the event loop: real WebSockets on one side, the service on the other.

Only this module and ``server`` import the server of ``websockets``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from itertools import count
from typing import Any
from weakref import WeakSet

from websockets.asyncio.server import ServerConnection, broadcast
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response

from recorder.runtime.http.connection import HttpConnection, Respond
from recorder.wire.frames import Side

from .delivery.outbox import AbortClient, Deliver, Effect
from .http.admission import Admission, Admitted
from .http.endpoints import MAX_BODY_BYTES
from .http.router import Router
from .protocol.request_parser import RequestRefused
from .protocol.tokens import ACCOUNT
from .service import Service

MAX_UNSENT_BYTES = 64 * 1024 * 1024
"""Bytes that may wait for a client that does not read; with more its connection is aborted."""
MAX_CLIENTS = 4096
OPEN_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 1.0
LONGEST_TURN_S = 0.005
"""So long may payloads of one client that are there already keep the event loop from everything else."""

PayloadObserver = Callable[[int, Side, bytes], None]
"""Called in the server's thread with every payload: number of the client, sender, bytes."""


class ClientConnection(ServerConnection):
    """A connection with its admission, and a callback for control frames and fragments."""

    admitted = Admitted(ACCOUNT, None)
    on_activity: Callable[[], None] = staticmethod(lambda: None)

    def process_event(self, event: Any) -> None:
        if isinstance(event, Frame) and (event.opcode in (Opcode.PING, Opcode.PONG) or not event.fin):
            self.on_activity()
        super().process_event(event)


class WebSocketServer:
    """Passes frames to the service and carries out its effects.

    Args:
        respond: answers plain HTTP requests.
        on_payload: called with every payload, if given.
        on_failure: called with an exception that is a fault of ours.
    """

    def __init__(
        self,
        service: Service,
        admission: Admission,
        *,
        respond: Respond,
        on_payload: PayloadObserver | None,
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._service = service
        self._admission = admission
        self._respond = respond
        self._on_payload = on_payload
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._numbers = count(1)
        self._connections: dict[int, ServerConnection] = {}
        self._transports: WeakSet[asyncio.Transport] = WeakSet()
        self._closing: set[asyncio.Task[None]] = set()
        self._stopped = False

    def create_connection(self, *args: Any, **options: Any) -> Router:
        """The protocol of a new connection, before its first byte; arguments as for ``ServerConnection``."""
        return Router(
            websocket=ClientConnection(*args, **options),
            http=lambda: HttpConnection(
                self._respond, largest_body=MAX_BODY_BYTES, on_failure=self._on_failure
            ),
            on_transport=self._transports.add,
            timeout_s=OPEN_TIMEOUT_S,
        )

    def process_request(self, connection: ServerConnection, request: Request) -> Response | None:
        """Check the opening handshake; None accepts it."""
        if len(self._connections) >= MAX_CLIENTS:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "Too many connections\n")
        assert isinstance(connection, ClientConnection)  # noqa: S101 - ``create_connection`` made it
        try:
            connection.admitted = self._admission.admit(
                request.path,
                hosts=request.headers.get_all("Host"),
                origins=request.headers.get_all("Origin"),
                authorizations=request.headers.get_all("Authorization"),
            )
        except RequestRefused as refused:
            return connection.respond(HTTPStatus(refused.code), refused.reason + "\n")
        return None

    async def handle(self, connection: ServerConnection) -> None:
        """Serve one connection until it ends."""
        assert isinstance(connection, ClientConnection)  # noqa: S101 - ``create_connection`` made it
        client = next(self._numbers)
        self._connections[client] = connection
        connection.on_activity = lambda: self._perform(
            self._service.ping_received(client, now_s=self._now_s())
        )
        try:
            account, token = connection.admitted
            self._perform(self._service.connected(client, token=token, now_s=self._now_s(), account=account))
            await self._receive_all(client, connection)
        except ConnectionClosed:
            pass
        except Exception as problem:  # a fault of ours: this client is closed 1011, and the server ends
            self._on_failure(problem)
            raise
        finally:
            del self._connections[client]
            self._perform(self._service.disconnected(client, now_s=self._now_s()))

    async def _receive_all(self, client: int, connection: ServerConnection) -> None:
        """Pass on what comes; what is left once the server stops is discarded.

        Payloads that wait are received without a turn for anything else, however many they are.
        """
        turn_began_s = self._now_s()
        async for payload in connection:
            if not self._stopped:
                self._receive(client, payload)
            if self._now_s() - turn_began_s > LONGEST_TURN_S:
                await asyncio.sleep(0)
                turn_began_s = self._now_s()

    async def close(self, closed: Coroutine[Any, Any, None]) -> None:
        """Wait until all connections are ``closed``; abort those whose other end does not take part."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        aborting = self._loop.call_later(2 * CLOSE_TIMEOUT_S, self._abort_all)
        await asyncio.gather(closed, *self._closing)
        aborting.cancel()
        # Connections accepted in the last moment: let them open, then abort them too.
        opening = asyncio.all_tasks() - {asyncio.current_task()}
        if opening:
            await asyncio.wait(opening, timeout=CLOSE_TIMEOUT_S)
        self._abort_all()
        await asyncio.sleep(0)

    def _abort_all(self) -> None:
        for transport in tuple(self._transports):
            transport.abort()

    def _now_s(self) -> float:
        return self._loop.time()

    def _receive(self, client: int, payload: str | bytes) -> None:
        binary = isinstance(payload, bytes)
        if self._on_payload is not None:
            data = payload if isinstance(payload, bytes) else payload.encode()
            self._on_payload(client, Side.CLIENT, data)
        self._perform(self._service.received(client, payload, now_s=self._now_s(), binary=binary))

    def _wake(self, due_s: float) -> None:
        self._timer = None
        try:
            # The loop may call a hair early, by its own clock's resolution.
            self._perform(self._service.wake(max(due_s, self._now_s())))
        except Exception as problem:  # nobody awaits a timer's result
            self._on_failure(problem)

    def _perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            connection = self._connections.get(effect.client)
            if connection is None:
                continue
            if isinstance(effect, Deliver):
                self._deliver(connection, effect)
            elif isinstance(effect, AbortClient):
                abort(connection.transport, effect.data, timeout_s=OPEN_TIMEOUT_S)
            else:
                closing = self._loop.create_task(connection.close(effect.code, effect.reason))
                self._closing.add(closing)
                closing.add_done_callback(self._closing.discard)
        self._set_timer()

    def _deliver(self, connection: ServerConnection, effect: Deliver) -> None:
        if self._on_payload is not None:
            self._on_payload(effect.client, Side.SERVICE, effect.text.encode())
        broadcast([connection], effect.text)  # sends at once, in order, and waits for nobody
        if connection.transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            connection.transport.abort()

    def _set_timer(self) -> None:
        due_s = self._service.next_wake_s()
        if due_s is None or (self._timer is not None and self._timer.when() <= due_s):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(due_s, self._wake, due_s)


class _Discarding(asyncio.Protocol):
    """Replaces an aborted connection's protocol: discards what comes, and passes on the end."""

    def __init__(self, replaced: asyncio.BaseProtocol, timeout: asyncio.TimerHandle) -> None:
        self._replaced = replaced
        self._timeout = timeout

    def data_received(self, data: bytes) -> None:
        pass

    def connection_lost(self, problem: Exception | None) -> None:
        self._timeout.cancel()
        self._replaced.connection_lost(problem)


def abort(transport: asyncio.Transport, data: bytes, *, timeout_s: float) -> None:
    """Write ``data`` and end the transport without a Close frame, so that all of ``data`` arrives.

    Closing a socket with unread bytes resets the connection, and sent data may be lost. So only our half is
    closed, and the client's is read to its end; a client that does not close within ``timeout_s`` is
    dropped. Encrypted transports cannot be half-closed: they are closed at once.

    Must be called in the event loop.
    """
    if transport.is_closing() or isinstance(transport.get_protocol(), _Discarding):
        return
    transport.write(data)
    if not transport.can_write_eof():
        transport.close()
        return
    loop = asyncio.get_running_loop()
    timeout = loop.call_later(timeout_s, transport.abort)
    transport.set_protocol(_Discarding(transport.get_protocol(), timeout))
    transport.resume_reading()
    transport.write_eof()
