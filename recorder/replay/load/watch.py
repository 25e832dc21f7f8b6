"""Wait on the descriptors of many sessions with epoll, with timeouts exact to microseconds."""

from __future__ import annotations

import contextlib
import select
from collections.abc import Iterable
from typing import Generic, TypeVar

from recorder.errors import BadOption
from recorder.runtime.selector import Wakeup
from recorder.runtime.waiter import Source

OwnerT = TypeVar("OwnerT")


class DescriptorWatch(Generic[OwnerT]):
    """Tells which owners have readable descriptors. For one thread; ``wake`` may be called from any.

    Descriptors stay registered from one wait to the next, so idle sessions cost nothing
    (tests/benchmarks/resting_sessions.py).

    Raises:
        BadOption: the system has no epoll.
    """

    def __init__(self) -> None:
        if not hasattr(select, "epoll"):
            raise BadOption("--users", "this system has no epoll, which many users need")
        # Created first: select() needs its descriptor below 1024, and epoll timeouts count in milliseconds.
        self._epoll = select.epoll()
        self._owners: dict[int, tuple[OwnerT, Source, bool]] = {}
        self._wakeup = Wakeup()
        self._epoll.register(self._wakeup.fileno(), select.EPOLLIN)

    def close(self) -> None:
        """Close its own descriptors."""
        self._epoll.close()
        self._wakeup.close()

    def wake(self) -> None:
        """Make ``ready`` return now, or the next time it is called. From any thread or signal handler."""
        self._wakeup.set()

    def update(self, owner: OwnerT, before: Iterable[int], sources: Iterable[Source]) -> tuple[int, ...]:
        """Watch these for ``owner``, no longer those of ``before``; return what to give next time."""
        wanted = {descriptor: source for source in sources if (descriptor := source.fileno()) >= 0}
        for descriptor in before:
            if descriptor not in wanted:
                self._forget(owner, descriptor)
        for descriptor, source in wanted.items():
            # The same number may be another socket by now, of the same owner even.
            known = self._owners.get(descriptor)
            if known is None or known[1] is not source or known[2] is not source.waits_to_write:
                self._register(owner, descriptor, source)
        return tuple(wanted)

    def ready(self, timeout_s: float | None) -> list[OwnerT]:
        """The owners with readable descriptors, each once; waits for one (None: for ever; 0: not at all)."""
        if timeout_s is None or timeout_s > 0:
            select.select([self._epoll.fileno()], [], [], timeout_s)
        found: dict[int, OwnerT] = {}
        for descriptor, _ in self._epoll.poll(0):
            known = self._owners.get(descriptor)
            if known is not None:
                found[id(known[0])] = known[0]
            elif descriptor == self._wakeup.fileno():
                self._wakeup.clear()
        return list(found.values())

    def _register(self, owner: OwnerT, descriptor: int, source: Source) -> None:
        writing = source.waits_to_write
        events = select.EPOLLIN | (select.EPOLLOUT if writing else 0)
        try:
            self._epoll.register(descriptor, events)
        except FileExistsError:
            self._epoll.modify(descriptor, events)
        self._owners[descriptor] = (owner, source, writing)

    def _forget(self, owner: OwnerT, descriptor: int) -> None:
        # Closed descriptors leave epoll by themselves, and their number may be another's already.
        known = self._owners.get(descriptor)
        if known is None or known[0] is not owner:
            return
        del self._owners[descriptor]
        with contextlib.suppress(OSError):
            self._epoll.unregister(descriptor)
