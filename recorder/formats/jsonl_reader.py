"""Reads the lines of a JSONL capture one after the other, and remembers what the next may leave out."""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Iterator

from recorder.errors import BadCapture
from recorder.wire.frames import HEAD_SIZE, Side, raw_bytes
from recorder.wire.records import (
    FIDELITIES,
    ConnectionClosed,
    ConnectionOpened,
    FrameForwarded,
    HandshakeSeen,
    Record,
    RecordedFrame,
    parse_iso_utc,
)

from .capture_format import Notify, SessionHeader
from .jsonl_exchange import exchange_of
from .jsonl_frame import SIDES, compressed_of, frame_of, sender_of
from .jsonl_plan import plans_of
from .lines import LARGEST_INTEGER, JsonLine

VERSION = 1
"""The number in the session line's "recorder"; a file with a higher one is refused."""

_COUNT_LIMIT = 1 << 53
"""The highest number, index and connection a file may give."""

OPENED_KEYS = ("connection", "url", "opened_at", "opened_offset_us")
SOURCE_KEYS = ("provenance", "fidelity")
HANDSHAKE_KEYS = ("request_line", "request_headers", "response_status", "response_headers")
CLOSED_KEYS = ("closed_at", "closed_offset_us", "close_code", "close_reason", "closed_by", "how", "detail")


# Keys by which other programs write a time.
_TIME_LIKE = re.compile(
    r"(?i:.*(?:time|stamp)|(?:.*_)?(?:date|when|at|ts|ms|us))|.*[a-z](?:At|Ts|Date|Ms|Us)"
)
_FRAME_KEYS = (
    "connection", "index", "number", "sender", "at", "offset_us", "opcode", "fin", "rsv", "text", "data",
    "raw", "head", "violation", "redacted", "wire_length", "wire_digest", "wire_data", "withheld",
    "forwarded_at", "forwarded_offset_us",
)  # fmt: skip
_KNOWN_KEYS = frozenset((*_FRAME_KEYS, *OPENED_KEYS, *SOURCE_KEYS, *HANDSHAKE_KEYS, *CLOSED_KEYS))
_PLAIN_KEYS = frozenset(
    ("connection", "index", "number", "sender", "at", "offset_us", "opcode", "fin", "rsv", "text", "raw")
)

_HOW = ("closed", "lost", "refused", "failed")


class JsonlReader:
    """What has to be remembered between the lines of one file."""

    def __init__(self, file: str, say: Notify | None = None) -> None:
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
        """The records of one line. Raises ``BadCapture``."""
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

    def plain_frame(self, line: JsonLine) -> RecordedFrame | None:
        """The frame of a line of the usual shape; None: ``read_line`` reads it, or says what is wrong.

        Takes a third of the time (tests/benchmarks/imports.py). A property test holds it equal to that.
        """
        fields = line.fields
        if not fields.keys() <= _PLAIN_KEYS:
            return None
        get = fields.get
        connection, sender = get("connection", self._current), get("sender")
        if type(connection) is not int:
            return None
        last, text = self._last_index.get(connection), get("text")
        at, given_us = get("at"), get("offset_us")
        if last is None or type(text) is not str or (at is not None and type(at) is not str):
            return None
        index, number = get("index", last + 1), get("number", self._last_number + 1)
        opcode, fin, rsv = get("opcode", 1), get("fin", True), get("rsv", 0)
        if not (
            (sender == "client" or sender == "service")
            and (type(index) is int and last < index <= _COUNT_LIMIT)
            and (type(number) is int and self._last_number < number <= _COUNT_LIMIT)
            and (type(opcode) is int and 0 <= opcode <= 15)
            and (type(rsv) is int and 0 <= rsv <= 7)
            and type(fin) is bool
        ):
            return None
        payload = text.encode()
        raw, head = get("raw"), None
        if raw is not None:
            head = _plain_head(raw, (0x80 if fin else 0) | rsv << 4 | opcode, payload)
            if head is None:
                return None
        if given_us is not None and (type(given_us) is not int or abs(given_us) > LARGEST_INTEGER):
            return None
        try:
            at_us = None if at is None else parse_iso_utc(at)
        except ValueError:
            return None
        if at_us is not None and abs(at_us) > LARGEST_INTEGER:
            return None
        self._current, self._last_index[connection], self._last_number = connection, index, number
        offset_us = self._frame_offset_us(given_us, at_us, has_offset="offset_us" in fields)
        self._base_of[connection] = self._base_us
        side = Side.CLIENT if sender == "client" else Side.SERVICE
        return RecordedFrame(
            number, connection, index, side, at_us, offset_us, opcode, fin, rsv, payload, head
        )

    def _name_unread(self, line: JsonLine) -> None:
        """Say once of each key that looks like a time and is not read, which key is."""
        if (say := self._say) is None:
            return
        for key in line.fields.keys() - _KNOWN_KEYS - self._named:
            self._named.add(key)
            if _TIME_LIKE.fullmatch(key):
                sentence = f'"{key[:40]}" looks like a time and is not read'
                say(f'{self._file}: {sentence}; a frame\'s time is "at"')

    def end(self) -> Iterator[Record]:
        """The ends of connections. Raises ``BadCapture`` if there was no line."""
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
            plans_of(line),
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
        if line.has_value(*HANDSHAKE_KEYS):
            yield HandshakeSeen(
                connection,
                line.text("request_line"),
                line.headers("request_headers"),
                line.integer("response_status", 0, 999),
                line.headers("response_headers"),
            )
        if line.has_value(*(key for key in CLOSED_KEYS if key != "closed_offset_us")):
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
        return self._frame_offset_us(given, at_us, has_offset=line.has(key))

    def _frame_offset_us(self, given: int | None, at_us: int | None, *, has_offset: bool) -> int | None:
        if self._base_us is None and at_us is not None:
            self._base_us = at_us - (given or 0)
        offset_us = given if has_offset else self._since_us(at_us)
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


def _plain_head(raw: object, first: int, payload: bytes) -> bytes | None:
    """The head in ``raw``, if it begins with this byte and its payload is this one; else None."""
    try:
        wire = a2b_base64(raw, strict_mode=True) if isinstance(raw, str) else b""
    except ValueError:
        return None
    if len(wire) < 2 or wire[0] != first:
        return None
    head = wire[: HEAD_SIZE[wire[1]]]
    return head if raw_bytes(head, payload) == wire else None


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
