"""What the recording proxy costs: beside no proxy, haproxy (TCP mode) and mitmproxy, in one run.

Run it with ``python tests/benchmarks/proxy.py``; ``--frames N`` sends N frames through the proxy once and
prints its memory every tenth. 350-byte text frames over loopback, the same number through each; service,
proxies and client are processes of their own. haproxy is looked for on PATH, mitmdump on PATH and in
$MITMDUMP; what is not there is named. Absolute figures mean nothing on another machine; the ratios do.

What the columns say:

* round trip: one frame there and one back, one after another; and processor time of the proxy for each;
* drained: frames a second, one way, at a client that merely drains bytes, in large reads; and processor time
  of the proxy for each, which a busy machine disturbs least;
* on disk: the same until all of them are in a file. For the recorder that is as drained, since it commits
  before it passes on; mitmdump writes when a connection has ended, and holds it in memory until then;
* taken: frames a second, one way, at websocket-client at its fastest, which takes each frame from the bytes.

Bare relays say what is to be had: one in Python that stores nothing, and others that cut the bytes into
frames of a known length, insert each into an archive by sqlite3 alone, a commit for what came at once, and
pass them on: nothing is decoded, looked through for secrets or digested. No proxy in Python that commits a
row of the archive before it passes a frame on can add less to a round trip. Of the two variants the archive
has neither: one keeps its read lock from commit to commit, which spares four of six calls to lock; in the
other the archive has pages of 2 KiB, which makes files of frames of 1.2 KB half as large again. With
``websocket=false`` mitmdump sees no frames at all: it keeps the bytes of each read.

Targets: one-way frames recorded at least 0.35 times those without a proxy (printed for both clients), 20
times mitmdump's as it comes, 5 times mitmdump's with websocket=false (more than without any proxy); added
round trip p50 at most 3 times what haproxy adds; memory flat over 1 000 000 frames.
"""

from __future__ import annotations

import argparse
import math
import os
import select
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import websocket

from recorder.recipes.archives import open_archive
from recorder.store.columns import FRAME_COLUMNS
from recorder.wire.frames import Opcode, Side, encode
from recorder.wire.handshake import HandshakeReader, accept_for, header_values

TEXT = b'{"kind":"notification","type":"ms.MessagingEventNotification","body":"' + b"x" * 278 + b'"}'
FRAME = encode(Opcode.TEXT, TEXT)
ASKED = encode(Opcode.TEXT, TEXT, mask=b"1234")
ROUND_TRIPS, ROUNDS = 300, 8
BURST, BURST_ROUNDS = 20_000, 3
READ = 128 * 1024
NONE, RECORDER, HAPROXY = "no proxy", "recorder proxy", "haproxy, TCP mode"
RELAY, STORING_RELAY = "bare Python relay", "the same, a row a frame"
VARIANTS = {"lock": "the same, lock kept", "pages": "the same, 2 KiB pages"}
MITM, MITM_RAW = "mitmdump -w", "mitmdump -w, websocket=false"
CLIENTS = {"drained": "drains bytes", "taken": "takes frames"}
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


def relay(service: int, path: Path | None, variant: str) -> None:
    """A bare relay to the service; with a path it commits frames before it passes them on."""
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    table = None if path is None else FrameTable(path, variant)
    while True:
        client, _ = listening.accept()
        upstream = socket.create_connection(("127.0.0.1", service))
        for sock in (client, upstream):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_relay_one, args=(client, upstream, table), daemon=True).start()


def _relay_one(client: socket.socket, upstream: socket.socket, table: FrameTable | None) -> None:
    waiting = select.epoll()
    others = {client.fileno(): (client, upstream), upstream.fileno(): (upstream, client)}
    for sock in (client, upstream):
        waiting.register(sock, select.EPOLLIN)
    held = dict.fromkeys(others, b"")
    while True:
        for descriptor, _ in waiting.poll():
            reading, writing = others[descriptor]
            data = reading.recv(READ)
            if not data:
                return writing.close()
            if table is not None:
                size = len(ASKED) if reading is client else len(FRAME)
                held[descriptor] = table.store(held[descriptor] + data, size)
            writing.sendall(data)


