"""The prompt of ``recorder record`` on a terminal: a line to edit, with what comes in printed above it."""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from recorder.errors import InputUnusable

from .output import StatusPrinter

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from prompt_toolkit import Application
    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.formatted_text import StyleAndTextTuples

    from recorder.recipes import ControlRequest, Following
    from recorder.report.cells import Cell
    from recorder.wire.payloads import Payload
    from recorder.wire.records import RecordedFrame

_END_TIMEOUT_S = 2.0
_STYLES = {"red": "ansired", "yellow": "ansiyellow", "orange": "#ff8700"}
"""What prompt_toolkit calls the styles of statuses."""


def _typed_names() -> list[str]:
    """``/ping``, ``/close`` and the others, each with a blank behind it."""
    from recorder.recipes import TYPED_COMMANDS

    return [f"{each.split()[0]} " for each in TYPED_COMMANDS if each.startswith("/") and each[1] != "/"]


class TerminalPrompt:
    """A prompt with line editing and the history of this run, to be used with ``with``.

    It has a thread of its own, from the first use of ``requests`` to the end of the block. What is typed
    stays in memory, since it may hold tokens.

    Args:
        until: how long is listened on after Ctrl-D, in words.
    """

    def __init__(self, *, quiet: bool, until: str) -> None:
        self._quiet = quiet
        self._until = until
        self._typed: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._app: Application[None] = self._application()
        self._thread = threading.Thread(target=self._run, name="prompt", daemon=True)
        self._lock = threading.Lock()
        self._pending: list[str] = []
        self._loop: AbstractEventLoop | None = None  # while the prompt is shown
        self._newest: Callable[[int], list[Cell]] | None = None  # the line below, for a width

    def __enter__(self) -> TerminalPrompt:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take the prompt away, and leave the terminal as it was."""
        self._end()
        if self._thread.is_alive():
            self._thread.join(_END_TIMEOUT_S)

    def requests(self) -> Iterator[str | ControlRequest]:
        """What is typed, until Ctrl-D. Called once, from any thread."""
        from recorder.recipes import TYPED_COMMANDS, requests_of

        self._thread.start()
        self.say("/help lists what to type besides texts; Ctrl-C ends")
        while (typed := self._typed.get()) is not None:
            if typed.strip() == "/help":
                self.write("".join(f"{command:<23} {does}\n" for command, does in TYPED_COMMANDS.items()))
                continue
            try:
                yield from requests_of(typed)
            except InputUnusable as error:
                self.write(f"error: {error}\n" + (f"hint: {error.hint}\n" if error.hint else ""))

    def show(self, shown: Payload | RecordedFrame) -> None:
        """Print what was sent or came in."""
        from recorder.report.payload_lines import payload_lines

        self.write(payload_lines(sys.stdout, shown))

    def say(self, line: str) -> None:
        """Print a remark: above the prompt, unless stderr goes elsewhere."""
        from recorder.report.tables import remark_lines

        if not sys.stderr.isatty():
            StatusPrinter(quiet=self._quiet)(line)
        elif not self._quiet:
            self.write(remark_lines(sys.stderr, line))

    def show_update(self, following: Following, _: object) -> None:
        """Show the latest messages and their receipts below the prompt."""
        from recorder.report.cells import shows
        from recorder.report.messages import newest_cells

        if messages := following.messages():
            self._newest = partial(newest_cells, messages, draws=shows(sys.stdout, "✓✗"))
        with self._lock, suppress(RuntimeError):
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._print_line)  # of nothing: all is drawn anew

    def write(self, text: str) -> None:
        """Print whole lines above the prompt, or at once if there is none."""
        with self._lock:
            self._pending.append(text)
            if self._loop is None:
                self._print_pending()
                return
            with suppress(RuntimeError):  # it has just ended, and the rest is printed then
                self._loop.call_soon_threadsafe(self._print_line)

    # In the thread of the prompt ---------------------------------------------------------------------------

    def _application(self) -> Application[None]:
        from prompt_toolkit import Application
        from prompt_toolkit.application import run_in_terminal
        from prompt_toolkit.completion import WordCompleter
        from prompt_toolkit.filters import Condition
        from prompt_toolkit.history import InMemoryHistory
        from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
        from prompt_toolkit.layout import (
            ConditionalContainer,
            FormattedTextControl,
            HSplit,
            Layout,
            Window,
        )
        from prompt_toolkit.widgets import SearchToolbar, TextArea

        search = SearchToolbar()
        line = TextArea(
            prompt="> ",
            multiline=False,
            wrap_lines=True,
            history=InMemoryHistory(),
            accept_handler=self._accept,
            search_field=search,
            completer=WordCompleter(_typed_names, sentence=True),
            complete_while_typing=False,
            dont_extend_height=True,
        )
        line.window.height = None  # as many rows as a long line takes
        keys = KeyBindings()

        @keys.add("c-d", filter=Condition(lambda: not line.text))
        def _(event: KeyPressEvent) -> None:
            self.say(f"end of input: listening {self._until} (Ctrl-C: ends it now)")
            event.app.exit()

        @keys.add("c-c")
        def _(event: KeyPressEvent) -> None:
            os.kill(os.getpid(), signal.SIGINT)  # as where the terminal itself makes the signal

        @keys.add("c-z")
        def _(event: KeyPressEvent) -> None:
            # To this thread, which so stops before the prompt is drawn again: the terminal's answer to the
            # question where its cursor is would go to the shell.
            run_in_terminal(partial(signal.raise_signal, signal.SIGTSTP))

        below = ConditionalContainer(
            Window(FormattedTextControl(self._line_below), height=1),
            Condition(lambda: self._newest is not None),
        )
        layout = Layout(HSplit([line, search, below]), focused_element=line)
        return Application(layout=layout, key_bindings=keys, erase_when_done=True)

    def _line_below(self) -> StyleAndTextTuples:
        """The newest messages and their receipts, in pieces with their styles."""
        from recorder.report.cells import shows_styles

        cells = [] if self._newest is None else self._newest(self._app.output.get_size().columns - 1)
        coloured = shows_styles(sys.stdout)
        return [(_STYLES.get(cell.style, "") if coloured else "", cell.text) for cell in cells]

    def _accept(self, line: Buffer) -> bool:
        self._typed.put(line.text)
        return False  # the text is cleared, and goes to the history

    def _run(self) -> None:
        try:
            self._app.run(pre_run=self._begin, handle_sigint=False)
        finally:
            with self._lock:
                self._loop = None
                with suppress(OSError):
                    self._print_pending()
            self._typed.put(None)

    def _begin(self) -> None:
        with self._lock:
            self._loop = self._app.loop

    def _end(self) -> None:
        with self._lock, suppress(RuntimeError):
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._exit)

    def _exit(self) -> None:
        if not self._app.is_done:
            self._app.exit()

    def _print_line(self) -> None:
        """Print where the prompt is, and show that again below.

        Without ``run_in_terminal`` of prompt_toolkit: it makes the terminal read by lines meanwhile, which
        swallows a Ctrl-D.
        """
        with self._lock, suppress(OSError):  # the terminal is gone: a signal says so
            self._app.renderer.erase()
            self._print_pending()
        self._app.invalidate()

    def _print_pending(self) -> None:
        text = "".join(self._pending)
        self._pending.clear()
        sys.stdout.write(text)
        sys.stdout.flush()
