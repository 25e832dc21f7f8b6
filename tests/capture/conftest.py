"""Servers to record: one of plain sockets, which may break every rule, and what a test sees of its client."""

from __future__ import annotations

import contextlib
import itertools
import queue
import socket
import ssl
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recorder.capture.client import RecordingConnection
from recorder.capture.connect_attempt import ConnectAttempt
from recorder.capture.options import ConnectOptions
from recorder.clock import RealClock
from recorder.wire.decoder import FrameDecoder
from recorder.wire.frames import Frame, Opcode, Side, encode
from recorder.wire.handshake import HandshakeReader, accept_for, header_values
from recorder.wire.records import (
    ConnectionClosed,
    ConnectionOpened,
    HandshakeSeen,
    Record,
    RecordedFrame,
)

TIMEOUT_S = 20.0


class Peer:
    """The service's end of one connection, in the hands of a test."""

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(TIMEOUT_S)
        self.sock = sock
        self.request = b""
        self._decoder = FrameDecoder(Side.CLIENT)
        self._frames: deque[Frame] = deque()

    def read_request(self) -> bytes:
        reader = HandshakeReader(Side.CLIENT)
        while (rest := reader.feed(self.sock.recv(65536) or b"\r\n\r\n")) is None:
            pass
        self._frames.extend(self._decoder.feed(rest))
        self.request = reader.raw
        return reader.raw

    def accept(self, *, glued: bytes = b"", headers: str = "", key: str | None = None) -> None:
        """Read the request and answer 101; ``glued`` leaves in the same segment."""
        self.read_request()
        reader = HandshakeReader(Side.CLIENT)
        reader.feed(self.request)
        asked = header_values(reader.request().headers, "Sec-WebSocket-Key")[0]
        head = (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept_for(key or asked)}\r\n{headers}\r\n"
        )
        self.send(head.encode() + glued)

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def send_text(self, text: str) -> None:
        self.send(encode(Opcode.TEXT, text.encode()))

    def close_frame(self, code: int, reason: str = "") -> None:
        self.send(encode(Opcode.CLOSE, code.to_bytes(2, "big") + reason.encode()))

    def next_frame(self) -> Frame | None:
        """The client's next frame; None at the end of its stream."""
        while not self._frames:
            data = self.sock.recv(65536)
            if not data:
                return None
            self._frames.extend(self._decoder.feed(data))
        return self._frames.popleft()

    def answer_close(self) -> bytes:
        """Read the client's frames up to its Close, answer that, and return the request."""
        while (frame := self.next_frame()) is not None:
            if frame.opcode == Opcode.CLOSE:
                self.close_frame(1000)
                return self.request
        return self.request

    def remaining_frames(self) -> list[Frame]:
        frames = []
        with contextlib.suppress(ConnectionError):
            while (frame := self.next_frame()) is not None:
                frames.append(frame)
        return frames


class RawService:
    """Runs a script for each connection, in a thread; what a script raises fails the test."""

    def __init__(self, script: Callable[[Peer], object], context: ssl.SSLContext | None = None) -> None:
        self._script = script
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.scheme = "ws" if context is None else "wss"
        self.url = f"{self.scheme}://127.0.0.1:{self.port}/"
        self.results: queue.Queue[object] = queue.Queue()
        self.connections = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with contextlib.closing(sock):
                self._run(sock)

    def _run(self, sock: socket.socket) -> None:
        try:
            if self._context is not None:
                with self._context.wrap_socket(sock, server_side=True) as wrapped:
                    self.results.put(self._script(Peer(wrapped)))
            else:
                self.results.put(self._script(Peer(sock)))
        except BaseException as problem:
            self.results.put(problem)

    def result(self) -> object:
        """What the script of the next connection returned."""
        outcome = self.results.get(timeout=TIMEOUT_S)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(TIMEOUT_S)


class RecordingSink:
    """A sink that keeps what it is given, call by call."""

    def __init__(self) -> None:
        self.calls: list[list[Record]] = []

    def __call__(self, records: object) -> None:
        self.calls.append(list(records))  # type: ignore[call-overload]

    @property
    def records(self) -> list[Record]:
        return [record for call in self.calls for record in call]

    @property
    def frames(self) -> list[RecordedFrame]:
        return [record for record in self.records if isinstance(record, RecordedFrame)]

    @property
    def opened(self) -> list[ConnectionOpened]:
        return [record for record in self.records if isinstance(record, ConnectionOpened)]

    @property
    def handshakes(self) -> list[HandshakeSeen]:
        return [record for record in self.records if isinstance(record, HandshakeSeen)]

    @property
    def ends(self) -> list[ConnectionClosed]:
        return [record for record in self.records if isinstance(record, ConnectionClosed)]

    def shown(self) -> list[tuple[str, int, bytes]]:
        """Frames as (sender, opcode, payload)."""
        return [(str(frame.sender), frame.opcode, frame.payload) for frame in self.frames]


