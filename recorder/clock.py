"""Clocks, real and virtual. No other module reads the time or sleeps.

Everything else gets the time as an argument. ``now_s`` is monotonic seconds with an arbitrary beginning: for
durations and deadlines. ``wall_us`` is microseconds since the epoch, UTC: for people.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import Protocol


class Clock(Protocol):
    """Source of time."""

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
    """The machine's clock."""

    now_s = staticmethod(time.monotonic)

    def wall_us(self) -> int:
        return time.time_ns() // 1000

    def sleep_until(self, when_s: float) -> None:
        while (left_s := when_s - time.monotonic()) > 0:
            time.sleep(left_s)


def processing_s() -> float:
    """Seconds that this thread has computed; only differences mean anything. Waiting takes none."""
    return time.thread_time()


class VirtualClock:
    """A clock that stands still until ``sleep_until``, which moves it to that time at once.

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


_SET_TIMER_SLACK, _GET_TIMER_SLACK = 29, 30  # linux/prctl.h
_MIN_SLACK_NS = 1
_SWITCH_S = 2e-4


@contextlib.contextmanager
def punctual() -> Iterator[None]:
    """Let this thread wake up on time while the block runs.

    Sets the thread's timer slack, 50 µs by default on Linux, to 1 ns, and the interpreter's switch interval,
    5 ms by default, to 0.2 ms.
    """
    switch_s = sys.getswitchinterval()
    sys.setswitchinterval(min(switch_s, _SWITCH_S))
    try:
        with _without_timer_slack():
            yield
    finally:
        sys.setswitchinterval(switch_s)


@contextlib.contextmanager
def _without_timer_slack() -> Iterator[None]:
    before_ns = _timer_slack(_GET_TIMER_SLACK, 0)
    if before_ns is None or before_ns <= 0:
        yield
        return
    _timer_slack(_SET_TIMER_SLACK, _MIN_SLACK_NS)
    try:
        yield
    finally:
        _timer_slack(_SET_TIMER_SLACK, before_ns)


def _timer_slack(prctl_option: int, value_ns: int) -> int | None:
    """prctl(2), or None where there is none."""
    if sys.platform != "linux":
        return None
    import ctypes  # late: only replays need it

    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
    except (OSError, AttributeError):
        return None
    words = [ctypes.c_ulong(value) for value in (value_ns, 0, 0, 0)]
    return int(prctl(prctl_option, *words))
