"""A pane of lines with a cursor, of which only those in sight are made: a session has a hundred thousand."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from .row_table import Lines


class LinesView(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows ``Lines``; Up and Down move the cursor, Enter chooses the line it is on.

    Attributes:
        cursor: index of the line that the cursor is on.
    """

    DEFAULT_CSS = """
    LinesView { overflow-x: hidden; scrollbar-gutter: stable; scrollbar-size-vertical: 1; }
    LinesView { border-top: solid $primary; }
    LinesView:focus { border-top: heavy $accent; }
    LinesView > .lines-view--cursor { background: $primary 40%; }
    LinesView:focus > .lines-view--cursor { background: $accent; color: $background; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"lines-view--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "line up", show=False),
        Binding("down,j", "move(1)", "line down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home,g", "end(-1)", "first line", show=False),
        Binding("end,G", "end(1)", "last line", show=False),
        Binding("enter", "choose", "open", show=False),
    ]

    class Moved(Message):
        """The cursor is on another line."""

        def __init__(self, view: LinesView) -> None:
            super().__init__()
            self.view = view

    class Chosen(Moved):
        """Enter was pressed on a line."""

    def __init__(self, lines: Lines, *, id: str) -> None:
        super().__init__(id=id)
        self.lines = lines
        self.cursor = 0

    def show(
        self, lines: Lines | None = None, *, cursor: int | None = None, title: str | None = None
    ) -> None:
        """Show these lines, or the same ones, which have changed; a title is no markup."""
        if title is not None:
            self.border_title = Content(title)
        if lines is not None:
            self.lines = lines
        self.lines.resize(self._columns)
        self._measure()
        self._put_cursor(self.cursor if cursor is None else cursor)

    @property
    def is_at_end(self) -> bool:
        """Whether the cursor is on the last line."""
        return self.cursor >= len(self.lines) - 1

    def on_resize(self) -> None:
        """The pane has another size."""
        self.lines.resize(self._columns)
        self._measure()
        self._put_cursor(self.cursor)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The strips of a part of the pane."""
        first = self.scroll_offset.y
        if self.lines.prepare(first, first + self._rows):
            self.refresh()  # the lines outside of the part are as wide as before
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """One line of the pane."""
        heading = self.lines.headings()
        width, style = self.size.width, self.rich_style
        if heading is not None and y == 0:
            return self._strip(heading, width).apply_style(style)
        index = self.scroll_offset.y + y - (heading is not None)
        if index >= len(self.lines):
            return Strip.blank(width, style)
        strip = self._strip(self.lines.line(index), width).apply_style(style)
        if index == self.cursor:
            return Strip(
                [segment._replace(style=(segment.style or style) + self._cursor_style) for segment in strip]
            )
        return strip

    def on_click(self, event: Click) -> None:
        """The cursor goes to the line that was clicked."""
        offset = event.get_content_offset(self)
        if offset is not None:
            self._put_cursor(self.scroll_offset.y + offset.y - (self.lines.headings() is not None))

    def action_move(self, steps: int) -> None:
        """Move the cursor by some lines."""
        self._put_cursor(self.cursor + steps)

    def action_page(self, pages: int) -> None:
        """Move the cursor by some screens."""
        self._put_cursor(self.cursor + pages * max(self._rows - 1, 1))

    def action_end(self, end: int) -> None:
        """Move the cursor to the first or the last line."""
        self._put_cursor(0 if end < 0 else len(self.lines) - 1)

    def action_choose(self) -> None:
        """Choose the line that the cursor is on."""
        self.post_message(self.Chosen(self))

    @property
    def _columns(self) -> int:
        return self.scrollable_content_region.width

    @property
    def _rows(self) -> int:
        """Lines in sight, below the headings."""
        return max(self.size.height - (self.lines.headings() is not None), 1)

    @property
    def _cursor_style(self):  # type: ignore[no-untyped-def]
        return self.get_component_rich_style("lines-view--cursor")

    def _measure(self) -> None:
        height = len(self.lines) + (self.lines.headings() is not None)
        self.virtual_size = Size(self._columns, height)

    def _put_cursor(self, cursor: int) -> None:
        before, self.cursor = self.cursor, max(min(cursor, len(self.lines) - 1), 0)
        top = self.scroll_offset.y
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, force=True, immediate=True)
        elif self.cursor >= top + self._rows:
            self.scroll_to(y=self.cursor - self._rows + 1, animate=False, force=True, immediate=True)
        self.refresh()
        if before != self.cursor:
            self.post_message(self.Moved(self))

    def _strip(self, line: str, width: int) -> Strip:
        text = Text.from_ansi(line, no_wrap=True, end="")
        return Strip(text.render(self.app.console)).crop_extend(0, width, self.rich_style)
