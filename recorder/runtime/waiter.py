"""Waits until a moment, or until one of many sources can be read or written, on time to some microseconds."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from recorder.clock import Clock

from .selector import HasFileno, Wakeup, punctual_selector, readable


class Source(HasFileno, Protocol):
    """Something to wait for: a connection, or work that is done in another thread.

    It has one descriptor all its life, so that who watches it can tell by the source whether a number is
    still the same descriptor. What waits for one thing after another has a source for each.
    """

    @property
    def waits_to_write(self) -> bool:
        """Whether to wait until ``fileno()`` can be written, too, and not only until it can be read."""
        ...


class Waiting(NamedTuple):
    """What a session waits for: a moment, and the sources that may end the wait before it.

    Attributes:
        until_s: absolute, by the clock of the session; None: only a source ends the wait.
        connections: sources, connections that are being made and uploads included.
    """

    until_s: float | None
    connections: tuple[Source, ...] = ()


class Waiter:
    """Waits for one session. ``wake`` may be called from any thread or signal handler.

    ``clock`` must be one that runs by itself.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # Made before the connections are: its descriptor can be selected when theirs can not.
        self._selector = punctual_selector()
        self._wakeup = Wakeup()

    def close(self) -> None:
        """Close the descriptors."""
        self._selector.close()
        self._wakeup.close()

    def wake(self) -> None:
        """Make ``wait`` return now, or the next time it is called."""
        self._wakeup.set()

    def wait(self, waiting: Waiting) -> None:
        """Return when the moment is there, a source is ready, or ``wake`` was called."""
        if waiting.until_s is None:
            left_s = None
        elif (left_s := waiting.until_s - self._clock.now_s()) <= 0:
            return
        sources = [source for source in waiting.connections if source.fileno() >= 0]
        writing = [source for source in sources if source.waits_to_write]
        reading: list[HasFileno] = [*sources, self._wakeup]
        readable(reading, left_s, writing=writing, selector=self._selector)
        self._wakeup.clear()
