"""A session folded and kept, to go on when there is more of it, and to tell what that changed."""

from __future__ import annotations

from collections.abc import Iterator

from recorder.messaging.events import Event
from recorder.receipts.fold import fold
from recorder.receipts.register import Register
from recorder.receipts.state import Transcript
from recorder.receipts.touched import Conclusions, Touched

from ..archive import Archive
from ..info import ConnectionInfo, SessionInfo
from .collector import collector_paused
from .hearing import Hearing
from .projections import at_once, heard_from


class Kept:
    """What is known of one session so far. Nothing is, before the first ``catch_up``.

    Attributes:
        info, connections: the session and its connections as they were then.
        transcript, register, concluded: what its frames told.

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
        self.register = Register()
        self.concluded = Conclusions.of(self.transcript)
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

    def catch_up(self, *, jobs: int = 1) -> Touched | None:
        """Fold what came since, and tell what it may have changed; None: anything.

        What it costs depends on these frames, not on the session. Only where what was heard does not stand
        any more (a session that broke off goes on) is all of it folded anew. Where all of a long session is
        folded, ``jobs`` processes read it.

        Raises:
            NotFound: the session was deleted.
        """
        # Connections first: one that had ended by then has no frame that we might not see below.
        self._look(self._archive.find_session(self.info.session))
        if self._begun and not self._hearing.goes_on(self.connections, interrupted=self.interrupted):
            self.begin()
        touched = Touched(self.concluded) if self._begun else None
        try:
            with collector_paused():
                self._hear(touched, jobs if touched is None else 1)
        except BaseException:
            self.begin()  # half of it was heard
            raise
        return touched

    def _look(self, info: SessionInfo) -> None:
        self.info = info
        self.connections: list[ConnectionInfo] = self._archive.connections(info)

    def _hear(self, touched: Touched | None, jobs: int) -> None:
        events = self._events(jobs)
        if touched is not None:
            events = touched.watch(events, self.register, self.transcript)
        fold(events, self.transcript, register=self.register, at_once=at_once(jobs), held=self._held)
        self.concluded = (
            Conclusions.of(self.transcript) if touched is None else touched.settle(self.transcript)
        )
        self._begun = True

    def _events(self, jobs: int) -> Iterator[Event]:
        return heard_from(self._archive, self.info, self.connections, self._hearing, jobs=jobs)
