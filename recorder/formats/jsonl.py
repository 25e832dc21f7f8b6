"""Captures as JSON lines: what ``session export`` writes and ``import`` reads, frame for frame the same.

A session line, then a line for each connection with all that is known of it, a line for each HTTP request
beside them, then a line for each frame in the order of their numbers. Written by hand,
``{"sender": "client", "text": "…"}`` is enough for a line: the rest is filled in. Both directions stream;
only what a file says of its connections is held.

The files are the user's: whatever is wrong with one is told as ``BadCapture``, with the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import orjson

from recorder.errors import BadCapture
from recorder.wire.frames import Side
from recorder.wire.records import (
    FIDELITIES,
    ConnectionClosed,
    ConnectionInfo,
    ConnectionOpened,
    FrameForwarded,
    HandshakeSeen,
    HttpExchange,
    Record,
    RecordedFrame,
    iso_utc,
)

from .capture_file import CaptureFile
from .capture_format import CaptureFormat, Notify, SessionHeader
from .jsonl_exchange import exchange_fields, exchange_of
from .jsonl_frame import SIDES, compressed_of, frame_fields, frame_of, sender_of
from .lines import LARGEST_INTEGER, JsonFields, JsonLine, read_lines, without_blanks

VERSION = 1
"""The number in the session line's "recorder"; a file with a higher one is refused."""

_COUNT_LIMIT = 1 << 53
"""The highest number, index and connection a file may give."""


def write(
    header: SessionHeader,
    connections: Iterable[ConnectionInfo],
    frames: Iterable[RecordedFrame],
    *,
    exchanges: Iterable[HttpExchange] = (),
    forwarded: Iterable[FrameForwarded] = (),
) -> Iterator[bytes]:
    """Yield the lines of an export, each with its line end.

    ``frames`` and ``forwarded`` have to come in the order of their numbers, as ``read`` wants them.
    """
    yield _line(_header_fields(header))
    for connection in connections:
        yield _line(_connection_fields(connection))
    for exchange in exchanges:
        yield _line(exchange_fields(exchange))
    passed_on = iter(forwarded)
    next_passed = next(passed_on, None)
    for frame in frames:
        while next_passed is not None and next_passed.number < frame.number:
            next_passed = next(passed_on, None)
        of_frame = next_passed is not None and next_passed.number == frame.number
        yield _line(frame_fields(frame, next_passed if of_frame else None))


def _line(fields: JsonFields) -> bytes:
    return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)


def _header_fields(header: SessionHeader) -> JsonFields:
    return {
        "recorder": VERSION,
        "session": header.session,
        "name": header.name,
        "source": header.source,
        "state": header.state,
        "started_at": iso_utc(header.started_at_us),
        "ended_at": iso_utc(header.ended_at_us),
    }


_OPENED_KEYS = ("connection", "url", "opened_at", "opened_offset_us")
_SOURCE_KEYS = ("provenance", "fidelity")
_HANDSHAKE_KEYS = ("request_line", "request_headers", "response_status", "response_headers")
_CLOSED_KEYS = ("closed_at", "closed_offset_us", "close_code", "close_reason", "closed_by", "how", "detail")


def _connection_fields(info: ConnectionInfo) -> JsonFields:
    seen = info.request_line is not None or info.response_status is not None or info.request_headers
    keys = (
        *_OPENED_KEYS,
        *(_SOURCE_KEYS if info.provenance is not None or info.fidelity is not None else ()),
        *(_HANDSHAKE_KEYS if seen else ()),
        *(_CLOSED_KEYS if info.how is not None else ()),
    )
    return {key: _field(info, key) for key in keys}


def _field(info: ConnectionInfo, key: str) -> object:
    return iso_utc(getattr(info, f"{key}_us")) if key.endswith("_at") else getattr(info, key)


# Keys by which other programs write a time.
_TIME_LIKE = re.compile(
    r"(?i:.*(?:time|stamp)|(?:.*_)?(?:date|when|at|ts|ms|us))|.*[a-z](?:At|Ts|Date|Ms|Us)"
)
_FRAME_KEYS = (
    "connection", "index", "number", "sender", "at", "offset_us", "opcode", "fin", "rsv", "text", "data",
    "raw", "head", "violation", "redacted", "wire_length", "wire_digest", "wire_data", "withheld",
    "forwarded_at", "forwarded_offset_us",
)  # fmt: skip
_KNOWN_KEYS = frozenset((*_FRAME_KEYS, *_OPENED_KEYS, *_SOURCE_KEYS, *_HANDSHAKE_KEYS, *_CLOSED_KEYS))


def _no_remark(_: str) -> None:
    """Nobody wants to know."""


