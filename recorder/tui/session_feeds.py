"""What comes from a session while it is recorded, read in threads of their own by the recipes that follow it.

Messages come by ``recipes.Following``, as ``message list --follow`` reads them, those of a session that is
over by ``recipes.listed_messages``, as ``message list`` does; frames by
``recipes.followed_frames``, as ``frame list --follow`` does; findings by ``recipes.watched_checks``, as
``check --watch`` does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from recorder import recipes
from recorder.receipts.queries import MessageView
from recorder.receipts.self_facts import KnownPeople
from recorder.recipes import Checked
from recorder.recipes.filters import Filters
from recorder.recipes.frame_filter import FrameFilter
from recorder.recipes.stop import StopEvent
from recorder.report.cells import Cell
from recorder.report.frame_words import FrameWords
from recorder.report.frames import frame_row

_MESSAGES_AT_ONCE = 1_000


class FrameLine(NamedTuple):
    """A frame as it is listed: its number, and its row of ``frame list``."""

    number: int
    row: tuple[str | Cell, ...]


@dataclass(frozen=True, slots=True)
class FramesRead:
    """Frames that the session has.

    Attributes:
        lines: those that are to be listed.
        last: number of the last one that was read, listed or not.
        reading: how often it was begun with the first frame; see ``SessionFeeds.reading``.
    """

    lines: Sequence[FrameLine]
    last: int
    reading: int = 1


@dataclass(frozen=True, slots=True)
class MessagesChanged:
    """Messages that are new or changed, and all of us in the session; ``over``: the session has ended."""

    changed: Sequence[MessageView]
    people: KnownPeople
    over: bool


@dataclass(frozen=True, slots=True)
class SessionChecked:
    """The findings as of now."""

    checked: Checked


@dataclass(frozen=True, slots=True)
class FeedFailed:
    """Reading ended with an error, or a bug."""

    error: Exception


FeedUpdate = FramesRead | MessagesChanged | SessionChecked | FeedFailed
Tell = Callable[[FeedUpdate], object]
"""Takes what came, in a thread."""


class SessionFeeds:
    """Reads one session until it ends, or until ``close``.

    Args:
        tell: called in threads with what came.
        interval: the time between two reads of the archive, "500ms".
    """

    reading: int = 1
    """How often the frames were begun to be read, each time with other filters."""

    def __init__(self, archive: str, session: str, tell: Tell, *, interval: str, local: bool = False) -> None:
        self._archive = archive
        self._session = session
        self._tell = tell
        self._interval = interval
        self._local = local
        self._threads: list[threading.Thread] = []
        self._stop = StopEvent()
        self._frames_stop = StopEvent()
        self._messages_read = threading.Event()
        self._checks = False

    def start(self) -> None:
        """Begin to read frames and messages."""
        self._start(self._read_frames, self._frames_stop, None)
        self._start(self._read_messages, self._stop)

    def start_checks(self) -> None:
        """Begin to check the session, unless that was begun before."""
        if not self._checks:
            self._checks = True
            self._start(self._read_findings, self._stop)

    def choose_frames(self, filters: Filters | None) -> None:
        """Read the frames from the beginning, and tell only those that the filters leave in.

        Raises:
            BadOption: a filter cannot be used for frames.
        """
        FrameFilter(filters or Filters())
        self._frames_stop.set()
        self._frames_stop = StopEvent()
        self.reading += 1
        self._start(self._read_frames, self._frames_stop, filters)

    def close(self, *, within_s: float = 0.0) -> None:
        """Let all of it end; return when it has, or after so many seconds."""
        self._stop.set()
        self._frames_stop.set()
        self._messages_read.set()
        for thread in self._threads:
            thread.join(within_s)

    def _start(self, read: Callable[..., None], stop: StopEvent, *arguments: object) -> None:
        def run() -> None:
            try:
                read(lambda update: None if stop.is_set() else self._tell(update), stop, *arguments)
            except Exception as error:  # handed to whoever shows it
                if not stop.is_set():
                    self._tell(FeedFailed(error))

        thread = threading.Thread(target=run, daemon=True, name=read.__name__)
        self._threads = [each for each in self._threads if each.is_alive()] + [thread]
        thread.start()

    def _read_frames(self, tell: Tell, stop: StopEvent, filters: Filters | None) -> None:
        words, reading = FrameWords(), self.reading
        chosen = FrameFilter(filters or Filters(), words)
        with recipes.open_archive(self._archive) as archive:
            for some in recipes.followed_frames(archive, self._session, interval=self._interval, stop=stop):
                lines = [
                    FrameLine(frame.number, frame_row(frame, words.of(frame), local=self._local))
                    for frame in chosen.passing(some)
                ]
                tell(FramesRead(lines, some[-1].number, reading))
                # The first frames are there at once; the others take the processor only after the messages.
                self._messages_read.wait()

    def _read_messages(self, tell: Tell, stop: StopEvent) -> None:
        try:
            with recipes.open_archive(self._archive) as archive:
                is_over = archive.find_session(self._session).state != "recording"
            if is_over:
                with recipes.listed_messages(self._archive, self._session, suggest=False) as listing:
                    coming = iter(listing.messages)
                    while some := list(islice(coming, _MESSAGES_AT_ONCE)):
                        tell(MessagesChanged(some, listing.people, False))
                    tell(MessagesChanged((), listing.people, True))
            else:
                self._follow_messages(tell, stop)
        finally:
            self._messages_read.set()

    def _follow_messages(self, tell: Tell, stop: StopEvent) -> None:
        with recipes.open_archive(self._archive) as archive:
            following = recipes.Following(archive, self._session, interval=self._interval, stop=stop)
            for update in following:
                tell(MessagesChanged(update.changed, following.people(), update.over))
                self._messages_read.set()

    def _read_findings(self, tell: Tell, stop: StopEvent) -> None:
        with recipes.open_archive(self._archive) as archive:
            updates = recipes.watched_checks(archive, self._session, interval=self._interval, stop=stop)
            for update in updates:
                tell(SessionChecked(update.checked))
