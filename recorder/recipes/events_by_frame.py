"""The events of a session by the frame from which on they hold, as ``--at`` would have them.

Most hold from the frame that says so. Who speaks on a connection is known from its handshake, which is no
frame, and what became of its unanswered publishes from its end, which is none either: both hold from the
first frame as of which ``connections_at`` shows the connection as opened, or as ended.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from recorder.messaging.events import Event, PublishLost, PublishRequested
from recorder.projection.events.reader import EventReader
from recorder.projection.session import new_events
from recorder.receipts.aliases import Aliases, rewritten
from recorder.receipts.batch_fold import fold_batches
from recorder.receipts.moment_states import MomentStates
from recorder.receipts.self_facts import KnownPeople, known_people
from recorder.receipts.state_changes import FrameEvents, state_changes
from recorder.runtime.gc_control import collector_paused
from recorder.store.archive import Archive
from recorder.wire.records import ConnectionInfo, SessionInfo

from .at_moment import connections_at, events


@dataclass(slots=True)
class _FrameTimes:
    """Connection and offset of each frame, and the last frame of each connection."""

    offsets: list[int | None] = field(default_factory=list)
    last_of: dict[int, int] = field(default_factory=dict)
    first_of: dict[int, int] = field(default_factory=dict)

    def add(self, number: int, connection: int, offset_us: int | None) -> None:
        self.offsets.append(offset_us)
        self.last_of[connection] = number
        self.first_of.setdefault(connection, number)

    def begins(self, connection: ConnectionInfo) -> int:
        """The first frame as of which the connection was opened."""
        number = self._first_since(connection.opened_offset_us)
        if number is not None:
            return number
        since = (first for each, first in self.first_of.items() if each >= connection.connection)
        return min(since, default=len(self.offsets))  # numbered as they were opened

    def ends(self, connection: ConnectionInfo) -> int:
        """The first frame as of which the connection had ended; if that is seen at all, by the last frame."""
        last = self.last_of.get(connection.connection, 0)
        number = self._first_since(connection.closed_offset_us)
        return min(len(self.offsets), last + 1 if number is None else max(number, last))

    def _first_since(self, since_us: int | None) -> int | None:
        """The first frame at or after this moment, else the last; None: no clock tells."""
        if since_us is None or None in (self.offsets[:1] or [None]):
            return None
        after = (
            number for number, at_us in enumerate(self.offsets, 1) if at_us is not None and at_us >= since_us
        )
        return next(after, len(self.offsets))


def frame_events(
    archive: Archive,
    session: SessionInfo,
    *,
    last: int | None = None,
    aliases: Aliases | None = None,
    event_reader: EventReader | None = None,
) -> list[FrameEvents]:
    """The events of a session, or of its frames up to ``last``, by the frame from which on they hold.

    A new ``event_reader`` can go on with ``further_events``.
    """
    times = _FrameTimes()
    for frame in archive.scan_frames(session.session, last=last):
        times.add(frame[0], frame[1], frame[3])
    connections = connections_at(archive, session, last)
    found = events(archive, session, last=last, aliases=aliases, event_reader=event_reader)
    return _by_frame(found, connections, times)


def further_events(
    archive: Archive,
    session: SessionInfo,
    connections: Sequence[ConnectionInfo],
    event_reader: EventReader,
    *,
    aliases: Aliases | None = None,
) -> list[FrameEvents]:
    """The events of the frames that ``event_reader`` has not read, by the frame from which on they hold.

    What is no frame's holds from the first of them on if a connection began by it, else from the last.
    """
    first = event_reader.last + 1
    by_frame: defaultdict[int, list[Event]] = defaultdict(list)
    for event in rewritten(new_events(archive, session, connections, event_reader), aliases or {}):
        number = 0 if isinstance(event, PublishLost) else event.evidence.frame or first
        by_frame[number].append(event)
    by_frame[event_reader.last] += by_frame.pop(0, ())
    return [FrameEvents(number, by_frame[number]) for number in sorted(by_frame)]


def _by_frame(
    found: Iterable[Event], connections: Sequence[ConnectionInfo], times: _FrameTimes
) -> list[FrameEvents]:
    begins = {each.connection: times.begins(each) for each in connections}
    ends = {each.connection: times.ends(each) for each in connections}
    asked_on: dict[int, int] = {}
    by_frame: defaultdict[int, list[Event]] = defaultdict(list)
    for event in found:
        if isinstance(event, PublishLost):
            by_frame[ends.get(asked_on.get(event.request_frame, 0), len(times.offsets))].append(event)
            continue
        evidence = event.evidence
        if isinstance(event, PublishRequested):
            asked_on[evidence.frame] = evidence.connection
        by_frame[evidence.frame or begins.get(evidence.connection, 1)].append(event)
    return [FrameEvents(number, by_frame[number]) for number in sorted(by_frame)]


@dataclass(frozen=True, slots=True)
class KnownMoments:
    """The messages as of each frame before the last of so many, and everybody in the session."""

    frames: int
    states: MomentStates
    people: KnownPeople


def known_moments(archive: Archive, session: str) -> KnownMoments:
    """The moments of a session (id, prefix, name or "last") up to now. Raises ``NotFound``."""
    found = archive.find_session(session, connected=True)
    batches = frame_events(archive, found)
    with collector_paused():
        folded = fold_batches(event for batch in batches for event in batch.events)
        states = MomentStates(state_changes(batches, with_roles=True))
    states.as_of(found.frames)  # from where somebody steps back
    return KnownMoments(found.frames, states, known_people(folded))
