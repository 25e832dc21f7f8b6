"""The columns of a table: as wide as what stands in them, and within the width of a terminal.

Where a row does not fit, columns that may be cut are cut, down to the width they need to be read; where that
is not enough, the row takes more than one line, the later ones indented. Without a width nothing is folded:
a row is one line for the program that reads it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import gt
from typing import NamedTuple

from .cells import ELLIPSIS, Cell, cell_width, fit, styled, width_varies
from .terminal import safe_text

GAP = "  "
READABLE = 16
"""A column that is cut keeps this width, if it names no other."""

_ONE_COLUMN_EACH = re.compile("[ -~✓✗→]*")
"""Characters of ASCII and of our own marks."""
_NOTHING = frozenset({"", "-"})


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        name: its heading.
        least: it may be cut to this width; None: only where it alone is wider than the terminal.
        right: whether it is aligned to the right.
        folds: where a row takes more than one line, one begins here.
        whole: it is cut only where rows may take more than one line: a program that reads it gets all of it.
        shortened: makes a text fit so many columns, given what stands where it is cut; None: its end is cut.
    """

    name: str
    least: int | None = None
    right: bool = False
    folds: bool = False
    whole: bool = False
    shortened: Callable[[str, int, str], str] | None = None

    @classmethod
    def read(cls, specification: str) -> Column:
        """``NAME``, ``>NAME`` (right), ``/NAME`` (folds), ``NAME+`` or ``NAME+30`` (may be cut, to 30
        columns), ``NAME~30`` (so, and whole)."""
        rest = specification.removeprefix("/")
        name, cut, width = rest.removeprefix(">").replace("~", "+").partition("+")
        least = int(width or READABLE) if cut else None
        return cls(name, least, rest.startswith(">"), rest != specification, "~" in rest)


class MeasuredRow(NamedTuple):
    """The texts of a row, escaped, and how many columns each takes.

    ``styles`` is empty if no cell has one, and ``narrow`` says that every character is a column.
    """

    texts: Sequence[str]
    widths: Sequence[int]
    styles: Sequence[str]
    narrow: bool


def measured(row: Sequence[str | Cell], encoding: str | None = None) -> MeasuredRow:
    """The row, escaped; ``encoding`` is that of a stream which cannot show every character."""
    texts: Sequence[str] = [cell if type(cell) is str else cell[0] for cell in row]
    styled_cells = any(type(cell) is Cell for cell in row)
    styles = [cell.style if isinstance(cell, Cell) else "" for cell in row] if styled_cells else ()
    together = "".join(texts)
    if (together.isascii() and together.isprintable()) or (
        encoding is None and _ONE_COLUMN_EACH.fullmatch(together)
    ):
        return MeasuredRow(texts, list(map(len, texts)), styles, True)
    texts = list(map(safe_text, texts))
    if encoding is not None:
        texts = [text.encode(encoding, "backslashreplace").decode(encoding) for text in texts]
    return MeasuredRow(texts, list(map(cell_width, texts)), styles, "".join(texts).isascii())


