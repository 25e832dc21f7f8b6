"""How a session is asked to stop from outside: by a signal, or by whoever calls us as a library."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol


class Stop(Protocol):
    """A request to stop that is polled, and that can wake a waiting thread."""

    def is_set(self) -> bool:
        """Whether to stop."""
        ...

    def on_stop(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` once, from any thread or a signal handler, when ``is_set`` turns true."""
        ...


class WaitableStop(Stop, Protocol):
    """One that can also be waited for, and set from inside."""

    def set(self) -> None:
        """Wake whoever waits."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Return when it is set, or after ``timeout`` seconds."""
        ...


class StopEvent(threading.Event):
    """A ``WaitableStop`` that is set from another thread."""

    def on_stop(self, wake: Callable[[], None]) -> None:
        """Nobody waits for anything but it."""


class NeverStop:
    """Never set; Ctrl-C raises KeyboardInterrupt, as everywhere in Python."""

    def is_set(self) -> bool:
        """Never."""
        return False

    def on_stop(self, wake: Callable[[], None]) -> None:
        """Nothing will happen."""
