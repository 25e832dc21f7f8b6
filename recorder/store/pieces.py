"""A piece of a session read by itself: what its usual frames tell, packed to travel, and the other frames.

What a usual notification tells depends on nothing before it. So it may be read anywhere, and since no order
changes what is folded, at any time. The other frames (requests, answers, what is strange) are handed on to
whoever hears the session in order.
"""

from __future__ import annotations

import marshal
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat
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
from recorder.messaging.straight import usual_event
from recorder.messaging.typed import typed_event
from recorder.wire.frames import Opcode

from .hearing import Skimmed

_TEXT = int(Opcode.TEXT)
_CLOSE = int(Opcode.CLOSE)
_KINDS = (MessagePublished, ReceiptReported, ChatStateReported)
_PROOF = Evidence._fields[1:]  # all but the level, which is the same for all of them
_new = tuple.__new__

Packed = bytes
"""Made by ``pack``, for ``unpack`` by the same Python; not to be kept."""


class Piece(NamedTuple):
    """What a part of a session tells by itself.

    Attributes:
        events: of its usual notifications.
        rest: its other frames with data, in order.
        connections: those it has frames of.
        in_parts: whether a payload comes in parts in it: then nothing of it stands by itself.
    """

    events: Iterable[Event]
    rest: Sequence[Skimmed]
    connections: frozenset[int]
    in_parts: bool


def read_piece(frames: Iterable[Skimmed]) -> Piece:
    """Read what stands by itself, and put the rest aside."""
    events: list[Event] = []
    rest: list[Skimmed] = []
    tell, same = events.append, dict[str, str]().setdefault
    connections, in_parts = set(), False
    for frame in frames:
        number, connection, at_us, offset_us, from_service, opcode, fin, violation, payload = frame
        connections.add(connection)
        if opcode != _TEXT or not fin or violation is not None:
            in_parts = in_parts or opcode < _CLOSE
            continue
        usual = None
        if from_service:
            usual = typed_event(payload, same, number, connection, at_us, offset_us) or usual_event(
                _loaded(payload), same, number, connection, at_us, offset_us
            )
        if usual is None:
            rest.append(frame)
        else:
            tell(usual)
    return Piece(events, rest, frozenset(connections), in_parts)


def _loaded(payload: bytes) -> Any:
    try:
        return orjson.loads(payload)
    except (ValueError, RecursionError):
        return None


def pack(piece: Piece) -> Packed:
    """The piece as bytes: columns of what all events of a kind have in common, which travel cheaply."""
    # By dialog: what is folded together is then made together, and stands together in memory.
    by_kind: dict[type, defaultdict[str, list[Any]]] = {kind: defaultdict(list) for kind in _KINDS}
    for event in piece.events:
        by_kind[type(event)][event[0]].append(event)  # type: ignore[index]  # all of these begin with a dialog
    columns = []
    for by_dialog in by_kind.values():
        told = [(*event[:-1], *event[-1][1:]) for event in chain.from_iterable(by_dialog.values())]
        columns.append([_column(told, place) for place in range(len(told[0]) if told else 0)])
    return marshal.dumps(
        (columns, [tuple(frame) for frame in piece.rest], tuple(piece.connections), piece.in_parts)
    )


def _column(rows: Sequence[Any], place: int) -> Any:
    """What stands there in every row: whole numbers as their bytes, anything else as it is."""
    column = list(map(itemgetter(place), rows))
    return array("q", column).tobytes() if set(map(type, column)) == {int} else column


def _unpacked(column: Any) -> Any:
    return array("q", column) if type(column) is bytes else column


def unpack(packed: Packed) -> Piece:
    """The piece again. Its events can be gone through once."""
    columns, rest, connections, in_parts = marshal.loads(packed)  # noqa: S302  # packed by a process of our own
    events = chain.from_iterable(
        _events(kind, told) for kind, told in zip(_KINDS, columns, strict=True) if told
    )
    return Piece(events, rest, frozenset(connections), in_parts)


def _events(kind: type, columns: Sequence[Any]) -> Iterator[Any]:
    # No loop of ours: it would cost twice as much.
    fields, proofs = columns[: -len(_PROOF)], columns[-len(_PROOF) :]
    announced = zip(repeat(Proof.ANNOUNCED), *map(_unpacked, proofs), strict=False)
    evidences = map(_new, repeat(Evidence), announced)
    return map(_new, repeat(kind), zip(*map(_unpacked, fields), evidences, strict=True))
