"""A session folded and kept, to go on when there is more of it, and to tell what that changed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from recorder.messaging.events import Event
from recorder.receipts.batch_fold import apply_dialog, fold_batches
from recorder.receipts.change_set import ChangeSet, Conclusions
from recorder.receipts.entities import MessageEvent, SessionEntities
from recorder.receipts.state import Transcript
from recorder.runtime.gc_control import collector_paused
from recorder.store.archive import Archive
from recorder.store.info import ConnectionInfo, SessionInfo

from .events.reader import Hearing
from .session import at_once, heard_from

_DIALOGS_OF_OURS = 32
"""In so many of the dialogs in which we wrote it is looked up who we are, before the others are folded."""


class Kept:
    """What is known of one session so far. Nothing is, before the first ``catch_up``.

    Attributes:
        info, connections: the session and its connections as they were then.
        transcript, register, concluded: what its frames told.
        untold: by dialog, what is not yet in the transcript and the register, see ``catch_up``.

    Args:
        once: it is for one ``catch_up`` and then ``begin``, which takes less time so and more memory.
    """

    def __init__(self, archive: Archive, session: str, *, once: bool = False) -> None:
        self._archive = archive
        self._held: list[Event] | None = [] if once else None
        self._look(archive.find_session(session))
        self.begin()

    def begin(self) -> None:
        """Forget all: the next ``catch_up`` begins with the first frame."""
        self.transcript = Transcript()
        self.register = SessionEntities()
        self.concluded = Conclusions.of(self.transcript)
        self.untold: dict[str, list[MessageEvent]] = {}
        self._hearing = Hearing()
        self._begun = False
        if self._held is not None:
            self._held.clear()  # after the transcript: see ``fold``

    @property
    def last(self) -> int:
        """Number of the last frame that was looked at."""
        return self._hearing.last

    @property
    def interrupted(self) -> bool:
        """Whether the recording had broken off."""
        return self.info.state == "interrupted"

    def catch_up(self, *, jobs: int = 1, leave: bool = False) -> ChangeSet | None:
        """Fold what came since, and tell what it may have changed; None: anything.

        What it costs depends on these frames, not on the session. Only where what was heard does not stand
        any more (a session that broke off goes on) is all of it folded anew. Where all of a long session is
        folded, ``jobs`` processes read it.

        ``leave``: leave what was told of messages for ``tell``, dialog by dialog, and draw conclusions from
        some of it: they hold if ``Conclusions.of`` the transcript are the same when all is told.

        Raises:
            NotFound: the session was deleted.
        """
        # Connections first: one that had ended by then has no frame that we might not see below.
        self._look(self._archive.find_session(self.info.session))
        if self._begun and not self._hearing.goes_on(self.connections, interrupted=self.interrupted):
            self.begin()
        touched = ChangeSet(self.concluded) if self._begun else None
        try:
            with collector_paused():
                self._hear(touched, jobs if touched is None else 1, leave=leave and touched is None)
        except BaseException:
            self.begin()  # half of it was heard
            raise
        return touched

    def _look(self, info: SessionInfo) -> None:
        self.info = info
        self.connections: list[ConnectionInfo] = self._archive.connections(info)

    def tell(self, dialog_id: str) -> None:
        """Fold what was left of this dialog, if anything was."""
        told = self.untold.pop(dialog_id, None)
        if told is not None:
            apply_dialog(self.transcript, dialog_id, told, self.register)

    def _hear(self, touched: ChangeSet | None, jobs: int, *, leave: bool) -> None:
        events = self._events(jobs)
        if touched is not None:
            events = touched.watch(events, self.register, self.transcript)
        fold_batches(
            events,
            self.transcript,
            entities=self.register,
            batch_size=at_once(jobs),
            first_batch=self._held,
            pending=self.untold if leave else None,
        )
        for dialog_id in self._telling() if leave else ():
            self.tell(dialog_id)
        self.concluded = (
            Conclusions.of(self.transcript) if touched is None else touched.finish(self.transcript)
        )
        self._begun = True

    def _telling(self) -> list[str]:
        """Of which dialogs it has to be known first what they tell, to conclude something from it."""
        asks = self.transcript.own_publishes.values()
        if any(ask.lost for ask in asks):
            return list(self.untold)  # an echo may be anywhere
        ours = dict.fromkeys(ask.dialog_id for ask in asks if ask.dialog_id is not None)
        return list(islice(ours, _DIALOGS_OF_OURS))

    def _events(self, jobs: int) -> Iterator[Event]:
        return heard_from(self._archive, self.info, self.connections, self._hearing, jobs=jobs)
