"""How long a write is retried after a passing failure."""

from __future__ import annotations

from typing import NamedTuple, Protocol

RETRY_EVERY_S = 0.25


class MonotonicClock(Protocol):
    """A clock that can be waited for; every ``recorder.clock.Clock`` is one."""

    def now_s(self) -> float:
        """Monotonic seconds."""
        ...

    def sleep_until(self, when_s: float) -> None:
        """Return once ``now_s()`` has reached ``when_s``."""
        ...


class RetryPolicy(NamedTuple):
    """How long a write is retried after a passing failure, and by which clock."""

    clock: MonotonicClock
    wait_s: float
