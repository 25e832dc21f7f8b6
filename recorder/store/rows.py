"""Turns the records of a session into rows: blanks secrets, computes digests, writes end records."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import cast

from recorder.wire.frames import Opcode
from recorder.wire.handshake import Headers
from recorder.wire.records import (
    ConnectionClosed,
    ConnectionOpened,
    FrameForwarded,
    HandshakeSeen,
    HttpExchange,
    ReceiptPlan,
    Record,
    RecordedFrame,
    StoredRecord,
)

from .batch import Batch, RowChange
from .completeness import SessionCompleteness
from .digest import Digest
from .driver_values import PYTHON_VALUES, DriverValues, Row
from .exchange_rows import exchange_row
from .frame_rows import SENDERS, frame_row, frame_rows
from .intake_inflater import IntakeInflater
from .redacts import Redacts
from .stored_text import storable

_CLOSE_CODE_BYTES = 2
_LOOKED_THROUGH_AT_ONCE = 32
"""Frames that are looked through together for what is not plain text without a secret."""
_WHOLE_DATA = {Opcode.TEXT, Opcode.BINARY}
_VIOLATION, _COMPRESSED = map(RecordedFrame._fields.index, ("violation", "compressed"))
_connection_of = itemgetter(RecordedFrame._fields.index("connection"))


class SessionRows:
    """Makes the rows of one session, and counts and digests the frames of each connection.

    Attributes:
        session: public id.
        session_id: row number.
        frames: how many frames it has made rows for.
        withheld: how many of them without their payload, since it could not be inflated.
        completeness: whether these frames, and the ends of connections, are all there was.
    """

    def __init__(
        self,
        session: str,
        session_id: int,
        redactor: Redacts | None,
        values: DriverValues = PYTHON_VALUES,
    ) -> None:
        self.session = session
        self._values = values
        self.session_id = session_id
        self.frames = 0
        self.completeness = SessionCompleteness()
        self._exchanges = 0
        self._plans = 0  # the highest number of one
        self.withheld = 0
        self._redactor = redactor
        self._inflater = IntakeInflater(keeps_secrets=redactor is None)
        self._digests: dict[int, Digest] = {}
        self._since_barrier: set[int] = set()
        self._closed: set[int] = set()
        self._unended: set[int] = set()  # their end record does not cover all their frames

    def batch(self, records: Sequence[StoredRecord]) -> Batch:
        """The rows for these records. Commit them before the next call; if that fails, make no further call.

        Raises ``struct.error`` if a time or a number does not fit 64 bits.
        """
        opened: list[Mapping[str, object]] = []
        frames: list[Row] = []
        compressed: list[Row] = []
        forwarded: list[Row] = []
        exchanges: list[Row] = []
        plans: list[Row] = []
        changes: list[RowChange] = []
        for kind, alike in groupby(records, key=type):
            if kind is RecordedFrame:
                frames += self._frames(cast("list[RecordedFrame]", list(alike)), opened, compressed)
            elif kind is FrameForwarded:
                forwarded += [(self.session_id, *record) for record in alike]
            elif kind is ReceiptPlan:
                for plan in alike:
                    self._plan(cast("ReceiptPlan", plan), plans, changes)
            else:
                for record in cast("Iterator[Record]", alike):
                    self._take(record, opened, exchanges, changes)
        self.frames += len(frames)
        if self._closed:
            changes.extend(self._ends(self._closed & self._unended))
        return Batch(opened, frames, compressed, forwarded, exchanges, plans, changes)

    def lone(self, record: StoredRecord) -> Row | None:
        """The row of a frame that came alone, as ``batch`` makes it, in a third of the time.

        None if that takes ``batch``. Hot (tests/benchmarks/proxy.py).
        """
        if type(record) is not RecordedFrame:
            return None
        place = record[1]
        digest = self._digests.get(place)
        if digest is None or place in self._closed or not self._is_plain(record):
            return None
        self._since_barrier.add(place)
        self._unended.add(place)
        self.frames += 1
        return frame_row(self.session_id, record, digest.add_one(record), self._values)

    def barrier(self) -> list[RowChange]:
        """Count and digest of each connection that got frames since the last barrier."""
        return [self._position(number) for number in sorted(self._since_barrier)]

    def barrier_written(self) -> None:
        """Call it when the changes of ``barrier`` are committed."""
        self._since_barrier.clear()

    def mark_moved(self) -> None:
        """Include all connections in the next barrier, though no frame has come: their end record has."""
        self._since_barrier.update(self._digests)

    def end(
        self, ended_at_us: int | None, complete: bool, detail: str | None, *, let_in: bool = True
    ) -> list[RowChange]:
        """The end record of the session, and of each connection whose own is not up to date.

        With ``complete`` the state is that of ``completeness``; ``let_in`` as in its ``state``.
        """
        ends = self._ends(self._unended)
        problem = self.completeness.problem
        if problem is not None and problem not in (detail or ""):
            detail = problem if detail is None else f"{detail}; {problem}"
        values = {
            "ended_at_us": ended_at_us,
            "end_state": self.completeness.state(frames=self.frames, ended_well=complete, let_in=let_in),
            "frames": self.frames,
            "detail": self._text(detail),
        }
        return [*ends, RowChange("session", {"id": self.session_id}, values)]

    def _take(
        self,
        record: Record,
        opened: list[Mapping[str, object]],
        exchanges: list[Row],
        changes: list[RowChange],
    ) -> None:
        """Take in a record that is no frame."""
        if isinstance(record, HttpExchange):
            self._exchanges += 1
            exchanges.append(exchange_row(record, self.session_id, self._exchanges, self._redactor))
        elif isinstance(record, ConnectionOpened):
            self._open(record, opened, changes)
        elif isinstance(record, HandshakeSeen):
            self._inflater.upgraded(record.connection, record.response_headers)
            changes.append(self._change(record.connection, opened, self._handshake(record)))
        elif isinstance(record, ConnectionClosed):
            changes.append(self._change(record.connection, opened, self._close(record)))
            self._closed.add(record.connection)

    def _plan(self, plan: ReceiptPlan, plans: list[Row], changes: list[RowChange]) -> None:
        """A new row, or what has changed of one: plans are numbered as they come."""
        columns = plan._asdict()
        columns |= {name: self._text(columns[name]) for name in ("consumer", "dialog", "status")}
        if plan.number > self._plans:
            self._plans = plan.number
            plans.append((self.session_id, *columns.values()))
        else:
            key = {"session_id": self.session_id, "number": columns.pop("number")}
            changes.append(RowChange("receipt_plan", key, columns))

    def _frames(
        self,
        frames: Sequence[RecordedFrame],
        opened: list[Mapping[str, object]],
        compressed: list[Row],
    ) -> list[Row]:
        """The rows of frames, secrets blanked. Hot (tests/benchmarks/proxy.py)."""
        if len(frames) == 1:
            return [self._frame(frames[0], opened, compressed)]
        stored: list[RecordedFrame] = []
        for at in range(0, len(frames), _LOOKED_THROUGH_AT_ONCE):
            some = frames[at : at + _LOOKED_THROUGH_AT_ONCE]
            stored += some if self._are_plain(some) else [self._storable(frame, compressed) for frame in some]
        rows: list[Row] = []
        for place, alike in groupby(stored, key=_connection_of):
            digest = self._digests.get(place)
            if digest is None:
                digest = self._add_connection(place, opened)
            of_one = list(alike)
            rows += frame_rows(self.session_id, of_one, digest.add(of_one), self._values)
            self._since_barrier.add(place)
            self._unended.add(place)
        return rows

    def _frame(self, record: RecordedFrame, opened: list[Mapping[str, object]], compressed: list[Row]) -> Row:
        """The row of a frame that comes alone: columns of one would take twice as long."""
        place = record.connection
        if not self._is_plain(record):
            record = self._storable(record, compressed)
        digest = self._digests.get(place)
        if digest is None:
            digest = self._add_connection(place, opened)
        self._since_barrier.add(place)
        self._unended.add(place)
        return frame_row(self.session_id, record, digest.add_one(record), self._values)

    def _is_plain(self, record: RecordedFrame) -> bool:
        """As ``_are_plain``, of one."""
        _, _, _, _, _, _, opcode, fin, rsv, payload, _, violation, _, was_compressed = record
        return (
            fin
            and not rsv
            and (opcode == 1 or opcode == 2)
            and violation is None
            and was_compressed is None
            and not self._inflater.open_payloads
            and (self._redactor is None or self._redactor.holds_no_secret((payload,)))
        )

    def _are_plain(self, frames: Sequence[RecordedFrame]) -> bool:
        """Whether these are whole payloads, not compressed, in which nothing is wrong and nothing secret."""
        columns = list(zip(*frames, strict=True))
        opcodes, fins, rsvs, payloads = columns[6:10]
        return (
            not any(rsvs)
            and all(fins)
            and set(opcodes) <= _WHOLE_DATA
            and not self._inflater.open_payloads
            and not any(columns[_VIOLATION])
            and not any(columns[_COMPRESSED])
            and (self._redactor is None or self._redactor.holds_no_secret(payloads))
        )

    def _storable(self, record: RecordedFrame, compressed: list[Row]) -> RecordedFrame:
        """The frame inflated where that is needed, and its secrets blanked."""
        if record.rsv or self._inflater.open_payloads:
            record = self._inflater.readable(record)
        if self._redactor is not None:
            record = _redacted(record, self._redactor)
        if self.completeness.may_be_incomplete(record):
            self.completeness.add_frame(record)
        was_compressed = record.compressed
        if was_compressed is not None:
            self.withheld += was_compressed.withheld is not None
            compressed.append((self.session_id, record.number, *was_compressed))
        return record

    def _add_connection(self, number: int, opened: list[Mapping[str, object]]) -> Digest:
        # A capture may hold frames and no record of their connection, which gets a bare row.
        opened.append(self._connection_row(number))
        return self._digests[number]

    def _connection_row(self, number: int, **columns: object) -> Mapping[str, object]:
        self._digests[number] = Digest()
        self._unended.add(number)
        blank = dict.fromkeys(("url", "opened_at_us", "opened_offset_us", "provenance", "fidelity"))
        return {"session_id": self.session_id, "number": number, **blank, **columns}

    def _open(
        self, record: ConnectionOpened, opened: list[Mapping[str, object]], changes: list[RowChange]
    ) -> None:
        columns = {
            "url": self._url(record.url),
            "opened_at_us": record.at_us,
            "opened_offset_us": record.offset_us,
            "provenance": record.provenance,
            "fidelity": record.fidelity,
        }
        if record.connection in self._digests:
            changes.append(self._change(record.connection, opened, columns))
        else:
            opened.append(self._connection_row(record.connection, **columns))

    def _handshake(self, record: HandshakeSeen) -> dict[str, object]:
        return {
            "request_line": self._request_line(record.request_line),
            "request_headers": self._headers(record.request_headers),
            "response_status": record.response_status,
            "response_headers": self._headers(record.response_headers),
        }

    def _close(self, record: ConnectionClosed) -> dict[str, object]:
        self.completeness.add_end(record)
        return {
            "closed_at_us": record.at_us,
            "closed_offset_us": record.offset_us,
            "close_code": record.close_code,
            "close_reason": self._text(record.close_reason),
            "closed_by": None if record.closed_by is None else SENDERS.index(record.closed_by),
            "how": record.how,
            "detail": self._text(record.detail),
        }

    def _change(
        self, number: int, opened: list[Mapping[str, object]], values: Mapping[str, object]
    ) -> RowChange:
        if number not in self._digests:
            self._add_connection(number, opened)
            self._since_barrier.add(number)
        return self._connection_change(number, values)

    def _ends(self, numbers: set[int]) -> list[RowChange]:
        self._unended = self._unended - numbers
        return [self._end(number) for number in sorted(numbers)]

    def _end(self, number: int) -> RowChange:
        digest = self._digests[number]
        return self._connection_change(number, {"frame_count": digest.count, "frame_digest": digest.value()})

    def _position(self, number: int) -> RowChange:
        digest = self._digests[number]
        values = {
            "barrier_count": digest.count,
            "barrier_digest": digest.value(),
            "barrier_at_us": digest.at_us,
        }
        return self._connection_change(number, values)

    def _connection_change(self, number: int, values: Mapping[str, object]) -> RowChange:
        return RowChange("connection", {"session_id": self.session_id, "number": number}, values)

    def _text(self, text: str | None) -> str | None:
        if text is None:
            return None
        return storable(text if self._redactor is None else self._redactor.text(text))

    def _url(self, url: str | None) -> str | None:
        if url is None:
            return None
        return storable(url if self._redactor is None else self._redactor.url(url))

    def _request_line(self, line: str | None) -> str | None:
        if line is None or self._redactor is None or line.count(" ") < 2:
            return self._text(line)
        method, _, rest = line.partition(" ")
        target, _, version = rest.rpartition(" ")
        return storable(f"{method} {self._redactor.url(target)} {version}")

    def _headers(self, headers: Headers) -> str:
        # JSON in ASCII: every text survives in it, NULs and lone surrogates included.
        blanked = headers if self._redactor is None else self._redactor.headers(headers)
        return json.dumps(blanked, separators=(",", ":"))


def _redacted(record: RecordedFrame, redactor: Redacts) -> RecordedFrame:
    """The frame with secrets blanked; the same object if there were none."""
    payload = record.payload
    if record.opcode >= Opcode.CLOSE:
        blanked = _control_payload(record, redactor)
    else:
        blanked = redactor.payload(
            payload,
            stream=(record.connection, record.sender),
            fin=record.fin,
            continuation=record.opcode == Opcode.CONTINUATION,
        )
    record = record if blanked is payload else record._replace(payload=blanked, redacted=True)
    was_compressed = record.compressed
    if was_compressed is not None and was_compressed.data is not None:
        record = record._replace(compressed=was_compressed._replace(data=None))
    return record


def _control_payload(record: RecordedFrame, redactor: Redacts) -> bytes:
    start = _CLOSE_CODE_BYTES if record.opcode == Opcode.CLOSE else 0
    text = record.payload[start:].decode("utf-8", "surrogateescape")
    blanked = redactor.text(text) if text else text
    if blanked == text:
        return record.payload
    return record.payload[:start] + blanked.encode("utf-8", "surrogateescape")
