"""Waiting for descriptors with timeouts exact to microseconds, however many are open.

epoll and poll count in milliseconds and round up: a receipt due in 0.2 ms goes out a millisecond late.
select counts in microseconds but takes no descriptor from ``FD_SETSIZE`` on. An epoll descriptor can itself
be selected.
"""

from __future__ import annotations

import select
import selectors
import socket
import sys
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Protocol, TypeVar

FD_SETSIZE = 1024
"""select() takes only descriptors below this."""


class HasFileno(Protocol):
    """Anything with a descriptor."""

    def fileno(self) -> int:
        """The descriptor; below 0 once it is closed."""
        ...


Readable = TypeVar("Readable", bound=HasFileno)

if sys.platform == "linux":

    class _PunctualEpoll(selectors.EpollSelector):
        def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            if timeout is not None and timeout > 0 and self.fileno() < FD_SETSIZE:
                select.select([self.fileno()], [], [], timeout)
                timeout = 0
            return super().select(timeout)

    class _QuickEpoll(selectors.EpollSelector):
        """A selector of descriptors whose ``data`` is what to call once they are ready, with for what."""

        def call_ready(self, timeout: float) -> bool:
            """Wait so many seconds for descriptors that are ready, call theirs; whether there was one.

            What ``select`` and a loop do, in half the time where one is ready: hot
            (tests/benchmarks/proxy.py).
            """
            keys: dict[int, selectors.SelectorKey] = self._fd_to_key  # type: ignore[attr-defined]
            polled = self._selector.poll(timeout, len(keys) or 1)  # type: ignore[attr-defined]
            ready = [(keys.get(descriptor), event) for descriptor, event in polled]
            for key, event in ready:
                # Else a call before has closed or changed it; the descriptor may be another's by now.
                if key is not None and keys.get(key.fd) is key:
                    key.data(_READY[event & 31] & key.events)
            return bool(polled)

    # An error or a hang-up (8 and 16) makes a descriptor ready for whatever it is waited for.
    _READY = tuple(
        (selectors.EVENT_WRITE if event & ~select.EPOLLIN else 0)
        | (selectors.EVENT_READ if event & ~select.EPOLLOUT else 0)
        for event in range(32)
    )

    QuickSelector = _QuickEpoll

    def punctual_selector() -> selectors.BaseSelector:
        """A selector for any number of descriptors whose timeouts are exact to some microseconds.

        Its own descriptor has to be below ``FD_SETSIZE`` for that: make it before the sockets.
        """
        return _PunctualEpoll()

else:

    def punctual_selector() -> selectors.BaseSelector:
        """The selector of this system whose timeouts are most exact."""
        return selectors.DefaultSelector()

    class _CallingSelector(selectors.DefaultSelector):
        """A selector of descriptors whose ``data`` is what to call once they are ready, with for what."""

        def call_ready(self, timeout: float) -> bool:
            """Wait so many seconds for descriptors that are ready, call theirs; whether there was one."""
            ready = self.select(timeout)
            for key, mask in ready:
                if self.get_map().get(key.fd) is key:  # as on Linux
                    key.data(mask)
            return bool(ready)

    QuickSelector = _CallingSelector


def readable(
    reading: Sequence[Readable],
    timeout_s: float | None,
    *,
    writing: Collection[HasFileno] = (),
    selector: selectors.BaseSelector | None = None,
) -> list[Readable]:
    """Those of ``reading`` that can be read; [] after ``timeout_s`` (None: never) or if only ``writing`` can.

    ``selector`` is used where a descriptor is too high for select(), and is empty again afterwards; None
    makes one for this call.
    """
    sources: list[HasFileno] = [*reading, *writing]
    if all(each.fileno() < FD_SETSIZE for each in sources):
        return select.select(reading, writing, [], timeout_s)[0]
    chosen = punctual_selector() if selector is None else selector
    events = {each.fileno(): selectors.EVENT_WRITE for each in writing}
    for each in reading:
        events[each.fileno()] = events.get(each.fileno(), 0) | selectors.EVENT_READ
    try:
        for descriptor, mask in events.items():
            chosen.register(descriptor, mask)
        found = {key.fd for key, ready in chosen.select(timeout_s) if ready & selectors.EVENT_READ}
    finally:
        for descriptor in events:
            with suppress(KeyError):  # closed meanwhile, so that it could not be registered
                chosen.unregister(descriptor)
        if selector is None:
            chosen.close()
    return [each for each in reading if each.fileno() in found]


class Wakeup:
    """A descriptor that any thread or signal handler can make readable."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def fileno(self) -> int:
        """The descriptor that can be read from ``set`` until ``clear``."""
        return self._reader.fileno()

    def set(self) -> None:
        """Make it readable. Does nothing after ``close``."""
        with suppress(OSError):  # full: it is readable already; closed: nobody waits
            self._writer.send(b"w")

    def clear(self) -> None:
        """Make it not readable again."""
        with suppress(OSError):
            while self._reader.recv(1024):
                pass

    def close(self) -> None:
        """Close the descriptors."""
        self._reader.close()
        self._writer.close()
