"""Tables on a terminal. All recorded text goes through ``safe_text`` before it is laid out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from operator import gt
from typing import IO, TYPE_CHECKING, NamedTuple

from recorder.receipts.delays import Delay
from recorder.wire.records import iso_utc

from .cells import PIPE_WIDTH, Cell, cell_width, fit, shows_styles, styled, width_of
from .terminal import safe_text

if TYPE_CHECKING:
    from rich.console import Console


def console(stream: IO[str]) -> Console:
    """A console of rich that obeys NO_COLOR, never interprets text as markup, and has a fixed width in a
    pipe. It raises ``BrokenPipeError``, so that the caller handles it."""
    from rich.console import Console

    class RaisingConsole(Console):
        def on_broken_pipe(self) -> None:
            """Called while the ``BrokenPipeError`` is handled; rich itself would exit with 1."""
            raise

    width = None if stream.isatty() else PIPE_WIDTH
    return RaisingConsole(
        file=stream, width=width, markup=False, highlight=False, emoji=False, soft_wrap=False
    )


WINDOW_ROWS = 1_000
"""So many rows are read before the first is printed: the columns are as wide as these need."""


def print_table(
    stream: IO[str],
    columns: Sequence[str],
    rows: Iterable[Sequence[str | Cell]],
    *,
    window: int = WINDOW_ROWS,
) -> None:
    """Columns under upper-case headings, printed while the rows come.

    Only a column whose name ends in "+" is cut to fit the width of the terminal; one that begins with ">"
    is aligned to the right. ``window`` rows are read before the first is printed; where a later one needs
    more room, the columns are wider from there on.
    """
    layout = _Layout(columns, width_of(stream), colour=shows_styles(stream))
    coming = map(_measured, rows)
    first = list(islice(coming, window))
    for row in first:
        layout.make_room(row)
    stream.write(layout.headings())
    for row in chain(first, coming):
        layout.make_room(row)
        stream.write(layout.line(row))


class _MeasuredRow(NamedTuple):
    """The texts of a row, escaped, and how many columns each takes.

    ``styles`` is empty if no cell has one, and ``ascii`` says that a character is a column.
    """

    texts: Sequence[str]
    widths: Sequence[int]
    styles: Sequence[str]
    ascii: bool


def _measured(row: Sequence[str | Cell]) -> _MeasuredRow:
    texts: Sequence[str] = [cell if type(cell) is str else cell[0] for cell in row]
    styled_cells = any(type(cell) is Cell for cell in row)
    styles = [cell.style if isinstance(cell, Cell) else "" for cell in row] if styled_cells else ()
    together = "".join(texts)
    if together.isascii() and together.isprintable():
        return _MeasuredRow(texts, list(map(len, texts)), styles, True)
    texts = list(map(safe_text, texts))
    return _MeasuredRow(texts, list(map(cell_width, texts)), styles, "".join(texts).isascii())


_GAP = "  "
_READABLE = 16
"""A column that is cut keeps this width where no cut would make the lines fit."""


class _Layout:
    """The widths of the columns: each as wide as its widest cell; those that may be cut share what the
    others leave."""

    def __init__(self, columns: Sequence[str], room: int, *, colour: bool) -> None:
        self._names = [column.removesuffix("+").removeprefix(">") for column in columns]
        self._cut = [place for place, column in enumerate(columns) if column.endswith("+")]
        self._right = [column.startswith(">") for column in columns]
        self._room = room - len(_GAP) * (len(columns) - 1)
        self._colour = colour
        self._widest = list(map(len, self._names))
        self._fit()

    def _fit(self) -> None:
        widths = list(self._widest)
        left = self._room - sum(widths) + sum(widths[place] for place in self._cut)
        for waiting, place in zip(
            range(len(self._cut), 0, -1), sorted(self._cut, key=lambda place: widths[place]), strict=True
        ):
            room = left // waiting
            if room < len(self._names[place]):  # the lines are longer than the terminal in any case
                room = _READABLE
            widths[place] = max(len(self._names[place]), min(widths[place], room))
            left -= widths[place]
        self._widths = widths
        aligned = zip(widths, self._right, strict=True)
        self._format = _GAP.join(f"{{:{'>' if right else '<'}{width}}}" for width, right in aligned).format

    def make_room(self, row: _MeasuredRow) -> None:
        """Make the columns as wide as this row needs, if they are not."""
        if any(map(gt, row.widths, self._widest)):
            self._widest = list(map(max, row.widths, self._widest))
            self._fit()

    def headings(self) -> str:
        """The line of the headings."""
        return self.line(
            _MeasuredRow(self._names, list(map(len, self._names)), ["bold"] * len(self._names), True)
        )

    def line(self, row: _MeasuredRow) -> str:
        """The row as a line of text, with its end."""
        coloured = self._colour and row.styles
        if row.ascii and not coloured and not any(map(gt, row.widths, self._widths)):
            return self._format(*row.texts).rstrip() + "\n"  # a third of the time of the general way
        shown = list(map(fit, row.texts, self._widths, self._right))
        return _GAP.join(map(styled, shown, row.styles) if coloured else shown).rstrip() + "\n"


def print_pairs(stream: IO[str], pairs: Mapping[str, object]) -> None:
    """One ``name  value`` per line; None values are left out."""
    shown = {name: value for name, value in pairs.items() if value is not None}
    width = max(map(len, shown), default=0)
    for name, value in shown.items():
        stream.write(f"{name:<{width}}  {safe_text(str(value))}\n")


def print_line(stream: IO[str], line: str, *, style: str = "") -> None:
    """One line, however long, escaped."""
    text = safe_text(line)
    stream.write((styled(text, style) if style and shows_styles(stream) else text) + "\n")


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
