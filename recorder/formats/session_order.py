"""Numbers the records of several WebSockets, in order of time, as those of one session."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from recorder.wire.records import FrameForwarded, HandshakeSeen, HttpExchange, Record, RecordedFrame


def numbered(records: Iterable[Record]) -> Iterator[Record]:
    """Number connections, frames and frames within a connection, and count offsets from the first record.

    Where a source tells no monotonic offset, it is made from the time: never less than an earlier one,
    because a wall clock may be set back.
    """
    numbering = _Numbering()
    for record in records:
        yield numbering.placed(record)


class _Numbering:
    """The numbers given so far, and the two moments that offsets count from."""

    def __init__(self) -> None:
        self._connections: dict[int, int] = {}
        self._indexes: list[int] = []
        self._number = 0
        self._base_us: int | None = None
        self._base_offset_us: int | None = None
        self._last_offset_us = 0

    def placed(self, record: Record) -> Record:
        """The record with its place in the session."""
        if isinstance(record, RecordedFrame):
            return self._frame(record)
        if isinstance(record, FrameForwarded):  # of the last frame
            return record._replace(number=self._number, offset_us=self._offset_us(*record[1:]))
        if isinstance(record, HttpExchange):
            return self._exchange(record)
        connection = self._connection(record.connection)
        if isinstance(record, HandshakeSeen):
            return record._replace(connection=connection)
        offset_us = self._offset_us(record.at_us, record.offset_us)
        return record._replace(connection=connection, offset_us=offset_us)

    def _frame(self, frame: RecordedFrame) -> RecordedFrame:
        connection = self._connection(frame.connection)
        self._number += 1
        index = self._indexes[connection - 1] = self._indexes[connection - 1] + 1
        offset_us = self._offset_us(frame.at_us, frame.offset_us)
        (_, _, _, sender, at_us, _,
         opcode, fin, rsv, payload, head, violation, redacted, compressed) = frame  # fmt: skip
        return RecordedFrame(
            self._number, connection, index, sender, at_us, offset_us,
            opcode, fin, rsv, payload, head, violation, redacted, compressed,
        )  # fmt: skip

    def _exchange(self, record: HttpExchange) -> HttpExchange:
        answered_us = record.answered_offset_us
        offset_us = self._offset_us(record.at_us, record.offset_us)
        if answered_us is not None and record.offset_us is not None and offset_us is not None:
            answered_us += offset_us - record.offset_us
        elif record.answered_at_us is not None and record.at_us is not None and offset_us is not None:
            answered_us = offset_us + max(record.answered_at_us - record.at_us, 0)
        return record._replace(
            connection=None if record.connection is None else self._connection(record.connection),
            offset_us=offset_us,
            answered_offset_us=answered_us,
        )

    def _connection(self, number: int) -> int:
        connection = self._connections.get(number)
        if connection is None:
            connection = self._connections[number] = len(self._connections) + 1
            self._indexes.append(-1)
        return connection

    def _offset_us(self, at_us: int | None, offset_us: int | None) -> int | None:
        if offset_us is not None:
            if self._base_offset_us is None:
                self._base_offset_us = offset_us - self._last_offset_us
            offset_us -= self._base_offset_us
        elif at_us is not None:
            offset_us = self._since_us(at_us)
        else:
            return None
        self._last_offset_us = max(self._last_offset_us, offset_us)
        return offset_us

    def _since_us(self, at_us: int) -> int:
        """Microseconds since the first time; once the clock was set back, since then from the last offset."""
        if self._base_us is None:
            self._base_us = at_us
        self._base_us = min(self._base_us, at_us - self._last_offset_us)
        return at_us - self._base_us
