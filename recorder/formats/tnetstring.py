"""Typed netstrings (tnetstrings.info, with mitmproxy's ``;`` for text), read as they come.

A value is its length in digits, a colon, as many bytes, and a tag that says what they are. Large ones are
walked through, part by part, without being held; of a fault it tells the byte.
"""

from __future__ import annotations

from typing import Any, BinaryIO

from recorder.errors import BadCapture

from .capture_file import CaptureFile

VALUE_LIMIT = 64 * 1024 * 1024
"""Bytes a value may have that is held whole."""

_LONGEST_NUMBER = 12
_DEEPEST = 32
_BLOCK = 1 << 20

TypedValue = Any
"""None, a truth value, a number, bytes, text, a list of these, or a dictionary; its keys are read as text."""

TypedDictionary = dict[str, TypedValue]


class TypedStringReader:
    """Reads the typed netstrings of one file from its start.

    Each method raises ``BadCapture`` for what is none, or ends in the middle.

    Attributes:
        byte: how many bytes have been read.
    """

    def __init__(self, file: CaptureFile) -> None:
        self._name = file.name
        self._stream: BinaryIO = file.open()
        self.byte = 0

    def begin(self, within: int | None = None) -> int | None:
        """Read a length: the byte at which the value ends, where its tag is. None at the end of the file.

        Args:
            within: the end of the value that this one is a part of; None for one that is no part.
        """
        digits = b""
        while (following := self._stream.read(1)) != b":":
            if not following and not digits and within is None:
                return None
            if not following:
                raise self._ended()
            self.byte += 1
            digits += following
            if not following.isdigit() or len(digits) > _LONGEST_NUMBER:
                raise self.fault("a length should be here, in digits before a colon")
        self.byte += 1
        if not digits:
            raise self.fault("a length should be here, in digits before a colon")
        end = self.byte + int(digits)
        if within is not None and end >= within:
            raise self.fault("a part is longer than the whole")
        return end

    def begin_part(self, within: int) -> int | None:
        """Read the length of a part that has parts itself, and where they end; None for one that is null."""
        end = self.begin(within)
        if end is not None and end == self.byte:
            if self._take(1) not in (b"~", b"]", b"}"):
                raise self.fault("the tag of nothing should be here")
            return None
        return end

    def end(self, end: int, tag: bytes) -> None:
        """Read the tag of a value whose parts have been read."""
        found = self._take(1)
        if self.byte - 1 != end or found != tag:
            raise self.fault(f"the tag {tag.decode()} should be here")

    def skip(self, within: int) -> None:
        """Pass over a value, whatever it is."""
        end = self.begin(within)
        self._pass_over((end or within) + 1 - self.byte)

    def value(self, within: int) -> TypedValue:
        """A value, whole. Raises ``BadCapture`` if it is longer than ``VALUE_LIMIT``."""
        end = self.begin(within) or within
        size = end - self.byte
        if size > VALUE_LIMIT:
            raise self.fault(f"a value is longer than {VALUE_LIMIT >> 20} MiB")
        start = self.byte
        whole = memoryview(self._take(size + 1))
        try:
            return _parsed(whole[size], whole[:size], 0)
        except (ValueError, IndexError) as problem:
            raise BadCapture(self._name, f"it is no value: {problem}", byte=start) from None

    def first_bytes(self, within: int, most: int) -> bytes | None:
        """The first ``most`` bytes of a string, and pass over the rest; None for a value that is none."""
        end = self.begin(within) or within
        data = self._take(min(most, end - self.byte))
        self._pass_over(end - self.byte)
        return data if self._take(1) in (b",", b";") else None

    def key(self, within: int) -> str:
        """The key of a part of a dictionary."""
        value = self.value(within)
        if isinstance(value, bytes):
            value = value.decode("latin-1")
        if not isinstance(value, str):
            raise self.fault("the key before this is no text")
        return value

    def fault(self, problem: str) -> BadCapture:
        """The error for what is wrong here."""
        return BadCapture(self._name, problem, byte=self.byte)

    def _ended(self) -> BadCapture:
        return self.fault("it ends in the middle")

    def _take(self, size: int) -> bytes:
        data = self._stream.read(size)
        self.byte += len(data)
        if len(data) < size:
            raise self._ended()
        return data

    def _pass_over(self, size: int) -> None:
        while size > 0:
            size -= len(self._take(min(size, _BLOCK)))


def _parsed(tag: int, data: memoryview, depth: int) -> TypedValue:
    if depth > _DEEPEST:
        raise ValueError("it is nested too deeply")
    if tag == ord(","):
        return data.tobytes()
    if tag == ord(";"):
        return str(data, "utf-8", "surrogateescape")
    if tag == ord("]"):
        return _parts(data, depth)
    if tag == ord("}"):
        parts = _parts(data, depth)
        if len(parts) % 2:
            raise ValueError("a key has no value")
        return {_text(key): value for key, value in zip(parts[::2], parts[1::2], strict=True)}
    return _scalar(tag, bytes(data))


def _scalar(tag: int, data: bytes) -> TypedValue:
    if tag == ord("#"):
        return int(data)
    if tag == ord("^"):
        return float(data)
    if tag == ord("!") and data in (b"true", b"false"):
        return data == b"true"
    if tag == ord("~") and not data:
        return None
    raise ValueError(f"there is no tag {chr(tag)!r}, or not with this value")


def _parts(data: memoryview, depth: int) -> list[TypedValue]:
    parts: list[TypedValue] = []
    while data:
        digits = bytes(data[: _LONGEST_NUMBER + 1]).partition(b":")[0]
        if not digits.isdigit():
            raise ValueError("a part of it has no length")
        begin = len(digits) + 1
        end = begin + int(digits)
        parts.append(_parsed(data[end], data[begin:end], depth + 1))
        data = data[end + 1 :]
    return parts


def _text(key: TypedValue) -> str:
    if isinstance(key, bytes):
        return key.decode("latin-1")
    if isinstance(key, str):
        return key
    raise ValueError("a key is no text")
