"""What follows from the frames: events, and nothing that is not in them.

Frames are the only truth. All here can be thrown away and made again, with the same result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from recorder.messaging.events import Event
from recorder.receipts.batch_fold import BATCH_SIZE
from recorder.store.archive import Archive
from recorder.store.frame_chunks import Skimmed, skimmed
from recorder.store.info import ConnectionInfo, SessionInfo
from recorder.wire.records import RecordedFrame

from .events.reader import Hearing

_FEWEST_FRAMES = 200_000
"""With fewer new frames than this a helper gains nothing: it takes a while to start."""
_STARTED_FRAMES = 15_000
"""Frames that one process reads and folds while another starts."""
_OWN_SHARE = 0.13
"""What a process reads itself beside one helper, more or less: it also brings all of it together."""


def at_once(jobs: int) -> int:
    """How many events to fold at once: with helpers, about what four of their pieces tell."""
    return BATCH_SIZE if jobs == 1 else BATCH_SIZE >> 3


def events_of(
    connections: Iterable[ConnectionInfo], frames: Iterable[RecordedFrame], *, interrupted: bool = False
) -> Iterator[Event]:
    """The events of a session, in the order of its frames.

    ``interrupted``: the recording broke off, so a request without an answer will not get one here; the
    same holds for every connection that is known to have ended.
    """
    return heard_in(connections, map(skimmed, frames), interrupted=interrupted)


def heard_in(
    connections: Iterable[ConnectionInfo], frames: Iterable[Skimmed], *, interrupted: bool = False
) -> Iterator[Event]:
    """The same, from frames that were skimmed (``Archive.skim``), which is faster."""
    known = list(connections)
    hearing = Hearing()
    return chain(hearing.meet(known), hearing.hear(frames), hearing.end(known, interrupted=interrupted))


def heard_from(
    archive: Archive,
    session: SessionInfo,
    connections: Iterable[ConnectionInfo],
    hearing: Hearing,
    *,
    jobs: int = 1,
) -> Iterator[Event]:
    """The events of a recorded session that ``hearing`` has not heard yet, read by so many processes.

    Frames that are committed meanwhile are among them. With more than one job the events come only roughly in
    the order of their frames, which makes no difference to a fold.
    """
    known = list(connections)
    ahead: Iterable[Event] = ()
    frames = session.frames - hearing.last
    if jobs > 1 and frames >= _FEWEST_FRAMES:
        from .parallel.pool import heard_with_helpers  # which takes a while to import

        own = _STARTED_FRAMES + int(frames * _OWN_SHARE if jobs == 2 else 0)
        last = session.frames
        ahead = heard_with_helpers(archive, session.session, hearing, last=last, own_frames=own, jobs=jobs)
    return chain(
        hearing.meet(known),
        ahead,
        _newly_heard(archive, session, hearing),
        hearing.end(known, interrupted=session.state == "interrupted"),
    )


def _newly_heard(archive: Archive, session: SessionInfo, hearing: Hearing) -> Iterator[Event]:
    yield from hearing.hear(archive.skim(session.session, after=hearing.last))
