"""The frames of a session in the order of the wire: all that are there, or as they are recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from recorder.clock import Clock, RealClock
from recorder.errors import NotFound
from recorder.report.frame_words import FrameWords
from recorder.store.archive import Archive
from recorder.wire.records import RecordedFrame

from .filters import NO_FILTERS, Filters
from .follow import INTERVAL, waiting
from .frame_filter import FrameFilter
from .option_values import duration_s
from .stop import WaitableStop

_BATCH = 1_000


def frames(
    archive: Archive,
    session: str,
    *,
    connection: int | None = None,
    filters: Filters | None = None,
    words: FrameWords | None = None,
) -> Iterator[RecordedFrame]:
    """The frames of a session in wire order, as far as the filters leave them in.

    ``words`` as in ``FrameFilter``.

    Raises:
        NotFound: no such session or connection.
        BadOption: a filter cannot be used, or not be decided for a frame.
    """
    found = archive.find_session(session, connected=True)
    known = [str(each.connection) for each in archive.connections(found.session)]
    if connection is not None and str(connection) not in known:
        raise NotFound("connection", str(connection), close=known)
    everything = archive.frames(found.session, connection=connection)
    return everything if filters is None else FrameFilter(filters, words).passing(everything)


def followed_frames(
    archive: Archive,
    session: str,
    *,
    connection: int | None = None,
    filters: Filters | None = None,
    interval: str = INTERVAL,
    clock: Clock | None = None,
    stop: WaitableStop | None = None,
    words: FrameWords | None = None,
) -> Iterator[Sequence[RecordedFrame]]:
    """The frames of a session, some at once, and then those that come, until it ends or ``stop`` is set.

    There may be none among some. ``interval`` ("500ms") is the time between two reads of the archive;
    ``words`` as in ``FrameFilter``.

    Raises:
        NotFound: no such session.
        BadOption: a filter or the interval cannot be used.
    """
    session_id = archive.find_session(session, connected=True).session
    chosen, interval_s = FrameFilter(filters or NO_FILTERS, words), duration_s("--interval", interval)
    wait, last = waiting(clock or RealClock(), stop), 0
    while stop is None or not stop.is_set():
        is_over = (
            archive.find_session(session_id).state != "recording"
        )  # asked before its last frames are read
        coming = archive.frames(session_id, connection=connection, first=last + 1)
        while some := list(islice(coming, _BATCH)):
            last = some[-1].number
            yield list(chosen.passing(some))
        if is_over or chosen.is_full:
            return
        wait(interval_s)
