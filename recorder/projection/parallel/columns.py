"""A piece of a session read by itself: what its usual frames tell, packed to travel, and the other frames.

What a usual notification tells depends on nothing before it. So it may be read anywhere, and since no order
changes what is folded, at any time. The other frames (requests, answers, what is strange) are handed on to
whoever hears the session in order.

Events travel as columns, one for each field, some frames at a time: strings as numbers, whole numbers as
bytes. Whoever folds them makes the events again.
"""

from __future__ import annotations

import marshal
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from itertools import chain, islice, repeat
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from recorder.messaging.events import (
    ChatStateReported,
    Event,
    Evidence,
    MessagePublished,
    Proof,
    ReceiptReported,
    check_layout,
)
from recorder.messaging.fast_dict import NotificationEvent, read_notification
from recorder.store.frame_chunks import Skimmed
from recorder.wire.frames import Opcode

_TEXT = int(Opcode.TEXT)
_CLOSE = int(Opcode.CLOSE)
_AT_ONCE = 2_048
"""Frames whose fields become columns together."""
_new = tuple.__new__
_connection_of = itemgetter(Skimmed._fields.index("connection"))

Packed = bytes
"""Made by ``pack``, for ``unpack`` by the same Python; not to be kept."""


class _Field(Enum):
    """How a field of an event travels."""

    NAME = "as its place in the list of all names: ids, roles and types recur in every frame"
    VALUE = "as it is"
    MINE = "not at all: no notification is ours by itself"
    ASK = "not at all: no notification answers anything"


_NAME, _VALUE, _MINE, _ASK = _Field
_LAYOUTS: dict[type, dict[str, _Field]] = {
    MessagePublished: {
        "dialog_id": _NAME, "sequence": _VALUE, "conversation_id": _NAME, "author": _NAME, "role": _NAME,
        "mine": _MINE, "type": _NAME, "text": _VALUE, "request_frame": _ASK,
    },
    ReceiptReported: {
        "dialog_id": _NAME, "sequences": _VALUE, "participant": _NAME, "role": _NAME, "mine": _MINE,
        "status": _NAME, "own_sequence": _VALUE, "request_frame": _ASK,
    },
    ChatStateReported: {
        "dialog_id": _NAME, "participant": _NAME, "role": _NAME, "mine": _MINE, "state": _NAME,
    },
}  # fmt: skip
"""The fields of each kind up to its evidence, which always comes last: all of it but the level travels."""
for _kind, _layout in _LAYOUTS.items():
    check_layout(_kind, " ".join((*_layout, "evidence")))
check_layout(Evidence, "proof frame connection at_us offset_us server_ms")
_ALWAYS: dict[_Field, Any] = {_MINE: False, _ASK: None}
_Name = Callable[[str | None], int]


class Piece(NamedTuple):
    """What a part of a session tells by itself.

    Attributes:
        events: of its usual notifications; they can be gone through once.
        rest: its other frames with data, in order.
        connections: those it has frames of.
        in_parts: whether a payload comes in parts in it: then nothing of it stands by itself.
    """

    events: Iterable[Event]
    rest: Sequence[Skimmed]
    connections: frozenset[int]
    in_parts: bool


class _Names(dict[str | None, int]):
    """Every name, and its place in the order they were first asked for."""

    def __missing__(self, name: str | None) -> int:
        place = self[name] = len(self)
        return place


def pack(frames: Iterable[Skimmed]) -> Packed:
    """Read what stands by itself into columns, put the rest aside, and make bytes of both."""
    coming, names = iter(frames), _Names()
    connections: set[int] = set()
    rest: list[Skimmed] = []
    columns, in_parts = [], False
    while some := list(islice(coming, _AT_ONCE)):
        connections.update(map(_connection_of, some))
        events, more_in_parts = _read(some, rest)
        in_parts = in_parts or more_in_parts
        columns.append([_columns(kind, each, names.__getitem__) for kind, each in events.items()])
    other = [tuple(frame) for frame in rest]
    return marshal.dumps((list(names), columns, other, tuple(connections), in_parts))


def _read(frames: Iterable[Skimmed], rest: list[Skimmed]) -> tuple[dict[type, list[NotificationEvent]], bool]:
    """The events of the usual notifications, by kind, and whether a payload came in parts.

    The other frames are appended to ``rest``.
    """
    events: dict[type, list[NotificationEvent]] = {kind: [] for kind in _LAYOUTS}
    in_parts = False
    same = dict[str, str]().setdefault
    for frame in frames:
        number, connection, at_us, offset_us, from_service, opcode, fin, violation, payload = frame
        if opcode != _TEXT or not fin or violation is not None:
            in_parts = in_parts or opcode < _CLOSE
            continue
        usual = None
        if from_service:
            usual = read_notification(_loaded(payload), same, number, connection, at_us, offset_us)
        if usual is None:
            rest.append(frame)
        else:
            events[type(usual)].append(usual)
    return events, in_parts


def _loaded(payload: bytes) -> Any:
    try:
        return orjson.loads(payload)
    except (ValueError, RecursionError):
        return None


def _columns(kind: type, events: Sequence[NotificationEvent], name: _Name) -> list[Any]:
    if not events:
        return []
    *fields, evidences = zip(*events, strict=True)
    columns = [
        array("I", map(name, column)).tobytes() if how is _NAME else _column(column)
        for column, how in zip(fields, _LAYOUTS[kind].values(), strict=True)
        if how not in _ALWAYS
    ]
    _, *times = zip(*evidences, strict=True)
    return [*columns, *map(_column, times)]


def _column(column: tuple[Any, ...]) -> Any:
    """Whole numbers as their bytes, anything else as it is."""
    try:
        return array("q", column).tobytes()
    except (TypeError, OverflowError):
        return column


def unpack(packed: Packed) -> Piece:
    """What the piece tells, and the rest of it."""
    names, columns, rest, connections, in_parts = marshal.loads(packed)  # noqa: S302  # packed by our own
    events = chain.from_iterable(
        _events(kind, told, names.__getitem__)
        for some in columns
        for kind, told in zip(_LAYOUTS, some, strict=True)
        if told
    )
    return Piece(events, rest, frozenset(connections), in_parts)


def _events(kind: type, columns: Sequence[Any], name_at: Callable[[int], str | None]) -> Iterator[Any]:
    # No loop over events of ours: it would cost twice as much.
    coming = iter(columns)
    fields = [
        repeat(_ALWAYS[how]) if how in _ALWAYS
        else map(name_at, array("I", next(coming))) if how is _NAME
        else _unpacked(next(coming))
        for how in _LAYOUTS[kind].values()
    ]  # fmt: skip
    announced = zip(repeat(Proof.ANNOUNCED), *map(_unpacked, coming), strict=False)
    evidences = map(_new, repeat(Evidence), announced)
    return map(_new, repeat(kind), zip(*fields, evidences, strict=False))


def _unpacked(column: Any) -> Any:
    return array("q", column) if type(column) is bytes else column
