"""What the recording proxy costs: beside no proxy, haproxy (TCP mode) and mitmproxy, in one run.

Run it with ``python tests/benchmarks/proxy.py``; ``--frames N`` sends N frames through the proxy once and
prints its memory every tenth. 350-byte text frames over loopback; service, proxy and client are processes of
their own. haproxy is looked for on PATH, mitmdump on PATH and in $MITMDUMP; what is not there is named.
Absolute figures mean nothing on another machine; the ratios do. Targets: one-way frames recorded at least
0.35 times those without a proxy, 20 times mitmdump's as it comes, 5 times mitmdump's with websocket=false;
added round trip p50 at most 3 times what haproxy adds; memory flat over 1 000 000 frames.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from recorder.wire.frames import Opcode, Side, encode
from recorder.wire.handshake import HandshakeReader, accept_for, header_values

TEXT = b'{"kind":"notification","type":"ms.MessagingEventNotification","body":"' + b"x" * 278 + b'"}'
FRAME = encode(Opcode.TEXT, TEXT)
ASKED = encode(Opcode.TEXT, TEXT, mask=b"1234")
ROUND_TRIPS, ROUNDS = 300, 8
BURST, BURST_ROUNDS = 40_000, 5
SLOW_BURST = 4_000
NONE, RECORDER, HAPROXY = "no proxy", "recorder proxy", "haproxy, TCP mode"
MITM, MITM_RAW = "mitmdump -w", "mitmdump -w, websocket=false"
_HAPROXY = """
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend in
  bind 127.0.0.1:{port}
  default_backend out
backend out
  server service 127.0.0.1:{service}
"""


def serve() -> None:
    """A service: ``/echo`` answers every frame with one, ``/burst/N`` sends N of them, a write for each."""
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    while True:
        sock, _ = listening.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_serve_one, args=(sock,), daemon=True).start()


def _serve_one(sock: socket.socket) -> None:
    head = HandshakeReader(Side.CLIENT)
    while head.feed(data := sock.recv(65536)) is None:
        if not data:
            return
    request = head.request()
    key = header_values(request.headers, "Sec-WebSocket-Key")[0]
    sock.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept_for(key).encode() + b"\r\n\r\n"
    )
    path = request.request_line.split(" ")[1]
    if path.startswith("/burst/"):
        sock.recv(65536)
        for _ in range(int(path.removeprefix("/burst/"))):
            sock.sendall(FRAME)
    waiting = 0
    while data := sock.recv(65536):
        waiting += len(data)
        while waiting >= len(ASKED):
            waiting -= len(ASKED)
            sock.sendall(FRAME)


class Client:
    """A bare client: it sends frames it has made before, and counts the bytes that come."""

    def __init__(self, port: int, path: str) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=120)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        head = HandshakeReader(Side.SERVICE)
        while head.feed(self.sock.recv(65536)) is None:
            pass
        assert head.response().status == 101, head.raw

    def round_trip_us(self) -> float:
        """Microseconds until the answer to one frame is here."""
        began = time.perf_counter_ns()
        self.sock.sendall(ASKED)
        self.receive(1)
        return (time.perf_counter_ns() - began) / 1000

    def receive(self, frames: int) -> None:
        """Return once so many frames are here."""
        left = frames * len(FRAME)
        while left > 0:
            data = self.sock.recv(min(left, 1 << 18))
            assert data, "the connection ended"
            left -= len(data)


def one_way(port: int, frames: int) -> float:
    """Frames a second over one burst."""
    client = Client(port, f"/burst/{frames}")
    client.sock.sendall(ASKED)
    client.receive(1)
    began_s = time.perf_counter()
    client.receive(frames - 1)
    rate = (frames - 1) / (time.perf_counter() - began_s)
    client.sock.close()
    return rate


@contextmanager
def process(*command: str | Path, **options: object) -> Iterator[subprocess.Popen[bytes]]:
    """A program that runs while the block does."""
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, **options) as running:  # type: ignore[call-overload]
        try:
            yield running
        finally:
            running.terminate()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Return once somebody listens there."""
    until_s = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            assert time.monotonic() < until_s, f"nobody listens on {port}"
            time.sleep(0.05)


def recorder_command(service: int, port: int, folder: Path) -> list[str]:
    """The recording proxy, nothing printed."""
    return [
        sys.executable, "-m", "recorder", "proxy", "--quiet", "--upstream", f"ws://127.0.0.1:{service}",
        "--listen", f"127.0.0.1:{port}", "--archive", str(folder / "bench.db"),
    ]  # fmt: skip


