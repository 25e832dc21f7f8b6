"""The part of the simulator that lives in the event loop: connections on one side, the service on the other.

Shares ``websockets`` with the server module; nobody else here knows a real connection.
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

from recorder.wire.frames import Side

from .abort import break_off
from .delivery.outbox import BreakOff, Deliver, Effect, HangUp
from .http.admission import Admitted, Doorman, TurnedAway
from .http.connection import Answerer, Counter
from .http.endpoints import LARGEST_BODY
from .http.router import Porch
from .service import Service

MOST_UNSENT = 64 * 1024 * 1024
"""Bytes that may wait for a client that does not read; with more it is dropped."""
MOST_CLIENTS = 4096
OPEN_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 1.0

Heard = Callable[[int, Side, bytes], None]
"""Told of every payload: number of the client, who said it, the bytes. Called in the server's thread."""


class Visitor(ServerConnection):
    """A connection that knows who it let in, and tells of frames that never become a payload."""

    admitted = Admitted("le-sim", None)
    stirred: Callable[[], None] = staticmethod(lambda: None)

    def process_event(self, event: Any) -> None:
        if isinstance(event, Frame) and (event.opcode in (Opcode.PING, Opcode.PONG) or not event.fin):
            self.stirred()
        super().process_event(event)


class Floor:
    """The part that lives in the event loop: connections on one side, the service on the other."""

    def __init__(
        self,
        service: Service,
        doorman: Doorman,
        *,
        rest: Answerer,
        heard: Heard | None,
        fail: Callable[[BaseException], None],
    ) -> None:
        self._service = service
        self._doorman = doorman
        self._rest = rest
        self._heard = heard
        self._fail = fail
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._numbers = count(1)
        self._connections: dict[int, ServerConnection] = {}
        self._met: WeakSet[asyncio.Transport] = WeakSet()
        self._hanging_up: set[asyncio.Task[None]] = set()

    def expect(self, *args: Any, **options: Any) -> Porch:
        """Make the object for a connection that has not said a word yet."""
        return Porch(
            socket_side=Visitor(*args, **options),
            plain_side=self._counter,
            met=self._met.add,
            patience_s=OPEN_TIMEOUT_S,
        )

    def _counter(self) -> Counter:
        return Counter(self._rest, largest_body=LARGEST_BODY, fail=self._fail)

    def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Look at the handshake; None lets it in."""
        if len(self._connections) >= MOST_CLIENTS:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "Too many connections\n")
        decision = self._doorman.admit(
            request.path,
            hosts=request.headers.get_all("Host"),
            origins=request.headers.get_all("Origin"),
            authorizations=request.headers.get_all("Authorization"),
        )
        if isinstance(decision, TurnedAway):
            return connection.respond(HTTPStatus(decision.status), decision.says + "\n")
        assert isinstance(connection, Visitor)  # noqa: S101 - ``expect`` made it
        connection.admitted = decision
        return None

    async def attend(self, connection: ServerConnection) -> None:
        """Serve one connection until it ends."""
        assert isinstance(connection, Visitor)  # noqa: S101 - ``expect`` made it
        client = next(self._numbers)
        self._connections[client] = connection
        connection.stirred = lambda: self._do(self._service.stirred(client, now_s=self._now_s()))
        try:
            account, token = connection.admitted
            self._do(self._service.connected(client, token=token, now_s=self._now_s(), account=account))
            async for payload in connection:
                self._hear(client, payload)
        except ConnectionClosed:
            pass
        except Exception as problem:  # a fault of ours: this client is closed 1011, and the server ends
            self._fail(problem)
            raise
        finally:
            del self._connections[client]
            self._do(self._service.disconnected(client, now_s=self._now_s()))

    async def leave(self, closed: Coroutine[Any, Any, None]) -> None:
        """Wait until all connections are ``closed``; drop those whose other end does not take part."""
        if self._timer is not None:
            self._timer.cancel()
        dropping = self._loop.call_later(2 * CLOSE_TIMEOUT_S, self._drop_all)
        await asyncio.gather(closed, *self._hanging_up)
        dropping.cancel()
        # Connections accepted in the last moment: let them come about, then drop them too.
        arriving = asyncio.all_tasks() - {asyncio.current_task()}
        if arriving:
            await asyncio.wait(arriving, timeout=CLOSE_TIMEOUT_S)
        self._drop_all()
        await asyncio.sleep(0)

    def _drop_all(self) -> None:
        for transport in tuple(self._met):
            transport.abort()

    def _now_s(self) -> float:
        return self._loop.time()

    def _hear(self, client: int, payload: str | bytes) -> None:
        binary = isinstance(payload, bytes)
        if self._heard is not None:
            data = payload if isinstance(payload, bytes) else payload.encode()
            self._heard(client, Side.CLIENT, data)
        self._do(self._service.hear(client, payload, now_s=self._now_s(), binary=binary))

    def _wake(self, due_s: float) -> None:
        self._timer = None
        try:
            # The loop may call a hair early, by its own clock's resolution.
            self._do(self._service.wake(max(due_s, self._now_s())))
        except Exception as problem:  # nobody waits for a timer's outcome: hand it on
            self._fail(problem)

    def _do(self, effects: list[Effect]) -> None:
        for effect in effects:
            connection = self._connections.get(effect.client)
            if connection is None:
                continue
            if isinstance(effect, Deliver):
                self._deliver(connection, effect)
            elif isinstance(effect, BreakOff):
                self._break_off(connection, effect)
            else:
                self._hang_up(connection, effect)
        self._set_timer()

    def _deliver(self, connection: ServerConnection, effect: Deliver) -> None:
        if self._heard is not None:
            self._heard(effect.client, Side.SERVICE, effect.text.encode())
        broadcast([connection], effect.text)  # sends at once, in order, and waits for nobody
        if connection.transport.get_write_buffer_size() > MOST_UNSENT:
            connection.transport.abort()

    def _break_off(self, connection: ServerConnection, effect: BreakOff) -> None:
        break_off(connection.transport, effect.data, patience_s=OPEN_TIMEOUT_S)

    def _hang_up(self, connection: ServerConnection, effect: HangUp) -> None:
        closing = self._loop.create_task(connection.close(effect.code, effect.reason))
        self._hanging_up.add(closing)
        closing.add_done_callback(self._hanging_up.discard)

    def _set_timer(self) -> None:
        due_s = self._service.next_wake_s()
        if due_s is None or (self._timer is not None and self._timer.when() <= due_s):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(due_s, self._wake, due_s)
