"""The session on the screen: what each pane shows of it, now or as of a moment."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from recorder.counted import counted
from recorder.receipts.queries import MessageView
from recorder.recipes.filters import Filters
from recorder.report.frames import frame_columns
from recorder.report.sessions import session_columns, session_row
from recorder.report.times import moment_words
from recorder.wire.records import SessionInfo

from .conversation import Conversation, MessageId
from .questions import MomentAnswer
from .row_table import Row, RowTable
from .session_feeds import FrameLine, FramesRead, MessagesChanged
from .time_slider import TimeSlider

_SESSION_PLACES = (1, 3, 6, 2, 4, 0)
_SESSION_NEEDS = {4: 70, 5: 70}
_FRAME_NEEDS = {1: 60, 4: 72}


class SessionsTable(RowTable[SessionInfo]):
    """The rows of ``session list``, newest first; what tells sessions apart stands first."""

    def __init__(self, *, local: bool = False) -> None:
        columns = session_columns(local=local)
        super().__init__([columns[place] for place in _SESSION_PLACES], self._session_row, _SESSION_NEEDS)
        self._local = local

    def place_of(self, session: str) -> int | None:
        """The row of a session."""
        return next((index for index, each in enumerate(self.items) if each.session == session), None)

    def _session_row(self, session: SessionInfo) -> Row:
        row = session_row(session, local=self._local)
        return [row[place] for place in _SESSION_PLACES]


class WatchState:
    """One session: its messages and frames as they come, and as of the moment that is looked at.

    Attributes:
        session: which, as it was last seen.
        slider: the moment.
        frames: the frames that are shown.
        is_read: whether the messages have come.
        message_filter, frame_filter: how the filters were typed; empty without.
    """

    def __init__(self, session: SessionInfo, *, local: bool = False) -> None:
        self.session = session
        self.slider = TimeSlider(session.frames)
        self.frames: RowTable[FrameLine] = RowTable(
            frame_columns(local=local), lambda line: line.row, _FRAME_NEEDS
        )
        self.message_filter = self.frame_filter = ""
        self._all_frames: list[FrameLine] = []
        self._local = local
        self._now, self._then = Conversation(local=local), Conversation(local=local)
        self._then_known: MomentAnswer | None = None
        self.is_read = False

    @property
    def conversation(self) -> Conversation:
        """The messages that are shown."""
        return self._now if self.slider.is_live else self._then

    def update_session(self, session: SessionInfo) -> None:
        """Take how the session stands now."""
        self.session = session
        self.slider = self.slider.grown(session.frames)

    def take_frames(self, update: FramesRead) -> None:
        """Frames came."""
        self._all_frames += update.lines
        self.slider = self.slider.grown(update.last)
        self._cut()

    def forget_frames(self, written: str) -> None:
        """They are read again from the first one, with the filters that were typed."""
        self.frame_filter = written
        self._all_frames = []
        self._cut()

    def take_messages(self, update: MessagesChanged) -> None:
        """Messages are new, or changed."""
        self.is_read = True
        self._now.update(update.changed, update.people)

    def take_moment(self, answer: MomentAnswer) -> None:
        """The messages of a moment are known."""
        self._then_known = answer
        self._then.replace(answer.messages, answer.people)

    def move(self, slider: TimeSlider) -> None:
        """Look at another moment."""
        self.slider = slider
        self._cut()

    def choose_messages(self, filters: Filters | None, written: str) -> None:
        """Show only the messages that these filters leave in. Raises ``BadOption``, and shows all then."""
        self.message_filter = ""
        for each in (self._now, self._then):
            each.choose(filters, self.session.session)
        self.message_filter = written

    def message_at(self, index: int) -> MessageView | None:
        """The message in a row of the conversation."""
        return self.conversation.message_at(index)

    def place_of_message(self, message: MessageId | None, near: int) -> int | None:
        """Its row in the conversation, looked for first where it was."""
        return self.conversation.place_of(message, near)

    def place_of_frame(self, number: int) -> int | None:
        """The row of a frame; None if it is not shown."""
        index = bisect_right(self.frames.items, number - 1, key=lambda line: line.number)
        shown = index < len(self.frames) and self.frames.items[index].number == number
        return index if shown else None

    # --- the lines around the panes ---

    @property
    def title(self) -> str:
        """``session 3f2a… "first", recording``."""
        name = f' "{self.session.name}"' if self.session.name else ""
        return f"session {self.session.session}{name}, {self.session.state}"

    @property
    def conversation_title(self) -> str:
        """How many messages are shown, and by which filter."""
        if not self.slider.is_live and (self._then_known is None or self._then_known.at != self.slider.at):
            return "Messages: reading …"
        if not self.is_read and self.slider.is_live:
            return "Messages: reading …"
        return _title(f"Messages: {self.conversation.count}", self.message_filter)

    @property
    def frames_title(self) -> str:
        """How many frames are shown, and by which filter."""
        return _title(f"Frames: {len(self.frames)}", self.frame_filter)

    @property
    def moment(self) -> str:
        """``as of frame #12 of 26, 2026-01-31 12:00:03 UTC``, or ``live, 26 frames``."""
        if self.slider.is_live:
            word = "live" if self.session.state == "recording" else "all"
            return f"{word}: {counted(self.slider.last, 'frame')}"
        known = self._then_known
        at_us = known.at_us if known is not None and known.at == self.slider.at else None
        when = "" if at_us is None else f", {moment_words(at_us, local=self._local)}"
        return f"as of frame #{self.slider.at} of {self.slider.last}{when}"

    def _cut(self) -> None:
        """Show the frames up to the moment."""
        at = self.slider.at
        shown: Sequence[FrameLine] = self._all_frames
        if at is not None:
            shown = shown[: bisect_right(shown, at, key=lambda line: line.number)]
        self.frames.items = shown


def _title(what: str, written: str) -> str:
    return f"{what} with {written}" if written else what
