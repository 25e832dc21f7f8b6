"""Frames as rows of a database cursor: fetched in chunks, their columns checked.

Loads no database library: a worker process starts faster without.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

CHUNK_BYTES = 4 << 20
"""A chunk of frames is not much longer than this, unless one frame is: memory stays bounded."""

_FETCH_ROWS = 64
"""Rows taken from the cursor at a time: memory is bounded by what they hold."""

_NUMBER, _CONNECTION, _AT_US, _OFFSET_US, _SENDER, _OPCODE, _FIN, _VIOLATION, _PAYLOAD = range(9)
_BITS, _OPCODES = bytes(range(2)), bytes(range(16))
_INT_OR_NONE, _TEXT_OR_NONE = frozenset({int, type(None)}), frozenset({str, type(None)})
_payload_of = itemgetter(_PAYLOAD)


class ScannedFrame(NamedTuple):
    """The fields of a frame that a fold reads, as stored; named as in ``RecordedFrame``.

    ``from_service`` is 1 for a frame of the service, 0 for one of the client.
    """

    number: int
    connection: int
    at_us: int | None
    offset_us: int | None
    from_service: int
    opcode: int
    fin: int
    violation: str | None
    payload: bytes


def frames_by_chunk(chunk_after: Callable[[int], list[Any]], after: int) -> Iterator[ScannedFrame]:
    """All frames numbered above ``after``; ``chunk_after`` is called with the last number so far."""
    return chain.from_iterable(_chunks(chunk_after, after))


def _chunks(chunk_after: Callable[[int], list[Any]], after: int) -> Iterator[list[Any]]:
    while rows := chunk_after(after):
        yield rows
        after = rows[-1][_NUMBER]


def fetch_chunk(cursor: Any) -> list[Any]:
    """The next rows of a driver's cursor, up to about ``CHUNK_BYTES`` of payload."""
    rows: list[Any] = []
    size = 0
    while size <= CHUNK_BYTES and (fetched := cursor.fetchmany(_FETCH_ROWS)):
        rows += fetched
        size += sum(map(len, map(_payload_of, fetched)))
    return rows


def invalid_column(rows: Sequence[Any]) -> int | None:
    """Place of the first column that holds what no recorder writes; None if all is well.

    Whole columns are checked: each value by itself costs thrice that (tests/benchmarks/fold.py).
    """
    if not rows:
        return None
    columns: list[tuple[Any, ...]] = list(zip(*rows, strict=True))
    for place in (_NUMBER, _CONNECTION):
        if not _all_ints(columns[place]):
            return place
    for place in (_AT_US, _OFFSET_US):
        if not _all_ints(columns[place]) and not set(map(type, columns[place])) <= _INT_OR_NONE:
            return place
    for place, allowed in ((_SENDER, _BITS), (_OPCODE, _OPCODES), (_FIN, _BITS)):
        if not _all_among(columns[place], allowed):
            return place
    violations, payloads = columns[_VIOLATION], columns[_PAYLOAD]
    if violations.count(None) < len(rows) and not set(map(type, violations)) <= _TEXT_OR_NONE:
        return _VIOLATION
    return None if set(map(type, payloads)) == {bytes} else _PAYLOAD


def _all_ints(column: tuple[Any, ...]) -> bool:
    """Whether all are integers, which in a database have at most 64 bits."""
    with suppress(TypeError, OverflowError):
        array("q", column)
        return True
    return False


def _all_among(column: tuple[Any, ...], allowed: bytes) -> bool:
    """Whether all are integers out of ``allowed``."""
    with suppress(TypeError, ValueError):
        return not bytes(column).strip(allowed)
    return False