def proxies(service: int, folder: Path, running: ExitStack) -> dict[str, int]:
    """The port of each, those that are installed; the others are named."""
    mitmdump = os.environ.get("MITMDUMP") or shutil.which("mitmdump")
    ports = {NONE: service}
    for name, command in (
        (RECORDER, lambda port: recorder_command(service, port, folder)),
        (HAPROXY, lambda port: _haproxy(service, port, folder)),
        (MITM, lambda port: mitmdump and _mitmdump(mitmdump, service, port, folder / "flows")),
        (MITM_RAW, lambda port: mitmdump and [
            *_mitmdump(mitmdump, service, port, folder / "raw-flows"), "--set", "websocket=false",
        ]),
    ):  # fmt: skip
        port = free_port()
        command_line = command(port)
        if not command_line:
            print(f"{name}: not measured, it is not installed")
            continue
        running.enter_context(process(*command_line, stdout=subprocess.DEVNULL))
        wait_for(port)
        ports[name] = port
    return ports


def _haproxy(service: int, port: int, folder: Path) -> list[str]:
    found = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
    if found is None:
        return []
    file = folder / "haproxy.cfg"
    file.write_text(_HAPROXY.format(port=port, service=service))
    return [found, "-db", "-q", "-f", str(file)]


def _mitmdump(program: str, service: int, port: int, flows: Path) -> list[str]:
    return [
        program, "-q", "--mode", f"reverse:http://127.0.0.1:{service}", "--listen-host", "127.0.0.1",
        "--listen-port", str(port), "-w", str(flows),
    ]  # fmt: skip


def compare() -> None:
    """Measure in turns, so that a busy neighbour slows all alike, and print the medians and ratios."""
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        served = running.enter_context(process(sys.executable, __file__, "--serve", stdout=subprocess.PIPE))
        assert served.stdout is not None
        ports = proxies(int(served.stdout.readline()), folder, running)
        trips: dict[str, list[float]] = {name: [] for name in ports}
        clients = {name: Client(port, "/echo") for name, port in ports.items()}
        for _ in range(ROUNDS):
            for name, client in clients.items():
                trips[name] += [client.round_trip_us() for _ in range(ROUND_TRIPS)]
        for client in clients.values():
            client.sock.close()
        rates: dict[str, list[float]] = {name: [] for name in ports}
        for _ in range(BURST_ROUNDS):
            for name, port in ports.items():
                rates[name].append(one_way(port, SLOW_BURST if name in (MITM, MITM_RAW) else BURST))
        show(trips, rates)


def show(trips: dict[str, list[float]], rates: dict[str, list[float]]) -> None:
    """One line each, then the ratios of the recorder."""
    trip_us = {name: statistics.median(taken) for name, taken in trips.items()}
    rate = {name: statistics.median(seen) for name, seen in rates.items()}
    print(f"{'':32}{'round trip p50':>16}{'added':>12}{'one-way/s':>12}{'of no proxy':>13}")
    for name in trips:
        added = trip_us[name] - trip_us[NONE]
        print(
            f"{name:32}{trip_us[name]:13.1f} us{added:9.1f} us"
            f"{rate[name]:12.0f}{rate[name] / rate[NONE]:13.2f}"
        )
    if HAPROXY in trips:
        ratio = (trip_us[RECORDER] - trip_us[NONE]) / (trip_us[HAPROXY] - trip_us[NONE])
        print(f"the recorder adds {ratio:.2f} times what haproxy adds (at most 3)")
    print(f"one-way frames recorded: {rate[RECORDER] / rate[NONE]:.2f} of no proxy (at least 0.35)")
    for name, least in ((MITM, 20), (MITM_RAW, 5)):
        if name in rates:
            print(
                f"one-way frames recorded: {rate[RECORDER] / rate[name]:.1f} times {name} (at least {least})"
            )


def memory(frames: int) -> None:
    """Send so many frames through the proxy, and print its resident memory every tenth."""
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        served = running.enter_context(process(sys.executable, __file__, "--serve", stdout=subprocess.PIPE))
        assert served.stdout is not None
        port = free_port()
        command = recorder_command(int(served.stdout.readline()), port, folder)
        proxy = running.enter_context(process(*command, stdout=subprocess.DEVNULL))
        wait_for(port)
        client = Client(port, f"/burst/{frames}")
        client.sock.sendall(ASKED)
        for tenth in range(1, 11):
            client.receive(frames // 10)
            status = Path(f"/proc/{proxy.pid}/status").read_text("utf-8")
            resident = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
            print(f"{tenth * frames // 10:9} frames: {int(resident) / 1024:.1f} MB resident")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--frames", type=int)
    given = parser.parse_args()
    if given.serve:
        serve()
    elif given.frames:
        memory(given.frames)
    else:
        compare()
