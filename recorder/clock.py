"""The only module that asks what time it is, or sleeps. Real and virtual.

Everything else is told the time. ``now_s`` is monotonic seconds with an arbitrary beginning: for
durations and deadlines. ``wall_us`` is microseconds since the epoch, UTC: for people.
"""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time, and waits."""

    def now_s(self) -> float:
        """Monotonic seconds; only differences mean anything."""
        ...

    def wall_us(self) -> int:
        """Microseconds since the epoch, UTC."""
        ...

    def sleep_until(self, when_s: float) -> None:
        """Return once ``now_s()`` has reached ``when_s``; at once if it has."""
        ...


class RealClock:
    """The clock of the machine."""

    def now_s(self) -> float:
        return time.monotonic()

    def wall_us(self) -> int:
        return time.time_ns() // 1000

    def sleep_until(self, when_s: float) -> None:
        while (left_s := when_s - time.monotonic()) > 0:
            time.sleep(left_s)


class VirtualClock:
    """A clock that stands still until somebody waits: then it is already then.

    ``epoch_us`` is the wall time at ``now_s() == 0.0``.
    """

    def __init__(self, *, epoch_us: int = 1_700_000_000_000_000) -> None:
        self._now_s = 0.0
        self._epoch_us = epoch_us

    def now_s(self) -> float:
        return self._now_s

    def wall_us(self) -> int:
        return self._epoch_us + round(self._now_s * 1_000_000)

    def sleep_until(self, when_s: float) -> None:
        self._now_s = max(self._now_s, when_s)
