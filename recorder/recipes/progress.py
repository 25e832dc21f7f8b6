"""A remark now and then while something takes longer than a second."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from recorder.clock import Clock, RealClock

T = TypeVar("T")

EVERY_S = 1.0
_LOOK_EVERY = 256  # items between two looks at the clock
_BAR = 20  # characters


def with_progress(
    items: Iterable[T],
    doing: str,
    say: Callable[[str], None],
    *,
    done: Callable[[], float] | None = None,
    clock: Clock | None = None,
) -> Iterator[T]:
    """Yield ``items``; once a second of work, say what is being done and how many there were so far.

    ``done`` gives the share of the work that is done, from 0 to 1, and adds a bar.
    """
    clock = RealClock() if clock is None else clock
    next_s = clock.now_s() + EVERY_S
    for count, item in enumerate(items, 1):
        yield item
        if count % _LOOK_EVERY == 0 and clock.now_s() >= next_s:
            next_s = clock.now_s() + EVERY_S
            say(f"{doing}: {_bar(done) if done else ''}{count:,} so far".replace(",", " "))


def _bar(done: Callable[[], float]) -> str:
    share = min(max(done(), 0.0), 1.0)
    return f"[{'#' * round(share * _BAR):<{_BAR}}] {share:.0%} "
