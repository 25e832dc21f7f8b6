"""When the cyclic garbage collector may run: not in a fold, and not when something is due."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

_SWITCH_INTERVAL_S = 5e-4
_OLD_GENERATION_THRESHOLD = 1_000


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the collector from running; afterwards it is as it was.

    A fold makes millions of small objects and not one cycle. The collector would look at all of them
    again and again: a third of the time at 300 000 frames, and more the longer the session
    (tests/benchmarks/fold.py).
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            _move_all_to_oldest_generation()
            gc.enable()


def _move_all_to_oldest_generation() -> None:
    """Or the collector would look at all new objects at once."""
    if _frozen.freeze():
        _frozen.unfreeze()


class _Frozen:
    """What the collector does not look at: there is one heap, and one way back for all of it.

    What somebody else keeps frozen, as a program does before it forks, stays so. To count frozen objects is
    to visit each, so that somebody else keeps some is found out once.
    """

    def __init__(self) -> None:
        self._by_us = False
        self._by_others = False

    def freeze(self) -> bool:
        """Freeze every object there is. False: some are frozen already, and nothing was done."""
        if self._by_us or self._by_others:
            return False
        self._by_others = gc.get_freeze_count() > 0
        if self._by_others:
            return False
        self._by_us = True
        gc.freeze()
        return True

    def unfreeze(self) -> None:
        """After ``freeze`` was True."""
        gc.unfreeze()
        self._by_us = False


_frozen = _Frozen()


class IdleCollector:
    """Runs the collector when a session is idle, and never just before a deadline.

    Within ``with`` it does not run by itself, and what was there before is not looked at any more.
    """

    MANY_NEW = 2_000
    """Objects since the last collection that are worth another one; some 50 µs."""
    TOO_MANY = 100_000
    """Objects that are collected whatever is due."""
    SPARE_S = 0.005
    LONG_S = 0.05
    """Time for everything that is younger than the session."""

    def __enter__(self) -> Self:
        self._was_enabled = gc.isenabled()
        gc.collect()
        gc.disable()
        self._froze = _frozen.freeze()
        return self

    def __exit__(self, *_: object) -> None:
        if self._froze:
            _frozen.unfreeze()
        if self._was_enabled:
            gc.enable()

    def collect_if_idle(self, idle_s: float | None) -> None:
        """Collect if nothing is due for long enough. ``idle_s``: how long; None: nothing is planned."""
        new, _, old = gc.get_count()
        spare_s = self.LONG_S if idle_s is None else idle_s
        if new < self.MANY_NEW or (spare_s < self.SPARE_S and new < self.TOO_MANY):
            return
        gc.collect(2 if spare_s >= self.LONG_S and old >= 10 else 1)


@contextmanager
def low_latency_interpreter() -> Iterator[None]:
    """Keep other threads and the collector from delaying what is due; afterwards all is as it was.

    A thread that computes gives way after half a millisecond instead of five. Objects that exist already
    are never looked at by the collector again, and those that live long only seldom: a collection of all
    objects of a thousand sessions takes tens of milliseconds (tests/benchmarks/load_lateness.py).
    """
    before_s, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    gc.collect()
    froze = _frozen.freeze()
    gc.set_threshold(thresholds[0], thresholds[1], _OLD_GENERATION_THRESHOLD)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        if froze:
            _frozen.unfreeze()
        sys.setswitchinterval(before_s)