def read(lines: Iterable[bytes], *, file: str, say: Notify = _no_remark) -> Iterator[SessionHeader | Record]:
    """Yield the session line (an empty one if there is none), then records in an order a sink can take.

    A connection is opened before its first frame, also where no line tells of it; connections that a line
    says are closed are closed at the end. Frames without number, index or offset get them by counting and
    from ``at``. Nothing read before a ``BadCapture`` should be kept.

    Args:
        lines: with or without their line ends; see ``lines.read_lines`` for a file.
        file: what to call it in errors.
        say: told of each key that is not read and may be a time.

    Raises:
        BadCapture: it is no such capture; says which line and why.
    """
    reader = _Reader(file, say)
    for number, line in enumerate(lines, 1):
        if text := without_blanks(line, file=file, number=number):
            yield from reader.read_line(JsonLine(file, number, text))
    yield from reader.end()


_HOW = ("closed", "lost", "refused", "failed")


class _Reader:
    """What has to be remembered between the lines of one file."""

    def __init__(self, file: str, say: Notify) -> None:
        self._file = file
        self._say = say
        self._named: set[str] = set()
        self._begun = False
        self._has_header = False
        self._last_number = 0
        self._last_index: dict[int, int] = {}  # of each connection; -1 before its first frame
        self._current = 1  # the connection a line means that names none
        self._closed: list[tuple[ConnectionClosed, bool]] = []  # and whether its offset is to be computed
        self._base_us: int | None = None  # the time at offset 0; an earlier one after the clock was set back
        self._base_of: dict[int, int | None] = {}  # what it was at the last frame of each connection
        self._last_offset_us = 0

    def read_line(self, line: JsonLine) -> Iterator[SessionHeader | Record]:
        if line.has("recorder"):
            yield self._header(line)
            return
        if not self._begun:
            self._begun = True
            yield SessionHeader()
        if line.has("exchange"):
            yield exchange_of(line)
        elif line.has("sender", "text", "data", "raw"):
            self._name_unread(line)
            yield from self._frame(line)
        elif line.has("connection"):
            yield from self._connection(line)
        else:
            raise line.error(
                "the line is no session, connection or frame",
                hint='a frame has "sender" and "text" or "data"',
            )

    def _name_unread(self, line: JsonLine) -> None:
        """Say once of each key that looks like a time and is not read, which key is."""
        for key in line.fields.keys() - _KNOWN_KEYS - self._named:
            self._named.add(key)
            if _TIME_LIKE.fullmatch(key):
                sentence = f'"{key[:40]}" looks like a time and is not read'
                self._say(f'{self._file}: {sentence}; a frame\'s time is "at"')

    def end(self) -> Iterator[Record]:
        if not self._begun:
            raise BadCapture(self._file, "there is nothing in it")
        for closed, computes in self._closed:
            self._base_us = self._base_of.get(closed.connection, self._base_us)
            yield closed._replace(offset_us=self._apart_us(closed.at_us)) if computes else closed

    def _header(self, line: JsonLine) -> SessionHeader:
        if self._has_header:
            raise line.error("a second session begins here", hint="put each session into a file of its own")
        if self._begun:
            raise line.error("the session line has to be the first")
        version = line.integer("recorder", 1, LARGEST_INTEGER)
        if version is None or version > VERSION:
            raise line.error(
                f"it was written by a newer recorder (format {version}; this one reads {VERSION})"
                if version
                else f'"recorder" has to be {VERSION}'
            )
        self._begun = self._has_header = True
        self._base_us = line.time_us("started_at")
        return SessionHeader(
            line.text("session"),
            line.text("name"),
            line.text("source"),
            line.text("state"),
            self._base_us,
            line.time_us("ended_at"),
        )

    def _connection(self, line: JsonLine) -> Iterator[Record]:
        connection = self._connection_of(line)
        if connection in self._last_index:
            raise line.error(f"connection {connection} was begun by an earlier line")
        self._last_index[connection] = -1
        at_us = line.time_us("opened_at")
        offset_us = self._opened_offset_us(line, at_us)
        yield ConnectionOpened(
            connection,
            line.text("url"),
            at_us,
            offset_us,
            line.text("provenance"),
            line.choice("fidelity", FIDELITIES),
        )
        if line.has_value(*_HANDSHAKE_KEYS):
            yield HandshakeSeen(
                connection,
                line.text("request_line"),
                line.headers("request_headers"),
                line.integer("response_status", 0, 999),
                line.headers("response_headers"),
            )
        if line.has_value(*(key for key in _CLOSED_KEYS if key != "closed_offset_us")):
            self._closed.append((_closed(line, connection), not line.has("closed_offset_us")))

    def _frame(self, line: JsonLine) -> Iterator[Record]:
        connection = self._connection_of(line)
        if connection not in self._last_index:
            self._last_index[connection] = -1
            yield ConnectionOpened(connection, None, None, None)
        sender = sender_of(line)
        wire = frame_of(line)
        last = self._last_index[connection]
        index = self._last_index[connection] = _next(line, "index", last)
        number = self._last_number = _next(line, "number", self._last_number)
        at_us = line.time_us("at")
        offset_us = self._offset_us(line, "offset_us", at_us)
        self._base_of[connection] = self._base_us
        yield RecordedFrame(
            number=number,
            connection=connection,
            index=index,
            sender=sender,
            at_us=at_us,
            offset_us=offset_us,
            opcode=wire.opcode,
            fin=wire.fin,
            rsv=wire.rsv,
            payload=wire.payload,
            head=wire.head if line.has_value("raw", "head") else None,
            violation=line.text("violation"),
            redacted=line.boolean("redacted") or False,
            compressed=compressed_of(line),
        )
        if line.has("forwarded_at", "forwarded_offset_us"):
            passed_on_us = line.integer("forwarded_offset_us", -LARGEST_INTEGER, LARGEST_INTEGER)
            yield FrameForwarded(number, line.time_us("forwarded_at"), passed_on_us)

    def _connection_of(self, line: JsonLine) -> int:
        self._current = line.integer("connection", 1, _COUNT_LIMIT) or self._current
        return self._current

    def _offset_us(self, line: JsonLine, key: str, at_us: int | None) -> int | None:
        """What the line says, null included; only where it is silent, the time since the first time told."""
        given = line.integer(key, -LARGEST_INTEGER, LARGEST_INTEGER)
        if self._base_us is None and at_us is not None:
            self._base_us = at_us - (given or 0)
        offset_us = given if line.has(key) else self._since_us(at_us)
        self._last_offset_us = max(self._last_offset_us, offset_us or 0)
        return offset_us

    def _opened_offset_us(self, line: JsonLine, at_us: int | None) -> int | None:
        # Connection lines may all stand first: the last one's offset says nothing of the frames that follow.
        before_us = self._last_offset_us
        given = self._offset_us(line, "opened_offset_us", at_us)
        self._last_offset_us = before_us
        return given if line.has("opened_offset_us") else self._apart_us(at_us)

    def _apart_us(self, at_us: int | None) -> int | None:
        """The time since the first time told, whatever was told in between."""
        if at_us is None or self._base_us is None:
            return None
        return max(-LARGEST_INTEGER, min(at_us - self._base_us, LARGEST_INTEGER))

    def _since_us(self, at_us: int | None) -> int | None:
        """Never less than an earlier offset: a wall clock may be set back, a monotonic one may not.

        After it was, offsets go on from the last one.
        """
        if at_us is None or self._base_us is None:
            return None
        self._base_us = min(self._base_us, at_us - self._last_offset_us)
        return min(at_us - self._base_us, LARGEST_INTEGER)


