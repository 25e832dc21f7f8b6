"""The page of a session that is recorded meanwhile: made as a whole, and then continued with what comes.

To continue it takes time for the frames that have come, and none for the session. What later frames change of
earlier ones, and what looks at all of them (findings, delays), waits until the page is made anew: of a short
session soon, of a long one when it is over: then it is continued to its end, and made anew while it is shown.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain
from operator import itemgetter

from recorder.clock import RealClock
from recorder.messaging.events import Event
from recorder.receipts.aliases import Aliases
from recorder.receipts.delays import DialogClocks, LazyClocks, clocks_of
from recorder.receipts.evidence import timeline
from recorder.receipts.proofs import FactReader
from recorder.receipts.queries import view
from recorder.receipts.self_facts import known_people
from recorder.receipts.state import Transcript
from recorder.receipts.state_changes import FrameEvents, StateChange
from recorder.redaction.people import Part
from recorder.report.session_page.document import SessionBlocks
from recorder.report.session_page.growth import GrowingBlocks
from recorder.report.session_page.served import served_page
from recorder.runtime.gc_control import collector_paused
from recorder.store.archive import Archive
from recorder.store.completeness import INTERRUPTED
from recorder.store.remarks import Notify, silent
from recorder.wire.records import ConnectionInfo, SessionInfo

from .events_by_frame import further_events
from .report_session import FollowedSession, session_source

ANEW_SHARE = 10
"""Of the time, making the page anew takes no more than one part in so many."""
LONGEST_ANEW_S = 1.0
"""A session that takes longer is read anew when it is over, and before that continued to its end."""
LONGEST_FOR_NAMES_S = 10.0
"""The same where it becomes known who we are, or somebody else of us turns up."""
LEARN_SHARE = 20
"""The same for finding out who we are from all that was sent and echoed."""
MOST_GROWTHS = 20_000
"""Growths that are kept for who opens the page again; then it is made anew."""
AT_ONCE = 200
"""Growths in one answer."""

_EVIDENCE = re.compile(r"0-message-([0-9]{1,9})")


class GrowingPage:
    """The page of one session, as of now. One thread calls ``update``, any the others.

    While a long session is read as a whole ``say`` is called with the progress. What it raises ends that, and
    the page stays as it was. Raises ``NotFound`` where there is no such session.
    """

    def __init__(
        self,
        archive: Archive,
        session: str,
        parts: frozenset[Part],
        aliases: Aliases | None,
        *,
        say: Notify = silent,
    ) -> None:
        self._archive, self._parts, self._aliases, self._say = archive, parts, aliases, say
        self._session = archive.find_session(session, connected=True).session
        self._clock, self._lock = RealClock(), threading.Lock()
        self.version = self._made = 0
        self._before: tuple[int, Mapping[str, bytes]] = (0, {})
        self._blocks: dict[str, bytes] = {}
        self._info, self._connections = self._now()
        self._make_anew()

    @property
    def is_complete(self) -> bool:
        """Whether the session is not recorded any more, and the page was made of all of it."""
        return not self._is_recorded and self._made_of == (self._info, self._connections)

    @property
    def _is_recorded(self) -> bool:
        return self._info.state == "recording"

    def update(self) -> None:
        """Continue the page with what has come, if anything has; make it anew once the session is over.

        Of a long session that is over one call takes in its end, and the next makes the page anew.

        Raises:
            NotFound: the session was deleted.
        """
        now = self._now()
        has_come = now != (self._info, self._connections)
        self._info, self._connections = now
        if not has_come and (self._is_recorded or self.is_complete):
            return
        if not (has_come and self._can_grow() and self._grow()):
            self._make_anew()

    def _now(self) -> tuple[SessionInfo, list[ConnectionInfo]]:
        found = self._archive.find_session(self._session)
        return found, self._archive.connections(found)

    def _can_grow(self) -> bool:
        if "names" in self._parts or len(self._growths) >= MOST_GROWTHS:
            return False  # who comes later has no letter yet that stands for the name
        interrupted = self._info.state == INTERRUPTED
        if not self._followed.event_reader.can_continue(self._connections, interrupted=interrupted):
            return False
        if not self._is_recorded:
            return self._took_s > LONGEST_ANEW_S
        passed_s = self._clock.now_s() - self._made_s
        return self._took_s > LONGEST_ANEW_S or passed_s < ANEW_SHARE * self._took_s

    def _make_anew(self) -> None:
        began_s = self._clock.now_s()
        followed = FollowedSession()
        with collector_paused():
            source = session_source(
                self._archive, self._session, aliases=self._aliases, say=self._say, followed=followed
            )
            written = SessionBlocks("0", source, self._parts)
            page = served_page(source, version=self.version + 1, redact=self._parts, written=written)
        with self._lock:
            self._before = (self._made, self._blocks)
            self._made, self._html, self._data = page.version, page.html, page.data
            self._made_of = (source.session, self._connections)
            self._blocks = dict(page.blocks)
            self._followed, self._growing = followed, GrowingBlocks(written)
            self._events = _EventsOfDialogs(followed.batches)
            self._growths: list[bytes] = []
            self._fact_reader = FactReader(followed.tracker.transcript)
            self.version = page.version
        self._made_s = self._learn_s = self._clock.now_s()
        self._took_s = self._made_s - began_s

    def _grow(self) -> bool:
        """Continue the page; False: who we are is another now, and with it what people are called."""
        with self._lock, collector_paused():
            return self._continued()

    def _continued(self) -> bool:
        followed = self._followed
        selves = followed.tracker.selves
        first = followed.event_reader.last + 1
        batches = further_events(
            self._archive, self._info, self._connections, followed.event_reader, aliases=self._aliases
        )
        followed.batches += batches
        changes = list(followed.tracker.grow(batches))
        changes += self._learnt(followed)
        others = followed.tracker.selves != selves or not self._growing.knows_us(changes)
        if others and self._took_s < LONGEST_FOR_NAMES_S:
            return False
        transcript = followed.tracker.transcript
        growth = self._growing.grow(
            self._info,
            self._connections,
            self._archive.frames(self._session, first=first, last=followed.event_reader.last),
            changes=changes,
            proofs=list(self._fact_reader.facts(chain(*(batch.events for batch in batches)))),
            people=known_people(transcript, followed.tracker.selves),
            clocks=_clocks(transcript, changes),
        )
        self._blocks |= {each.name: each.data for each in growth.blocks}
        self._growths.append(growth.data)
        self.version += 1
        return True

    def _learnt(self, followed: FollowedSession) -> list[StateChange]:
        """What changes by who we are; to find out takes time for the session, so not each time."""
        began_s = self._clock.now_s()
        if began_s < self._learn_s:
            return []
        changes = list(followed.tracker.learn(followed.event_reader.last))
        if changes:
            self._fact_reader = FactReader(followed.tracker.transcript)
        ended_s = self._clock.now_s()
        self._learn_s = ended_s + LEARN_SHARE * (ended_s - began_s)
        return changes

    # --- what a browser asks for --------------------------------------------------------------------------

    @property
    def html(self) -> bytes:
        """The page as it was made last; it asks for what came later."""
        return self._html

    def newer(self, version: int | None) -> bytes | None:
        """What is newer than a version, as JSON: growths, or the data of the page; None if nothing is."""
        with self._lock:
            if version is None or not self._made <= version <= self.version:
                return self._data
            if version == self.version:
                return None
            growths = self._growths[version - self._made :][:AT_ONCE]
            return b'{"version":%d,"growths":[%b]}' % (version + len(growths), b",".join(growths))

    def block(self, version: int, name: str) -> bytes | None:
        """A block of the page that was made in a version; None if it is not there any more."""
        with self._lock:
            before, blocks = self._before
            if version == before:
                return blocks.get(name)
            return (self._blocks.get(name) or self._unfinished(name)) if version == self._made else None

    def _unfinished(self, name: str) -> bytes | None:
        """A block that changes while the session grows: of its last frames, of the evidence of a message."""
        if (evidence := _EVIDENCE.fullmatch(name)) is not None:
            return self._evidence(name, int(evidence[1]))
        rest = self._growing.unfinished()
        return rest.data if rest is not None and rest.name == name else None

    def _evidence(self, name: str, place: int) -> bytes | None:
        key = self._growing.key_of(place)
        tracker = self._followed.tracker
        if key is None:
            return None
        message = tracker.shown(key)
        if message is None:  # it was shown for a while
            return self._growing.evidence(name, ()).data
        self._events.read()
        found = timeline(self._events.of(message.dialog_id), tracker.transcript, message)
        return self._growing.evidence(name, found).data


class _EventsOfDialogs:
    """The events of each dialog and those of none, in their order; read when they are wanted."""

    def __init__(self, batches: Sequence[FrameEvents]) -> None:
        self._batches, self._read = batches, 0
        self._by_dialog: defaultdict[str | None, list[tuple[int, int, Event]]] = defaultdict(list)

    def read(self) -> None:
        """Take in the batches that have come since."""
        for number in range(self._read, len(self._batches)):
            for place, event in enumerate(self._batches[number].events):
                self._by_dialog[getattr(event, "dialog_id", None)].append((number, place, event))
        self._read = len(self._batches)

    def of(self, dialog_id: str | None) -> list[Event]:
        """The events that may be about a message of a dialog."""
        named = [self._by_dialog[each] for each in {dialog_id, None}]
        return [each[2] for each in sorted(chain(*named), key=itemgetter(0, 1))]


def _clocks(transcript: Transcript, changes: Sequence[StateChange]) -> dict[str | None, LazyClocks]:
    """The clocks of the dialogs that have changed, found where a delay depends on them."""
    dialogs = {change.message.dialog_id for change in changes if change.message is not None}
    return {each: LazyClocks(partial(_clocks_of, transcript, each)) for each in dialogs}


def _clocks_of(transcript: Transcript, dialog_id: str | None) -> DialogClocks:
    return clocks_of(view(transcript, dialog_id))
