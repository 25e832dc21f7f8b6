"""A remark now and then while something takes longer than a second."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from recorder.clock import Clock, RealClock
from recorder.store.remarks import Notify, ProgressLine

T = TypeVar("T")

EVERY_S = 1.0
_LOOK_EVERY = 256  # items between two looks at the clock
_BAR = 20  # characters


class ProgressCount:
    """Counts what is done of one task, and says so once a second of work.

    Args:
        doing: what is being done, like "reading capture.har".
        done: gives the share of the work that is done, from 0 to 1.
        total: how many items there are, which gives the share as well.
        look_every: so many items pass between two looks at the clock.
    """

    def __init__(
        self,
        doing: str,
        say: Notify,
        *,
        done: Callable[[], float] | None = None,
        total: int | None = None,
        look_every: int = _LOOK_EVERY,
        clock: Clock | None = None,
    ) -> None:
        self._doing = doing
        self._say = say
        self._done = done
        self._total = total
        self._look_every = look_every
        self._clock = RealClock() if clock is None else clock
        self._next_s = self._clock.now_s() + EVERY_S
        self._count = 0

    def counting(self, items: Iterable[T]) -> Iterator[T]:
        """Yield these items, and count each once it is done. May be called again, for more of the task."""
        for item in items:
            yield item
            self._count += 1
            if self._count % self._look_every == 0 and self._clock.now_s() >= self._next_s:
                self._next_s = self._clock.now_s() + EVERY_S
                self._say(self._line())

    def _line(self) -> ProgressLine:
        share = self._share()
        bar = "" if share is None else f"[{'#' * round(share * _BAR):<{_BAR}}] {share:.0%} "
        return ProgressLine(
            f"{self._doing}: {bar}{self._count:,} so far".replace(",", " "), self._doing, share
        )

    def _share(self) -> float | None:
        if self._done is not None:
            return min(max(self._done(), 0.0), 1.0)
        return min(self._count / self._total, 1.0) if self._total else None


def with_progress(
    items: Iterable[T],
    doing: str,
    say: Notify,
    *,
    done: Callable[[], float] | None = None,
    total: int | None = None,
    clock: Clock | None = None,
) -> Iterator[T]:
    """Yield ``items``; once a second of work, say how many there were so far. As ``ProgressCount``."""
    return ProgressCount(doing, say, done=done, total=total, clock=clock).counting(items)