def _next(line: JsonLine, key: str, last: int) -> int:
    given = line.integer(key, 0, _COUNT_LIMIT)
    if given is None:
        return last + 1
    if given <= last:
        raise line.error(f'"{key}" {given} comes after {last}', hint="frames have to stand in their order")
    return given


def _closed(line: JsonLine, connection: int) -> ConnectionClosed:
    code = line.integer("close_code", 0, 65535)
    by = line.choice("closed_by", SIDES)
    return ConnectionClosed(
        connection=connection,
        at_us=line.time_us("closed_at"),
        offset_us=line.integer("closed_offset_us", -LARGEST_INTEGER, LARGEST_INTEGER),
        close_code=code,
        close_reason=line.text("close_reason"),
        closed_by=None if by is None else Side(by),
        how=line.choice("how", _HOW) or ("lost" if code is None and by is None else "closed"),
        detail=line.text("detail"),
    )


def _recognise(file: CaptureFile) -> bool:
    return file.beginning.lstrip(b" \t\r\n").startswith(b"{")


def _read_file(file: CaptureFile, say: Notify) -> Iterator[SessionHeader | Record]:
    return read(read_lines(file.open(), file=file.name), file=file.name, say=say)


JSONL = CaptureFormat(
    name="jsonl",
    title="JSON lines, as session export writes them, or written by hand",
    source="jsonl",
    made_by='recorder session export SESSION; or one {"sender": "client", "text": "…"} a line',
    lacks="what the file does not say",
    recognise=_recognise,
    read=_read_file,
    is_one_session=True,
)
