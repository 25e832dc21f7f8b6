"""Something slow, done beside the session: nothing that waits may keep a receipt from going out."""

from __future__ import annotations

import _thread
import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class BackgroundTask(Generic[T]):
    """Work in a thread of its own. ``fileno`` can be read once it is done.

    The thread does not keep the program from ending. What the work does must be safe to do beside the
    session: it may not touch a connection or an archive.
    """

    waits_to_write = False

    def __init__(self, work: Callable[[], T], *, name: str) -> None:
        self._work = work
        self.done = False
        """Whether ``result`` has something to give."""
        self._result: T | None = None
        self._problem: BaseException | None = None
        self._reader, self._writer = socket.socketpair()
        self._name = name
        # Thread.start() waits until the thread runs: milliseconds, on a busy machine, for every session.
        _thread.start_new_thread(self._run, ())

    def fileno(self) -> int:
        """The descriptor that can be read once the work is done; -1 after ``close``."""
        return self._reader.fileno()

    def result(self) -> T:
        """What the work returned. Ask only when it is ``done``.

        Raises:
            BaseException: whatever the work raised.
        """
        if self._problem is not None:
            raise self._problem
        return self._result  # type: ignore[return-value]  # done without a problem: it is a T

    def close(self) -> None:
        """Give the descriptor back; the work, if it still runs, ends unheard."""
        self._reader.close()

    def _run(self) -> None:
        threading.current_thread().name = self._name
        try:
            self._result = self._work()
        except BaseException as problem:  # handed to whoever asks for the result
            self._problem = problem
        self.done = True
        with self._writer, contextlib.suppress(OSError):  # closed by the one thread that writes to it
            self._writer.send(b"d")
