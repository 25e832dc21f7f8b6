"""A proxy in a thread, before a service of raw sockets or the simulator."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from recorder import recipes
from recorder.store.archive import Archive
from recorder.wire.frames import Opcode, Side, encode
from recorder.wire.handshake import HandshakeReader, accept_for, header_values
from recorder.wire.payloads import Payload
from recorder.wire.records import ConnectionInfo, HttpExchange, RecordedFrame, SessionInfo

PATIENCE_S = 20.0
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
PATH = "/ws_api/account/1/messaging/consumer?v=3"


class StopEvent:
    """A stop that the test sets."""

    def __init__(self) -> None:
        self._set = False
        self._wakes: list[Callable[[], None]] = []

    def is_set(self) -> bool:
        return self._set

    def on_stop(self, wake: Callable[[], None]) -> None:
        self._wakes.append(wake)

    def set(self) -> None:
        self._set = True
        for wake in self._wakes:
            wake()


class RunningProxy:
    """``recipes.proxy`` in a thread. ``end`` stops it and gives what it raised."""

    def __init__(self, upstream: str, archive: Path, **options: object) -> None:
        self.archive = archive
        self.said: list[str] = []
        self.delivered: list[Payload] = []
        self.problem: BaseException | None = None
        self._stop = StopEvent()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(upstream, options))
        self._thread.start()
        assert self._listening.wait(PATIENCE_S)
        if self.problem is not None:
            raise self.problem

    def _run(self, upstream: str, options: dict[str, object]) -> None:
        def listening(url: str) -> None:
            self.url = url
            self.host, _, port = url.partition("://")[2].rpartition(":")
            self.port = int(port)
            self._listening.set()

        def deliver(payloads: Sequence[Payload]) -> None:
            self.delivered += payloads

        try:
            recipes.proxy(
                upstream,
                archive=str(self.archive),
                listen=str(options.pop("listen", "127.0.0.1:0")),
                deliver=deliver,
                stop=self._stop,
                say=self.said.append,
                on_listening=listening,
                **options,  # type: ignore[arg-type]
            )
        except BaseException as problem:
            self.problem = problem
        finally:
            self._listening.set()

    def end(self) -> BaseException | None:
        """Stop it, and wait for it; what it raised."""
        self._stop.set()
        return self.wait()

    def wait(self) -> BaseException | None:
        """Wait until it has ended by itself; what it raised."""
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        return self.problem

    def connect(self) -> socket.socket:
        """A plain socket to it."""
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def upgrade(self, *, path: str = PATH, extra: str = "") -> socket.socket:
        """A socket on which the upgrade has been asked for and answered with 101."""
        sock = self.connect()
        sock.sendall(upgrade_head(f"127.0.0.1:{self.port}", path=path, extra=extra))
        head = receive_head(sock)
        assert head.startswith(b"HTTP/1.1 101 "), head
        return sock

    # What was recorded, once it has ended

    @contextlib.contextmanager
    def recorded(self) -> Iterator[tuple[Archive, SessionInfo]]:
        """The archive, and its last session."""
        with Archive.open(self.archive, mode="read") as archive:
            yield archive, archive.find_session("last")

    def frames(self) -> list[RecordedFrame]:
        """Every frame of the last session."""
        with self.recorded() as (archive, session):
            return list(archive.frames(session))

    def connections(self) -> list[ConnectionInfo]:
        """Every connection of the last session."""
        with self.recorded() as (archive, session):
            return archive.connections(session)

    def exchanges(self) -> list[HttpExchange]:
        """Every request beside the WebSockets of the last session."""
        with self.recorded() as (archive, session):
            return archive.exchanges(session)


def upgrade_head(host: str, *, path: str = PATH, extra: str = "") -> bytes:
    """An upgrade request as a client writes it, with spellings of its own."""
    return (
        f"GET {path} HTTP/1.1\r\nhOsT: {host}\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
        f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n{extra}X-Odd:  two  spaces \r\n\r\n"
    ).encode()


def receive_head(sock: socket.socket) -> bytes:
    """Bytes up to the blank line, read one by one so that nothing after it is taken."""
    received = b""
    while not received.endswith(b"\r\n\r\n"):
        data = sock.recv(1)
        assert data, received
        received += data
    return received


def receive_exactly(sock: socket.socket, size: int) -> bytes:
    """So many bytes."""
    received = b""
    while len(received) < size:
        data = sock.recv(size - len(received))
        assert data, f"ended after {len(received)} of {size} bytes"
        received += data
    return received


def receive_all(sock: socket.socket) -> bytes:
    """Bytes up to the end of the stream, or a reset."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while data := sock.recv(65536):
            received += data
    return received


def accept_upgrade(sock: socket.socket, *, extra: bytes = b"", glued: bytes = b"") -> bytes:
    """Read an upgrade and answer it with 101; return the head as it came."""
    reader = HandshakeReader(Side.CLIENT)
    while reader.feed(sock.recv(1)) is None:
        pass
    key = header_values(reader.request().headers, "Sec-WebSocket-Key")[0]
    sock.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept_for(key).encode() + b"\r\n" + extra + b"\r\n" + glued
    )
    return reader.raw


class Service:
    """A listening socket whose connections a handler serves, each in a thread."""

    def __init__(self, handler: Callable[[socket.socket], None]) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}"
        self.problems: list[BaseException] = []
        self.accepted = 0
        self._handler = handler
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listening.accept()
            except OSError:
                return
            self.accepted += 1
            sock.settimeout(PATIENCE_S)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._threads.append(threading.Thread(target=self._serve, args=(sock,)))
            self._threads[-1].start()

    def _serve(self, sock: socket.socket) -> None:
        with sock:
            try:
                self._handler(sock)
            except BaseException as problem:
                self.problems.append(problem)

    def close(self) -> None:
        """Accept nobody, and wait for the handlers. Raises what one of them raised."""
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()
        if self.problems:
            raise self.problems[0]


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[socket.socket], None]], Service]]:
    """Start a service whose connections this handler serves."""
    with contextlib.ExitStack() as ending:

        def start(handler: Callable[[socket.socket], None]) -> Service:
            service = Service(handler)
            ending.callback(service.close)
            return service

        yield start


@pytest.fixture
def through(tmp_path: Path) -> Iterator[Callable[..., RunningProxy]]:
    """Start a proxy to this upstream; it is stopped at the end, before the services are."""
    proxies: list[RunningProxy] = []

    def start(upstream: str, **options: object) -> RunningProxy:
        archive = options.pop("archive", tmp_path / f"{len(proxies)}.db")
        proxies.append(RunningProxy(upstream, archive, **options))  # type: ignore[arg-type]
        return proxies[-1]

    yield start
    for each in proxies:
        each.end()


def text(payload: bytes, **how: object) -> bytes:
    """A masked text frame of a client."""
    return encode(Opcode.TEXT, payload, mask=b"\x01\x02\x03\x04", **how)  # type: ignore[arg-type]