Connect = Callable[..., RecordingConnection]
Serve = Callable[..., RawService]


@pytest.fixture
def clock() -> RealClock:
    return RealClock()


@pytest.fixture
def recorded() -> RecordingSink:
    return RecordingSink()


@pytest.fixture
def serve() -> Iterator[Serve]:
    services: list[RawService] = []

    def start(script: Callable[[Peer], object], context: ssl.SSLContext | None = None) -> RawService:
        services.append(RawService(script, context))
        return services[-1]

    yield start
    for service in services:
        service.stop()


@pytest.fixture
def connect(recorded: RecordingSink, clock: RealClock) -> Iterator[Connect]:
    """Opens connections that are recorded in ``recorded``, and closes them in the end."""
    made: list[RecordingConnection] = []
    numbers = itertools.count(1)

    def open_one(
        url: str, *, sink: object = recorded, connection: int = 1, **options: object
    ) -> RecordingConnection:
        options.setdefault("ping_interval_s", None)
        attempt = ConnectAttempt(
            ConnectOptions(url=url, **options),  # type: ignore[arg-type]
            connection=connection,
            numbers=numbers,
            began_s=clock.now_s(),
            clock=clock,
            sink=sink,  # type: ignore[arg-type]
        )
        attempt.connect()
        made.append(RecordingConnection(attempt))
        return made[-1]

    yield open_one
    for connection in made:
        connection.close(timeout_s=0.02)


@pytest.fixture
def attempt(recorded: RecordingSink, clock: RealClock) -> Callable[..., ConnectAttempt]:
    """Sets out to connect as a replay does: made elsewhere, never waiting for room to send."""
    numbers = itertools.count(1)

    def open_attempt(
        url: str, *, connection: int = 1, sink: object = recorded, **options: object
    ) -> ConnectAttempt:
        options.setdefault("ping_interval_s", None)
        return ConnectAttempt(
            ConnectOptions(url=url, **options),  # type: ignore[arg-type]
            connection=connection,
            numbers=numbers,
            began_s=clock.now_s(),
            clock=clock,
            sink=sink,  # type: ignore[arg-type]
            queueing=True,
        )

    return open_attempt


@pytest.fixture
def connect_queued(attempt: Callable[..., ConnectAttempt]) -> Iterator[Connect]:
    """Connects as a replay does."""
    made: list[RecordingConnection] = []

    def open_one(url: str, **options: object) -> RecordingConnection:
        new = attempt(url, **options)
        new.connect()
        made.append(RecordingConnection(new))
        return made[-1]

    yield open_one
    for connection in made:
        connection.close(timeout_s=0.02)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority (ca.pem) and what it signed: good, other (another host), old (expired)."""
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "30",
            "-subj", "/CN=Test authority", "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip
    (folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca=here\n[here]\ndatabase=index\nnew_certs_dir=.\nserial=serial\nrand_serial=yes\n"
        "default_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n"
    )
    (folder / "index").touch()
    for name, alternative, begin, end in (
        ("good", "IP:127.0.0.1,DNS:localhost", "20200101000000Z", "20900101000000Z"),
        ("other", "DNS:elsewhere.example", "20200101000000Z", "20900101000000Z"),
        ("old", "IP:127.0.0.1", "20200101000000Z", "20200201000000Z"),
    ):
        (folder / f"{name}.ext").write_text(f"subjectAltName={alternative}\n")
        openssl("req", *new_key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl("ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key",
                "-in", f"{name}.csr", "-startdate", begin, "-enddate", end,
                "-extfile", f"{name}.ext", "-out", f"{name}.pem")  # fmt: skip
    return folder


@pytest.fixture
def encrypted(certificates: Path) -> Callable[[str], ssl.SSLContext]:
    """A server's TLS context for one of the certificates."""

    def context(name: str) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(certificates / f"{name}.pem", certificates / f"{name}.key")
        return made

    return context
