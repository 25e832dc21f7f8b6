"""The events of a recorded session, read from its frames by one process or several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from recorder.messaging.events import Event
from recorder.receipts.batch_fold import BATCH_SIZE
from recorder.store.archive import Archive
from recorder.store.frame_chunks import ScannedFrame
from recorder.wire.records import ConnectionInfo, SessionInfo

from .events.reader import EventReader

_FEWEST_FRAMES = 200_000
"""With fewer new frames than this a worker saves no time: it takes a while to start."""
_STARTED_FRAMES = 15_000
"""Frames that one process reads and folds while another starts."""
_OWN_SHARE = 0.2
"""Share of the frames that this process reads beside one worker: it also folds what the worker reads."""


def at_once(jobs: int) -> int:
    """How many events to fold at once: with workers, about those of four of their ranges."""
    return BATCH_SIZE if jobs == 1 else BATCH_SIZE >> 3


def events_of(
    connections: Iterable[ConnectionInfo],
    frames: Iterable[ScannedFrame],
    *,
    interrupted: bool = False,
    event_reader: EventReader | None = None,
) -> Iterator[Event]:
    """The events of a session from its frames (``Archive.scan_frames``), in their order.

    ``interrupted``: the recording broke off, so a request without an answer gets none; so does one on a
    connection that has ended. ``event_reader`` has read the frames before these, and goes on; the first ones
    are read by a new one.
    """
    known = list(connections)
    event_reader = EventReader() if event_reader is None else event_reader
    return chain(
        event_reader.connections_opened(known),
        event_reader.read(frames),
        event_reader.connections_ended(known, interrupted=interrupted),
    )


def new_events(
    archive: Archive,
    session: SessionInfo,
    connections: Iterable[ConnectionInfo],
    event_reader: EventReader,
    *,
    jobs: int = 1,
) -> Iterator[Event]:
    """The events of a recorded session that ``event_reader`` has not read yet, read by ``jobs`` processes.

    Frames that are committed meanwhile are included. With more than one job the events come only roughly in
    the order of their frames, which makes no difference to a fold.
    """
    known = list(connections)
    ahead: Iterable[Event] = ()
    frames = session.frames - event_reader.last
    if jobs > 1 and frames >= _FEWEST_FRAMES:
        from .parallel.pool import events_with_workers  # slow to import

        own = _STARTED_FRAMES + int(frames * _OWN_SHARE if jobs == 2 else 0)
        last = session.frames
        ahead = events_with_workers(
            archive, session.session, event_reader, last=last, own_frames=own, jobs=jobs
        )
    return chain(
        event_reader.connections_opened(known),
        ahead,
        _remaining_events(archive, session, event_reader),
        event_reader.connections_ended(known, interrupted=session.state == "interrupted"),
    )


def _remaining_events(archive: Archive, session: SessionInfo, event_reader: EventReader) -> Iterator[Event]:
    yield from event_reader.read(archive.scan_frames(session.session, after=event_reader.last))
