"""What is due when: the service's own little calendar. Time is an argument."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

Task = Callable[[float], None]
"""Called with the time it is."""


class Agenda:
    """Tasks by due time; those due at the same time in the order they were entered."""

    def __init__(self) -> None:
        self._entries: list[tuple[float, int, Task]] = []
        self._order = count()

    def enter(self, due_s: float, task: Task) -> None:
        """Call ``task`` once ``due_s`` is reached."""
        heapq.heappush(self._entries, (due_s, next(self._order), task))

    def next_due_s(self) -> float | None:
        """When the next task is due; None if there is none."""
        return self._entries[0][0] if self._entries else None

    def run_due(self, now_s: float) -> None:
        """Call everything due by now in order of due time, also what that enters anew."""
        while self._entries and self._entries[0][0] <= now_s:
            _, _, task = heapq.heappop(self._entries)
            task(now_s)
