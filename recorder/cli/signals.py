"""SIGINT, SIGTERM, SIGHUP: the first requests a clean stop, the second interrupts that, the third exits."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from recorder.errors import CannotConnect, Stopped

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequest:
    """A request to stop, made by a signal.

    ``wait`` returns through a pipe. An Event takes a lock, and a signal handler that interrupted the thread
    holding it would wait for ever.
    """

    def __init__(self) -> None:
        self.signal_number: int | None = None
        self.signal_count = 0
        self._callbacks: list[Callable[[], None]] = []
        self._readable, self._writable = os.pipe()
        os.set_blocking(self._writable, False)

    def close(self) -> None:
        """Close the pipe."""
        os.close(self._readable)
        os.close(self._writable)

    def is_set(self) -> bool:
        """Whether a signal came."""
        return self.signal_number is not None

    def set(self) -> None:
        """Make ``wait`` return without a signal: the work has ended by itself."""
        os.write(self._writable, b"\0")

    def wait(self, timeout: float | None = None) -> bool:
        """Return once ``set`` was called or a signal came, or after ``timeout`` seconds."""
        readable, _, _ = select.select([self._readable], [], [], timeout)
        return bool(readable)

    def on_stop(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` when a signal comes, inside the signal handler: it may only wake another wait."""
        self._callbacks.append(wake)

    def raise_if_set(self) -> None:
        """Raise the error whose exit code shells expect of a program that a signal stopped.

        Raises:
            Stopped: a signal came.
        """
        if self.signal_number is not None:
            raise Stopped(self.signal_number)

    def handle(self, number: int, _frame: FrameType | None) -> None:
        """The signal handler."""
        self.signal_number = number
        self.signal_count += 1
        if self.signal_count == 2:
            # The closing handshake takes too long: stop waiting for it, and still commit.
            raise KeyboardInterrupt
        if self.signal_count > 2:
            os._exit(128 + number)
        self.set()
        for wake in self._callbacks:
            wake()


@contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """A ``StopRequest`` that signals make while the block runs; the old handlers are restored after it."""
    request = StopRequest()
    before = {number: signal.signal(number, request.handle) for number in STOPPING}
    try:
        yield request
    except (KeyboardInterrupt, CannotConnect):  # raised because of the signal
        request.raise_if_set()
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        request.close()