class FrameTable:
    """Frames of a known length in a new archive, each as one row of table ``frame`` that says little of it.

    ``variant``: "lock": a statement that reads is kept open while frames come alone, so that SQLite does not
    drop the read lock with each commit; "pages": the archive has pages of 2 KiB.
    """

    def __init__(self, path: Path, variant: str) -> None:
        with open_archive(str(path), mode="write", create=True):
            pass
        self._handle = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        if variant == "pages":
            for change in ("PRAGMA journal_mode=DELETE", "PRAGMA page_size=2048", "VACUUM"):
                self._handle.execute(change)
        for pragma in _PRAGMAS:
            self._handle.execute(f"PRAGMA {pragma}")
        self._handle.execute(
            "INSERT INTO session (id, session, source, recorder_version) VALUES (1, 'a', 'relay', '')"
        )
        self._handle.execute("INSERT INTO connection (session_id, number) VALUES (1, 1)")
        self._insert = (
            f"INSERT INTO frame ({', '.join(FRAME_COLUMNS)}) VALUES ({', '.join('?' * len(FRAME_COLUMNS))})"
        )
        self._keeps_lock = variant == "lock"
        self._reading: sqlite3.Cursor | None = None
        self._number = 0

    def store(self, data: bytes, size: int) -> bytes:
        """Commit the frames that are whole; return the rest."""
        count, at_us = len(data) // size, time.time_ns() // 1000
        head_size = size - len(TEXT)
        rows = []
        for at in range(0, count * size, size):
            head, payload = data[at : at + head_size], data[at + head_size : at + size]
            number = self._number = self._number + 1
            blobs = bytearray(head), bytearray(payload)
            rows.append((1, number, 1, number - 1, 0, at_us, 0, 1, 1, 0, *blobs, _NULL, 0, 0))
        if count == 1:
            self._handle.execute(self._insert, rows[0])
            if self._keeps_lock and self._reading is None:
                self._reading = self._handle.execute("SELECT name FROM setting")  # and not to its end
        elif count:
            if self._reading is not None:
                self._reading.close()
                self._reading = None
            self._handle.execute("BEGIN IMMEDIATE")
            self._handle.executemany(self._insert, rows)
            self._handle.execute("COMMIT")
        return data[count * size :]


_PRAGMAS = (
    "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=1", "secure_delete=1", "cell_size_check=1",
    "trusted_schema=0", "cache_size=-8192", "wal_autocheckpoint=4000",
)  # fmt: skip
_NULL = float("nan")  # as SQLite stores it, and sqlite3 binds it faster than None


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
            data = self.sock.recv(min(left, READ))
            assert data, "the connection ended"
            left -= len(data)


class Served(NamedTuple):
    """What is measured: its port, its process (None without a proxy), where mitmdump writes flows."""

    port: int
    pid: int | None = None
    flows: Path | None = None

    def used_us(self) -> float:
        """Microseconds of processor time that it has taken so far, all its threads."""
        if self.pid is None:
            return 0.0
        used_ns = 0
        for thread in Path(f"/proc/{self.pid}/task").glob("*/schedstat"):
            with suppress(OSError):  # it has ended meanwhile
                used_ns += int(thread.read_text().split()[0])
        return used_ns / 1000


class Rates(NamedTuple):
    """Frames a second over one burst, and processor time for each, as the columns name them."""

    drained: float
    used_us: float
    on_disk: float
    taken: float


def burst(served: Served) -> Rates:
    """The rates through this one."""
    port, _, flows = served
    used_us = served.used_us()
    client = Client(port, f"/burst/{BURST}")
    size = 0 if flows is None or not flows.exists() else flows.stat().st_size
    client.sock.sendall(ASKED)
    client.receive(1)
    began_s = time.perf_counter()
    client.receive(BURST - 1)
    came_s = time.perf_counter() - began_s
    client.sock.close()
    until_s = time.monotonic() + 60
    while flows is not None and (not flows.exists() or flows.stat().st_size < size + BURST * len(TEXT)):
        assert time.monotonic() < until_s, f"{flows} lacks frames"
        time.sleep(0.005)
    on_disk_s = came_s if flows is None else time.perf_counter() - began_s
    used_us = (served.used_us() - used_us) / BURST
    return Rates((BURST - 1) / came_s, used_us, (BURST - 1) / on_disk_s, taken(port))


def taken(port: int) -> float:
    """Frames a second that websocket-client takes at its fastest."""
    library = websocket.create_connection(
        f"ws://127.0.0.1:{port}/burst/{BURST}", skip_utf8_validation=True, enable_multithread=False
    )
    library.send_binary(TEXT)
    library.recv_data_frame(True)
    began_s = time.perf_counter()
    for _ in range(BURST - 1):
        library.recv_data_frame(True)
    rate = (BURST - 1) / (time.perf_counter() - began_s)
    library.shutdown()
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


def proxies(service: int, folder: Path, running: ExitStack) -> dict[str, Served]:
    """Those that are installed; the others are named."""
    mitmdump = os.environ.get("MITMDUMP") or shutil.which("mitmdump")
    ports = {NONE: Served(service)}
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
        started = running.enter_context(process(*command_line, stdout=subprocess.DEVNULL))
        wait_for(port)
        flows = {MITM: folder / "flows", MITM_RAW: folder / "raw-flows"}.get(name)
        ports[name] = Served(port, started.pid, flows)
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


