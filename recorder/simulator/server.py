"""The service behind a real WebSocket, on this machine only.

::

    with SimulatorServer() as simulator:
        connect(simulator.url)

Runs in a thread of its own. It compresses nothing, and it sends no pings: a client keeps itself alive,
as with the real service, and a recording holds no frames that the real service would not have sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import socket
import threading
from collections.abc import Callable, Coroutine, Sequence
from http import HTTPStatus
from itertools import count
from types import TracebackType
from typing import Any, Protocol, Self
from weakref import WeakSet

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response

from recorder.clock import RealClock
from recorder.wire.frames import Side

from .address import listener, loopback, parse_listen
from .agent import DEFAULT_AGENT, AgentScript
from .doorman import Admitted, Doorman, TurnedAway
from .selector import punctual_selector
from .service import Patience, Service, seeded_ids
from .switchboard import Deliver, Effect, HangUp

LARGEST_PAYLOAD = 16 * 1024 * 1024
MOST_UNSENT = 64 * 1024 * 1024
"""Bytes that may wait for a client that does not read; with more it is dropped."""
MOST_CLIENTS = 4096
CLOSE_TIMEOUT_S = 1.0
OPEN_TIMEOUT_S = 10.0

Heard = Callable[[int, Side, bytes], None]
"""Told of every payload: number of the client, who said it, the bytes. Called in the server's thread."""

# What clients do wrong on the wire is theirs to see, not ours to print.
_QUIET = logging.getLogger("recorder.simulator.wire")
_QUIET.addHandler(logging.NullHandler())
_QUIET.propagate = False


class _Connection(ServerConnection):
    """A connection that knows who it let in, and tells of frames that never become a payload."""

    admitted = Admitted("le-sim", None)
    stirred: Callable[[], None] = staticmethod(lambda: None)

    def process_event(self, event: Any) -> None:
        if isinstance(event, Frame) and (event.opcode in (Opcode.PING, Opcode.PONG) or not event.fin):
            self.stirred()
        super().process_event(event)


class _Floor:
    """The part that lives in the event loop: connections on one side, the service on the other."""

    def __init__(
        self,
        service: Service,
        doorman: Doorman,
        *,
        heard: Heard | None,
        fail: Callable[[BaseException], None],
    ) -> None:
        self._service = service
        self._doorman = doorman
        self._heard = heard
        self._fail = fail
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._numbers = count(1)
        self._connections: dict[int, ServerConnection] = {}
        self._expected: WeakSet[ServerConnection] = WeakSet()
        self._hanging_up: set[asyncio.Task[None]] = set()

    def expect(self, *args: Any, **options: Any) -> ServerConnection:
        """Make the object for a connection that has not said a word yet."""
        connection = _Connection(*args, **options)
        self._expected.add(connection)
        return connection

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
        assert isinstance(connection, _Connection)  # noqa: S101 - ``expect`` made it
        connection.admitted = decision
        return None

    async def attend(self, connection: ServerConnection) -> None:
        """Serve one connection until it ends."""
        assert isinstance(connection, _Connection)  # noqa: S101 - ``expect`` made it
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
        for connection in self._expected:
            if hasattr(connection, "transport"):  # not before the connection is made
                connection.transport.abort()

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
            else:
                self._hang_up(connection, effect)
        self._set_timer()

    def _deliver(self, connection: ServerConnection, effect: Deliver) -> None:
        if self._heard is not None:
            self._heard(effect.client, Side.SERVICE, effect.text.encode())
        broadcast([connection], effect.text)  # sends at once, in order, and waits for nobody
        if connection.transport.get_write_buffer_size() > MOST_UNSENT:
            connection.transport.abort()

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


