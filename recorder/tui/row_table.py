"""The rows of a table, laid out one by one when they are looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar

from recorder.report.cells import Cell, fit
from recorder.report.layout import Column, Layout, measured
from recorder.report.terminal import safe_text

Item = TypeVar("Item")
Row = Sequence[str | Cell]


class Lines(Protocol):
    """Lines of text that a pane shows; those of a table have headings above them."""

    def __len__(self) -> int:
        """How many there are, at the width that was given last."""
        ...

    def resize(self, width: int) -> None:
        """Take so many columns."""
        ...

    def prepare(self, first: int, last: int) -> bool:
        """Get ready for these lines to be asked for; whether others would look different now."""
        ...

    def headings(self) -> str | None:
        """The line that stays above the others, if there is one."""
        ...

    def line(self, index: int) -> str:
        """One line, with the codes of its styles."""
        ...

    def searchable(self, index: int) -> str:
        """The words of a line, to be searched."""
        ...


class RowTable(Generic[Item]):
    """A table of items; only rows that are shown are made and measured, whatever the number of items.

    Args:
        columns: as ``report.tables.print_table`` takes them.
        row: the cells of an item; one text if it is no row, but a line across the table.
        needs: columns that are left out where the table has less room than this, by their places.
    """

    def __init__(
        self,
        columns: Sequence[str | Column],
        row: Callable[[Item], Row | str],
        needs: Mapping[int, int] = MappingProxyType({}),
    ) -> None:
        self.items: Sequence[Item] = ()
        self._columns = [each if isinstance(each, Column) else Column.read(each) for each in columns]
        self._needs = needs
        self._all_cells = row
        self.resize(0)

    def __len__(self) -> int:
        return len(self.items)

    def resize(self, width: int) -> None:
        """Lay it out anew in so many columns."""
        self._width = width
        self._places = [place for place in range(len(self._columns)) if width >= self._needs.get(place, 0)]
        self._layout = Layout([self._columns[place] for place in self._places], width, colour=True)

    def prepare(self, first: int, last: int) -> bool:
        """Make the columns as wide as these rows need; whether other rows would look different now."""
        before = self._layout.headings()
        for item in self.items[first:last]:
            row = self._row(item)
            if not isinstance(row, str):
                self._layout.make_room(measured(row))
        return self._layout.headings() != before

    def headings(self) -> str:
        """The line of the headings."""
        return self._layout.headings().rstrip("\n")

    def line(self, index: int) -> str:
        """One row."""
        row = self._row(self.items[index])
        if isinstance(row, str):
            return fit(safe_text(row), self._width).rstrip()
        return self._layout.text(measured(row)).rstrip("\n")

    def searchable(self, index: int) -> str:
        """The texts of a row, those of columns that are left out too."""
        row = self._all_cells(self.items[index])
        if isinstance(row, str):
            return row
        return " ".join(cell if isinstance(cell, str) else cell.text for cell in row)

    def _row(self, item: Item) -> Row | str:
        row = self._all_cells(item)
        return row if isinstance(row, str) else [row[place] for place in self._places]


def found_in(lines: Lines, text: str, after: int, *, backwards: bool = False) -> int | None:
    """The next line with this text behind a line (before it, if ``backwards``), in capitals or not.

    It goes on at the other end; None if no line has it.
    """
    wanted, count = text.casefold(), len(lines)
    step = -1 if backwards else 1
    for distance in range(1, count + 1):
        index = (after + step * distance) % count
        if wanted in lines.searchable(index).casefold():
            return index
    return None
