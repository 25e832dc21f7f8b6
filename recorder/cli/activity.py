"""What is going on, on stderr, once it takes more than a second: nobody waits without knowing for what."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from recorder.store.remarks import ProgressLine

from .output import StatusPrinter

if TYPE_CHECKING:
    from recorder.report.progress_bar import ProgressBar
    from recorder.store.archive import Archive

SILENCE_S = 1.0
"""How long nothing is shown of what is going on."""


class Activity:
    """One thing that is going on, to be used with ``with``; it is also where remarks on it go.

    After a second a terminal shows it with a bar, below all remarks. Elsewhere (a pipe, a log) one line tells
    it, and only if it is ``lasting``: its time grows with a file or an archive, not with what is printed.
    Nothing is said with ``quiet``. ``end`` it before its results are printed.
    """

    def __init__(self, doing: str, *, quiet: bool, lasting: bool = False) -> None:
        self._doing = doing
        self._quiet = quiet
        self._lasting = lasting
        self._print_status = StatusPrinter(quiet=quiet)
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._bar: ProgressBar | None = None
        self._thread = threading.Thread(target=self._wait, name="activity", daemon=True)

    def __enter__(self) -> Activity:
        """Itself."""
        if not self._quiet and (self._lasting or sys.stderr.isatty()):
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, where: TracebackType | None
    ) -> None:
        """End it."""
        self.end()

    def __call__(self, line: str) -> None:
        """Print a remark, or show how far it is."""
        with self._lock:
            if self._bar is None:
                self._print_status(line)
            elif isinstance(line, ProgressLine):
                self._bar.show(line.doing, line.share)
            else:
                with suppress(OSError):
                    self._bar.print_line(line)

    def end(self) -> None:
        """Show nothing of it any more; it may have ended before."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        with self._lock:
            bar, self._bar = self._bar, None
        if bar is not None:
            with suppress(OSError):  # the terminal is gone
                bar.close()

    def _wait(self) -> None:
        if self._ended.wait(SILENCE_S):
            return
        if not sys.stderr.isatty():
            self(f"{self._doing} …")
            return
        from recorder.report.progress_bar import ProgressBar

        with self._lock, suppress(OSError):
            if not self._ended.is_set():
                self._bar = ProgressBar(sys.stderr, self._doing)


@contextmanager
def opened_for(
    doing: str,
    archive: str,
    *,
    quiet: bool,
    lasting: bool = False,
    mode: Literal["read", "write"] = "read",
    create: bool = False,
) -> Iterator[tuple[Archive, Activity]]:
    """An archive, opened as by ``recipes.open_archive`` for what the activity then says is going on."""
    from recorder import recipes

    with (
        Activity(doing, quiet=quiet, lasting=lasting) as activity,
        recipes.open_archive(archive, mode=mode, create=create, say=activity) as opened,
    ):
        yield opened, activity
