"""The messages of a session while this process records it: a table on stderr whose receipts turn."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from recorder.errors import RecorderError

from .follow import print_newest
from .output import StatusPrinter, discard_stderr

if TYPE_CHECKING:
    from rich.console import Console

    from recorder.recipes import Following

INTERVAL = "200ms"
_OTHER_LINES = 6
"""Of the screen: what is not shown, the dialog, the headings, and a remark."""


class LiveMessages:
    """Shows the messages below the remarks on them, in a thread of its own: drawing delays no receipt.

    Use it with ``with``; call it with each remark, and ``follow`` with the session once it has begun. Where
    stderr is no terminal, or with ``quiet``, there is no table.
    """

    def __init__(self, archive: str, *, quiet: bool) -> None:
        self._archive = archive
        self._print_status = StatusPrinter(quiet=quiet)
        self._draws = not quiet and sys.stderr.isatty()
        self._remarks: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._ended = False
        self._thread: threading.Thread | None = None
        self._print_above: Callable[[str], None] = self._print_status

    def __enter__(self) -> LiveMessages:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.end()

    def __call__(self, line: str) -> None:
        """Print a remark: soon, above the table, or at once where there is none."""
        if self._thread is None:
            self._print_status(line)
        else:
            self._remarks.put(line)

    def follow(self, session: str) -> None:
        """Show the messages of this session until the end."""
        if self._draws and not self._ended:
            self._thread = threading.Thread(
                target=self._draw, args=(session,), name="live table", daemon=True
            )
            self._thread.start()

    def end(self) -> None:
        """Take the table away; remarks are printed at once from now on. It may have ended before."""
        self._ended = True
        thread, self._thread = self._thread, None
        if thread is not None:
            self._remarks.put(None)
            thread.join()

    # In the thread of the table ------------------------------------------------------------------------

    def is_set(self) -> bool:
        """Whether nothing more is to be shown."""
        return self._ended

    def set(self) -> None:
        """Show nothing more."""
        self._ended = True

    def on_stop(self, wake: object) -> None:
        """Nobody waits here but ``wait``."""

    def wait(self, timeout: float | None = None) -> bool:
        """Print the remarks that come until then, above the table."""
        try:
            line = self._remarks.get(timeout=timeout)
            while line is not None:
                self._print_above(line)
                line = self._remarks.get_nowait()
        except queue.Empty:
            pass
        return self._ended

    def _draw(self, session: str) -> None:
        from rich.live import Live
        from rich.text import Text

        from recorder import recipes
        from recorder.report.tables import console

        try:
            with Live(console=console(sys.stderr), auto_refresh=False, transient=True) as live:
                self._print_above = partial(_print_above, live.console)
                try:
                    with recipes.open_archive(self._archive) as opened:
                        following = recipes.Following(opened, session, interval=INTERVAL, stop=self)
                        for _ in following:
                            live.update(Text.from_ansi(_page(following)), refresh=True)
                except RecorderError as problem:  # it is told where it is recorded, or there is only no table
                    self._print_above(str(problem))
                self._print_until_the_end()
        except OSError:  # the terminal is gone
            discard_stderr()
            self._print_above = self._print_status
            self._print_until_the_end()

    def _print_until_the_end(self) -> None:
        while not self._ended:
            self.wait(None)
        self.wait(0.0)


def _print_above(above: Console, line: str) -> None:
    from recorder.report.tables import remark_lines

    above.print(remark_lines(sys.stderr, line), soft_wrap=True, end="")


def _page(following: Following) -> str:
    """The newest messages that fit the terminal, as stderr would show them, or nothing if there are none."""
    from recorder.report.terminal import TerminalText

    messages = following.messages()
    if not messages:
        return ""
    page = TerminalText(encoding=sys.stderr.encoding)
    print_newest(page, following, messages, other_lines=_OTHER_LINES)
    return page.getvalue()
