"""When each user of a load run begins: by the clock alone, never delayed by earlier users.

User n is due at (n - 1) / spawn rate. With a run time, a new user takes the slot of each user
that is done, until the time is over; after a failed user not before a second since it began, to limit the
load on a service that is down.
"""

from __future__ import annotations

import heapq
from typing import NamedTuple

PAUSE_AFTER_FAILURE_S = 1.0


class Arrival(NamedTuple):
    """A user that begins: its number from 1, and when it was planned to."""

    user: int
    due_s: float


class Arrivals:
    """The schedule of one run.

    Args:
        users: number of concurrent users.
        spawn_rate: users that begin per second, at first.
        began_s: when the run began.
        run_time_s: how long new users replace those that are done; None: each user plays once.
    """

    def __init__(self, users: int, *, spawn_rate: float, began_s: float, run_time_s: float | None) -> None:
        self._spawn_rate = spawn_rate
        self._began_s = began_s
        self._slots = users
        self._taken = 0
        self._again: list[float] = []
        self._numbered = 0
        self.over_s = None if run_time_s is None else began_s + run_time_s
        """When the run time is over; None if there is none."""

    @property
    def is_exhausted(self) -> bool:
        """Whether no user is due any more, unless ``ended`` frees a slot."""
        return self.next_at_s() is None

    def next_at_s(self) -> float | None:
        """When the next user is due; None: no more, unless ``ended`` frees a slot."""
        first_s = self._first_s()
        due_s = min([*([] if first_s is None else [first_s]), *self._again[:1]], default=None)
        return None if due_s is None or self._is_over(due_s) else due_s

    def take_due(self, now_s: float) -> Arrival | None:
        """The next user that is due; None: none is now."""
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
        """A user is done: its slot is free for another, if there is time."""
        if self.over_s is None:
            return
        pause_s = arrival.due_s + PAUSE_AFTER_FAILURE_S if failed else now_s
        heapq.heappush(self._again, max(now_s, pause_s))

    def _first_s(self) -> float | None:
        if self._taken == self._slots:
            return None
        return self._began_s + self._taken / self._spawn_rate

    def _is_over(self, due_s: float) -> bool:
        return self.over_s is not None and due_s >= self.over_s
