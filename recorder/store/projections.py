"""What follows from the frames: events, and nothing that is not in them.

Frames are the only truth. All here can be thrown away and made again, with the same result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from recorder.messaging.events import Event
from recorder.wire.records import RecordedFrame

from .hearing import Hearing, Skimmed, skimmed
from .info import ConnectionInfo


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
    yield from hearing.meet(known)
    yield from hearing.hear(frames)
    yield from hearing.end(known, interrupted=interrupted)
