"""The findings of a session as of each of its frames: what ``check --at`` says of every moment.

The rules look at a session as a whole. So they are applied once for each frame, which a session of more than
``MOST_FRAMES`` does not allow: of that each finding of the whole stands from the last of its frames on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from recorder.checks import engine
from recorder.checks.finding_spans import FindingSpan, FindingSpans
from recorder.checks.findings import Finding
from recorder.messaging.events import Event
from recorder.projection.events.wire_facts import WireFactsReader
from recorder.receipts.batch_fold import fold_batches
from recorder.receipts.state import Transcript
from recorder.receipts.state_changes import FrameEvents
from recorder.store.archive import Archive
from recorder.wire.records import SessionInfo

from .at_moment import connections_at
from .check_session import goes_on, input_from, missing_at

MOST_FRAMES = 200
"""So many frames take about as long to check one by one as a long session takes to start with."""


def findings_over_time(
    archive: Archive, session: SessionInfo, batches: Sequence[FrameEvents], last: int
) -> list[FindingSpan]:
    """What ``check --at`` finds as of each frame up to ``last``, and before the first.

    ``batches`` are the events of these frames, as ``frame_events`` has them.
    """
    spans = FindingSpans()
    for number, findings in _by_frame(archive, session, batches, last):
        spans.add(number, findings)
    return spans.spans([rule.id for rule in engine.RULES])


def _by_frame(
    archive: Archive, session: SessionInfo, batches: Sequence[FrameEvents], last: int
) -> Iterator[tuple[int, list[Finding]]]:
    reader, transcript, events = WireFactsReader(), Transcript(), list[Event]()
    coming = iter(batches)
    batch = next(coming, None)
    frames = archive.frames(session.session, last=last)
    for number in range(last + 1):
        if number:
            reader.feed(next(frames))
        while batch is not None and batch.frame <= number:
            events += batch.events
            fold_batches(batch.events, transcript)
            batch = next(coming, None)
        recording, missing = goes_on(session, number), missing_at(archive, session, number)
        facts = reader.facts(connections_at(archive, session, number), ended=not recording)
        known = [*events, *facts.oddities]
        yield number, engine.check(input_from(known, transcript, facts, recording=recording, missing=missing))
