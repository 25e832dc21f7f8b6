"""The clocks of each dialog of a session that grows, for the delays that depend on them.

They change with nearly every frame, and what depends on them seldom does: it asks whether a frame came as it
happened, or whether two delays are too far apart. So what is noted is where the answer would be another.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterator

from recorder.messaging.events import Evidence
from recorder.receipts.delays import LEAST_ERROR_US, DialogClocks, evidence_of
from recorder.receipts.growing_clocks import GrowingClocks
from recorder.receipts.queries import MessageView

from .dependencies import Dependencies, Place

_NEVER = 1 << 62


class _Limits:
    """Who asked on which side of a limit a number lies."""

    def __init__(self) -> None:
        self._asked: dict[float, set[Place]] = {}
        self._rising: list[float] = []

    def note(self, number: float, place: Place) -> None:
        """A place asked about this number."""
        if number not in self._asked:
            self._asked[number] = set()
            insort(self._rising, number)
        self._asked[number].add(place)

    def between(self, low: float, high: float) -> Iterator[Place]:
        """Who asked about numbers from ``low`` to ``high``; they are forgotten."""
        begin, end = bisect_left(self._rising, low), bisect_right(self._rising, high)
        for number in self._rising[begin:end]:
            yield from self._asked.pop(number)
        del self._rising[begin:end]


class NotedClocks:
    """The clocks of one dialog; whoever asks becomes stale when the answer may be another."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._growing, self._now = GrowingClocks(), DialogClocks(LEAST_ERROR_US, {})
        self._frames: defaultdict[int, _Limits] = defaultdict(_Limits)
        self._apart = _Limits()
        self._of_history: set[Place] = set()

    def change(self, before: MessageView | None, now: MessageView | None) -> None:
        """A message has changed."""
        known = () if before is None else evidence_of(before)
        self._growing.change(known, () if now is None else evidence_of(now))

    def settle(self) -> None:
        """Work them out anew after changes."""
        before, self._now = self._now, self._growing.settle()
        stale = self._dependencies.stale
        for connection, asked in self._frames.items():
            one, other = (each.live_since.get(connection, _NEVER) for each in (before, self._now))
            if one != other:
                stale.update(dict.fromkeys(asked.between(min(one, other), max(one, other))))
        one, other = before.error_us, self._now.error_us
        if one != other:
            stale.update(dict.fromkeys(self._apart.between(min(one, other), max(one, other))))
        if before.has_history is not self._now.has_history:
            stale.update(dict.fromkeys(self._of_history))
            self._of_history.clear()

    @property
    def has_history(self) -> bool:
        """Whether what is not live came from a history; False: the service's times of it may be wrong."""
        if self._dependencies.place is not None:
            self._of_history.add(self._dependencies.place)
        return self._now.has_history

    def is_live(self, evidence: Evidence) -> bool:
        """Whether a frame came when what it says happened."""
        if self._dependencies.place is not None:
            self._frames[evidence.connection].note(evidence.frame, self._dependencies.place)
        return self._now.is_live(evidence)

    def contradict(self, apart_us: float) -> bool:
        """Whether two delays are so far apart that one of the clocks is wrong."""
        if self._dependencies.place is not None:
            self._apart.note(apart_us, self._dependencies.place)
        return self._now.contradict(apart_us)


class SessionClocks:
    """The clocks by dialog."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._of: dict[str, NotedClocks] = {}
        self._changed: dict[str, None] = {}

    def of(self, dialog_id: str) -> NotedClocks:
        """The clocks of a dialog."""
        if dialog_id not in self._of:
            self._of[dialog_id] = NotedClocks(self._dependencies)
        return self._of[dialog_id]

    def change(self, dialog_id: str, before: MessageView | None, now: MessageView | None) -> None:
        """A message of a dialog has changed."""
        self.of(dialog_id).change(before, now)
        self._changed[dialog_id] = None

    def settle(self) -> None:
        """Work out anew those of the dialogs that have changed."""
        for dialog_id in self._changed:
            self._of[dialog_id].settle()
        self._changed.clear()
