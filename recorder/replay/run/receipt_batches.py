"""Receipts that leave together: who falls due within a span of the first one waits for its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar


class Timed(Protocol):
    """Anything with a time."""

    @property
    def at_s(self) -> float: ...


T = TypeVar("T", bound=Timed)


def departures(planned: Iterable[T], span_s: float) -> Iterator[tuple[float, list[T]]]:
    """When each batch leaves, with those in it. ``planned`` is in the order of its times.

    A batch leaves ``span_s`` after its first one is due, so nothing in it leaves early.
    """
    together: list[T] = []
    for one in planned:
        if together and one.at_s > together[0].at_s + span_s:
            yield together[0].at_s + span_s, together
            together = []
        together.append(one)
    if together:
        yield together[0].at_s + span_s, together
