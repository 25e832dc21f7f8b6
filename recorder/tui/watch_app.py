"""The application of ``recorder watch``: keys in, panes out. It decides nothing about sessions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.traceback import Traceback
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Footer, Input, Static

from recorder.counted import counted
from recorder.errors import RecorderError
from recorder.report.terminal import safe_text
from recorder.wire.records import SessionInfo

from . import questions
from .filter_line import parse_filter_line
from .help_screen import HelpScreen, bindings
from .lines_view import LinesView
from .panes import Panes
from .questions import Answered
from .row_table import found_in
from .session_feeds import FeedUpdate
from .session_panes import SessionPanes

_SESSIONS_EVERY_S = 2.0


class FeedUpdated(Message):
    """A feed told something; ``feed`` is its number."""

    def __init__(self, feed: int, update: FeedUpdate) -> None:
        super().__init__()
        self.feed = feed
        self.update = update


class AnswerReceived(Message):
    """A question was answered."""

    def __init__(self, answered: Answered) -> None:
        super().__init__()
        self.answered = answered


class WatchApp(App[None]):
    """One archive on the screen. It only reads.

    Args:
        archive: its path or URL.
        shown_as: what the title calls it: a URL without its password.
        session: the session to begin with.
        at: the frame to begin as of; None: everything.
        interval: the time between two reads of the archive, "500ms".
        local: show times in the time zone of this machine.
    """

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #title, #moment, #status { height: 1; width: 100%; text-wrap: nowrap; text-overflow: ellipsis; }
    #title { background: $primary 30%; text-style: bold; }
    #prompt { display: none; }
    #prompt.-open { display: block; }
    #status.-hidden { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(),
        Binding("ctrl+c", "quit", "quit", show=False, priority=True),
        Binding("escape", "close_prompt", "close the line", show=False),
    ]

    def __init__(
        self,
        archive: str,
        session: SessionInfo,
        *,
        shown_as: str,
        at: int | None = None,
        interval: str = "500ms",
        local: bool = False,
    ) -> None:
        super().__init__()
        self._shown_as = shown_as
        self._at = at
        self._panes = Panes()
        self._shown = SessionPanes(
            archive,
            session,
            self._panes,
            tell_update=lambda feed, update: self.post_message(FeedUpdated(feed, update)),
            tell_answer=lambda answered: self.post_message(AnswerReceived(answered)),
            say=self._say,
            interval=interval,
            local=local,
        )
        self._searched = ""
        self._prompt_for = ""

    def compose(self) -> ComposeResult:
        """Title, panes, slider, a line to type in or to say what happened, and the keys."""
        yield Static(id="title", markup=False)
        yield self._panes
        yield Static(id="moment", markup=False)
        yield Input(id="prompt", compact=True)
        yield Static(id="status", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin to read."""
        self.on_resize()
        self._shown.start(self._at)
        self._show_lines()
        self.set_interval(_SESSIONS_EVERY_S, self._shown.ask_sessions)

    def on_unmount(self) -> None:
        """End what reads."""
        self._shown.close()

    def on_resize(self) -> None:
        """The terminal has another size."""
        self._panes.fit(self.size.width)
        self._shown.ask_evidence()
        self._shown.ask_findings()
        self._show_lines()

    def request_exit(self) -> None:
        """Quit soon; may be called by the handler of a signal."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.exit)

    def on_feed_updated(self, message: FeedUpdated) -> None:
        """Something came from a session."""
        self._shown.take_update(message.feed, message.update)
        self._show_lines()

    def on_answer_received(self, message: AnswerReceived) -> None:
        """A question was answered."""
        answered = message.answered
        if answered.about != "copy" or answered.error is not None:
            self._shown.take_answer(answered)
        elif isinstance(answered.answer, questions.PageAnswer):
            self._copy_json(answered.answer.copied)
        elif isinstance(answered.answer, str):
            self._copy(answered.answer, "the payload")
        self._show_lines()

    def on_lines_view_moved(self, message: LinesView.Moved) -> None:
        """The cursor of a pane moved."""
        if message.view is self._panes["messages"] and message.view.has_focus:
            self._shown.choose_message()

    def on_lines_view_chosen(self, message: LinesView.Chosen) -> None:
        """Enter was pressed."""
        self._shown.open(message.view.id or "")
        self._show_lines()

    def _fatal_error(self) -> None:
        """A bug is shown as everywhere else: without the values of variables, which may be secrets."""
        self.panic(Traceback(show_locals=False, width=None))

    # --- keys ---

    def action_next_pane(self, steps: int = 1) -> None:
        """Go to the next pane, or the one before."""
        self.action_close_prompt()
        self._panes.go_on(steps)
        self._shown.ask_evidence()
        self._shown.ask_findings()

    def action_move_moment(self, steps: int, big: bool = False) -> None:
        """Look at another moment."""
        self._shown.move(self._shown.state.slider.moved(steps, big=big))
        self._show_lines()

    def action_go_live(self) -> None:
        """Show everything, and what comes."""
        self._shown.move(self._shown.state.slider.placed(None))
        self._show_lines()

    def action_search(self) -> None:
        """Ask for what to search in the pane."""
        self._open_prompt("search", self._searched)

    def action_filter(self) -> None:
        """Ask for filters of the messages or of the frames."""
        state = self._shown.state
        if self._filtered_pane == "messages":
            self._open_prompt("filter messages, like: --status read word", state.message_filter)
        else:
            self._open_prompt("filter frames, like: --type PublishEvent word", state.frame_filter)

    def action_search_on(self, backwards: bool = False) -> None:
        """Go to the next line that has what was searched for."""
        view = self._panes[self._panes.current]
        found = found_in(view.lines, self._searched, view.cursor, backwards=backwards)
        if found is None:
            self._say(f"nothing here has {self._searched!r}")
        else:
            view.action_move(found - view.cursor)

    def action_copy_json(self) -> None:
        """Copy the line as JSON."""
        name = self._panes.current
        copied, frame = self._shown.json_of(name), self._shown.frame_in(name)
        if copied is not None:
            self._copy_json(copied)
        elif frame is not None:
            self._shown.ask_copy(questions.frame_as_json(self._shown.state.session.session, frame))

    def action_copy_payload(self) -> None:
        """Copy the payload of the frame that the line is about."""
        frame = self._shown.frame_in(self._panes.current)
        if frame is None:
            self._say("no frame is named here")
        else:
            self._shown.ask_copy(questions.line_to_send(self._shown.state.session.session, frame))

    def action_help(self) -> None:
        """Show the keys."""
        self.push_screen(HelpScreen())

    def action_close_prompt(self) -> None:
        """Leave the line without using it."""
        prompt = self.query_one("#prompt", Input)
        if prompt.has_class("-open"):
            prompt.remove_class("-open")
            self.query_one("#status").remove_class("-hidden")
            self._panes[self._panes.current].focus()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Search or filter by what was typed."""
        self.action_close_prompt()
        self._say("")
        if self._prompt_for == "search":
            self._searched = message.value
            if message.value:
                self.action_search_on()
            return
        try:
            self._shown.choose_filters(self._filtered_pane, parse_filter_line(message.value), message.value)
        except RecorderError as error:
            self._say(f"error: {error}{f'; hint: {error.hint}' if error.hint else ''}")
        self._show_lines()

    # --- lines around the panes ---

    @property
    def _filtered_pane(self) -> str:
        return "frames" if self._panes.current == "frames" else "messages"

    def _open_prompt(self, purpose: str, written: str) -> None:
        self._prompt_for = purpose
        prompt = self.query_one("#prompt", Input)
        prompt.placeholder, prompt.value = purpose, written
        prompt.add_class("-open")
        self.query_one("#status").add_class("-hidden")
        prompt.focus()

    def _copy_json(self, lines: Sequence[Mapping[str, object]]) -> None:
        text = "\n".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) for line in lines)
        self._copy(text, counted(len(lines), "line") + " of JSON")

    def _copy(self, text: str, what: str) -> None:
        if text:
            self.copy_to_clipboard(text)
            self._say(f"copied {what}")
        else:
            self._say("that frame has no text")

    def _show_lines(self) -> None:
        state = self._shown.state
        title = f"recorder watch  {self._shown_as}  {state.title}"
        self.query_one("#title", Static).update(safe_text(title))
        words = state.moment
        bar = state.slider.bar(max(self.size.width - len(words) - 1, 3))
        self.query_one("#moment", Static).update(f"{bar} {words}")

    def _say(self, text: str) -> None:
        self.query_one("#status", Static).update(safe_text(text))
