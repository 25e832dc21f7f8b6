"""Follow a session while it is recorded: yields the messages that changed (``message list --follow``)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from recorder.clock import Clock, RealClock
from recorder.errors import NotFound
from recorder.projection.incremental import IncrementalTranscript
from recorder.receipts.change_set import ChangeSet
from recorder.receipts.listing import DialogListing, dialogs_of
from recorder.receipts.queries import MessageView, message_view, publish_view, view
from recorder.receipts.self_facts import KnownPeople, known_people
from recorder.store.archive import Archive
from recorder.store.remarks import Notify, silent
from recorder.store.session_names import LAST

from .message_argument import close_names
from .option_values import duration_s
from .stop import WaitableStop

INTERVAL = "500ms"
"""Default time between two reads of the archive."""

_Key = tuple[str | None, int]
"""Dialog and sequence; for a publish that has none, dialog and minus the number of its frame."""


@dataclass(frozen=True, slots=True)
class Update:
    """What changed since the last one.

    Attributes:
        session: its id.
        changed: the messages that are new or changed, in the order of ``view``.
        over: whether the session has ended; this is the last update then.
    """

    session: str
    changed: Sequence[MessageView]
    over: bool


class Following:
    """One session that is being followed; iterate over it for the updates.

    The first update holds all messages. Iteration ends when the session has its end record (or its recorder
    died), or when ``stop`` is set. The archive is only read, in short transactions.
    """

    def __init__(
        self,
        archive: Archive,
        session: str,
        *,
        dialog: str | None = None,
        interval: str = INTERVAL,
        clock: Clock | None = None,
        stop: WaitableStop | None = None,
    ) -> None:
        """``interval`` ("500ms") is the time between two reads of the archive.

        Raises:
            NotFound: no such session.
            BadOption: the interval is no duration.
        """
        self._incremental = IncrementalTranscript(archive, session)
        self._dialog = dialog
        self._interval_s = duration_s("--interval", interval)
        self._stop = stop
        self._wait = waiting(clock or RealClock(), stop)
        self._shown: dict[_Key, MessageView] = {}

    def messages(self) -> list[MessageView]:
        """All messages as of the last update."""
        return view(self._incremental.transcript, self._dialog)

    def listing(self, messages: Collection[MessageView]) -> Iterator[DialogListing]:
        """These messages dialog by dialog; their delays are measured as those of all messages are."""
        wanted = set(map(_key, messages))
        for dialog in dialogs_of(self.messages()):
            chosen = [each for each in dialog.messages if _key(each) in wanted]
            if chosen:
                yield dialog._replace(messages=chosen)

    def people(self) -> KnownPeople:
        """All of us in the session as of the last update, with our roles."""
        return known_people(self._incremental.transcript)

    def __iter__(self) -> Iterator[Update]:
        first = True
        while not self._is_stopped():
            changes = self._incremental.update()
            over = self._incremental.info.state != "recording"
            changed = self._changed(changes)
            if changed or over or first:
                yield Update(self._incremental.info.session, changed, over)
            if over:
                self._check_dialog()
                return
            first = False
            self._wait(self._interval_s)

    def _is_stopped(self) -> bool:
        return self._stop is not None and self._stop.is_set()

    def _check_dialog(self) -> None:
        if self._dialog is not None and not self.messages():
            raise NotFound(
                "dialog",
                self._dialog,
                close=close_names(self._dialog, self._incremental.transcript.dialog_ids()),
            )

    def _changed(self, changes: ChangeSet | None) -> list[MessageView]:
        everything = changes is None or changes.everything
        candidates = self.messages() if changes is None or everything else self._changed_views(changes)
        changed = []
        for message in candidates:
            key = _key(message)
            if self._shown.get(key) != message:
                self._shown[key] = message
                changed.append(message)
        return changed

    def _changed_views(self, changes: ChangeSet) -> Iterator[MessageView]:
        transcript, concluded = self._incremental.transcript, self._incremental.concluded
        for dialog_id, sequence in sorted(changes.messages):
            if self._dialog in (None, dialog_id):
                yield message_view(
                    transcript, dialog_id, sequence, selves=concluded.selves, echoes=concluded.echoes
                )
        explained = {echo.request_frame for echo in concluded.echoes.values()}
        for frame in sorted(changes.publishes - explained):
            ask = transcript.own_publishes[frame]
            if ask.answered is None and ask.asked is not None and self._dialog in (None, ask.dialog_id):
                yield publish_view(transcript, frame, ask, concluded.selves)


def session_to_follow(
    archive: Archive,
    session: str,
    *,
    interval: str = INTERVAL,
    clock: Clock | None = None,
    stop: WaitableStop | None = None,
    say: Notify = silent,
) -> str:
    """The session to follow: the one that is named; for ``last``, if it has ended, the one that begins next.

    ``say`` is called if it has to be waited for; if ``stop`` is set meanwhile it is ``last`` as it was.

    Raises:
        BadOption: the interval is no duration.
    """
    interval_s, wait = duration_s("--interval", interval), waiting(clock or RealClock(), stop)
    before = archive.sessions()
    if session != LAST or (before and before[-1].state == "recording"):
        return session
    say("no session is being recorded; waiting for the next one, Ctrl-C ends")
    known = {each.session for each in before}
    while stop is None or not stop.is_set():
        begun = [each.session for each in archive.sessions() if each.session not in known]
        if begun:
            say(f"session {begun[0]} has begun")
            return begun[0]
        wait(interval_s)
    return session


def _key(message: MessageView) -> _Key:
    if message.sequence is not None:
        return (message.dialog_id, message.sequence)
    return (message.dialog_id, -(message.request_frame or 0) - 1)


def waiting(clock: Clock, stop: WaitableStop | None) -> Callable[[float], object]:
    """What waits for some seconds; not as long if ``stop`` is set meanwhile."""
    if stop is not None:
        return stop.wait
    return lambda seconds: clock.sleep_until(clock.now_s() + seconds)
