"""Services of plain sockets that keep what they heard, and ``recorder`` as a process that can be killed."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import itertools
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from builders.preloaded import Preloaded
from typer.testing import CliRunner, Result
from wsproto.frame_protocol import FrameProtocol

from recorder.cli.app import app

PATIENCE_S = 30.0
Start = Callable[..., subprocess.Popen[bytes]]
Run = Callable[..., Result]


def frame_of(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
    """One frame as a service sends it."""
    size = len(payload)
    head = bytes((opcode | (0x80 if fin else 0), size)) if size < 126 else bytes((opcode | 0x80, 126))
    return head + (b"" if size < 126 else size.to_bytes(2, "big")) + payload


class Visit:
    """One client at the door: its request, and every byte of frames that came from it."""

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(PATIENCE_S)
        self.sock = sock
        self.request = b""
        self.heard = bytearray()
        self.over = threading.Event()

    def take_request(self) -> None:
        """Read the upgrade request; what came after it counts as heard."""
        while b"\r\n\r\n" not in self.request:
            more = self.sock.recv(65536)
            if not more:
                raise ConnectionResetError
            self.request += more
        self.request, _, rest = self.request.partition(b"\r\n\r\n")
        self.heard += rest

    def let_in(self, headers: str = "") -> None:
        """Answer the upgrade with 101."""
        key = re.search(rb"(?i)Sec-WebSocket-Key: *(\S+)", self.request)
        assert key is not None, self.request
        accept = hashlib.sha1(
            key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", usedforsecurity=False
        ).digest()
        self.sock.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + base64.b64encode(accept) + b"\r\n" + headers.encode() + b"\r\n"
        )

    def frames(self) -> list[tuple[int, bool, bytes]]:
        """Opcode, fin and payload of what was heard, as another library reads it.

        A last one that is cut is left out.
        """
        reader = FrameProtocol(client=False, extensions=[])
        reader.receive_bytes(bytes(self.heard))
        whole = (frame for frame in reader.received_frames() if frame.frame_finished)
        return [(int(frame.opcode), frame.message_finished, _bytes(frame.payload)) for frame in whole]

    def frames_as_they_come(self) -> Iterator[tuple[int, bool, bytes]]:
        """The same, waiting for more until the client ends its stream."""
        told = 0
        while True:
            yield from (news := self.frames()[told:])
            told += len(news)
            heard = self.sock.recv(65536)
            if not heard:
                return
            self.heard += heard


def _bytes(payload: object) -> bytes:
    if isinstance(payload, tuple):  # a Close, read as code and reason
        return int(payload[0]).to_bytes(2, "big") + payload[1].encode()
    return payload.encode() if isinstance(payload, str) else bytes(payload)  # type: ignore[call-overload]


class Service:
    """A service on loopback. ``serve`` gets each visit in a thread of its own and may end as it likes."""

    def __init__(self, serve: Callable[[Visit], None]) -> None:
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.visits: list[Visit] = []
        self.place = f"ws://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._listen, name="service", daemon=True).start()

    def close(self) -> None:
        """Take no more visits."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def last_visit(self) -> Visit:
        """The latest visit, once it is over and all of it was heard."""
        visit = self.visits[-1]
        assert visit.over.wait(PATIENCE_S), "the service still has a visitor"
        return visit

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                visit = Visit(self._listener.accept()[0])
                self.visits.append(visit)
                threading.Thread(target=self._host, args=(visit,), daemon=True).start()

    def _host(self, visit: Visit) -> None:
        with visit.sock:
            try:
                visit.take_request()
                self._serve(visit)
            except ConnectionError:
                pass  # killed, most likely: that is what these tests are about
            finally:
                visit.over.set()


def flood(visit: Visit, story: Iterator[bytes]) -> None:
    """Push what the story gives as fast as it is taken, and hear everything until the end.

    If the story has an end, a Close of the client's is answered after it.
    """
    visit.sock.setblocking(False)
    waiting = b"".join(itertools.islice(story, 64))
    pushing = True
    while True:
        writers = [visit.sock] if pushing else []
        readable, writable, _ = select.select([visit.sock], writers, [], PATIENCE_S)
        assert readable or writable, "nothing moves any more"
        if readable:
            heard = visit.sock.recv(65536)
            if not heard:
                return
            visit.heard += heard
        if writable:
            try:
                waiting = waiting[visit.sock.send(waiting) :]
            except ConnectionError:
                waiting, story = b"", iter(())  # what it said before it died may still wait to be read
            if len(waiting) < 16_384:
                waiting += b"".join(itertools.islice(story, 64))
            pushing = bool(waiting)
        if not pushing and any(opcode == 8 for opcode, _, _ in visit.frames()):
            visit.sock.sendall(frame_of(8, b"\x03\xe8"))
            return


@pytest.fixture
def service() -> Iterator[Callable[[Callable[[Visit], None]], Service]]:
    """Start a service of plain sockets."""
    started: list[Service] = []

    def make(serve: Callable[[Visit], None]) -> Service:
        started.append(Service(serve))
        return started[-1]

    yield make
    for each in started:
        each.close()


@pytest.fixture
def wire() -> object:
    """What services say things with: ``wire.frame_of`` and ``wire.flood``."""

    class Wire:
        frame_of = staticmethod(frame_of)
        flood = staticmethod(flood)

    return Wire


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Where the archive of the test will be: in a folder that holds nothing else."""
    folder = tmp_path / "archive"
    folder.mkdir()
    return folder / "recorder.db"


@pytest.fixture
def start(archive: Path) -> Iterator[Start]:
    """Start ``recorder`` as a process in a group of its own; whatever still runs at the end is killed.

    ``program`` is run by an interpreter of its own instead, for what has to happen before it.
    """
    started: list[subprocess.Popen[bytes]] = []

    def popen(
        *arguments: str, program: tuple[str, ...] = (), env: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        how: dict[str, Any] = {
            "stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
            "start_new_session": True, "cwd": archive.parent,
            "env": {**os.environ, "RECORDER_ARCHIVE": str(archive), **(env or {})},
        }  # fmt: skip
        if program:
            started.append(subprocess.Popen([sys.executable, *program, *arguments], **how))
        else:
            started.append(Preloaded(list(arguments), **how))
        return started[-1]

    yield popen
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


@pytest.fixture
def run(archive: Path) -> Run:
    """Run ``recorder`` in this process on the test's archive."""

    def invoke(*arguments: str, **more: object) -> Result:
        environment = {"RECORDER_ARCHIVE": str(archive)}
        return CliRunner(env=environment).invoke(app, list(arguments), **more)  # type: ignore[arg-type]

    return invoke
