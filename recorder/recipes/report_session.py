"""Write the report of a session, or of two side by side, as one HTML file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from recorder.checks import engine
from recorder.messaging.events import Event
from recorder.projection.events.reader import EventReader
from recorder.receipts.aliases import Aliases
from recorder.receipts.batch_fold import fold_batches
from recorder.receipts.difference import Change, difference, message_title
from recorder.receipts.entities import SessionEntities
from recorder.receipts.evidence import timelines
from recorder.receipts.numbers import distributions_of, numbers_of
from recorder.receipts.pairing import Entry, dialog_pairs, paired
from recorder.receipts.proofs import all_proven_facts
from recorder.receipts.queries import view
from recorder.receipts.self_facts import known_people
from recorder.receipts.selves import selves_of
from recorder.receipts.state_changes import FrameEvents, StateTracker, view_key
from recorder.redaction.people import Part
from recorder.report.session_page.document import Comparison, Pair, document
from recorder.report.session_page.source import RuleText, SessionSource
from recorder.report.session_page.states import MessagePlaces, places_of
from recorder.runtime.gc_control import collector_paused
from recorder.store.archive import Archive
from recorder.store.remarks import Notify, silent

from .at_moment import connections_at, last_frame_at
from .check_session import missing_at
from .events_by_frame import frame_events
from .findings_over_time import findings_over_time
from .output_files import save_lines
from .progress import with_progress
from .queries import sent_by
from .session_view import parse_parts


def write_report(
    archive: Archive,
    session: str,
    file: Path,
    *,
    at: str | None = None,
    redact: str | None = None,
    other: str | None = None,
    aliases: Aliases | None = None,
    say: Notify = silent,
) -> None:
    """Write the report of a session, as of ``at`` or now; with ``other``, a session that is laid beside it.

    ``redact`` is ``text``, ``names`` or both, by commas. A file that holds message texts gets mode 0600, any
    other what the umask leaves to it.

    Raises:
        NotFound: no such session, or no such frame in it.
        BadOption: no such moment or part, or the file cannot be written there.
        OutputFailed: the disk did not take it.
    """
    parts = parse_parts(redact)
    with collector_paused():
        sources = [session_source(archive, session, at=at, aliases=aliases, say=say)]
        compare = None
        if other is not None:
            sources.append(session_source(archive, other, at=at, aliases=aliases, say=say))
            compare = _comparison(*sources)
        save_lines(_pieces(sources, parts, compare), file, private="text" not in parts)
    if at is not None:
        for source in sources:
            say(f"as of frame #{source.last} of {source.session.frames}")


def report_pieces(archive: Archive, session: str, *, redact: str | None = None) -> Iterator[bytes]:
    """The report of a session as it is now, piece by piece; raises as ``write_report``, at the first."""
    parts = parse_parts(redact)
    with collector_paused():
        yield from _pieces([session_source(archive, session)], parts)


def _pieces(
    sources: Sequence[SessionSource], parts: Collection[Part], compare: Comparison | None = None
) -> Iterator[bytes]:
    for piece in document(sources, redact=parts, compare=compare):
        yield piece.encode("utf-8", "backslashreplace")


@dataclass(slots=True)
class FollowedSession:
    """What is kept of a session to go on with the frames that come later.

    Attributes:
        event_reader: has read the frames so far.
        tracker: has seen the changes that they make.
        batches: their events.
    """

    event_reader: EventReader = field(default_factory=EventReader)
    tracker: StateTracker = field(default_factory=StateTracker)
    batches: list[FrameEvents] = field(default_factory=list)


def session_source(
    archive: Archive,
    session: str,
    *,
    at: str | None = None,
    aliases: Aliases | None = None,
    say: Notify = silent,
    followed: FollowedSession | None = None,
) -> SessionSource:
    """All that the page of a session is made of, as of ``at`` or now; frames are read as it is written.

    ``say`` is called with the progress; ``followed`` is filled, to go on with further frames.

    Raises:
        NotFound, BadOption: no such session; no such moment.
    """
    found = archive.find_session(session, connected=True)
    last = found.frames if at is None else last_frame_at(archive, found, at)
    followed = FollowedSession() if followed is None else followed
    batches = frame_events(archive, found, last=last, aliases=aliases, event_reader=followed.event_reader)
    followed.batches = batches
    entities = SessionEntities()
    transcript = fold_batches(_all(batches), entities=entities)
    messages = view(transcript)
    distributions = distributions_of(messages, entities)
    numbers = numbers_of(messages, entities, distributions)
    plans = archive.receipt_plans(found)
    return SessionSource(
        session=found,
        last=last,
        connections=connections_at(archive, found, last),
        frames=with_progress(archive.frames(found.session, last=last), "writing frames", say, total=last),
        messages=messages,
        timelines=timelines(_all(batches), transcript, messages),
        changes=list(with_progress(followed.tracker.follow(batches), "following states", say)),
        proofs=all_proven_facts(_all(batches), transcript, messages),
        findings=findings_over_time(archive, found, batches, last),
        rules=[RuleText(rule.id, rule.title, rule.explain) for rule in engine.RULES],
        missing=missing_at(archive, found, last),
        people=known_people(transcript),
        self_of=selves_of(transcript).by_connection,
        distributions=distributions,
        counts=numbers.counts,
        requests=numbers.requests,
        answered=numbers.answered,
        dialog_types={
            dialog.dialog_id: dialog.type
            for conversation in transcript.conversations.values()
            for dialog in conversation.dialogs
            if dialog.type is not None
        },
        plans=plans if at is None else sent_by(plans, last),
    )


def _all(batches: Sequence[FrameEvents]) -> Iterator[Event]:
    return (event for batch in batches for event in batch.events)


# --- two sessions -----------------------------------------------------------------------------------------


def _comparison(first: SessionSource, second: SessionSource) -> Comparison:
    """Which messages of two sessions are the same, and how they differ."""
    places = (places_of(first.changes), places_of(second.changes))
    changes = difference(first.messages, second.messages).changes
    pairs: list[Pair] = []
    for number, dialog in enumerate(dialog_pairs(first.messages, second.messages), 1):
        of_dialog = [each for each in changes if each.dialog == number]
        pairs += _aligned(*dialog.entries, places, of_dialog)
    ids = [{message.dialog_id for message in source.messages} for source in (first, second)]
    return Comparison(pairs, [change.sentence for change in changes], same_wire=bool(ids[0] & ids[1]))


def _aligned(
    first: Sequence[Entry],
    second: Sequence[Entry],
    places: tuple[MessagePlaces, MessagePlaces],
    changes: Sequence[Change],
) -> Iterator[Pair]:
    """The messages of one dialog in the order of the second session, those that vanished where they stood."""
    found = paired(first, second)
    partner = {id(one): other for one, other in found.pairs}
    of_a_pair = {id(other) for _, other in found.pairs}
    written: set[int] = set()
    waiting = list(second)
    for one in first:
        other = partner.get(id(one))
        if other is not None and id(other) not in written:
            while waiting and waiting[0] is not other and id(waiting[0]) not in of_a_pair:
                new = waiting.pop(0)
                written.add(id(new))
                yield _pair(None, new, places, changes)
            if waiting and waiting[0] is other:
                waiting.pop(0)
            written.add(id(other))
        yield _pair(one, other, places, changes)
    for new in waiting:
        if id(new) not in written:
            yield _pair(None, new, places, changes)


def _pair(
    one: Entry | None,
    other: Entry | None,
    places: tuple[MessagePlaces, MessagePlaces],
    changes: Sequence[Change],
) -> Pair:
    numbers = [
        None if entry is None else place.of.get(view_key(entry.message))
        for entry, place in zip((one, other), places, strict=True)
    ]
    sentences = [change.sentence for change in changes if _concerns(change, one, other)]
    if one is not None and other is not None:  # the messages stand beside it
        sentences = [each.removeprefix(f"{message_title(one, other)}: ") for each in sentences]
    return Pair(numbers[0], numbers[1], sentences)


def _concerns(change: Change, one: Entry | None, other: Entry | None) -> bool:
    """Whether a difference is one between these two."""
    places = ((change.first, one), (change.second, other))
    return all(
        place is None or (entry is not None and place.sequence == entry.message.sequence)
        for place, entry in places
    )
