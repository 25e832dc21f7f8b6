"""The service behind a real WebSocket, and its REST legs on the same port; on this machine only.

::

    with SimulatorServer() as simulator:
        connect(simulator.url)  # or begin, as a browser does, with a request to simulator.base_url

Runs in a thread of its own. It compresses nothing, and it sends no pings: a client keeps itself alive,
as with the real service, and a recording holds no frames that the real service would not have sent.
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
from types import TracebackType
from typing import Any, Protocol, Self

from websockets.asyncio.server import serve

from recorder.clock import RealClock
from recorder.runtime.selector import punctual_selector

from . import websocket_server
from .address import listener, loopback, parse_listen
from .agent.rules import DEFAULT_AGENT, AgentScript
from .faults.config import CALM, Moods
from .http.admission import Doorman
from .http.endpoints import Rest
from .service import Patience, Service, seeded_ids
from .websocket_server import Floor, Heard

LARGEST_PAYLOAD = 16 * 1024 * 1024

# What clients do wrong on the wire is theirs to see, not ours to print.
_QUIET = logging.getLogger("recorder.simulator.wire")
_QUIET.addHandler(logging.NullHandler())
_QUIET.propagate = False


class SimulatorServer:
    """A service with an address. Start it with ``with``, or with ``start`` and ``stop``; once.

    Args:
        agent: who answers; by default one that greets, accepts, reads and quotes.
        host: a loopback address.
        port: 0 takes any that is free.
        seed: makes all ids, and all that moods leave to chance, the same each time; None: new each time.
        patience: how long a silent client is borne with.
        moods: what the service does otherwise than well-behaved.
        allow_origins: origins of web pages, besides local ones, that may connect.
        as_hosts: names of the real service that were made to point here; they are taken for this server's.
        tls: how to encrypt, for clients that will have it no other way; None for plain.
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
        moods: Moods = CALM,
        allow_origins: Sequence[str] = (),
        as_hosts: Sequence[str] = (),
        tls: ssl.SSLContext | None = None,
        heard: Heard | None = None,
        on_failure: Callable[[], None] = lambda: None,
    ) -> None:
        self.host = loopback(host)
        self.port = port
        self._agent = DEFAULT_AGENT if agent is None else agent
        self._seed = secrets.randbits(128) if seed is None else seed
        self._patience = patience
        self._moods = moods
        self._allow_origins = tuple(allow_origins)
        self._as_hosts = tuple(as_hosts)
        self._tls = tls
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
        return f"ws{self._rest_of_base}/ws_api/account/le-sim/messaging/consumer?v=3"

    @property
    def base_url(self) -> str:
        """Where clients ask for addresses and tokens, instead of LivePerson's. Valid once started."""
        return f"http{self._rest_of_base}"

    @property
    def _rest_of_base(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'' if self._tls is None else 's'}://{host}:{self.port}"

    def start(self) -> Self:
        """Listen, and return once clients can connect.

        Raises:
            BadOption: the address cannot be had, for instance because it is taken; a name is none.
        """
        self._doorman()  # raises what the thread could not
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
        _push_nobody_aside()
        try:
            with listening, asyncio.Runner(loop_factory=_loop) as runner:
                runner.run(self._serve(listening))
        except BaseException as problem:  # handed to whoever stops the server
            self._fail(problem)
        finally:
            self._ready.set()

    async def _serve(self, listening: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        doorman = self._doorman()
        rest = Rest(doorman, ids=seeded_ids(self._seed + 1))  # not to disturb the ids of the service
        clock = RealClock()
        floor = Floor(
            self._service(),
            doorman,
            rest=lambda ask: rest.answer(ask, now_ms=clock.wall_us() // 1000),
            heard=self._heard,
            fail=self._fail,
        )
        server = await serve(
            floor.attend,
            sock=listening,
            backlog=1024,
            **self._encryption(),
            create_connection=floor.expect,  # type: ignore[arg-type] # a class is declared, any maker does
            process_request=floor.admit,
            compression=None,
            max_size=LARGEST_PAYLOAD,
            open_timeout=websocket_server.OPEN_TIMEOUT_S,
            close_timeout=websocket_server.CLOSE_TIMEOUT_S,
            ping_interval=None,
            server_header=None,
            logger=_QUIET,
        )
        self._ready.set()
        await self._stopping.wait()
        server.close()
        await floor.leave(server.wait_closed())

    def _doorman(self) -> Doorman:
        return Doorman(self.host, self.port, allow_origins=self._allow_origins, as_hosts=self._as_hosts)

    def _encryption(self) -> dict[str, Any]:
        if self._tls is None:
            return {}
        return {"ssl": self._tls, "ssl_handshake_timeout": websocket_server.OPEN_TIMEOUT_S}

    def _service(self) -> Service:
        clock = RealClock()
        return Service(
            agent=self._agent,
            ids=seeded_ids(self._seed),
            epoch_ms=clock.wall_us() / 1000 - clock.now_s() * 1000,
            patience=self._patience,
            moods=self._moods,
            seed=self._seed,
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
    moods: Moods = CALM,
    allow_origins: Sequence[str] = (),
    as_hosts: Sequence[str] = (),
    tls: ssl.SSLContext | None = None,
) -> None:
    """Serve at ``listen`` (``127.0.0.1:8765``) until ``stop`` is set; ``say`` gets the address.

    Raises:
        BadOption: the address is none, not local, or taken; a name is none.
    """
    host, port = parse_listen(listen)
    server = SimulatorServer(
        agent,
        host,
        port,
        seed=seed,
        patience=patience,
        moods=moods,
        allow_origins=allow_origins,
        as_hosts=as_hosts,
        tls=tls,
        on_failure=stop.set,
    )
    with server:
        say(server.url)
        stop.wait()


def _push_nobody_aside() -> None:
    """Let this thread wait for a processor to be free, where the system can do that.

    The real service is another machine. A thread that is woken by what a client sends would else push that
    client off its processor in the middle of sending, for some tenths of a millisecond each time.
    """
    with contextlib.suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))  # 0: the thread that calls


def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.SelectorEventLoop(punctual_selector())
