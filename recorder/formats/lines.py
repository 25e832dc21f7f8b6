"""One line of a JSON-lines file: found in the file, read, and each of its keys checked.

The files are the user's: whatever is wrong is told as ``BadCapture``, with the line.
"""

from __future__ import annotations

import json
from binascii import a2b_base64
from collections.abc import Iterator
from decimal import Decimal
from typing import BinaryIO

import orjson

from recorder.errors import BadCapture
from recorder.wire.records import parse_iso_utc

from .surrogates import HALF_A_CHARACTER

LINE_LIMIT = 64 * 1024 * 1024
"""Bytes a line may have."""

LARGEST_INTEGER = (1 << 63) - 1
"""The highest number an archive can hold."""

JsonFields = dict[str, object]
"""What one line says, by key."""


def read_lines(stream: BinaryIO, *, file: str) -> Iterator[bytes]:
    """The lines of an open file, never more than one of them in memory.

    Raises:
        BadCapture: a line is longer than ``LINE_LIMIT``.
    """
    number = 0
    while line := stream.readline(LINE_LIMIT + 1):
        number += 1
        if len(line) > LINE_LIMIT:
            raise _too_long(file, number)
        yield line


def _too_long(file: str, line: int) -> BadCapture:
    return BadCapture(file, f"the line is longer than {LINE_LIMIT >> 20} MiB", line=line)


# What people hand over instead of JSON lines, by its first bytes.
_NOT_LINES = (
    (b"\xff\xfe", "it is UTF-16; save it as UTF-8"),
    (b"\xfe\xff", "it is UTF-16; save it as UTF-8"),
    (b"{\0", "it is UTF-16; save it as UTF-8"),
    (b"\0{", "it is UTF-16; save it as UTF-8"),
    (b"\x1f\x8b", "it is compressed by gzip; unpack it first"),
    (b"PK\x03\x04", "it is a zip file; unpack it first"),
    (b"SQLite format 3", "it is an archive, not a capture; give it with --archive"),
)


def without_blanks(line: bytes, *, file: str, number: int) -> bytes:
    """The line without blanks around it, and without a byte order mark if it is the first."""
    if len(line) > LINE_LIMIT:
        raise _too_long(file, number)
    if number == 1:
        for beginning, problem in _NOT_LINES:
            if line.startswith(beginning):
                raise BadCapture(file, problem)
        line = line.removeprefix(b"\xef\xbb\xbf")
    return line.strip(b" \t\r\n")


# orjson's words for what is wrong, and ours.
_NOT_JSON = (
    ("not valid UTF-8", "the line is not UTF-8"),
    ("surrogate", HALF_A_CHARACTER),
    ("depth limit", "the line is nested too deeply"),
)