def relays(service: int, folder: Path, running: ExitStack) -> dict[str, Served]:
    """The bare relays."""
    ports = {}
    variants = {STORING_RELAY: "", **{name: variant for variant, name in VARIANTS.items()}}
    for name, variant in {RELAY: None, **variants}.items():
        storing = () if variant is None else (folder / f"relay{variant}.db", variant)
        command = (sys.executable, __file__, "--relay", str(service), *storing)
        started = running.enter_context(process(*command, stdout=subprocess.PIPE))
        assert started.stdout is not None
        ports[name] = Served(int(started.stdout.readline()), started.pid)
    return ports


def compare() -> None:
    """Measure in turns, so that a busy neighbour slows all alike, and print the medians and ratios."""
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        served = running.enter_context(process(sys.executable, __file__, "--serve", stdout=subprocess.PIPE))
        assert served.stdout is not None
        service = int(served.stdout.readline())
        ports = proxies(service, folder, running) | relays(service, folder, running)
        trips: dict[str, list[float]] = {name: [] for name in ports}
        clients = {name: Client(each.port, "/echo") for name, each in ports.items()}
        used_us = {name: -each.used_us() for name, each in ports.items()}
        for _ in range(ROUNDS):
            for name, client in clients.items():
                trips[name] += [client.round_trip_us() for _ in range(ROUND_TRIPS)]
        for name, client in clients.items():
            used_us[name] = (used_us[name] + ports[name].used_us()) / (ROUNDS * ROUND_TRIPS)
            client.sock.close()
        rates: dict[str, list[Rates]] = {name: [] for name in ports}
        for _ in range(BURST_ROUNDS):
            for name, each in ports.items():
                rates[name].append(burst(each))
        show(
            {name: statistics.median(seen) for name, seen in trips.items()},
            used_us,
            {name: Rates(*map(statistics.median, zip(*seen, strict=True))) for name, seen in rates.items()},
        )


def show(trip_us: dict[str, float], used_us: dict[str, float], rates: dict[str, Rates]) -> None:
    """One line each, then the ratios of the recorder: which client, which target, and whether it is met."""
    print(f"{'us, and frames a second':28}{'round trip':>11}{'added':>8}{'CPU':>7}", end="")
    print(f"{'drained':>11}{'CPU':>7}{'on disk':>11}{'taken':>9}")
    for name, taken_us in trip_us.items():
        rate = rates[name]
        print(f"{name:28}{taken_us:11.1f}{taken_us - trip_us[NONE]:8.1f}{used_us[name]:7.1f}", end="")
        print(f"{rate.drained:11,.0f}{rate.used_us:7.2f}{rate.on_disk:11,.0f}{rate.taken:9,.0f}")
    if HAPROXY in trip_us:
        by_haproxy_us = trip_us[HAPROXY] - trip_us[NONE]
        for name in (RECORDER, STORING_RELAY, *VARIANTS.values(), RELAY):
            ratio = (trip_us[name] - trip_us[NONE]) / by_haproxy_us
            print(f"round trip, added: {name} {ratio:.2f} x haproxy{_verdict(name, ratio, at_most=3)}")
    for client in ("drained", "taken"):
        for name in (RECORDER, STORING_RELAY):
            ratio = getattr(rates[name], client) / getattr(rates[NONE], client)
            words = f"one-way, at a client that {CLIENTS[client]}: {name} {ratio:.2f} x no proxy"
            print(f"{words}{_verdict(name, ratio, at_least=0.35)}")
    for peer, at_least in ((MITM, 20.0), (MITM_RAW, 5.0)):
        if peer in rates:
            ratio, used = rates[RECORDER].on_disk / rates[peer].on_disk, rates[peer].used_us
            words = f"one-way, until all is on disk: {RECORDER} {ratio:.2f} x {peer}"
            print(f"{words}{_verdict(RECORDER, ratio, at_least=at_least)}")
            print(f"    by processor time {used / rates[RECORDER].used_us:.2f} x;", end="")
            print(f" no proxy at all is {rates[NONE].drained / rates[peer].on_disk:.2f} x it")


def _verdict(name: str, ratio: float, *, at_least: float = 0.0, at_most: float = math.inf) -> str:
    """The target of the recorder; the relays have none."""
    if name != RECORDER:
        return ""
    target = f"at least {at_least:g}" if at_least else f"at most {at_most:g}"
    return f" (target: {target}; {'met' if at_least <= ratio <= at_most else 'missed'})"


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
    parser.add_argument("--relay", nargs="+")
    parser.add_argument("--frames", type=int)
    given = parser.parse_args()
    if given.serve:
        serve()
    elif given.relay:
        relay(int(given.relay[0]), Path(given.relay[1]) if given.relay[1:] else None, given.relay[-1])
    elif given.frames:
        memory(given.frames)
    else:
        compare()
