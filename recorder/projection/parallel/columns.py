"""Encodes the events of a range of frames, to send them from a worker to the process that folds.

The event of a usual notification depends on no earlier frame. So it may be read in any process, and since a
fold does not depend on the order, at any time. All other frames (requests, answers, unusual ones) are sent as
they are, for an ``EventReader`` that reads the session in order.

Events are sent as columns, one for each field: strings as indices into a list, integers as bytes.
"""

from __future__ import annotations

import marshal
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
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
from recorder.store.frame_chunks import ScannedFrame
from recorder.wire.frames import Opcode

_TEXT = int(Opcode.TEXT)
_CLOSE = int(Opcode.CLOSE)
_AT_ONCE = 2_048
"""Frames whose fields become columns together."""
_new = tuple.__new__
_connection_of = itemgetter(ScannedFrame._fields.index("connection"))

EncodedRange = bytes
"""Made by ``encode_range``, for ``decode_range`` by the same Python; not to be stored."""


_KINDS: tuple[type[NotificationEvent], ...] = (MessagePublished, ReceiptReported, ChatStateReported)
_VALUES = frozenset({"sequence", "sequences", "own_sequence", "text"})
"""Fields that are sent as they are. The others, ids, roles and types, recur in every frame: each is sent as
its index in the list of all names."""
_ALWAYS: dict[str, Any] = {"mine": False, "request_frame": None}
"""Fields that are not sent: no notification is ours by itself, and none answers anything."""
# A field that is added is sent by its name, unless it is listed above.
check_layout(
    MessagePublished,
    "dialog_id sequence conversation_id author role mine type text request_frame evidence audience",
)
check_layout(
    ReceiptReported, "dialog_id sequences participant role mine status own_sequence request_frame evidence"
)
check_layout(ChatStateReported, "dialog_id participant role mine state evidence")
check_layout(Evidence, "proof frame connection at_us offset_us server_ms snapshot")
_TIMES = len(Evidence._fields) - 2
"""Fields of an evidence that are sent: the proof level and that it is no snapshot's are always the same."""
_Name = Callable[[str | None], int]
_NameAt = Callable[[int], str | None]


class RangeEvents(NamedTuple):
    """The decoded events of a range of frames.

    Attributes:
        events: of its usual notifications; an iterator.
        other_frames: its other frames with data, in order.
        connections: numbers of the connections it has frames of.
        has_fragments: whether it holds fragmented payloads: then none of it can be read by itself.
    """

    events: Iterable[Event]
    other_frames: Sequence[ScannedFrame]
    connections: frozenset[int]
    has_fragments: bool


class _Names(dict[str | None, int]):
    """Index of each name, in the order of first use."""

    def __missing__(self, name: str | None) -> int:
        place = self[name] = len(self)
        return place


def encode_range(frames: Iterable[ScannedFrame]) -> EncodedRange:
    """Encode the events of the usual notifications as columns, and the other frames as they are."""
    coming, names = iter(frames), _Names()
    connections: set[int] = set()
    other_frames: list[ScannedFrame] = []
    columns, has_fragments = [], False
    while some := list(islice(coming, _AT_ONCE)):
        connections.update(map(_connection_of, some))
        events, more_fragments = _read(some, other_frames)
        has_fragments = has_fragments or more_fragments
        columns.append([_columns(kind, each, names.__getitem__) for kind, each in events.items()])
    others = [tuple(frame) for frame in other_frames]
    return marshal.dumps((list(names), columns, others, tuple(connections), has_fragments))


def _read(
    frames: Iterable[ScannedFrame], other_frames: list[ScannedFrame]
) -> tuple[dict[type, list[NotificationEvent]], bool]:
    """The events of the usual notifications, by type, and whether there are fragmented payloads.

    The other frames are appended to ``other_frames``.
    """
    events: dict[type, list[NotificationEvent]] = {kind: [] for kind in _KINDS}
    has_fragments = False
    same = dict[str, str]().setdefault
    for frame in frames:
        number, connection, at_us, offset_us, from_service, opcode, fin, violation, payload = frame
        if opcode != _TEXT or not fin or violation is not None:
            has_fragments = has_fragments or opcode < _CLOSE
            continue
        usual = None
        if from_service:
            usual = read_notification(_loaded(payload), same, number, connection, at_us, offset_us)
        if usual is None:
            other_frames.append(frame)
        else:
            events[type(usual)].append(usual)
    return events, has_fragments


def _loaded(payload: bytes) -> Any:
    try:
        return orjson.loads(payload)
    except (ValueError, RecursionError):
        return None


def _columns(kind: type[NotificationEvent], events: Sequence[NotificationEvent], name: _Name) -> list[Any]:
    if not events:
        return []
    by_field = dict(zip(kind._fields, zip(*events, strict=True), strict=True))
    _, *times, _ = zip(*by_field.pop("evidence"), strict=True)
    columns = [
        _column(column) if field in _VALUES else array("I", map(name, column)).tobytes()
        for field, column in by_field.items()
        if field not in _ALWAYS
    ]
    return [*map(_column, times), *columns]


def _column(column: tuple[Any, ...]) -> Any:
    """Integers as their bytes, anything else as it is."""
    try:
        return array("q", column).tobytes()
    except (TypeError, OverflowError):
        return column


def decode_range(encoded: EncodedRange) -> RangeEvents:
    """The events of the range, and its other frames."""
    names, columns, other_frames, connections, has_fragments = marshal.loads(encoded)  # noqa: S302  # packed by our own
    events = chain.from_iterable(
        _events(kind, columns_of_kind, names.__getitem__)
        for some in columns
        for kind, columns_of_kind in zip(_KINDS, some, strict=True)
        if columns_of_kind
    )
    return RangeEvents(events, other_frames, frozenset(connections), has_fragments)


def _events(kind: type[NotificationEvent], columns: Sequence[Any], name_at: _NameAt) -> Iterator[Any]:
    # No Python loop over events: it would cost twice as much (tests/benchmarks/fold.py).
    coming = iter(columns)
    times = map(_decoded_column, islice(coming, _TIMES))
    announced = zip(repeat(Proof.ANNOUNCED), *times, repeat(False), strict=False)
    same: dict[str, Iterable[Any]] = {field: repeat(value) for field, value in _ALWAYS.items()}
    same["evidence"] = map(_new, repeat(Evidence), announced)
    fields = [
        same[field] if field in same else _decoded_field(field, next(coming), name_at)
        for field in kind._fields
    ]
    return map(_new, repeat(kind), zip(*fields, strict=False))


def _decoded_field(field: str, column: Any, name_at: _NameAt) -> Any:
    return _decoded_column(column) if field in _VALUES else map(name_at, array("I", column))


def _decoded_column(column: Any) -> Any:
    return array("q", column) if type(column) is bytes else column
