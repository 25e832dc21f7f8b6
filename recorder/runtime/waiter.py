"""Waits until a moment, or until one of many descriptors has news: on time to some microseconds.

epoll and poll count in milliseconds; select counts in microseconds, but knows no descriptor above 1 023.
An epoll descriptor can itself be selected.
"""

from __future__ import annotations

import contextlib
import gc
import select
import socket
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol, Self

from recorder.clock import Clock

SELECTABLE = 1024
"""Descriptors below this can be selected (FD_SETSIZE)."""


class Source(Protocol):
    """Something that may have news: a connection, or work that is done elsewhere."""

    @property
    def waits_to_write(self) -> bool:
        """Whether news come when ``fileno()`` can be written, too, and not only when it can be read."""
        ...

    def fileno(self) -> int:
        """The descriptor to wait for; below 0 if there is none, or none any more."""
        ...


class Waiting(NamedTuple):
    """What a session waits for: the moment, and whoever may have news before it.

    Attributes:
        until_s: absolute, by the clock of the session; None: only news end it.
        connections: whoever may have news, connections that are being made and uploads included.
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
        self._epoll = select.epoll() if hasattr(select, "epoll") else None
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._wake_writer.setblocking(False)

    def close(self) -> None:
        """Give the descriptors back."""
        if self._epoll is not None:
            self._epoll.close()
        self._wake_reader.close()
        self._wake_writer.close()

    def wake(self) -> None:
        """Make ``wait`` return now, or the next time it is called."""
        with contextlib.suppress(OSError):  # full: it is awake already; closed: there is nobody to wake
            self._wake_writer.send(b"w")

    def wait(self, waiting: Waiting) -> None:
        """Return when the moment is there, somebody has news, or ``wake`` was called."""
        if waiting.until_s is None:
            left_s = None
        elif (left_s := waiting.until_s - self._clock.now_s()) <= 0:
            return
        reading, writing = _descriptors(waiting.connections)
        self._select([*reading, self._wake_reader.fileno()], writing, left_s)
        with contextlib.suppress(BlockingIOError):
            while self._wake_reader.recv(1024):
                pass

    def _select(self, reading: list[int], writing: list[int], left_s: float | None) -> None:
        if max(reading) < SELECTABLE or self._epoll is None or self._epoll.fileno() >= SELECTABLE:
            select.select(reading, writing, [], left_s)
            return
        with _registered(self._epoll, reading, writing):
            select.select([self._epoll.fileno()], [], [], left_s)


def _descriptors(sources: Iterable[Source]) -> tuple[list[int], list[int]]:
    reading, writing = [], []
    for source in sources:
        descriptor = source.fileno()
        if descriptor >= 0:
            reading.append(descriptor)
            if source.waits_to_write:
                writing.append(descriptor)
    return reading, writing


@contextlib.contextmanager
def _registered(epoll: select.epoll, reading: list[int], writing: list[int]) -> Iterator[None]:
    for descriptor in reading:
        room = select.EPOLLOUT if descriptor in writing else 0
        epoll.register(descriptor, select.EPOLLIN | room)
    try:
        yield
    finally:
        for descriptor in reading:
            epoll.unregister(descriptor)


class Collector:
    """Runs the cyclic garbage collector when there is time for it, and never at a deadline.

    Within ``with`` it does not run by itself, and what was there before is not looked at any more.
    """

    MANY_NEW = 2_000
    """Objects since the last look that are worth another one; some 50 µs."""
    TOO_MANY = 100_000
    """Objects that are looked at whatever is due."""
    SPARE_S = 0.005
    LONG_S = 0.05
    """Time for everything that is younger than the session."""

    def __enter__(self) -> Self:
        self._was_enabled = gc.isenabled()
        gc.collect()
        gc.disable()
        gc.freeze()
        return self

    def __exit__(self, *_: object) -> None:
        gc.unfreeze()
        if self._was_enabled:
            gc.enable()

    def while_there_is_time(self, waiting: Waiting, *, now_s: float) -> None:
        """Nothing else is to be done now before ``waiting`` is over: collect, if that gives the time."""
        new, _, old = gc.get_count()
        spare_s = self.LONG_S if waiting.until_s is None else waiting.until_s - now_s
        if new < self.MANY_NEW or (spare_s < self.SPARE_S and new < self.TOO_MANY):
            return
        gc.collect(2 if spare_s >= self.LONG_S and old >= 10 else 1)
