"""When each user of many begins: by the clock alone, never held up by those before.

User n is due at (n - 1) / spawn rate. With a run time every place is taken again as soon as its user is
done, until the time is over; after a user that failed not before a second has passed since it began, so
that a service that is down is not stormed.
"""

from __future__ import annotations

import heapq
from typing import NamedTuple

PAUSE_AFTER_FAILURE_S = 1.0


class Arrival(NamedTuple):
    """A user that begins: its number from 1, and the moment that was planned."""

    user: int
    due_s: float


class Arrivals:
    """The plan of one run.

    Args:
        users: how many places there are.
        spawn_rate: places taken per second at the beginning.
        began_s: when the run began.
        run_time_s: how long users begin anew; None: every place is taken once.
    """

    def __init__(self, users: int, *, spawn_rate: float, began_s: float, run_time_s: float | None) -> None:
        self._spawn_rate = spawn_rate
        self._began_s = began_s
        self._places = users
        self._taken = 0
        self._again: list[float] = []
        self._numbered = 0
        self.over_s = None if run_time_s is None else began_s + run_time_s
        """When the run time is over; None if there is none."""

    @property
    def is_exhausted(self) -> bool:
        """Whether nobody is to come, unless ``ended`` makes room."""
        return self.next_at_s() is None

    def next_at_s(self) -> float | None:
        """When the next user is due; None: nobody is to come, unless ``ended`` makes room."""
        first_s = self._first_s()
        due_s = min([*([] if first_s is None else [first_s]), *self._again[:1]], default=None)
        return None if due_s is None or self._is_over(due_s) else due_s

    def take_due(self, now_s: float) -> Arrival | None:
        """The next user, if it is due; to be asked until None."""
        due_s = self.next_at_s()
        if due_s is None or due_s > now_s:
            return None
        if self._first_s() == due_s:
            self._taken += 1
        else:
            heapq.heappop(self._again)
        self._numbered += 1
        return Arrival(self._numbered, due_s)

    def ended(self, arrival: Arrival, *, failed: bool, now_s: float) -> None:
        """A user is done: its place is free, if there is time for another."""
        if self.over_s is None:
            return
        pause_s = arrival.due_s + PAUSE_AFTER_FAILURE_S if failed else now_s
        heapq.heappush(self._again, max(now_s, pause_s))

    def _first_s(self) -> float | None:
        if self._taken == self._places:
            return None
        return self._began_s + self._taken / self._spawn_rate

    def _is_over(self, due_s: float) -> bool:
        return self.over_s is not None and due_s >= self.over_s
