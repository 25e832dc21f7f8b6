"""The records of one file, with its frames in a temporary file, each WebSocket's apart; read back in order.

A file may interleave its WebSockets, hold one after the other, or give frames before the address they went
to. So all are read before any is chosen. Memory holds a buffer of frames, and what is known of each.
"""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple, cast

from recorder.wire.frames import Opcode
from recorder.wire.records import (
    ConnectionClosed,
    ConnectionOpened,
    FrameForwarded,
    HandshakeSeen,
    HttpExchange,
    Record,
    RecordedFrame,
)

from .spooled_frame import packed_forwarded, packed_frame, unpacked

_BUFFERED = 8 << 20
_SEGMENT = 1 << 18
_SAMPLES = 16
_SAMPLE_SIZE = 1 << 16


class Placed(NamedTuple):
    """A record with its place: time in µs, never less than that before it in its WebSocket; then order."""

    time_us: int
    order: int
    record: Record


class SpooledSocket:
    """What one file holds of one WebSocket.

    Attributes:
        connection: its number in the file.
        url: where it went to, as far as the file says.
        frames: how many it has.
        samples: its first data payloads, each cut to 64 KiB.
        first_us: the earliest time known of it; None if there is none.
        last_us: the latest.
        others: its records that are not in the temporary file.
    """

    def __init__(self, connection: int) -> None:
        self.connection = connection
        self.url: str | None = None
        self.frames = 0
        self.samples: list[bytes] = []
        self.first_us: int | None = None
        self.last_us = 0
        self.others: list[Placed] = []
        self.buffer: list[bytes] = []
        self.buffered = 0
        self.segments: list[tuple[int, int]] = []


class RecordSpool:
    """Takes the records of a file in its order, and gives those of chosen WebSockets in order of time.

    A context manager; its temporary file has no name, and is gone when it is closed.

    Args:
        by_time: whether to sort by time; else the order of the file stands.
    """

    def __init__(self, *, by_time: bool) -> None:
        self._by_time = by_time
        self._file: BinaryIO = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115  # closed by __exit__
        self._end = 0
        self._buffered = 0
        self._order = 0
        self._sockets: dict[int, SpooledSocket] = {}
        self._last: SpooledSocket | None = None
        self._exchanges: list[Placed] = []

    def __enter__(self) -> RecordSpool:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def sockets(self) -> list[SpooledSocket]:
        """Every WebSocket so far, in order of their numbers in the file."""
        return [self._sockets[number] for number in sorted(self._sockets)]

    def add(self, record: Record) -> None:
        """Take one record. Raises ``OSError`` if the temporary file cannot hold it."""
        self._order += 1
        if isinstance(record, RecordedFrame):
            self._add_frame(record)
        elif isinstance(record, FrameForwarded):
            if self._last is not None:  # it stands behind its frame
                self._write(self._last, packed_forwarded(record, self._last.last_us, self._order))
        elif isinstance(record, HttpExchange) and record.connection is None:
            time_us = record.at_us or 0 if self._by_time else 0
            self._exchanges.append(Placed(time_us, self._order, record))
        else:
            self._add_other(record)

    def _add_other(self, record: ConnectionOpened | HandshakeSeen | ConnectionClosed | HttpExchange) -> None:
        socket = self._socket(cast(int, record.connection))
        if isinstance(record, ConnectionOpened):
            socket.url = record.url
        at_us = None if isinstance(record, HandshakeSeen) else record.at_us
        socket.others.append(Placed(self._time_us(socket, at_us), self._order, record))

    def _socket(self, connection: int) -> SpooledSocket:
        socket = self._sockets.get(connection)
        if socket is None:
            socket = self._sockets[connection] = SpooledSocket(connection)
        return socket

    def _time_us(self, socket: SpooledSocket, at_us: int | None) -> int:
        if at_us is not None:
            if socket.first_us is None or at_us < socket.first_us:
                socket.first_us = at_us
            if at_us > socket.last_us:
                socket.last_us = at_us
        return socket.last_us if self._by_time else 0

    def _add_frame(self, frame: RecordedFrame) -> None:
        socket = self._last
        if socket is None or socket.connection != frame.connection:
            socket = self._last = self._socket(frame.connection)
        if len(socket.samples) < _SAMPLES and frame.opcode < Opcode.CLOSE:
            socket.samples.append(frame.payload[:_SAMPLE_SIZE])
        socket.frames += 1
        self._write(socket, packed_frame(frame, self._time_us(socket, frame.at_us), self._order))

    def _write(self, socket: SpooledSocket, packed: bytes) -> None:
        socket.buffer.append(packed)
        socket.buffered += len(packed)
        self._buffered += len(packed)
        if socket.buffered >= _SEGMENT:
            self._flush(socket)
        elif self._buffered >= _BUFFERED:
            self._flush_all()

    def _flush_all(self) -> None:
        for socket in self._sockets.values():
            if socket.buffer:
                self._flush(socket)

    def _flush(self, socket: SpooledSocket) -> None:
        block = b"".join(socket.buffer)
        self._file.seek(self._end)
        self._file.write(block)
        socket.segments.append((self._end, len(block)))
        self._end += len(block)
        self._buffered -= socket.buffered
        socket.buffered = 0
        socket.buffer.clear()

    def in_order(self, sockets: Iterable[SpooledSocket]) -> Iterator[Record]:
        """The records of these WebSockets and the requests beside them, in order of time, or of the file."""
        self._flush_all()
        beside = sorted(self._exchanges)
        for _, _, record in heapq.merge(beside, *map(self._records, sockets)):
            yield record

    def _records(self, socket: SpooledSocket) -> Iterator[Placed]:
        """Its records in order: opened and handshake come first, the end last, whatever the file's order."""
        if not self._by_time:
            yield from heapq.merge(socket.others, self._frames(socket))
            return
        earliest_us = socket.first_us or 0
        kinds: dict[type, list[Placed]] = {
            ConnectionOpened: [], HandshakeSeen: [], HttpExchange: [], ConnectionClosed: [],
        }  # fmt: skip
        for placed in socket.others:
            kinds[type(placed.record)].append(placed)
        first = kinds[ConnectionOpened] + kinds[HandshakeSeen]
        for place, placed in enumerate(first, -len(first)):
            yield placed._replace(time_us=earliest_us, order=place)
        for placed in self._frames(socket):
            yield placed if placed.time_us >= earliest_us else placed._replace(time_us=earliest_us)
        yield from kinds[HttpExchange] + kinds[ConnectionClosed]

    def _frames(self, socket: SpooledSocket) -> Iterator[Placed]:
        for start, size in socket.segments:
            self._file.seek(start)
            for time_us, order, record in unpacked(self._file.read(size), socket.connection):
                yield Placed(time_us, order, record)
