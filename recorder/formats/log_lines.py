"""Logs of programs: envelopes within their lines, behind a time and words, or in a field of a structured log.

So a bot, a connector or a service writes what it sends and gets. Of a line only its envelopes and its time
are read; ``kind`` tells who sent one, as in ``envelope_lines``. An envelope may be JSON, or a string of JSON
within JSON, and may go over several lines. An ``InitConnection`` begins a connection.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from recorder.errors import BadCapture
from recorder.wire.frames import Opcode
from recorder.wire.records import ConnectionOpened, Record, RecordedFrame, parse_iso_utc

from .capture_file import CaptureFile
from .capture_format import CaptureFormat, Notify
from .envelope_lines import SENDERS, json_depth
from .lines import LINE_LIMIT, epoch_us, read_lines

_KIND = re.compile(rb'\\*"kind\\*"\s*:\s*\\*"(?:req|resp|notification)\\*"')
_OTHER_LINES = re.compile(rb'\s*\{[^\n]*?"(?:sender|recorder|method|text|connection)"\s*:')
_TIME = re.compile(
    r"(?P<date>\d{4}[-/]\d\d[-/]\d\d)[T ](?P<time>\d\d:\d\d:\d\d)(?:[.,](?P<fraction>\d{1,9}))?"
    r"\s?(?P<zone>Z\b|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_EPOCH = re.compile(r"\W?(\d{10}(?:\.\d{1,9})?|\d{13}|\d{16})\b", re.ASCII)
_TIME_WITHIN = 100
"""How far from its start the time of a line stands, in characters."""
_TIME_KEYS = ("time", "timestamp", "@timestamp", "ts", "at", "date")
_WITHIN_JSON = re.compile(r'\{|"(?:[^"\\]++|\\.)*+"')
_URL = re.compile(rb"wss?://[^\s'\"<>\\]+")
_BEGIN = "InitConnection"
_DECODER = json.JSONDecoder()


class _Found(NamedTuple):
    """An envelope, as it stands in the log, and what it says."""

    text: str
    value: dict[str, object]


def _recognise(file: CaptureFile) -> bool:
    beginning = file.beginning
    return _KIND.search(beginning) is not None and _OTHER_LINES.match(beginning) is None


def _read(file: CaptureFile, say: Notify) -> Iterator[Record]:
    connection, url, lacks_zone = 0, None, False
    for number, text in _blocks(file):
        found = list(_envelopes(file, number, text)) if _KIND.search(text) else []
        if not found:
            url = _url_in(text) or url
            continue
        time = _time_of(text.decode())
        if time.lacks_zone and not lacks_zone:
            lacks_zone = True
            say(f"{file.name}: its times have no zone, and are taken as UTC")
        for envelope in found:
            if not connection or str(envelope.value.get("type")).endswith(_BEGIN):
                connection += 1
                yield ConnectionOpened(connection, url, time.at_us, None, "text", "lines")
            sender = SENDERS[str(envelope.value["kind"])]
            payload = envelope.text.encode("utf-8", "surrogatepass")
            yield RecordedFrame(
                0, connection, 0, sender, time.at_us, None, Opcode.TEXT, True, 0, payload
            )  # fmt: skip


def _blocks(file: CaptureFile) -> Iterator[tuple[int, bytes]]:
    """Each line with its number; lines that only together hold JSON as one, with the number of the first.

    They begin with a line that ends within an object or array, and end where that is closed. A line with a
    time of its own, or a whole envelope, never goes on with one before it.
    """
    block: list[bytes] = []
    first = depth = size = 0
    for number, line in enumerate(read_lines(file.open(), file=file.name), 1):
        if block and (_begins_anew(line) or size > LINE_LIMIT):
            yield first, b"".join(block)
            block.clear()
        if not block:
            first, depth, size = number, 0, 0
        depth += json_depth(line)
        size += len(line)
        if not block and (depth <= 0 or not line.rstrip().endswith((b"{", b"[", b","))):
            yield number, line
            continue
        block.append(line)
        if depth <= 0:
            yield first, b"".join(block)
            block.clear()
    if block:
        yield first, b"".join(block)


def _begins_anew(line: bytes) -> bool:
    beginning = line[:_TIME_WITHIN].decode("utf-8", "replace")
    if _TIME.search(beginning) or _EPOCH.match(beginning):
        return not line[:1].isspace()
    return _KIND.search(line) is not None and json_depth(line) == 0 and b"{" in line


def _envelopes(file: CaptureFile, number: int, line: bytes) -> Iterator[_Found]:
    """The envelopes of a line that seems to hold some. Raises ``BadCapture`` if none in it is whole."""
    try:
        found = list(_found_in(line.decode()))
    except UnicodeDecodeError:
        raise BadCapture(file.name, "the line is not UTF-8", line=number) from None
    except RecursionError:
        raise BadCapture(file.name, "it is nested too deeply", line=number) from None
    if not found:
        raise BadCapture(
            file.name,
            "the envelope in it is cut off, or no JSON",
            line=number,
            hint="--partial imports what stands before it",
        )
    yield from found


def _found_in(text: str) -> Iterator[_Found]:
    """The envelopes in a text that may hold anything else."""
    at = 0
    while (start := text.find("{", at)) >= 0:
        try:
            value, at = _DECODER.raw_decode(text, start)
        except ValueError:
            at = start + 1
            continue
        yield from _found_from(text[start:at], value)


def _found_from(text: str, value: dict[str, object]) -> Iterator[_Found]:
    """The object itself where it is an envelope, else those within it and its strings."""
    if value.get("kind") in SENDERS:
        yield _Found(text, value)
        return
    at = 1
    for token in _WITHIN_JSON.finditer(text, at):
        if token.start() < at:
            continue
        if token[0] == "{":
            inner, at = _DECODER.raw_decode(text, token.start())
            yield from _found_from(text[token.start() : at], inner)
        elif "kind" in token[0]:
            yield from _found_in(json.loads(token[0]))


class _LineTime(NamedTuple):
    """When a line was written, in microseconds since the epoch, and whether it leaves the zone open."""

    at_us: int | None
    lacks_zone: bool = False


def _time_of(line: str) -> _LineTime:
    beginning = line[:_TIME_WITHIN]
    if line.lstrip()[:1] == "{" and (time := _time_in_fields(line)) is not None:
        return time
    if (found := _TIME.search(beginning)) is not None:
        return _calendar_time(found)
    epoch = _EPOCH.match(beginning)
    return _LineTime(None if epoch is None else epoch_us(float(epoch[1])))


def _time_in_fields(line: str) -> _LineTime | None:
    """The time of a structured log; None if it is none, or has no time."""
    try:
        fields, _ = _DECODER.raw_decode(line, line.index("{"))
    except ValueError:
        return None
    for key in _TIME_KEYS:
        value = fields.get(key)
        found = _TIME.match(value) if isinstance(value, str) else None
        at_us = None if isinstance(value, str) else epoch_us(value)
        if found is not None or at_us is not None:
            return _LineTime(at_us) if found is None else _calendar_time(found)
    return None


def _calendar_time(found: re.Match[str]) -> _LineTime:
    date, zone = found["date"].replace("/", "-"), found["zone"] or ""
    try:
        at_us = parse_iso_utc(f"{date}T{found['time']}.{found['fraction'] or '0'}{zone}")
    except ValueError:  # it only looks like one
        return _LineTime(None)
    return _LineTime(at_us, lacks_zone=not zone)


def _url_in(line: bytes) -> str | None:
    found = _URL.search(line)
    return None if found is None else found[0].decode("utf-8", "replace")


LOG = CaptureFormat(
    name="log",
    title="log of a bot or another program, with an envelope in a line or in a field of JSON",
    source="text",
    made_by="let the program log each message as it sends or gets it, with a time before it",
    lacks="the handshake, control frames, fragments; how it closed; messages without a kind",
    recognise=_recognise,
    read=_read,
)
