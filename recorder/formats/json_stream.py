"""One large JSON document, read as it comes: only what is asked for is built, the rest is skipped.

Of a fault it tells the byte. The parser is yajl, by way of ijson.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from decimal import Decimal
from typing import Any

from ijson.backends import yajl2_c
from ijson.common import IncompleteJSONError, JSONError

from recorder.errors import BadCapture

from .capture_file import CaptureFile
from .surrogates import HALF_A_CHARACTER, LoneSurrogates

JsonEvent = tuple[str, Any]
"""What ijson calls it (start_map, map_key, string, …), and the key or value; None where it has none."""

JsonEvents = Iterator[JsonEvent]

BLOCK = 1 << 16
_OPENS = frozenset(("start_map", "start_array"))
_CLOSES = frozenset(("end_map", "end_array"))


class JsonEnded(BadCapture):
    """The file ends in the middle of its document."""


def json_events(file: CaptureFile, *, halves: bool = False) -> JsonEvents:
    """The events of a document from its start; numbers with a fraction are ``Decimal``, and texts with half a
    character ``HalfText`` if ``halves`` are taken.

    Raises:
        JsonEnded: it ends too early.
        BadCapture: it is not JSON; with the byte.
    """
    stream = _Counted(file)
    try:
        for event in yajl2_c.basic_parse(stream, buf_size=BLOCK):
            if not stream.surrogates.found:
                yield event
            elif not halves:
                raise BadCapture(file.name, HALF_A_CHARACTER)
            elif isinstance(event[1], str):
                yield event[0], stream.surrogates.marked(event[1])
            else:
                yield event
    except (JSONError, IncompleteJSONError) as fault:
        raise _fault(file, fault, stream) from None


def _fault(file: CaptureFile, fault: JSONError, stream: _Counted) -> BadCapture:
    """The error for what the parser found wrong.

    What is wrong only once the file was read to its end was cut off there: a word, a number, an escape or a
    character as well as an array.
    """
    if stream.is_read:
        return JsonEnded(file.name, "it ends in the middle", byte=_size(file))
    return BadCapture(file.name, f"it is not JSON: {_words(fault)}", byte=_place(file, stream.before))


class _Counted:
    """A file as ijson reads it, which remembers where the last block began, and whether it is at the end."""

    def __init__(self, file: CaptureFile) -> None:
        self._stream = file.open()
        self.surrogates = LoneSurrogates()
        self.before = 0
        self.is_read = False
        self._end = 0
        self._is_start = True

    def read(self, size: int) -> bytes:
        """The next block; without the byte order mark at the start of the file."""
        passed = b""
        while size and not passed:
            block = self._stream.read(size)
            if self._is_start and block.startswith(b"\xef\xbb\xbf"):
                block = b"   " + block[3:]
            self._is_start = False
            passed = self.surrogates.passed(block)
            if not block:
                self.is_read = not passed
                break
        self.before, self._end = self._end, self._end + len(passed)
        return passed


def _words(fault: JSONError) -> str:
    """The first line of what yajl says, which is followed by an excerpt: that may hold a secret."""
    told = fault.args[0] if fault.args else ""
    text = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
    return text.partition("\n")[0].partition(": ")[2].rstrip(".") or text.partition("\n")[0]


def _size(file: CaptureFile) -> int:
    stream, size = file.open(), 0
    while block := stream.read(1 << 20):
        size += len(block)
    return size


def _place(file: CaptureFile, before: int) -> int:
    """The byte at which the parser stops, found by giving it the block again, byte by byte."""
    parser = yajl2_c.basic_parse_coro(_ignore())
    stream, at = _Counted(file), 0
    try:
        while block := stream.read(BLOCK):
            step = 1 if at >= before else len(block)
            for place in range(0, len(block), step):
                parser.send(block[place : place + step])
                at += step
        parser.close()
    except (JSONError, IncompleteJSONError):
        return at
    return at


def _ignore() -> Generator[None, JsonEvent, None]:
    ignoring: Generator[None, JsonEvent, None] = _ignoring()
    next(ignoring)
    return ignoring


def _ignoring() -> Generator[None, JsonEvent, None]:
    while True:
        yield


# --- walking through a document --------------------------------------------------------------------------


def keys(events: JsonEvents) -> Iterator[str]:
    """The keys of an object that was just opened. The value of each must be taken before the next."""
    for event, value in events:
        if event == "end_map":
            return
        yield value


def elements(events: JsonEvents) -> Iterator[JsonEvent]:
    """The first event of each element of an array that was just opened; the rest of it must be taken."""
    for event, value in events:
        if event == "end_array":
            return
        yield event, value


def skip(events: JsonEvents, first: JsonEvent) -> None:
    """Take the rest of the value that begins with this event."""
    depth = 1 if first[0] in _OPENS else 0
    while depth:
        event, _ = next(events)
        depth += (event in _OPENS) - (event in _CLOSES)


def build(events: JsonEvents, first: JsonEvent) -> Any:
    """The value that begins with this event. Numbers with a fraction become ``float``."""
    event, value = first
    if event == "start_map":
        return {key: build(events, next(events)) for key in keys(events)}
    if event == "start_array":
        return [build(events, each) for each in elements(events)]
    return float(value) if isinstance(value, Decimal) else value


def items(file: CaptureFile, prefix: str) -> Iterator[Any]:
    """The values at a place in the document, such as ``events.item``, built by ijson itself.

    Raises as ``json_events`` does.
    """
    stream = _Counted(file)
    try:
        for item in yajl2_c.items(stream, prefix, buf_size=BLOCK):
            if stream.surrogates.found:
                raise BadCapture(file.name, HALF_A_CHARACTER)
            yield item
    except (JSONError, IncompleteJSONError) as fault:
        raise _fault(file, fault, stream) from None