class Layout:
    """The widths of the columns and the lines they stand on.

    A column that holds nothing so far (only ``-`` or no text) is left out; the first one never is.

    Args:
        room: columns of the page.
        folds: whether a row that does not fit may take several lines.
        moves: whether a terminal is told where a column begins behind a text that may take fewer columns.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        room: int,
        *,
        folds: bool = False,
        colour: bool = False,
        moves: bool = False,
        ellipsis: str = ELLIPSIS,
    ) -> None:
        self._columns = columns
        self._room = room
        self._folds = folds
        self._colour = colour
        self._moves = moves
        self._ellipsis = ellipsis
        self._widest = [len(column.name) for column in columns]
        self._empty = set(range(1, len(columns)))
        self._fit()

    def make_room(self, row: MeasuredRow) -> bool:
        """Make the columns as wide as this row needs; whether columns came in that were left out."""
        filled = [place for place in self._empty if row.texts[place] not in _NOTHING] if self._empty else []
        if not filled and not any(map(gt, row.widths, self._widest)):
            return False
        self._widest = list(map(max, row.widths, self._widest))
        self._empty.difference_update(filled)
        self._fit()
        return bool(filled)

    def headings(self) -> str:
        """The lines of the headings."""
        names = [column.name for column in self._columns]
        return self.text(MeasuredRow(names, list(map(len, names)), ["bold"] * len(names), True))

    def without_rows(self) -> str:
        """The headings of a table that has no rows: of all columns."""
        self._empty = set()
        self._fit()
        return self.headings()

    def text(self, row: MeasuredRow) -> str:
        """The lines of the row, with their ends."""
        coloured = self._colour and row.styles
        if row.narrow and not coloured and not any(map(gt, row.widths, self._widths)):
            lines = self._format(*row.texts)  # a third of the time of the general way
            return lines.rstrip() + "\n" if len(self._lines) == 1 else _trimmed(lines.split("\n"))
        return _trimmed([self._line(row, number) for number in range(len(self._lines))])

    def _line(self, row: MeasuredRow, number: int) -> str:
        """One of the lines of the row."""
        line = self._indent if number else ""
        end = len(line)
        for place in self._lines[number]:
            shown = self._fitted(place, row.texts[place], row.widths[place])
            end += self._widths[place] + len(GAP)
            moves = self._moves and width_varies(shown)
            style = row.styles[place] if self._colour and row.styles else ""
            line += styled(shown, style) + GAP + (_MOVE.format(end + 1) if moves else "")
        return line

    def _fitted(self, place: int, text: str, takes: int) -> str:
        """The text in the columns of its place."""
        column, width = self._columns[place], self._widths[place]
        if column.shortened is not None and takes > width:
            text = column.shortened(text, width, self._ellipsis)
        return fit(text, width, column.right, self._ellipsis)

    def _fit(self) -> None:
        shown = [place for place in range(len(self._columns)) if place not in self._empty]
        first = self._widest[0] + len(GAP)
        self._indent = " " * (first if first <= _DEEPEST_INDENT else len(GAP))
        least = list(map(self._least, range(len(self._columns))))
        fits = sum(least[place] for place in shown) + len(GAP) * (len(shown) - 1) <= self._room
        self._lines = [shown] if fits or not self._folds else self._folded(shown, least)
        self._widths = list(self._widest)
        for number, line in enumerate(self._lines):
            self._distribute(line, least, self._room - (len(self._indent) if number else 0))
        self._format = f"\n{self._indent}".join(map(self._line_format, self._lines)).format

    def _least(self, place: int) -> int:
        """The width that a column needs at the least."""
        column, widest = self._columns[place], self._widest[place]
        if column.least is not None and (self._folds or not column.whole):
            widest = min(widest, max(column.least, len(column.name)))
        return min(widest, self._room - _DEEPEST_INDENT) if self._folds else widest

    def _folded(self, shown: Sequence[int], least: Sequence[int]) -> list[list[int]]:
        lines: list[list[int]] = [[]]
        used = 0
        for place in shown:
            needed = len(GAP) + least[place]
            if lines[-1] and (used + needed > self._room or self._columns[place].folds):
                lines.append([])
                used = len(self._indent) - len(GAP)
            lines[-1].append(place)
            used += needed if used else least[place]
        return lines

    def _distribute(self, line: Sequence[int], least: Sequence[int], room: int) -> None:
        """Share what the other columns leave among those that may be cut, the narrow ones first."""
        cut = [place for place in line if least[place] < self._widest[place]]
        left = (
            room - len(GAP) * (len(line) - 1) - sum(self._widest[place] for place in line if place not in cut)
        )
        needed = sum(least[place] for place in cut)
        for waiting, place in zip(
            range(len(cut), 0, -1), sorted(cut, key=lambda place: self._widest[place]), strict=True
        ):
            needed -= least[place]  # by those that come now
            width = max(least[place], min(self._widest[place], left // waiting, left - needed))
            self._widths[place] = width
            left -= width

    def _line_format(self, line: Sequence[int]) -> str:
        return GAP.join(
            f"{{{place}:{'>' if self._columns[place].right else '<'}{self._widths[place]}}}" for place in line
        )


_DEEPEST_INDENT = 8


_MOVE = "\x1b[{}G"
"""ECMA-48 8.3.9, CHA: moves the cursor to a column of its line."""
_ENDS = re.compile(r"(?: |\x1b\[\d+G)+$")


def _trimmed(lines: Sequence[str]) -> str:
    """The lines without blanks at their ends; one behind the first that says nothing is left out."""
    first, *others = lines
    kept = [first, *(line for line in others if not _NOTHING.issuperset(line.split()))]
    return "".join(_ENDS.sub("", line) + "\n" for line in kept)
