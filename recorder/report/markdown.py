"""Markdown for a terminal: a table that is wider than the terminal becomes a list of definitions."""

from __future__ import annotations

import re
from textwrap import indent
from typing import ClassVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Markdown, MarkdownElement, TableElement
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

_LINK = re.compile(r"\[([^\]]+)\]\(([\w-]+)\.md(?:#[\w-]*)?\)")
_ANY_WIDTH = 10_000
_COMMENT_LINE = re.compile(r"^<!--.*-->\n", re.MULTILINE)


class _Table(TableElement):
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = next(iter(super().__rich_console__(console, options)))
        assert isinstance(table, Table)  # noqa: S101 - what rich makes of a table
        if Measurement.get(console, options.update(max_width=_ANY_WIDTH), table).maximum <= options.max_width:
            yield table
            return
        for cells in self._rows():
            yield Text.assemble("\n", *_joined(cells[:-1]))
            yield Padding(cells[-1], (0, 0, 0, 4))

    def _rows(self) -> list[list[Text]]:
        return [[cell.content for cell in row.cells] for row in (self.body.rows if self.body else ())]


def _joined(cells: list[Text]) -> list[Text]:
    """The cells before the last, the first one in bold, two blanks between them."""
    first, *others = [cell.copy() for cell in cells]
    first.stylize("bold")
    return [first, *(Text.assemble("  ", cell) for cell in others if cell.plain)]


class _Code(CodeBlock):
    """Code as plain text, indented. Lines are not wrapped: print with ``crop=False``."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        indented = indent(str(self.text).rstrip(), "  ")
        yield Text(indented, style="cyan", no_wrap=True, overflow="ignore")


class MarkdownPage(Markdown):
    """A page of the guide, to be printed by rich.

    Links between pages become the command that shows the page.
    """

    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "table_open": _Table,
        "fence": _Code,
        "code_block": _Code,
    }

    def __init__(self, text: str) -> None:
        super().__init__(_LINK.sub(_as_command, without_comments(text)), hyperlinks=False)


def without_comments(text: str) -> str:
    """The page without the lines that are HTML comments."""
    return _COMMENT_LINE.sub("", text)


def _as_command(link: re.Match[str]) -> str:
    label, topic = link.groups()
    command = f"`recorder guide {topic}`"
    return command if label == topic else f"{label} ({command})"
