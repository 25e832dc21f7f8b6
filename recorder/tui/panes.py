"""The five panes: side by side where the terminal is wide, else the messages above one other."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container
from textual.events import DescendantFocus

from .lines_view import LinesView
from .printed_text import sentence

PANES = ("sessions", "messages", "frames", "evidence", "findings")
"""In the order in which Tab goes through them."""

WIDE = 140
"""From so many columns on all panes are shown."""


class Panes(Container):
    """All panes; where there is no room for all, ``messages`` and the one that was gone to last."""

    DEFAULT_CSS = """
    Panes { layout: vertical; }
    Panes > Container { height: 1fr; }
    Panes.-wide > Container { layout: horizontal; }
    Panes.-wide LinesView { width: 1fr; }
    Panes.-wide #sessions { width: 56; }
    Panes.-wide #sessions, Panes.-wide #frames, Panes.-wide #evidence { margin-right: 1; }
    Panes.-narrow > Container { layout: vertical; }
    Panes.-narrow > #above { height: auto; max-height: 50%; }
    Panes.-narrow.-of-sessions > #above { height: 1fr; max-height: 100%; }
    Panes.-narrow LinesView { height: 1fr; display: none; }
    Panes.-narrow #messages { height: auto; min-height: 4; max-height: 100%; }
    Panes.-narrow.-of-sessions #messages { height: 1fr; }
    Panes.-narrow #messages, Panes.-narrow .-shown { display: block; }
    Panes.-narrow.-of-sessions #below { display: none; }
    """

    def __init__(self) -> None:
        super().__init__(id="panes")
        self.current = "messages"
        """The pane that has the focus, or had it last."""
        self._views = {name: LinesView(sentence("reading …"), id=name) for name in PANES}

    def compose(self) -> ComposeResult:
        """Sessions and messages above, the others below."""
        with Container(id="above"):
            yield self._views["sessions"]
            yield self._views["messages"]
        with Container(id="below"):
            yield self._views["frames"]
            yield self._views["evidence"]
            yield self._views["findings"]

    def __getitem__(self, name: str) -> LinesView:
        return self._views[name]

    def on_mount(self) -> None:
        """Begin with the messages and the frames."""
        self._show_below("frames")
        self._views["messages"].focus()

    def fit(self, width: int) -> None:
        """Take so many columns."""
        wide = width >= WIDE
        self.set_class(wide, "-wide")
        self.set_class(not wide, "-narrow")

    def is_shown(self, name: str) -> bool:
        """Whether a pane can be seen."""
        view = self._views[name]
        return self.has_class("-wide") or name == "messages" or view.has_class("-shown")

    def go_to(self, name: str) -> None:
        """Show a pane, and move the focus there."""
        if name != "messages":
            self._show_below(name)
        elif self.has_class("-of-sessions"):
            self._show_below("frames")
        self.current = name
        self._views[name].focus()

    def go_on(self, steps: int) -> str:
        """Go to the next pane, or the one before; returns its name."""
        name = PANES[(PANES.index(self.current) + steps) % len(PANES)]
        self.go_to(name)
        return name

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """A pane was gone to, perhaps with the mouse."""
        if event.widget.id in self._views:
            self.current = event.widget.id

    def _show_below(self, name: str) -> None:
        for each, view in self._views.items():
            view.set_class(each == name, "-shown")
        self.set_class(name == "sessions", "-of-sessions")
