"""Frames as a database hands them over: some at a time, and nothing believed that no recorder can write.

Loads no database library: a helper has no time for that.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

from recorder.wire.frames import Side
from recorder.wire.records import RecordedFrame

CHUNK_BYTES = 4 << 20
"""A chunk of frames is not much longer than this, unless one frame is: memory stays bounded."""

_PIECE = 64
"""Rows taken from the cursor at a time: memory is bounded by what they hold."""

_NUMBER, _CONNECTION, _AT_US, _OFFSET_US, _SENDER, _OPCODE, _FIN, _VIOLATION, _PAYLOAD = range(9)
_BITS, _OPCODES = bytes(range(2)), bytes(range(16))
_INT_OR_NONE, _TEXT_OR_NONE = frozenset({int, type(None)}), frozenset({str, type(None)})
_payload_of = itemgetter(_PAYLOAD)


class Skimmed(NamedTuple):
    """Of a frame what tells something; fields as in ``RecordedFrame``. ``from_service``: who sent it."""

    number: int
    connection: int
    at_us: int | None
    offset_us: int | None
    from_service: int
    opcode: int
    fin: int
    violation: str | None
    payload: bytes


def skimmed(frame: RecordedFrame) -> Skimmed:
    """The same frame, skimmed."""
    return Skimmed(
        frame.number,
        frame.connection,
        frame.at_us,
        frame.offset_us,
        frame.sender is Side.SERVICE,
        frame.opcode,
        frame.fin,
        frame.violation,
        frame.payload,
    )


class Ask(NamedTuple):
    """How a chunk of frames is asked for.

    Attributes:
        statement: gives the fields of ``Skimmed`` of the next frames in order, in the words of the driver.
        names: of its parameters in their order, among ``session_id``, ``after`` and ``last``.
    """

    statement: str
    names: Sequence[str]

    def parameters(self, **asked: int | None) -> tuple[int | None, ...]:
        """In the order in which the statement wants them."""
        return tuple(asked[name] for name in self.names)


def frames_in(chunk_after: Callable[[int], list[Any]], after: int) -> Iterator[Skimmed]:
    """All frames numbered above ``after``, chunk by chunk; each is asked for with the last number so far."""
    return chain.from_iterable(_chunks(chunk_after, after))


def _chunks(chunk_after: Callable[[int], list[Any]], after: int) -> Iterator[list[Any]]:
    while rows := chunk_after(after):
        yield rows
        after = rows[-1][_NUMBER]


def take(cursor: Any) -> list[Any]:
    """The next rows of a driver's cursor, up to about ``CHUNK_BYTES`` of payload."""
    rows: list[Any] = []
    size = 0
    while size <= CHUNK_BYTES and (piece := cursor.fetchmany(_PIECE)):
        rows += piece
        size += sum(map(len, map(_payload_of, piece)))
    return rows


def strange_column(rows: Sequence[Any]) -> int | None:
    """Where in a row something stands that no recorder writes; None if all is well.

    Whole columns are looked at: each value by itself costs thrice that.
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
    """Whether all are whole numbers of up to 64 bits, which all are that a database holds."""
    with suppress(TypeError, OverflowError):
        array("q", column)
        return True
    return False


def _all_among(column: tuple[Any, ...], allowed: bytes) -> bool:
    """Whether all are whole numbers, and none is another than these."""
    with suppress(TypeError, ValueError):
        return not bytes(column).strip(allowed)
    return False
