"""Deadlines of a loop: calls that are due at a moment, unless they are cancelled before."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count


class Timer:
    """One call that is due; ``cancel`` it if it is not needed any more."""

    def __init__(self, due_s: float, call: Callable[[], None]) -> None:
        self.due_s = due_s
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Do not call it."""
        self.call = None


class Timers:
    """The timers of one loop, by the moment at which they are due."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = count()

    def call_at(self, due_s: float, call: Callable[[], None]) -> Timer:
        """Call this once ``run_due`` is given that time or a later one."""
        timer = Timer(due_s, call)
        heapq.heappush(self._heap, (due_s, next(self._order), timer))
        return timer

    def next_due_s(self) -> float | None:
        """When the next call is due; None if there is none."""
        while self._heap and self._heap[0][2].call is None:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def run_due(self, now_s: float) -> bool:
        """Make every call that is due by now, in order; return whether there was one."""
        if not self._heap or self._heap[0][0] > now_s:
            return False
        was_due = False
        while (due_s := self.next_due_s()) is not None and due_s <= now_s:
            _, _, timer = heapq.heappop(self._heap)
            call, timer.call = timer.call, None
            if call is not None:
                was_due = True
                call()
        return was_due
