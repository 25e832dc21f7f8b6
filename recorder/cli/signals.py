"""Signals end a session cleanly: the first asks, the second insists, the third is obeyed at once."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from recorder.errors import CannotConnect, Stopped

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopFlag:
    """Set by a signal, asked or waited for by whoever is at work.

    It wakes its waiters through a pipe: of what an Event would do, taking its lock could wait for ever in
    a handler that interrupted the very thread that holds it.
    """

    def __init__(self) -> None:
        self.signal_number: int | None = None
        self.times = 0
        self._wake: list[Callable[[], None]] = []
        self._readable, self._writable = os.pipe()
        os.set_blocking(self._writable, False)

    def close(self) -> None:
        """Give the pipe back."""
        os.close(self._readable)
        os.close(self._writable)

    def is_set(self) -> bool:
        """Whether a stop was asked for."""
        return self.signal_number is not None

    def set(self) -> None:
        """Wake whoever waits, without a signal: what was waited for has ended by itself."""
        os.write(self._writable, b"\0")

    def wait(self, timeout: float | None = None) -> bool:
        """Return once ``set`` was called or a signal came, or after ``timeout`` seconds."""
        readable, _, _ = select.select([self._readable], [], [], timeout)
        return bool(readable)

    def on_stop(self, wake: Callable[[], None]) -> None:
        """Have ``wake`` called when a signal comes, inside the handler: it may only wake a sleeper."""
        self._wake.append(wake)

    def raise_if_set(self) -> None:
        """End with the exit code the shell expects of a program that a signal stopped.

        Raises:
            Stopped: a signal came.
        """
        if self.signal_number is not None:
            raise Stopped(self.signal_number)

    def handle(self, number: int, _frame: FrameType | None) -> None:
        """The signal handler."""
        self.signal_number = number
        self.times += 1
        if self.times == 2:
            # The farewell takes too long for whoever is waiting: give up waiting, still commit.
            raise KeyboardInterrupt
        if self.times > 2:
            os._exit(128 + number)
        self.set()
        for wake in self._wake:
            wake()


@contextmanager
def stop_on_signals() -> Iterator[StopFlag]:
    """A flag that SIGINT, SIGTERM and SIGHUP set while the block runs; the old handlers come back after."""
    flag = StopFlag()
    before = {number: signal.signal(number, flag.handle) for number in STOPPING}
    try:
        yield flag
    except (KeyboardInterrupt, CannotConnect):  # what was given up for a signal ended by that signal
        flag.raise_if_set()
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        flag.close()
