"""Tables on a terminal. All recorded text goes through ``safe_text`` before it is laid out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import IO, TYPE_CHECKING

from .cells import (
    ASCII_ELLIPSIS,
    ELLIPSIS,
    Cell,
    moves_cursor,
    shown_by,
    shows,
    shows_styles,
    styled,
    width_of,
    wrapped,
)
from .layout import GAP, Column, Layout, measured
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

    return RaisingConsole(
        file=stream, width=width_of(stream), markup=False, highlight=False, emoji=False, soft_wrap=False
    )


WINDOW_ROWS = 1_000
"""So many rows are read before the first is printed: the columns are as wide as these need."""


def print_table(
    stream: IO[str],
    columns: Sequence[str | Column],
    rows: Iterable[Sequence[str | Cell]],
    *,
    window: int = WINDOW_ROWS,
) -> None:
    """Columns under upper-case headings, printed while the rows come; see ``Column.read`` for how a column
    says what may become of it where the lines are longer than the terminal.

    ``window`` rows are read before the first is printed. Where a later one needs more room, the columns are
    wider from there on; one that held nothing before comes in under new headings.
    """
    layout = Layout(
        [each if isinstance(each, Column) else Column.read(each) for each in columns],
        width_of(stream),
        folds=stream.isatty(),
        colour=shows_styles(stream),
        moves=moves_cursor(stream),
        ellipsis=ELLIPSIS if shows(stream, ELLIPSIS) else ASCII_ELLIPSIS,
    )
    encoding = None if shows(stream, "\U0001f600") else getattr(stream, "encoding", None)
    coming = (measured(row, encoding) for row in rows)
    first = list(islice(coming, window))
    for row in first:
        layout.make_room(row)
    stream.write(layout.headings() if first else layout.without_rows())
    for row in chain(first, coming):
        if layout.make_room(row):
            stream.write(layout.headings())
        stream.write(layout.text(row))


def print_pairs(stream: IO[str], pairs: Mapping[str, object]) -> None:
    """One ``name  value`` per line; None values are left out."""
    shown = {name: value for name, value in pairs.items() if value is not None}
    width = max(map(len, shown), default=0)
    for name, value in shown.items():
        _write(stream, f"{name:<{width}}  {safe_text(str(value))}", indent=" " * (width + 2))


_TO_BE_COPIED = re.compile(r"\b(?:recorder|wscat) ")


def remark_lines(stream: IO[str], remark: str) -> str:
    """A remark, escaped, with the end of its line; on a terminal it is broken between words.

    One that tells a command to copy is not broken.
    """
    text = shown_by(stream, safe_text(remark))
    if not stream.isatty() or _TO_BE_COPIED.search(text):
        return f"{text}\n"
    indent = " " * (len(text) - len(text.lstrip(" ")) + len(GAP))
    return "".join(f"{line}\n" for line in wrapped(text, width_of(stream), indent))


def print_line(stream: IO[str], line: str, *, style: str = "", indent: str = "  ") -> None:
    """One line, escaped; on a terminal broken between words, what goes on behind an indent."""
    _write(stream, safe_text(line), style=style, indent=indent)


def _write(stream: IO[str], text: str, *, indent: str, style: str = "") -> None:
    lines = wrapped(shown_by(stream, text), width_of(stream), indent) if stream.isatty() else [text]
    coloured = style and shows_styles(stream)
    for line in lines:
        stream.write((styled(line, style) if coloured else line) + "\n")