class JsonLine:
    """One line's object; each method reads one key, checks it, and gives None where it is absent or null."""

    def __init__(self, file: str, number: int, line: bytes) -> None:
        self._file = file
        self._number = number
        self._line = line
        self.fields = self._load(line)
        """What the line says, by key."""

    def error(self, problem: str, *, hint: str | None = None) -> BadCapture:
        """The error to raise about this line."""
        return BadCapture(self._file, problem, line=self._number, hint=hint)

    def _load(self, line: bytes) -> JsonFields:
        try:
            loaded = orjson.loads(line)
        except orjson.JSONDecodeError as fault:
            problem = f"the line is not JSON: {fault.msg}, at character {fault.colno}"
            raise self.error(
                next((ours for theirs, ours in _NOT_JSON if theirs in fault.msg), problem),
                hint="each line has to hold one whole JSON object",
            ) from None
        if not isinstance(loaded, dict):
            raise self.error("the line is JSON, but not an object")
        return loaded

    def has(self, *keys: str) -> bool:
        """Whether any of these is there; null counts as there."""
        return not self.fields.keys().isdisjoint(keys)

    def has_value(self, *keys: str) -> bool:
        """Whether any of these is there and not null."""
        get = self.fields.get
        for key in keys:  # noqa: SIM110  # any() of a generator costs three times as much here
            if get(key) is not None:
                return True
        return False

    def text(self, key: str) -> str | None:
        """A string."""
        value = self.fields.get(key)
        if value is None or isinstance(value, str):
            return value
        raise self.error(f'"{key}" has to be a string')

    def entries(self, key: str) -> list[JsonLine]:
        """A list of objects, each to be read as a line is."""
        listed = self.fields.get(key, [])
        if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
            raise self.error(f'"{key}" has to be a list of objects')
        return [JsonLine(self._file, self._number, orjson.dumps(each)) for each in listed]

    def choice(self, key: str, choices: tuple[str, ...]) -> str | None:
        """One of these strings."""
        value = self.text(key)
        if value is None or value in choices:
            return value
        raise self.error(f'"{key}" has to be one of {", ".join(choices)}, not "{value[:40]}"')

    def integer(self, key: str, low: int, high: int) -> int | None:
        """A whole number from ``low`` to ``high``."""
        value = self.fields.get(key)
        if value is None or (type(value) is int and low <= value <= high):
            return value
        bounds = f" from {low}" if low >= 0 else ""
        bounds += f" to {high}" if high < 1 << 32 else ""
        raise self.error(f'"{key}" has to be a whole number{bounds}')

    def boolean(self, key: str) -> bool | None:
        """True or false."""
        value = self.fields.get(key)
        if value is None or isinstance(value, bool):
            return value
        raise self.error(f'"{key}" has to be true or false')

    def time_us(self, key: str) -> int | None:
        """An ISO time, or a number of the epoch, as microseconds since the epoch, UTC."""
        value = self.fields.get(key)
        if value is None:
            return None
        try:
            at_us = parse_iso_utc(value) if isinstance(value, str) else epoch_us(value)
        except ValueError:
            at_us = None
        if at_us is None or abs(at_us) > LARGEST_INTEGER:
            raise self.error(f'"{key}" is no time', hint='write it as "2017-02-18T22:04:01.507000Z"')
        return at_us

    def json_text(self, key: str) -> str | None:
        """A string; or an object or array, as the JSON text that it is, with numbers of any size."""
        value = self.fields.get(key)
        if not isinstance(value, dict | list):
            return self.text(key)
        return json.dumps(json.loads(self._line)[key], separators=(",", ":"), ensure_ascii=False)

    def base64(self, key: str) -> bytes | None:
        """Bytes."""
        value = self.text(key)
        try:
            return None if value is None else a2b_base64(value, strict_mode=True)
        except ValueError:
            raise self.error(f'"{key}" is not base64') from None

    def hexadecimal(self, key: str) -> bytes | None:
        """Bytes, two digits each."""
        value = self.text(key)
        try:
            return None if value is None else bytes.fromhex(value)
        except ValueError:
            raise self.error(f'"{key}" is not hexadecimal') from None

    def headers(self, key: str) -> tuple[tuple[str, str], ...]:
        """Header pairs, from a list of pairs or an object; none where it is absent."""
        value = self.fields.get(key)
        pairs = list(value.items()) if isinstance(value, dict) else value
        if pairs is None:
            return ()
        if isinstance(pairs, list) and all(_is_pair(pair) for pair in pairs):
            return tuple((name, text) for name, text in pairs)
        raise self.error(f'"{key}" has to be a list of ["name", "value"] pairs')


# Where one unit ends and the next begins: the same number is 1973 in one and beyond 5000 in the other.
_EPOCH_UNITS = (
    (100_000_000, 0),
    (100_000_000_000, 1_000_000),
    (100_000_000_000_000, 1_000),
    (100_000_000_000_000_000, 1),
)


def epoch_us(value: object) -> int | None:
    """A number as microseconds since the epoch: of seconds, milliseconds, microseconds or nanoseconds.

    Its size tells which, for times from 1973 on; None for anything else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not value >= 0:
        return None
    for limit, microseconds in _EPOCH_UNITS:
        if value < limit:
            return round(value * microseconds) if microseconds else None
    return int(value // 1_000) if value <= LARGEST_INTEGER else None


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list | tuple) and len(pair) == 2 and all(isinstance(part, str) for part in pair)
