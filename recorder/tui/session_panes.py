"""One session in the panes: what comes from the archive is shown, and what is missing is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from recorder.recipes import KnownMoments
from recorder.recipes.filters import Filters
from recorder.report.json_views import message_json, session_json
from recorder.report.terminal import safe_text
from recorder.wire.records import SessionInfo

from . import questions
from .conversation import MessageId, id_of, reference_of
from .panes import Panes
from .printed_text import sentence
from .questions import Answered, MomentAnswer, PageAnswer, QuestionThread, sentence_of
from .session_feeds import FeedFailed, FeedUpdate, FramesRead, MessagesChanged, SessionChecked, SessionFeeds
from .time_slider import TimeSlider
from .watch_state import SessionsTable, WatchState

_END_WITHIN_S = 0.5
_CHECKED_AT_ONCE = 20_000
"""Frames of a session that is checked without being asked for: a hundred thousand take many seconds."""


class SessionPanes:
    """Shows a session in the panes, and the list of all sessions.

    Attributes:
        state: what is known of the session.

    Args:
        tell_update: called in a thread with the number of a feed and what it told.
        tell_answer: called in a thread.
        say: called with a sentence for the user.
    """

    def __init__(
        self,
        archive: str,
        session: SessionInfo,
        panes: Panes,
        *,
        tell_update: Callable[[int, FeedUpdate], object],
        tell_answer: Callable[[Answered], object],
        say: Callable[[str], None],
        interval: str,
        local: bool,
    ) -> None:
        self._archive, self._interval, self._local = archive, interval, local
        self._panes, self._say, self._tell_update = panes, say, tell_update
        self.state = WatchState(session, local=local)
        self._sessions = SessionsTable(local=local)
        self._feeds: SessionFeeds | None = None
        self._feed = 0
        self._questions = QuestionThread(archive, tell_answer)
        self._checks = QuestionThread(archive, tell_answer)
        self._moments = QuestionThread(archive, tell_answer)
        self._all_moments = QuestionThread(archive, tell_answer)
        self._forget()

    def start(self, at: int | None) -> None:
        """Begin to read, and show the session as of a frame."""
        for each in self._threads:
            each.start()
        self._panes["sessions"].show(self._sessions, title="Sessions")
        self.begin(self.state.session, at=at)
        self.ask_sessions()

    def close(self) -> None:
        """End what reads."""
        if self._feeds is not None:
            self._feeds.close(within_s=_END_WITHIN_S)
        for each in self._threads:
            each.close(within_s=_END_WITHIN_S)

    @property
    def _threads(self) -> tuple[QuestionThread, ...]:
        return (self._questions, self._checks, self._moments, self._all_moments)

    def begin(self, session: SessionInfo, *, at: int | None = None) -> None:
        """Show this session instead."""
        if self._feeds is not None:
            self._feeds.close()
        self._feed += 1
        feed = self._feed
        self.state = WatchState(session, local=self._local)
        self._forget()
        self._feeds = SessionFeeds(
            self._archive,
            session.session,
            lambda update: self._tell_update(feed, update),
            interval=self._interval,
            local=self._local,
        )
        self._feeds.start()
        self._panes["evidence"].show(sentence("no message yet"), cursor=0, title="Evidence")
        self._panes["findings"].show(sentence("reading …"), cursor=0, title="Findings")
        self._panes["frames"].show(self.state.frames, cursor=0, title=self.state.frames_title)
        self.move(self.state.slider.placed(at))

    def _forget(self) -> None:
        self._message: MessageId | None = None
        self._frame: int | None = None
        self._evidence: object = None
        self._findings: object = None
        self._shown: dict[str, PageAnswer] = {}
        self._findings_now: PageAnswer | None = None
        self._known: KnownMoments | None = None
        self._reads_moments = False

    # --- what comes from the archive ---

    def take_update(self, feed: int, update: FeedUpdate) -> None:
        """Something came from the session that is shown, or from one before."""
        if feed != self._feed or self._feeds is None:
            return
        if isinstance(update, FramesRead):
            if update.reading == self._feeds.reading:
                follows = self._is_recording or not self.state.slider.is_live
                at_end = follows and self._panes["frames"].is_at_end
                self.state.take_frames(update)
                self._show_frames(at_end=at_end)
        elif isinstance(update, MessagesChanged):
            self._take_messages(update)
        elif isinstance(update, SessionChecked):
            self._findings_now = questions.findings_page(update.checked)
            self.ask_findings()
        elif isinstance(update, FeedFailed):
            self._say(f"error: {sentence_of(update.error)}")

    def _take_messages(self, update: MessagesChanged) -> None:
        at_end = self._is_recording and self._panes["messages"].is_at_end
        self.state.take_messages(update)
        if self.state.slider.is_live:
            if at_end:
                self._message = None
            self._show_messages()
        if update.over:
            self.ask_sessions()
        self.ask_findings()

    def take_answer(self, answered: Answered) -> None:
        """A question was answered, perhaps one that nobody asks any more."""
        answer, about = answered.answer, answered.about
        if answered.error is not None:
            self._say(f"error: {sentence_of(answered.error)}")
        elif isinstance(answer, list):
            self._show_sessions(answer)
        elif isinstance(answer, MomentAnswer):
            if about == self._moment:
                self.state.take_moment(answer)
                self._show_messages()
            if isinstance(about, tuple) and about[0] == self.state.session.session:
                self._ask_all_moments(answer.at)
        elif isinstance(answer, KnownMoments):
            if about == self.state.session.session:
                self._known, self._reads_moments = answer, False
                self._ask_moment()
        elif isinstance(answer, PageAnswer) and about == self._about(answered.pane):
            self._show_page(answered.pane, answer)

    def ask_sessions(self) -> None:
        """Look again which sessions there are."""
        self._questions.ask("sessions", None, questions.ask_sessions)

    # --- what the keys do ---

    def move(self, slider: TimeSlider) -> None:
        """Show everything as of another moment."""
        self.state.move(slider)
        self._show_frames(at_end=not slider.is_live)
        self._show_messages()
        self._ask_moment()
        self.ask_findings()

    def _ask_moment(self) -> None:
        at = self.state.slider.at
        if at is not None:
            asked = questions.moment_of(self.state.session.session, at, self._known)
            self._moments.ask("moment", self._moment, asked)

    def _ask_all_moments(self, at: int) -> None:
        """Ask for all moments of the session once it is stepped through, unless this one was among them."""
        if not self._reads_moments and (self._known is None or at >= self._known.frames):
            self._reads_moments = True
            session = self.state.session.session
            self._all_moments.ask("moments", session, questions.known_moments(session))

    def open(self, name: str) -> None:
        """Enter was pressed in a pane: go on to what its line is about."""
        view = self._panes[name]
        if name == "sessions" and view.cursor < len(self._sessions):
            self.begin(self._sessions.items[view.cursor])
            self._panes.go_to("messages")
        elif name == "messages":
            self._panes.go_to("evidence")
            self.choose_message()
        elif name == "frames" and view.cursor < len(self.state.frames):
            self._panes.go_to("evidence")
            self._frame = self.state.frames.items[view.cursor].number
            self.ask_evidence()
        elif name in self._shown:
            self._go_to_frame(self._shown[name].text.frame_at(view.cursor))

    def choose_message(self) -> None:
        """The message that the cursor is on is the one whose evidence is shown, not a frame."""
        message = self.state.message_at(self._panes["messages"].cursor)
        if message is not None:
            self._message, self._frame = id_of(message), None
            self.ask_evidence()

    def ask_evidence(self) -> None:
        """Ask for the evidence of the message, or for the frame, that is chosen, if it can be seen."""
        if not self._panes.is_shown("evidence"):
            return
        session, when = self.state.session.session, self.state.slider.when
        if self._frame is not None:
            self._ask(
                (session, self._frame), questions.frame_in_full(session, self._frame, local=self._local)
            )
            return
        message = self.state.message_at(self._panes["messages"].cursor)
        if message is not None:
            asked = questions.evidence_of(session, reference_of(message), when, local=self._local)
            self._ask((session, when, message), asked)

    def ask_findings(self) -> None:
        """Ask for the findings, if they can be seen; those of a long session if its pane is gone to."""
        slider, session = self.state.slider, self.state.session.session
        if self._feeds is None or not self.state.is_read or not self._panes.is_shown("findings"):
            return
        if slider.is_live and self._findings_now is not None:
            self._show_page("findings", self._findings_now)
        elif slider.last > _CHECKED_AT_ONCE and self._panes.current != "findings":
            self._panes["findings"].show(sentence("go here to check the session"), title="Findings")
        elif slider.is_live:
            self._feeds.start_checks()
        elif slider.when is not None and self._findings != self._moment:
            self._findings = self._moment
            self._checks.ask("findings", self._moment, questions.findings_of(session, slider.when))

    def choose_filters(self, name: str, filters: Filters | None, written: str) -> None:
        """Show only the messages or the frames that these filters leave in. Raises ``BadOption``."""
        if name == "messages":
            try:
                self.state.choose_messages(filters, written)
            finally:
                self._show_messages()
        elif self._feeds is not None:
            self._feeds.choose_frames(filters)
            self.state.forget_frames(written)
            self._show_frames(at_end=False)

    def json_of(self, name: str) -> Sequence[Mapping[str, object]] | None:
        """What ``c`` copies from a pane; None if it is to be asked for, or there is nothing."""
        index = self._panes[name].cursor
        if name == "sessions" and index < len(self._sessions):
            return [session_json(self._sessions.items[index])]
        message = self.state.message_at(index) if name == "messages" else None
        if message is not None:
            return [message_json(self.state.session.session, message)]
        page = self._shown.get(name)
        return None if page is None else page.copied

    def frame_in(self, name: str) -> int | None:
        """The frame that the line under the cursor of a pane is about, if it is about one."""
        index = self._panes[name].cursor
        if name == "frames" and index < len(self.state.frames):
            return self.state.frames.items[index].number
        message = self.state.message_at(index) if name == "messages" else None
        if message is not None:
            sent = None if message.sent is None else message.sent.frame
            return message.request_frame or sent
        return self._shown[name].text.frame_at(index) if name in self._shown else None

    def ask_copy(self, question: questions.Question) -> None:
        """Ask for what is to be copied; the answer is about ``copy``."""
        self._questions.ask("copy", "copy", question)

    # --- showing ---

    def _about(self, pane: str) -> object:
        """What a page has to be about to be shown."""
        return self._evidence if pane == "evidence" else self._moment

    @property
    def _moment(self) -> object:
        return (self.state.session.session, self.state.slider.at)

    @property
    def _is_recording(self) -> bool:
        return self.state.session.state == "recording"

    def _ask(self, about: object, question: questions.Question) -> None:
        if about != self._evidence:
            self._evidence = about
            self._panes["evidence"].show(title="Evidence: reading …")
            self._questions.ask("evidence", about, question)

    def _show_sessions(self, sessions: list[SessionInfo]) -> None:
        view, table = self._panes["sessions"], self._sessions
        on = table.items[view.cursor].session if view.cursor < len(table) else self.state.session.session
        table.items = sessions
        view.show(cursor=table.place_of(on), title=f"Sessions: {len(sessions)}")
        for session in sessions:
            if session.session == self.state.session.session:
                self.state.update_session(session)

    def _show_messages(self) -> None:
        """The messages as they are now, with the cursor on the same one, if it is still there."""
        state = self.state
        view = self._panes["messages"]
        place = state.place_of_message(self._message, view.cursor)
        if place is None:
            place = len(state.conversation.table) - 1 if self._is_recording else 1
        view.show(state.conversation.table, cursor=place, title=safe_text(state.conversation_title))
        if self._frame is None:
            self.choose_message()

    def _show_frames(self, *, at_end: bool) -> None:
        frames = self.state.frames
        title = safe_text(self.state.frames_title)
        self._panes["frames"].show(frames, cursor=len(frames) - 1 if at_end else None, title=title)

    def _show_page(self, name: str, page: PageAnswer) -> None:
        before = self._shown.get(name)
        same = before is not None and before.title == page.title
        self._shown[name] = page
        self._panes[name].show(page.text, cursor=None if same else 0, title=safe_text(page.title))

    def _go_to_frame(self, number: int | None) -> None:
        place = None if number is None else self.state.place_of_frame(number)
        if place is None:
            self._say("no frame is named here" if number is None else f"frame #{number} is not listed now")
            return
        self._panes.go_to("frames")
        self._panes["frames"].show(cursor=place)
