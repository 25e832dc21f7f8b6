"""The keys of ``recorder watch``: the screen that ``?`` shows, and the table of the manual."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Static

KEYS: tuple[tuple[str, str, str], ...] = (
    ("tab", "next_pane", "go to the next pane"),
    ("shift+tab", "next_pane(-1)", "go to the pane before"),
    ("enter", "", "open the session, the evidence, the frame of the line"),
    ("left", "move_moment(-1)", "as of one frame before"),
    ("right", "move_moment(1)", "as of one frame later"),
    ("left_square_bracket", "move_moment(-1, True)", "as of a twentieth of the session before"),
    ("right_square_bracket", "move_moment(1, True)", "as of a twentieth of the session later"),
    ("l", "go_live", "show everything, and what comes"),
    ("slash", "search", "search the lines of the pane"),
    ("n", "search_on", "the next line that was searched for"),
    ("N", "search_on(True)", "the line before it"),
    ("f", "filter", "filter messages or frames, as frame list does"),
    ("c", "copy_json", "copy the line as JSON"),
    ("C", "copy_payload", "copy the payload of its frame, as wscat takes it"),
    ("question_mark", "help", "show the keys"),
    ("q", "quit", "quit"),
)
"""Each key, its action in ``WatchApp`` (none: the pane's own), and what it does."""

_SHOWN_AS = {
    "left": "←", "right": "→", "left_square_bracket": "[", "right_square_bracket": "]", "slash": "/",
    "question_mark": "?", "tab": "Tab", "shift+tab": "Shift+Tab", "enter": "Enter",
}  # fmt: skip
_MOVING = ("↑ ↓ PgUp PgDn", "move the cursor; Home and End: to the ends")
_IN_FOOTER = {
    "tab": "pane", "left": "time", "l": "live", "slash": "search", "f": "filter", "c": "copy",
    "question_mark": "help", "q": "quit",
}  # fmt: skip


def bindings() -> list[BindingType]:
    """The keys as textual takes them; the footer shows the shortest words of some."""
    return [
        Binding(
            key,
            action,
            _IN_FOOTER.get(key, does),
            show=key in _IN_FOOTER,
            key_display="←/→" if key == "left" else _SHOWN_AS.get(key),
            priority=key in ("tab", "shift+tab"),
        )
        for key, action, does in KEYS
        if action
    ]


def key_rows() -> Iterable[tuple[str, str]]:
    """What is pressed, and what it does."""
    yield _MOVING
    for key, _, does in KEYS:
        yield _SHOWN_AS.get(key, key), does


class HelpScreen(ModalScreen[None]):
    """The keys, until one is pressed."""

    CSS = """
    HelpScreen { align: center middle; }
    HelpScreen Static { width: auto; max-width: 100%; height: auto; max-height: 100%; padding: 0 2;
                        border: round $accent; background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,enter", "close", "close")]

    def compose(self) -> ComposeResult:
        """The table."""
        rows = list(key_rows())
        width = max(len(key) for key, _ in rows)
        yield Static("\n".join(f"{key:<{width}}  {does}" for key, does in rows), markup=False)

    def action_close(self) -> None:
        """Go back."""
        self.dismiss()
