"""What several places say together in one observation: parts, and the groups they make up."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Hashable
from typing import Any, NamedTuple


class Part(NamedTuple):
    """What one place adds to the observation of a group.

    Attributes:
        group: which; any key within the rule.
        order: its place in the group; no two parts have the same.
        frames: the frames that it adds.
        value: what is said of it.
        unique: of the parts with the same one only the first counts; None: each counts.
        rank: the group knows the part with the lowest; None: none is asked for.
        names: what is counted, each once: a sort, and which of that sort.
        words: what is listed, each once.
    """

    group: Hashable
    order: tuple[Any, ...]
    frames: tuple[int, ...] = ()
    value: Any = None
    unique: Hashable = None
    rank: tuple[Any, ...] | None = None
    names: tuple[tuple[Hashable, Hashable], ...] = ()
    words: tuple[str, ...] = ()


class Group:
    """The parts of one group. To add one, to take one out and to ask takes no time for the others."""

    def __init__(self) -> None:
        self._entries: list[tuple[tuple[Any, ...], Any]] = []
        self._frames: list[int] = []
        self._ranks: list[tuple[Any, ...]] = []
        self._unique: dict[Hashable, list[tuple[tuple[Any, ...], Part]]] = {}
        self._names: Counter[tuple[Hashable, Hashable]] = Counter()
        self._sorts: Counter[Hashable] = Counter()
        self._words: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._entries)

    def first(self, count: int) -> list[Any]:
        """The values of the first parts."""
        return [value for _, value in self._entries[:count]]

    def frames(self, count: int) -> tuple[int, ...]:
        """The lowest frames, rising, each once."""
        found: dict[int, None] = {}
        for frame in self._frames:
            found[frame] = None
            if len(found) == count:
                break
        return tuple(found)

    @property
    def lowest(self) -> tuple[Any, ...]:
        """The lowest rank."""
        return self._ranks[0]

    def named(self, sort: Hashable) -> int:
        """How many names of this sort there are."""
        return self._sorts[sort]

    @property
    def words(self) -> list[str]:
        """The words, sorted."""
        return sorted(self._words)

    def add(self, part: Part) -> None:
        """Add a part."""
        if part.unique is not None:
            alike = self._unique.setdefault(part.unique, [])
            insort(alike, (part.order, part), key=_order)
            if alike[0][1] is not part:
                return
            if len(alike) > 1:
                self._take_out(alike[1][1])
        self._put_in(part)

    def remove(self, part: Part) -> None:
        """Take a part out that was added."""
        if part.unique is not None:
            alike = self._unique[part.unique]
            place = bisect_left(alike, part.order, key=_order)
            del alike[place]
            if place:
                return
            self._take_out(part)
            if alike:
                self._put_in(alike[0][1])
            else:
                del self._unique[part.unique]
            return
        self._take_out(part)

    def _put_in(self, part: Part) -> None:
        insort(self._entries, (part.order, part.value), key=_order)
        for frame in part.frames:
            insort(self._frames, frame)
        if part.rank is not None:
            insort(self._ranks, part.rank)
        for name in part.names:
            self._sorts[name[0]] += name not in self._names
            self._names[name] += 1
        self._words.update(part.words)

    def _take_out(self, part: Part) -> None:
        del self._entries[bisect_left(self._entries, part.order, key=_order)]
        for frame in part.frames:
            del self._frames[bisect_left(self._frames, frame)]
        if part.rank is not None:
            del self._ranks[bisect_left(self._ranks, part.rank)]
        for name in part.names:
            self._names[name] -= 1
            if not self._names[name]:
                del self._names[name]
                self._sorts[name[0]] -= 1
        for word in part.words:
            self._words[word] -= 1
            if not self._words[word]:
                del self._words[word]


def _order(entry: tuple[tuple[Any, ...], Any]) -> tuple[Any, ...]:
    return entry[0]
