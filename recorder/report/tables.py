"""Tables on a terminal. All recorded text goes through ``safe_text`` before it is laid out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import IO

from rich.console import Console
from rich.text import Text

from recorder.receipts.delays import Delay
from recorder.wire.records import iso_utc

from .terminal import safe_text

PIPE_WIDTH = 120
"""Width in columns if the output is not a terminal."""


class _RaisingConsole(Console):
    """Re-raises ``BrokenPipeError``, so that the caller handles it."""

    def on_broken_pipe(self) -> None:
        """Called while the ``BrokenPipeError`` is handled; rich itself would exit with 1."""
        raise


def console(stream: IO[str]) -> Console:
    """A console that obeys NO_COLOR, never interprets text as markup, and has a fixed width in a pipe."""
    width = None if stream.isatty() else PIPE_WIDTH
    return _RaisingConsole(
        file=stream, width=width, markup=False, highlight=False, emoji=False, soft_wrap=False
    )


def print_table(stream: IO[str], columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
    """Columns under upper-case headings. Only a column whose name ends in "+" is cut to fit the width."""
    laid = [[cell if isinstance(cell, Text) else Text(safe_text(cell)) for cell in row] for row in rows]
    output = console(stream)
    widths = _widths(columns, laid, output.width)
    headings = [Text(column.removesuffix("+"), style="bold") for column in columns]
    for row in (headings, *laid):
        output.print(_line_of(row, widths), soft_wrap=True)


_GAP = 2


def _line_of(row: Sequence[Text], widths: Sequence[int]) -> Text:
    # Not a rich Table, which drops whole columns when it cannot cut any further.
    line = Text()
    for cell, width in zip(row, widths, strict=True):
        fitted = cell.copy()
        fitted.truncate(width, overflow="ellipsis", pad=True)
        line.append_text(fitted).append(" " * _GAP)
    line.rstrip()
    return line


def _widths(columns: Sequence[str], rows: Sequence[Sequence[Text]], room: int) -> list[int]:
    """The width of each column: its widest cell; columns that may be cut share what the others leave."""
    widest = [
        max([len(column.removesuffix("+")), *(row[place].cell_len for row in rows)])
        for place, column in enumerate(columns)
    ]
    cut = [place for place, column in enumerate(columns) if column.endswith("+")]
    left = room - _GAP * (len(columns) - 1) - sum(widest) + sum(widest[place] for place in cut)
    for waiting, place in zip(
        range(len(cut), 0, -1), sorted(cut, key=lambda place: widest[place]), strict=True
    ):
        heading = len(columns[place].removesuffix("+"))
        widest[place] = max(heading, min(widest[place], left // waiting))
        left -= widest[place]
    return widest


def print_pairs(stream: IO[str], pairs: Mapping[str, object]) -> None:
    """One ``name  value`` per line; None values are left out."""
    output = console(stream)
    shown = {name: value for name, value in pairs.items() if value is not None}
    width = max(map(len, shown), default=0)
    for name, value in shown.items():
        output.print(Text(f"{name:<{width}}  {safe_text(str(value))}"), soft_wrap=True)


def print_line(stream: IO[str], line: str, *, style: str = "") -> None:
    """One line, however long, escaped."""
    console(stream).print(Text(safe_text(line), style=style), soft_wrap=True)


# --- cells ----------------------------------------------------------------------------------------------


def clock_time(at_us: int | None, *, with_date: bool = False) -> str:
    """``22:04:01.507`` in UTC, or ``-``."""
    stamp = iso_utc(at_us)
    if stamp is None:
        return "-"
    if "T" not in stamp:
        return stamp
    date, time = stamp.split("T")
    return f"{date} {time[:8]}" if with_date else time[:12]


def delay_words(passed: Delay | None) -> str:
    """``+1.502s``, with a ``~`` if measured on the local clock, not the service's."""
    if passed is None:
        return "-"
    return f"{passed.seconds:+.3f}s" + ("~" if passed.clock == "local" else "")
