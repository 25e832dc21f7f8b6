"""A transcript that is kept in memory and updated when the session has new frames."""

from __future__ import annotations

from itertools import islice

from recorder.messaging.events import Event, ReceiptReported
from recorder.receipts.batch_fold import apply_dialog, fold_batches
from recorder.receipts.change_set import ChangeSet, Conclusions
from recorder.receipts.entities import MessageEvent, SessionEntities
from recorder.receipts.state import Transcript
from recorder.runtime.gc_control import collector_paused
from recorder.store.archive import Archive
from recorder.wire.records import ConnectionInfo, SessionInfo

from .events.reader import EventReader
from .session import at_once, new_events

_DIALOGS_OF_OURS = 32
"""How many of the dialogs in which we wrote are folded first, to learn who we are."""


class IncrementalTranscript:
    """The transcript, entities and conclusions of one session. Empty before the first ``update``.

    Attributes:
        info, connections: the session and its connections as of the last ``update``.
        transcript, entities, concluded: what follows from its frames.
        unfolded: by dialog, events that are not yet in the transcript and the entities, see ``update``.

    Args:
        once: for one ``update`` followed by ``reset``; takes less time and more memory.
    """

    def __init__(self, archive: Archive, session: str, *, once: bool = False) -> None:
        self._archive = archive
        self._kept_events: list[Event] | None = [] if once else None
        self._load_info(archive.find_session(session, connected=True))
        self.reset()

    def reset(self) -> None:
        """Forget everything: the next ``update`` begins with the first frame."""
        self.transcript = Transcript()
        self.entities = SessionEntities()
        self.concluded = Conclusions.of(self.transcript)
        self.unfolded: dict[str, list[MessageEvent]] = {}
        self._event_reader = EventReader()
        self._begun = False
        if self._kept_events is not None:
            self._kept_events.clear()  # after the transcript: see ``fold_batches``

    @property
    def last(self) -> int:
        """Number of the last frame that was read."""
        return self._event_reader.last

    @property
    def interrupted(self) -> bool:
        """Whether the recording had broken off."""
        return self.info.state == "interrupted"

    def update(self, *, jobs: int = 1, defer: bool = False) -> ChangeSet | None:
        """Fold the frames that came since, and return what they may have changed; None: anything.

        The time depends on these frames, not on the session. Only if earlier events do not hold any more
        (an interrupted session goes on) are all frames folded again. ``jobs`` processes read a long session
        the first time.

        ``defer``: leave the events of messages to ``fold_dialog``, and draw conclusions from some dialogs.
        They are right if ``Conclusions.of`` the transcript are the same when all dialogs are folded.

        Raises:
            NotFound: the session was deleted.
        """
        # Connections first: one that has ended by now has no frame that is not read below.
        self._load_info(self._archive.find_session(self.info.session))
        if self._begun and not self._event_reader.can_continue(
            self.connections, interrupted=self.interrupted
        ):
            self.reset()
        changes = ChangeSet(self.concluded, self.entities, self.transcript) if self._begun else None
        try:
            with collector_paused():
                self._fold_new(changes, jobs if changes is None else 1, defer=defer and changes is None)
        except BaseException:
            self.reset()  # only some of the frames were folded
            raise
        return changes

    def _load_info(self, info: SessionInfo) -> None:
        self.info = info
        self.connections: list[ConnectionInfo] = self._archive.connections(info)

    def fold_dialog(self, dialog_id: str) -> None:
        """Fold the events of this dialog that ``update`` deferred."""
        events = self.unfolded.pop(dialog_id, None)
        if events is not None:
            apply_dialog(self.transcript, dialog_id, events, self.entities)

    def _fold_new(self, changes: ChangeSet | None, jobs: int, *, defer: bool) -> None:
        events = new_events(self._archive, self.info, self.connections, self._event_reader, jobs=jobs)
        if changes is not None:
            events = changes.watch(events)
        fold_batches(
            events,
            self.transcript,
            entities=self.entities,
            batch_size=at_once(jobs),
            first_batch=self._kept_events,
            pending=self.unfolded if defer else None,
        )
        for dialog_id in self._dialogs_to_conclude_from() if defer else ():
            self.fold_dialog(dialog_id)
        self.concluded = Conclusions.of(self.transcript) if changes is None else changes.finish()
        self._begun = True

    def _dialogs_with_own_receipts(self) -> list[str]:
        return [
            dialog_id
            for dialog_id, events in self.unfolded.items()
            if any(type(event) is ReceiptReported and event.mine for event in events)
        ]

    def _dialogs_to_conclude_from(self) -> list[str]:
        """The dialogs that have to be folded before conclusions can be drawn."""
        asks = self.transcript.own_publishes.values()
        if any(ask.lost or ask.taken is not None for ask in asks):
            return list(self.unfolded)  # an echo may be anywhere
        ours = dict.fromkeys(ask.dialog_id for ask in asks if ask.dialog_id is not None)
        if not self.transcript.identities:
            ours |= dict.fromkeys(self._dialogs_with_own_receipts())  # their echoes may tell who we are
        return list(islice(ours, _DIALOGS_OF_OURS))
