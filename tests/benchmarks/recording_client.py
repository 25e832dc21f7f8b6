"""What recording costs: the recording client into a real archive, beside bare websocket-client, in one run.

Run it with ``python tests/benchmarks/recording_client.py``. 350-byte text frames over loopback, the
service in a process of its own. Absolute figures mean nothing on another machine; the ratios do.
Targets: round trip p50 at most 2.0 times websocket-client as it comes (which checks UTF-8, as we do);
one-way receiving at least 0.45 times websocket-client at its fastest (which does not).
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import websocket

from recorder.capture.client import RecordingConnection
from recorder.capture.connect_attempt import ConnectAttempt
from recorder.capture.options import ConnectOptions
from recorder.clock import RealClock
from recorder.store.archive import Archive
from recorder.wire.frames import Opcode, Side, encode
from recorder.wire.handshake import HandshakeReader, accept_for, header_values
from recorder.wire.records import FrameSink

TEXT = '{"kind":"notification","type":"ms.MessagingEventNotification","body":"' + "x" * 278 + '"}'
AS_IT_COMES = "websocket-client as it comes"
FASTEST = "websocket-client at its fastest"
ROUND_TRIPS = 400
ROUNDS = 10
BURST = 30_000
BURST_ROUNDS = 5
_ASKED = len(encode(Opcode.TEXT, TEXT.encode(), mask=b"1234"))


class Service(asyncio.Protocol):
    """Answers every text with a text; a text to ``/burst`` with ``BURST`` of them."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.upgrade: HandshakeReader | None = HandshakeReader(Side.CLIENT)
        self.waiting = b""
        self.answer = encode(Opcode.TEXT, TEXT.encode())

    def data_received(self, data: bytes) -> None:
        if self.upgrade is not None:
            rest = self.upgrade.feed(data)
            if rest is None:
                return
            self.accept(self.upgrade)
            data = rest
        self.waiting += data
        while len(self.waiting) >= _ASKED:
            self.waiting = self.waiting[_ASKED:]
            self.transport.write(self.answer)

    def accept(self, upgrade: HandshakeReader) -> None:
        request = upgrade.request()
        if " /burst " in request.request_line:
            self.answer *= BURST
        self.upgrade = None
        key = header_values(request.headers, "Sec-WebSocket-Key")[0]
        self.transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept_for(key).encode() + b"\r\n\r\n"
        )


async def serve() -> None:
    """Listen on a free port, say which, and never end."""
    server = await asyncio.get_running_loop().create_server(Service, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def service() -> Iterator[str]:
    """The address of a service in another process."""
    with subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield f"ws://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


class Bare:
    """websocket-client: as it comes, or at its fastest, without its own UTF-8 check and its locks."""

    def __init__(self, url: str, *, fastest: bool) -> None:
        self._library = websocket.create_connection(
            url, skip_utf8_validation=fastest, enable_multithread=not fastest
        )
        self.close = self._library.shutdown

    def send(self) -> None:
        self._library.send(TEXT)

    def receive(self) -> None:
        self._library.recv_data_frame(True)


class Recorded:
    """The recording client, frames going into ``sink``."""

    def __init__(self, url: str, sink: FrameSink) -> None:
        clock = RealClock()
        attempt = ConnectAttempt(
            ConnectOptions(url=url),
            connection=1,
            numbers=itertools.count(1),
            began_s=clock.now_s(),
            clock=clock,
            sink=sink,
        )
        attempt.connect()
        self._connection = RecordingConnection(attempt)
        self.close = self._connection.close

    def send(self) -> None:
        self._connection.send(TEXT)

    def receive(self) -> None:
        assert self._connection.receive() is not None


Client = Bare | Recorded


def round_trips(client: Client) -> list[float]:
    """Microseconds of each of ``ROUND_TRIPS``."""
    taken = []
    for _ in range(ROUND_TRIPS):
        began = time.perf_counter_ns()
        client.send()
        client.receive()
        taken.append((time.perf_counter_ns() - began) / 1000)
    return taken


def one_way(client: Client) -> float:
    """Frames a second over one burst."""
    client.send()
    client.receive()
    began_s = time.perf_counter()
    for _ in range(BURST - 1):
        client.receive()
    return (BURST - 1) / (time.perf_counter() - began_s)


def main() -> None:
    """Measure in turns, so that a busy neighbour slows all alike, and print the medians and ratios."""
    with (
        service() as url,
        tempfile.TemporaryDirectory() as folder,
        Archive.open(Path(folder) / "bench.db", mode="write") as archive,
    ):
        compare(url, archive)


def compare(url: str, archive: Archive) -> None:
    def sink(_: object) -> None:
        """Throws everything away: what the archive itself costs is the difference."""

    def intake() -> FrameSink:
        return archive.begin_session(source="client", started_at_us=None, clock=RealClock())

    makers: dict[str, Callable[[str], Client]] = {
        AS_IT_COMES: lambda at: Bare(at, fastest=False),
        FASTEST: lambda at: Bare(at, fastest=True),
        "recorded, no archive": lambda at: Recorded(at, sink),
        "recorded into archive": lambda at: Recorded(at, intake()),
    }
    clients = {name: make(url + "/echo") for name, make in makers.items()}
    trips: dict[str, list[float]] = {name: [] for name in makers}
    for _ in range(ROUNDS):
        for name, client in clients.items():
            trips[name] += round_trips(client)
    rates: dict[str, list[float]] = {name: [] for name in makers}
    for _ in range(BURST_ROUNDS):
        for name, make in makers.items():
            client = make(url + "/burst")
            rates[name].append(one_way(client))
            client.close()
    show(trips, rates)


def show(trips: dict[str, list[float]], rates: dict[str, list[float]]) -> None:
    """One line each; ratios against websocket-client as it comes, and at its fastest."""
    trip_us = {name: statistics.median(taken) for name, taken in trips.items()}
    rate = {name: statistics.median(seen) for name, seen in rates.items()}
    print(f"{'':32}{'round trip p50':>16}{'ratios':>14}{'one-way/s':>12}{'ratios':>14}")
    for name in trips:
        slower = [trip_us[name] / trip_us[bare] for bare in (AS_IT_COMES, FASTEST)]
        as_fast = [rate[name] / rate[bare] for bare in (AS_IT_COMES, FASTEST)]
        print(
            f"{name:32}{trip_us[name]:13.1f} us{slower[0]:8.2f}{slower[1]:6.2f}"
            f"{rate[name]:12.0f}{as_fast[0]:8.2f}{as_fast[1]:6.2f}"
        )


if __name__ == "__main__":
    if "--serve" in sys.argv:
        asyncio.run(serve())
    else:
        main()
