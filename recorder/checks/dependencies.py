"""Which observation was made from which facts: what has to be looked at again when a fact changes.

A rule looks at one *place* at a time: a message, a receipt, a request, or what several of these say
together. Whatever it reads there comes out of ``Facts``, which note the place. When a fact changes, the
places that read it become stale, and only those are looked at again. What depends on the time alone has a
due time.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from enum import Enum, auto
from typing import Any, Generic, TypeVar

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Kind(Enum):
    """What a rule looks at, one at a time."""

    MESSAGE = auto()
    """Dialog and sequence, also of a message that only receipts name."""
    RECEIPT = auto()
    REQUEST = auto()
    """The frame of a request."""
    ANSWER = auto()
    """The place of an answer among all answers."""
    PUBLISH = auto()
    """The place of an answer to a publish of ours, or of its echo, among all messages that came."""
    CONNECTION = auto()
    """The number of a connection."""
    DIALOG = auto()
    """A dialog with numbers that were taken."""
    NUMBER = auto()
    """Dialog and number of something that was announced."""
    ARRIVAL = auto()
    """The place of what was announced for the first time."""
    ANNOUNCED_DIALOG = auto()
    """An open dialog of ours that was named."""
    CONVERSATION = auto()
    ODDITY = auto()
    """The place of an oddity among all."""
    VIOLATION = auto()
    """The place of a frame against RFC 6455 among all."""
    SESSION = auto()


class RuleLook:
    """A function of a rule that looks at one item of a kind; ``rule`` is the place of the rule among all.

    ``kind`` None: it looks at the parts of one group.
    """

    __slots__ = ("kind", "observe", "rule")

    def __init__(self, rule: int, kind: Kind | None, observe: Callable[..., Iterable[Any]]) -> None:
        self.rule, self.kind, self.observe = rule, kind, observe


class Place:
    """An item with one look at it, and what was observed: how often satisfied, what else, and its parts.

    ``vanished``: there is no such item any more, whatever it read before.
    """

    __slots__ = ("item", "look", "observations", "parts", "satisfied", "vanished")

    def __init__(self, rule_look: RuleLook, item: Any) -> None:
        self.look, self.item = rule_look, item
        self.satisfied, self.vanished = 0, False
        self.observations: tuple[Any, ...] = ()
        self.parts: tuple[Any, ...] = ()


class Dependencies:
    """The places of all items, and which of them are stale.

    Attributes:
        place: the place that is looked at now; what is read meanwhile is noted for it. None: nothing is.
        looks: the looks at each kind of item.
        stale: places to look at; ``vanished`` ones have no item any more.
    """

    def __init__(self) -> None:
        self.place: Place | None = None
        self.looks: dict[Kind, list[RuleLook]] = {kind: [] for kind in Kind}
        self.stale: dict[Place, None] = {}
        self.vanished: list[Place] = []
        self.items: dict[Kind, dict[Any, list[Place]]] = {kind: {} for kind in Kind}
        self._due: dict[str, list[tuple[int, int, Place]]] = {}
        self._due_of: dict[Place, tuple[str, int]] = {}
        self._numbered = 0

    def appear(self, kind: Kind, item: Any) -> None:
        """There is a further item, unless it is known."""
        items = self.items[kind]
        if item not in items:
            places = items[item] = [Place(look, item) for look in self.looks[kind]]
            for place in places:
                self.stale[place] = None

    def vanish(self, kind: Kind, item: Any) -> None:
        """An item is none any more."""
        for place in self.items[kind].pop(item, ()):
            self.stale.pop(place, None)
            self.vanished.append(place)

    def touch(self, kind: Kind, item: Any) -> None:
        """An item has changed."""
        for place in self.items[kind].get(item, ()):
            self.stale[place] = None

    def touch_all(self) -> None:
        """Everything may be another."""
        for items in self.items.values():
            for places in items.values():
                for place in places:
                    self.stale[place] = None

    def wait(self, clock: str, due_us: int) -> None:
        """The place that is looked at now becomes stale when a clock shows so much."""
        place = self.place
        if place is not None and self._due_of.get(place) != (clock, due_us):
            self._due_of[place] = (clock, due_us)
            self._numbered += 1
            heapq.heappush(self._due.setdefault(clock, []), (due_us, self._numbered, place))

    def pass_time(self, clock: str, now_us: int) -> None:
        """A clock shows so much now."""
        waiting = self._due.get(clock)
        while waiting and waiting[0][0] <= now_us:
            due_us, _, place = heapq.heappop(waiting)
            if self._due_of.get(place) == (clock, due_us):
                del self._due_of[place]
                self.stale[place] = None


class Facts(Generic[_Key, _Value]):
    """A mapping whose readers become stale when what they read changes; also when it was not there.

    ``values`` is the plain mapping: to read it is noted for nobody.
    """

    __slots__ = ("_dependencies", "_readers", "values")

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._readers: dict[_Key, Place | set[Place]] = {}
        self.values: dict[_Key, _Value] = {}

    def note(self, key: _Key) -> None:
        """The place that is looked at now depends on this key."""
        place = self._dependencies.place
        if place is None:
            return
        known = self._readers.get(key)
        if known is None:
            self._readers[key] = place
        elif type(known) is set:
            known.add(place)
        elif known is not place:
            self._readers[key] = {known, place}  # type: ignore[arg-type]  # no set, so one place

    def get(self, key: _Key) -> _Value | None:
        """The value of a key, or None."""
        self.note(key)
        return self.values.get(key)

    def __contains__(self, key: _Key) -> bool:
        self.note(key)
        return key in self.values

    def put(self, key: _Key, value: _Value) -> None:
        """Set the value of a key."""
        if key not in self.values or self.values[key] != value:
            self.values[key] = value
            self.touch(key)

    def touch(self, key: _Key) -> None:
        """The value of a key has changed."""
        readers = self._readers.pop(key, None)
        if type(readers) is set:
            self._dependencies.stale.update(dict.fromkeys(readers))
        elif readers is not None:
            self._dependencies.stale[readers] = None  # type: ignore[index]  # no set, so one place


def looks_of(rule: int, looks: Iterable[tuple[Kind, Callable[..., Iterable[Any]]]]) -> Iterator[RuleLook]:
    """The looks of a rule."""
    for kind, observe in looks:
        yield RuleLook(rule, kind, observe)
