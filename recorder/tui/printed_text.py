"""What the commands print, as lines of a pane: at its width, in colours."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import IO

from recorder.report.terminal import TerminalText

Print = Callable[[IO[str]], None]
"""Prints a page to a stream, as a command does to a terminal."""

_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_FRAME = re.compile(r"#(\d{1,18})\b", re.ASCII)


class PrintedText:
    """A page; it is printed again when the width of its pane changes."""

    def __init__(self, print_page: Print, *, columns: int = 0) -> None:
        self._print = print_page
        self._columns = columns
        self._lines: list[str] | None = None

    def __len__(self) -> int:
        return len(self._printed())

    def resize(self, width: int) -> None:
        """Print it at this width."""
        if width != self._columns:
            self._columns, self._lines = width, None

    def prepare(self, first: int, last: int) -> bool:
        """No line depends on others."""
        return False

    def headings(self) -> None:
        """None."""
        return

    def line(self, index: int) -> str:
        """One line."""
        return self._printed()[index]

    def searchable(self, index: int) -> str:
        """One line, without its styles."""
        return _STYLE.sub("", self._printed()[index])

    def frame_at(self, index: int) -> int | None:
        """The first frame that a line names, ``#26``; else one named by a line that it is one row with.

        What goes on is indented: a row of a table begins with its frame, and a finding ends with them.
        """
        if index >= len(self):
            return None
        first = last = index
        while first > 0 and self.searchable(first).startswith(" "):
            first -= 1
        while last + 1 < len(self) and self.searchable(last + 1).startswith(" "):
            last += 1
        for line in (index, *range(first, last + 1)):
            if found := _FRAME.search(self.searchable(line)):
                return int(found[1])
        return None

    def _printed(self) -> list[str]:
        if self._lines is None:
            stream = TerminalText(columns=max(self._columns, 20))
            self._print(stream)
            self._lines = stream.getvalue().splitlines()
        return self._lines


def sentence(text: str) -> PrintedText:
    """A page of one sentence."""
    from recorder.report.tables import print_line

    return PrintedText(lambda stream: print_line(stream, text))
