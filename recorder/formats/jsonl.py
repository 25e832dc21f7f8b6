"""Captures as JSON lines: what ``session export`` writes and ``import`` reads, frame for frame the same.

A session line, in which stands what a replay planned, then a line for each connection with all that is known
of it, a line for each HTTP request beside them, then a line for each frame in the order of their numbers.
Written by hand, ``{"sender": "client", "text": "…"}`` is enough for a line: the rest is filled in. Both
directions stream; only what a file says of its connections, and of plans, is held.

The files are the user's: whatever is wrong with one is told as ``BadCapture``, with the line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import orjson

from recorder.wire.records import (
    ConnectionInfo,
    FrameForwarded,
    HttpExchange,
    Record,
    RecordedFrame,
    iso_utc,
)

from .capture_file import CaptureFile
from .capture_format import CaptureFormat, Notify, SessionHeader
from .jsonl_exchange import exchange_fields
from .jsonl_frame import frame_fields
from .jsonl_plan import plan_fields
from .jsonl_reader import (
    CLOSED_KEYS,
    HANDSHAKE_KEYS,
    OPENED_KEYS,
    SOURCE_KEYS,
    VERSION,
    JsonlReader,
)
from .lines import JsonFields, JsonLine, read_lines, without_blanks


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
        **plan_fields(header.receipt_plans),
    }


def _connection_fields(info: ConnectionInfo) -> JsonFields:
    seen = info.request_line is not None or info.response_status is not None or info.request_headers
    keys = (
        *OPENED_KEYS,
        *(SOURCE_KEYS if info.provenance is not None or info.fidelity is not None else ()),
        *(HANDSHAKE_KEYS if seen else ()),
        *(CLOSED_KEYS if info.how is not None else ()),
    )
    return {key: _field(info, key) for key in keys}


def _field(info: ConnectionInfo, key: str) -> object:
    return iso_utc(getattr(info, f"{key}_us")) if key.endswith("_at") else getattr(info, key)


def read(lines: Iterable[bytes], *, file: str, say: Notify | None = None) -> Iterator[SessionHeader | Record]:
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
    reader = JsonlReader(file, say)
    for number, line in enumerate(lines, 1):
        if text := without_blanks(line, file=file, number=number):
            json_line = JsonLine(file, number, text)
            frame = reader.plain_frame(json_line)
            if frame is not None:
                yield frame
            else:
                yield from reader.read_line(json_line)
    yield from reader.end()


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
