"""The service behind real WebSockets, and the REST endpoints on the same port; on this machine only.

Runs in a thread of its own. It negotiates no compression and sends no pings: as with the real service, a
client keeps its connection alive, and a recording has no frames that the real service would not send.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from typing import Protocol, Self, TypedDict, Unpack

from websockets.asyncio.server import serve

from recorder.clock import RealClock
from recorder.runtime.listener import bind_listener, loopback_address, parse_listen_address
from recorder.runtime.selector import punctual_selector

from . import websocket_server
from .agent.rules import DEFAULT_AGENT, AgentScript
from .faults.config import NO_MOODS, Moods
from .http.admission import Admission
from .http.endpoints import RestEndpoints
from .protocol.tokens import ACCOUNT
from .service import Patience, Service, seeded_ids
from .websocket_server import PayloadObserver, WebSocketServer

MAX_PAYLOAD_BYTES = 16 * 1024 * 1024

# What clients do wrong on the wire is theirs to see, not ours to print.
_QUIET = logging.getLogger("recorder.simulator.wire")
_QUIET.addHandler(logging.NullHandler())
_QUIET.propagate = False


class ServerOptions(TypedDict, total=False):
    """What a simulator serves with; every key has a default.

    Attributes:
        seed: makes all ids, and everything random in the moods, the same each time; None: new each time.
        patience: idle and InitConnection timeouts.
        allow_origins: origins of web pages, besides local ones, that may connect.
        as_hosts: host names of the real service that were made to point here.
        tls: encrypts all connections; None: plain.
        on_remark: called with a sentence about a rule of the agent that cannot be applied, in the thread of
            the server.
    """

    seed: int | None
    patience: Patience
    allow_origins: Sequence[str]
    as_hosts: Sequence[str]
    tls: ssl.SSLContext | None
    on_remark: Callable[[str], None]


class SimulatorServer:
    """A service with an address. Start it with ``with``, or with ``start`` and ``stop``; once.

    Args:
        agent: the agent's rules; by default it greets, accepts, reads and quotes.
        host: a loopback address.
        port: 0 takes any that is free.
        moods: deviations from the published behaviour.
        on_payload: called in the server's thread with every payload: number of the client, sender, bytes.
        on_failure: called in the server's thread if it ends by a fault of ours.
        options: the keys of ``ServerOptions``.
    """

    def __init__(
        self,
        agent: AgentScript | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        moods: Moods = NO_MOODS,
        on_payload: PayloadObserver | None = None,
        on_failure: Callable[[], None] = lambda: None,
        **options: Unpack[ServerOptions],
    ) -> None:
        self.host = loopback_address(host)
        self.port = port
        self._agent = DEFAULT_AGENT if agent is None else agent
        self._moods = moods
        self._on_payload = on_payload
        self._on_failure = on_failure
        self._options = options
        self._tls = options.get("tls")
        seed = options.get("seed")
        self._seed = secrets.randbits(128) if seed is None else seed
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where consumers connect; any account does in the place of ``le-sim``. Valid once started."""
        return f"ws{self._base_without_scheme}/ws_api/account/{ACCOUNT}/messaging/consumer?v=3"

    @property
    def base_url(self) -> str:
        """The base address of the REST endpoints, in place of LivePerson's. Valid once started."""
        return f"http{self._base_without_scheme}"

    @property
    def _base_without_scheme(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'' if self._tls is None else 's'}://{host}:{self.port}"

    def start(self) -> Self:
        """Listen, and return once clients can connect.

        Raises:
            BadOption: the address is taken or cannot be bound; one of ``as_hosts`` is no host name.
        """
        self._admission()  # raises here rather than in the thread
        listening = bind_listener(self.host, self.port)
        self.port = listening.getsockname()[1]
        self._thread = threading.Thread(target=self._run, args=(listening,), name="simulator", daemon=True)
        self._thread.start()
        self._ready.wait()
        return self

    def stop(self) -> None:
        """Close every connection (1001) and end the thread. Stopping twice is fine.

        Raises:
            BaseException: the fault of ours that had ended the server, if one did.
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

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _run(self, listening: socket.socket) -> None:
        _yield_processor_to_clients()
        try:
            with (
                listening,
                asyncio.Runner(loop_factory=_new_loop) as runner,
            ):
                runner.run(self._serve(listening))
        except BaseException as problem:  # handed to whoever stops the server
            self._stop_with(problem)
        finally:
            self._ready.set()

    async def _serve(self, listening: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        admission = self._admission()
        # Another seed, not to disturb the ids of the service.
        endpoints = RestEndpoints(admission, ids=seeded_ids(self._seed + 1))
        clock = RealClock()
        connections = WebSocketServer(
            self._service(),
            admission,
            respond=lambda request: endpoints.respond(request, now_ms=clock.wall_us() // 1000),
            on_payload=self._on_payload,
            on_failure=self._stop_with,
        )
        server = await serve(
            connections.handle,
            sock=listening,
            backlog=1024,
            ssl=self._tls,  # its handshake may take ``open_timeout`` too
            create_connection=connections.create_connection,  # type: ignore[arg-type] # a class is declared, any maker does
            process_request=connections.process_request,
            compression=None,
            max_size=MAX_PAYLOAD_BYTES,
            open_timeout=websocket_server.OPEN_TIMEOUT_S,
            close_timeout=websocket_server.CLOSE_TIMEOUT_S,
            ping_interval=None,
            server_header=None,
            logger=_QUIET,
        )
        self._ready.set()
        await self._stopping.wait()
        server.close()
        await connections.close(server.wait_closed())

    def _admission(self) -> Admission:
        return Admission(
            self.host,
            self.port,
            allow_origins=self._options.get("allow_origins", ()),
            as_hosts=self._options.get("as_hosts", ()),
        )

    def _service(self) -> Service:
        clock = RealClock()
        return Service(
            agent=self._agent,
            ids=seeded_ids(self._seed),
            epoch_ms=clock.wall_us() / 1000 - clock.now_s() * 1000,
            patience=self._options.get("patience", Patience()),
            moods=self._moods,
            seed=self._seed,
            on_remark=self._options.get("on_remark", lambda sentence: None),
        )

    def _stop_with(self, problem: BaseException) -> None:
        self._failure = self._failure or problem
        self._stopping.set()
        self._on_failure()


class StopSignal(Protocol):
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
    moods: Moods = NO_MOODS,
    stop: StopSignal,
    on_listening: Callable[[str], None],
    **options: Unpack[ServerOptions],
) -> None:
    """Serve at ``listen`` (``127.0.0.1:8765``) until ``stop`` is set; ``on_listening`` gets the URL.

    Raises:
        BadOption: the address is none, not local, or taken; one of ``as_hosts`` is no host name.
    """
    host, port = parse_listen_address(listen)
    with SimulatorServer(agent, host, port, moods=moods, on_failure=stop.set, **options) as server:
        on_listening(server.url)
        stop.wait()


def _new_loop() -> asyncio.SelectorEventLoop:
    """An event loop. Raises ``OSError``: there are no descriptors left for it."""
    selector = punctual_selector()
    # Fails here, rather than in the constructor, whose remains would complain on stderr.
    for one in socket.socketpair():
        one.close()
    return asyncio.SelectorEventLoop(selector)


def _yield_processor_to_clients() -> None:
    """Schedule this thread as SCHED_BATCH, where the system has that.

    The real service is another machine. A thread woken by what a client sends would otherwise preempt that
    client in the middle of sending, for some tenths of a millisecond each time.
    """
    with contextlib.suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))  # 0: the thread that calls
