"""A piece of a session read by itself: what its usual frames tell, packed to travel, and the other frames.

What a usual notification tells depends on nothing before it. So it may be read anywhere, and since no order
changes what is folded, at any time. The other frames (requests, answers, what is strange) are handed on to
whoever hears the session in order.

No event is made where a piece is read: their fields go from the decoder into columns, some frames at a time,
while they are still warm. Whoever folds them makes the events.
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
)
from recorder.messaging.fast_dict import usual_event
from recorder.messaging.fast_typed import UNFIT, ChatState, Content, Receipt, decode
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
_LAYOUTS: dict[type, tuple[_Field, ...]] = {
    MessagePublished: (_NAME, _VALUE, _NAME, _NAME, _NAME, _MINE, _NAME, _VALUE, _ASK),
    ReceiptReported: (_NAME, _VALUE, _NAME, _NAME, _MINE, _NAME, _VALUE, _ASK),
    ChatStateReported: (_NAME, _NAME, _NAME, _MINE, _NAME),
}
"""The fields of each kind up to its evidence, which always comes last: all of it but the level travels."""
_TRAVELLING = {
    kind: [each for each in fields if each in (_NAME, _VALUE)] for kind, fields in _LAYOUTS.items()
}
_ALWAYS: dict[_Field, Any] = {_MINE: False, _ASK: None}

_Row = tuple[Any, ...]
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
        told: dict[type, list[_Row]] = {kind: [] for kind in _LAYOUTS}
        in_parts = _read(some, told, rest, names.__getitem__) or in_parts
        columns.append([_columns(kind, rows) for kind, rows in told.items()])
    other = [tuple(frame) for frame in rest]
    return marshal.dumps((list(names), columns, other, tuple(connections), in_parts))


def _read(frames: Iterable[Skimmed], told: dict[type, list[_Row]], rest: list[Skimmed], name: _Name) -> bool:
    """Add a row for each usual notification, and the other frames to ``rest``; whether one came in parts.

    One loop that does what ``typed_event`` does, for it would cost half as much again to make events.
    """
    published, given, typing = (told[kind].append for kind in _LAYOUTS)
    in_parts = False
    for frame in frames:
        number, connection, at_us, offset_us, from_service, opcode, fin, violation, payload = frame
        if opcode != _TEXT or not fin or violation is not None:
            in_parts = in_parts or opcode < _CLOSE
            continue
        if not from_service:
            rest.append(frame)
            continue
        try:
            change = decode(payload).body.changes[0]
        except UNFIT:
            _read_slowly(frame, told, rest, name)
            continue
        metadata, event, server_ms = change.originator_metadata, change.event, change.server_timestamp
        role = None if metadata is None else metadata.role
        dialog, who = name(change.dialog_id), name(change.originator_id)
        if type(event) is Receipt:
            listed = event.sequence_list
            if len(listed) > 1 and len(set(listed)) < len(listed):
                rest.append(frame)
                continue
            given((dialog, listed, who, name(role), name(event.status), change.sequence,
                   number, connection, at_us, offset_us, server_ms))  # fmt: skip
        elif type(event) is ChatState:
            typing((dialog, who, name(role), name(event.chat_state),
                    number, connection, at_us, offset_us, server_ms))  # fmt: skip
        elif type(event) is not Content or change.sequence is None:
            rest.append(frame)
        else:
            published((dialog, change.sequence, name(change.conversation_id), who, name(role),
                       name(event.content_type), event.message,
                       number, connection, at_us, offset_us, server_ms))  # fmt: skip
    return in_parts


def _read_slowly(frame: Skimmed, told: dict[type, list[_Row]], rest: list[Skimmed], name: _Name) -> None:
    number, connection, at_us, offset_us, *_, payload = frame
    usual = usual_event(_loaded(payload), _itself, number, connection, at_us, offset_us)
    if usual is None:
        rest.append(frame)
        return
    kind = type(usual)
    fields: Iterator[tuple[Any, _Field]] = zip(usual, _LAYOUTS[kind], strict=False)  # all but the evidence
    row = [name(value) if how is _NAME else value for value, how in fields if how not in _ALWAYS]
    told[kind].append((*row, *usual[-1][1:]))


def _itself(name: str, _: str) -> str:
    return name


def _loaded(payload: bytes) -> Any:
    try:
        return orjson.loads(payload)
    except (ValueError, RecursionError):
        return None


def _columns(kind: type, rows: Sequence[_Row]) -> list[Any]:
    columns: Iterator[tuple[Any, ...]] = zip(*rows, strict=True)
    named = [how is _NAME for how in _TRAVELLING[kind]]
    return [
        array("I", column).tobytes() if is_name else _column(column)
        for column, is_name in zip(columns, chain(named, repeat(False)), strict=False)
    ]


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
        for how in _LAYOUTS[kind]
    ]  # fmt: skip
    announced = zip(repeat(Proof.ANNOUNCED), *map(_unpacked, coming), strict=False)
    evidences = map(_new, repeat(Evidence), announced)
    return map(_new, repeat(kind), zip(*fields, evidences, strict=False))


def _unpacked(column: Any) -> Any:
    return array("q", column) if type(column) is bytes else column
