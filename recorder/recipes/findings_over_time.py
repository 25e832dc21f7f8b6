"""The findings of a session as of each of its frames: what ``check --at`` says of every moment.

What every moment shows is kept in memory, which a session of more than ``MOST_FRAMES`` would fill: of that
each finding of the whole stands from the last of its frames on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from recorder.checks.engine import RunningCheck
from recorder.checks.finding_history import FindingHistory, HistoryWriter, whole_history
from recorder.messaging.events import Event
from recorder.projection.events.wire_facts import WireFactsReader, facts_of
from recorder.receipts.batch_fold import fold_batches
from recorder.receipts.state import Transcript
from recorder.receipts.state_changes import FrameEvents
from recorder.store.archive import Archive
from recorder.wire.records import SessionInfo

from .at_moment import connections_at, is_now
from .check_session import goes_on, input_from, missing_at
from .connection_moments import ConnectionChange, ConnectionMoments

MOST_FRAMES = 200_000
"""So many take some 2 GB."""


def findings_over_time(
    archive: Archive, session: SessionInfo, batches: Sequence[FrameEvents], last: int
) -> FindingHistory:
    """What ``check --at`` finds as of each frame up to ``last``, and before the first.

    ``batches`` are the events of these frames, as ``frame_events`` has them.
    """
    if last > MOST_FRAMES:
        return _of_the_whole(archive, session, batches, last)
    reader, transcript = WireFactsReader(), Transcript()
    check = RunningCheck(transcript)
    history = HistoryWriter(check)
    coming = _events_by_frame(batches, last)
    frames = archive.frames(session.session, last=last)
    moments = ConnectionMoments(archive.connections(session.session), archive.scan_frames(session.session))
    for number in range(last + 1):
        connections = ConnectionChange((), ())
        if number:
            frame = next(frames)
            reader.feed(frame)
            connections = moments.as_of(frame)
        if is_now(session, number):
            connections = moments.now()
        recording = goes_on(session, number)
        facts = reader.facts(connections.shown, ended=not recording)
        events = [*next(coming), *facts.oddities]
        facts.oddities.clear()
        fold_batches(events, transcript)
        missing = missing_at(archive, session, number)
        check_input = input_from((), transcript, facts, recording=recording, missing=missing)
        history.add(check.advance(check_input, events, connections.gone))
    return history.history(over=not goes_on(session, last))


def _of_the_whole(
    archive: Archive, session: SessionInfo, batches: Sequence[FrameEvents], last: int
) -> FindingHistory:
    recording = goes_on(session, last)
    connections = connections_at(archive, session, last)
    facts = facts_of(connections, archive.frames(session.session, last=last), ended=not recording)
    events = [*(event for batch in batches for event in batch.events), *facts.oddities]
    transcript, missing = fold_batches(events), missing_at(archive, session, last)
    check = RunningCheck(transcript, grows=False)
    check.advance(input_from(events, transcript, facts, recording=recording, missing=missing), events)
    return whole_history(check, last)


def _events_by_frame(batches: Sequence[FrameEvents], last: int) -> Iterator[Sequence[Event]]:
    """The events that hold from each frame on, and not before."""
    place = 0
    for number in range(last + 1):
        events: list[Event] = []
        while place < len(batches) and batches[place].frame <= number:
            events += batches[place].events
            place += 1
        yield events