class SimulatorServer:
    """A service with an address. Start it with ``with``, or with ``start`` and ``stop``; once.

    Args:
        agent: who answers; by default one that greets, accepts, reads and quotes.
        host: a loopback address.
        port: 0 takes any that is free.
        seed: makes all ids the same each time; None makes them new each time.
        patience: how long a silent client is borne with.
        allow_origins: origins of web pages, besides local ones, that may connect.
        heard: told of every payload, for tests that want to know what really was said.
        on_failure: called, in the server's thread, if it ends by a fault of ours.
    """

    def __init__(
        self,
        agent: AgentScript | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        seed: int | None = None,
        patience: Patience = Patience(),  # noqa: B008 - immutable
        allow_origins: Sequence[str] = (),
        heard: Heard | None = None,
        on_failure: Callable[[], None] = lambda: None,
    ) -> None:
        self.host = loopback(host)
        self.port = port
        self._agent = DEFAULT_AGENT if agent is None else agent
        self._seed = secrets.randbits(128) if seed is None else seed
        self._patience = patience
        self._allow_origins = tuple(allow_origins)
        self._heard = heard
        self._on_failure = on_failure
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where consumers connect; any account does in the place of ``le-sim``. Valid once started."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"ws://{host}:{self.port}/ws_api/account/le-sim/messaging/consumer?v=3"

    def start(self) -> Self:
        """Listen, and return once clients can connect.

        Raises:
            BadOption: the address cannot be had, for instance because it is taken.
        """
        listening = listener(self.host, self.port)
        self.port = listening.getsockname()[1]
        self._thread = threading.Thread(target=self._run, args=(listening,), name="simulator", daemon=True)
        self._thread.start()
        self._ready.wait()
        return self

    def stop(self) -> None:
        """Close every connection (1001) and end the thread. Stopping twice is fine.

        Raises:
            BaseException: what made the server end before by a fault of ours, if that happened.
        """
        thread, self._thread = self._thread, None
        if thread is not None:
            if self._loop is not None:
                with contextlib.suppress(RuntimeError):  # it has just ended by itself
                    self._loop.call_soon_threadsafe(self._stopping.set)
            thread.join()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self, listening: socket.socket) -> None:
        try:
            with listening, asyncio.Runner(loop_factory=_loop) as runner:
                runner.run(self._serve(listening))
        except BaseException as problem:  # handed to whoever stops the server
            self._fail(problem)
        finally:
            self._ready.set()

    async def _serve(self, listening: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        doorman = Doorman(self.host, self.port, allow_origins=self._allow_origins)
        floor = _Floor(self._service(), doorman, heard=self._heard, fail=self._fail)
        server = await serve(
            floor.attend,
            sock=listening,
            backlog=1024,
            create_connection=floor.expect,  # type: ignore[arg-type] # a class is declared, any maker does
            process_request=floor.admit,
            compression=None,
            max_size=LARGEST_PAYLOAD,
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            ping_interval=None,
            server_header=None,
            logger=_QUIET,
        )
        self._ready.set()
        await self._stopping.wait()
        server.close()
        await floor.leave(server.wait_closed())

    def _service(self) -> Service:
        clock = RealClock()
        return Service(
            agent=self._agent,
            ids=seeded_ids(self._seed),
            epoch_ms=clock.wall_us() / 1000 - clock.now_s() * 1000,
            patience=self._patience,
        )

    def _fail(self, problem: BaseException) -> None:
        self._failure = self._failure or problem
        self._stopping.set()
        self._on_failure()


class Stop(Protocol):
    """What ``run`` waits for; a ``threading.Event`` is one."""

    def set(self) -> None:
        """Have ``wait`` return."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Return once it is set."""
        ...


def run(
    listen: str,
    *,
    agent: AgentScript | None = None,
    stop: Stop,
    say: Callable[[str], None],
    seed: int | None = None,
    patience: Patience = Patience(),  # noqa: B008 - immutable
    allow_origins: Sequence[str] = (),
) -> None:
    """Serve at ``listen`` (``127.0.0.1:8765``) until ``stop`` is set; ``say`` gets the address.

    Raises:
        BadOption: the address is none, not local, or taken.
    """
    host, port = parse_listen(listen)
    server = SimulatorServer(
        agent,
        host,
        port,
        seed=seed,
        patience=patience,
        allow_origins=allow_origins,
        on_failure=stop.set,
    )
    with server:
        say(server.url)
        stop.wait()


def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.SelectorEventLoop(punctual_selector())
