"""The numbers of each dialog as they come: what took them, what is missing, what was announced under them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from recorder.messaging.events import Evidence, MessagePublished, Proof, ReceiptReported
from recorder.receipts.echoes import MessageKey

from .dependencies import Dependencies, Facts, Kind


class TakenBy(NamedTuple):
    """What took a sequence in a dialog: a message (status None), or a receipt of this status."""

    status: str | None
    frame: int


Content = tuple[object, ...]


class NumberRow:
    """The numbers of one dialog that were taken, rising.

    Attributes:
        taken: all of them; ``receipts`` those that receipts took, ``came`` those that came as events.
        unsent: sequences that only receipts name.
    """

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.receipts: list[int] = []
        self.came: list[int] = []
        self.unsent: list[int] = []
        self._gaps: list[tuple[int, int]] = []

    def add(self, number: int) -> None:
        """A number was taken that was free."""
        place = bisect_left(self.taken, number)
        below = self.taken[place - 1] if place else None
        above = self.taken[place] if place < len(self.taken) else None
        self.taken.insert(place, number)
        if below is not None and above is not None:
            del self._gaps[bisect_left(self._gaps, (below + 1, above - 1))]
        if below is not None and number > below + 1:
            insort(self._gaps, (below + 1, number - 1))
        if above is not None and above > number + 1:
            insort(self._gaps, (number + 1, above - 1))

    @property
    def span(self) -> tuple[int, int] | None:
        """The first and the last number that came as events."""
        return (self.came[0], self.came[-1]) if self.came else None

    def gaps(self) -> list[tuple[int, int]]:
        """First and last number of each gap between those that came."""
        if not self.came:
            return []
        first, last = self.came[0], self.came[-1]
        if self.taken[0] == first and self.taken[-1] == last:
            return self._gaps
        return self._gaps[bisect_left(self._gaps, (first, 0)) : bisect_left(self._gaps, (last, 0))]

    def receipts_between(self) -> tuple[tuple[int, ...], int]:
        """The first few numbers that receipts took between those that came, and how many there are."""
        first, last = self.came[0], self.came[-1]
        low, high = bisect_left(self.receipts, first), bisect_right(self.receipts, last)
        return tuple(self.receipts[low : min(high, low + 8)]), high - low

    def unsent_in(self, gaps: list[tuple[int, int]]) -> tuple[int, ...]:
        """The sequences in these gaps that receipts name."""
        low, high = bisect_left(self.unsent, gaps[0][0]), bisect_right(self.unsent, gaps[-1][1])
        return tuple(each for each in self.unsent[low:high] if _inside(each, gaps))


def _inside(number: int, gaps: list[tuple[int, int]]) -> bool:
    place = bisect_right(gaps, (number + 1, 0)) - 1
    return place >= 0 and gaps[place][0] <= number <= gaps[place][1]


def set_member(rising: list[int], number: int, *, there: bool) -> bool:
    """Put a number into a rising list, or take it out; whether that changes it."""
    place = bisect_left(rising, number)
    known = place < len(rising) and rising[place] == number
    if known == there:
        return False
    if there:
        rising.insert(place, number)
    else:
        del rising[place]
    return True


class Numbered(NamedTuple):
    """Something that was announced under a number of its dialog."""

    dialog_id: str
    number: int
    evidence: Evidence
    content: Content


def numbered(event: MessagePublished | ReceiptReported) -> Numbered | None:
    """What an event announced under a number; None if it is no announcement, or has no number."""
    if event.evidence.proof is not Proof.ANNOUNCED:
        return None
    if isinstance(event, MessagePublished):
        content: Content = ("a message", event.author, event.type, event.text)
        return Numbered(event.dialog_id, event.sequence, event.evidence, content)
    if event.own_sequence is None:
        return None
    content = (f"a receipt ({event.status[:32]})", event.participant, event.status, event.sequences)
    return Numbered(event.dialog_id, event.own_sequence, event.evidence, content)


class Late(NamedTuple):
    """A number that was announced for the first time after a higher one: ``behind``, in an earlier frame."""

    dialog_id: str
    number: int
    frame: int
    behind: int
    earlier: int


class AnnouncedNumbers:
    """What was announced under each number, in which order, and when.

    Attributes:
        contents: the contents of each number, with the frame of each; ``dated`` frame and time of each
            announcement of a number.
        late: those that came after a higher one; ``in_order`` how many did not.
    """

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self.contents: dict[MessageKey, list[tuple[Content, int]]] = {}
        self.dated: dict[MessageKey, list[tuple[int, int | None]]] = {}
        self.late: list[Late] = []
        self.in_order = 0
        self._timed: defaultdict[str, list[int]] = defaultdict(list)
        self._known: set[MessageKey] = set()
        self._highest: dict[str, tuple[int, Evidence]] = {}
        self._passed = 0

    def advance(self, came: Iterable[Numbered], subscriptions: list[int]) -> None:
        """Take what was announced next."""
        for each in sorted(came, key=lambda each: (each.evidence.frame, each.dialog_id, each.number)):
            key = (each.dialog_id, each.number)
            self._note_content(key, each)
            if not each.evidence.snapshot:
                self._note_time(key, each)
                self._arrive(key, each.evidence, subscriptions)
            self._dependencies.appear(Kind.NUMBER, key)
            self._dependencies.touch(Kind.NUMBER, key)

    def _note_content(self, key: MessageKey, each: Numbered) -> None:
        contents = self.contents.setdefault(key, [])
        if all(content != each.content for content, _ in contents):
            contents.append((each.content, each.evidence.frame))

    def _note_time(self, key: MessageKey, each: Numbered) -> None:
        dated = self.dated.setdefault(key, [])
        known = self._first_time(key)
        insort(dated, (each.evidence.frame, each.evidence.server_ms), key=lambda entry: entry[0])
        if self._first_time(key) != known:
            timed = self._timed[each.dialog_id]
            set_member(timed, each.number, there=True)
            place = bisect_right(timed, each.number)
            if place < len(timed):
                self._dependencies.touch(Kind.NUMBER, (each.dialog_id, timed[place]))

    def _first_time(self, key: MessageKey) -> tuple[int, int] | None:
        return next(((frame, ms) for frame, ms in self.dated[key] if ms is not None), None)

    def before(self, key: MessageKey) -> tuple[int, int, int] | None:
        """The number before this one that has a time, its first time, and the frame of that."""
        timed = self._timed.get(key[0], [])
        place = bisect_left(timed, key[1])
        if not place:
            return None
        number = timed[place - 1]
        first = self._first_time((key[0], number))
        return None if first is None else (number, first[1], first[0])

    def _arrive(self, key: MessageKey, evidence: Evidence, subscriptions: list[int]) -> None:
        dialog_id, number = key
        while self._passed < len(subscriptions) and subscriptions[self._passed] < evidence.frame:
            self._highest, self._passed = {}, self._passed + 1
        if key in self._known:
            return
        self._known.add(key)
        before = self._highest.get(dialog_id)
        if before is None or before[1].connection != evidence.connection or number > before[0]:
            self._highest[dialog_id] = (number, evidence)
            self.in_order += 1
        else:
            self.late.append(Late(dialog_id, number, evidence.frame, before[0], before[1].frame))
            self._dependencies.appear(Kind.ARRIVAL, len(self.late) - 1)


class TakenNumbers:
    """What took each number.

    Attributes:
        taken: by dialog and number; ``highest`` the highest number of each dialog.
        rows: the numbers of each dialog.
    """

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self.taken: Facts[MessageKey, TakenBy] = Facts(dependencies)
        self.highest: Facts[str, int] = Facts(dependencies)
        self.rows: dict[str, NumberRow] = {}

    def take(self, key: MessageKey, by: TakenBy) -> None:
        """Something took a number: the first message counts, else the first receipt."""
        known = self.taken.values.get(key)
        if known is not None and (known.status is None or by.status is not None):
            return
        self.taken.put(key, by)
        dialog_id, number = key
        row = self.rows.setdefault(dialog_id, NumberRow())
        if known is None:
            row.add(number)
            highest = self.highest.values.get(dialog_id, -1)
            self.highest.put(dialog_id, max(highest, number))
        set_member(row.receipts, number, there=by.status is not None)
        self._dependencies.appear(Kind.DIALOG, dialog_id)
        self._dependencies.touch(Kind.DIALOG, dialog_id)

    def see(self, key: MessageKey, *, unsent: bool, snapshot: bool) -> None:
        """A message has changed, or what took its number: whether only receipts, or a snapshot, show it."""
        dialog_id, number = key
        row = self.rows.get(dialog_id)
        if row is None:
            row = self.rows[dialog_id] = NumberRow()
        taken = self.taken.values.get(key)
        came = taken is not None and (taken.status is not None or not snapshot)
        changed = set_member(row.came, number, there=came)
        if set_member(row.unsent, number, there=unsent) or changed:
            self._dependencies.touch(Kind.DIALOG, dialog_id)
