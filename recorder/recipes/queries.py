"""Queries of an archive: sessions, frames, messages, their evidence, and a summary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from recorder.errors import BadOption, NotFound
from recorder.messaging.events import Event, PublishLost
from recorder.projection.derived.stored_listing import stored_listing
from recorder.receipts.aliases import Aliases, ParticipantTracker, Suggestion, rewritten
from recorder.receipts.batch_fold import fold_batches
from recorder.receipts.entities import SessionEntities
from recorder.receipts.evidence import TimelineEntry, timeline
from recorder.receipts.numbers import numbers_of
from recorder.receipts.proofs import ProvenFact, proven_facts
from recorder.receipts.queries import MessageView, view
from recorder.receipts.self_facts import KnownPeople, known_people, self_facts
from recorder.receipts.state import Transcript
from recorder.report.planned import planned_numbers
from recorder.report.replay_target import SERVICE, SIMULATOR
from recorder.report.summary import Summary, count_frames
from recorder.runtime.gc_control import collector_paused
from recorder.store.archive import Archive
from recorder.store.remarks import Notify as Notify
from recorder.store.remarks import silent as silent
from recorder.wire.records import ConnectionInfo, FrameForwarded, ReceiptPlan, RecordedFrame, SessionInfo

from .at_moment import events, last_frame_at
from .message_argument import (
    LONGEST_NUMBER,
    MessageEventCollector,
    close_names,
    find_message,
    parse_message_argument,
)

WatchEvents = Callable[[Iterable[Event]], Iterable[Event]]
"""Passes events on unchanged, to collect some of them."""


@dataclass(frozen=True, slots=True)
class FoldedSession:
    """A session, folded up to a frame.

    Attributes:
        session: which.
        last: number of the last frame that was folded.
        transcript: messages and receipts as of that frame.
        suggestions: ids that may be one person's, as far as ``aliases`` do not merge them already.
    """

    session: SessionInfo
    last: int
    transcript: Transcript
    suggestions: Sequence[Suggestion]


def open_session(
    archive: Archive,
    session: str,
    *,
    at: str | None = None,
    aliases: Aliases | None = None,
    say: Notify = silent,
    watch: WatchEvents | None = None,
    entities: SessionEntities | None = None,
) -> FoldedSession:
    """Fold a session (id, prefix, name or "last"): now, or as of ``at``; see ``last_frame_at``.

    ``say`` is called with the frame that ``at`` means, aliases of unknown participants, and ids that may be
    one person's. ``watch`` passes on all events before they are folded, and ``entities`` gets their requests.

    Raises:
        NotFound, BadOption: no such session; no such moment.
    """
    found = archive.find_session(session, connected=True)
    last = found.frames if at is None else last_frame_at(archive, found, at)
    strangers, acquaintances = ParticipantTracker(), ParticipantTracker()
    original = events(archive, found, last=last)
    if aliases:
        original = strangers.watch(original)
    renamed = acquaintances.watch(rewritten(original, aliases or {}))
    with collector_paused():
        folded = fold_batches(renamed if watch is None else watch(renamed), entities=entities)
    suggestions = acquaintances.suggestions()
    if at is not None:
        say(f"as of frame #{last} of {found.frames}")
    for unmet in sorted(set(aliases or ()) - strangers.names):
        say(f'no participant "{unmet}" in session {found.session}{" by then" if at is not None else ""}')
    for remark in alias_remarks(suggestions):
        say(remark)
    return FoldedSession(found, last, folded, suggestions)


_SUGGESTIONS_SAID = 5


def alias_remarks(suggestions: Sequence[Suggestion]) -> Iterator[str]:
    """A sentence for each pair of ids that may be one person's; of many, the first few."""
    for suggestion in suggestions[:_SUGGESTIONS_SAID]:
        yield f"maybe the same person: {suggestion.option} ({suggestion.why})"
    if len(suggestions) > _SUGGESTIONS_SAID:
        yield f"and {len(suggestions) - _SUGGESTIONS_SAID} more; recorder session show --json lists them all"


def transcript(archive: Archive, session: str) -> Transcript:
    """The messages and receipts of a session (id, prefix, name or "last"), folded from its frames."""
    return open_session(archive, session).transcript


def messages(
    archive: Archive,
    session: str,
    *,
    dialog: str | None = None,
    at: str | None = None,
    aliases: Aliases | None = None,
    say: Notify = silent,
    people: KnownPeople | None = None,
) -> tuple[str, list[MessageView]]:
    """The session's id and its messages, now or as of ``at``.

    ``people`` gets everybody in the session, with roles and names.

    Raises:
        NotFound: no such session, or no such dialog in it (by then).
        BadOption: no such moment.
    """
    if dialog is not None and at is None and not aliases:
        found = archive.find_session(session, connected=True)
        with stored_listing(archive, found, dialog) as listing:
            if listing is not None:
                if people is not None:
                    people |= listing.people
                return found.session, list(listing.messages)
    opened = open_session(archive, session, at=at, aliases=aliases, say=say)
    listed = view(opened.transcript, dialog)
    if people is not None:
        people |= known_people(opened.transcript)
    if dialog is not None and not listed:
        raise NotFound("dialog", dialog, close=close_names(dialog, opened.transcript.dialog_ids()))
    return opened.session.session, listed


def last_frame(archive: Archive, session: str, *, at: str | None = None) -> int:
    """The number of a session's last frame, or of its last by ``at``; 0 before the first.

    Raises:
        NotFound, BadOption: no such session; no such moment.
    """
    found = archive.find_session(session, connected=True)
    return found.frames if at is None else last_frame_at(archive, found, at)


def message_life(
    archive: Archive,
    session: str,
    reference: str,
    *,
    at: str | None = None,
    aliases: Aliases | None = None,
    say: Notify = silent,
    people: KnownPeople | None = None,
) -> tuple[str, MessageView, list[TimelineEntry]]:
    """One message and every frame that is evidence for it, now or as of ``at``.

    ``reference`` is SEQUENCE, DIALOG:SEQUENCE, or #FRAME: that which ``message list`` shows, or that of
    our request to publish it. ``people`` gets everybody in the session, with roles and names.

    Raises:
        NotFound: no such message (by then), or the sequence stands in several dialogs.
        BadOption: the reference is none, or no such moment.
    """
    collector = MessageEventCollector(parse_message_argument(reference))
    opened = open_session(archive, session, at=at, aliases=aliases, say=say, watch=collector.collect)
    message = find_message(opened.transcript, collector.reference)
    if people is not None:
        people |= known_people(opened.transcript)
    found: Iterable[Event] = collector.events
    if not collector.is_complete(message):
        found = events(archive, opened.session, last=opened.last, aliases=aliases)
    return opened.session.session, message, timeline(found, opened.transcript, message)


def frame_proofs(
    archive: Archive, session: str, number: int, *, aliases: Aliases | None = None
) -> list[ProvenFact]:
    """What a frame proves, knowing the whole session."""
    proving: list[Event] = []

    def watch(passing: Iterable[Event]) -> Iterator[Event]:
        for event in passing:
            if not isinstance(event, PublishLost) and event.evidence.frame == number:
                proving.append(event)
            yield event

    found = archive.find_session(session, connected=True)
    with collector_paused():
        transcript = fold_batches(watch(events(archive, found, aliases=aliases)))
    return proven_facts(proving, transcript, number)


def frame(archive: Archive, session: str, reference: str) -> RecordedFrame:
    """One frame by its number, ``41`` or ``#41``.

    Raises:
        NotFound: no such session or frame.
        BadOption: the reference is no number.
    """
    written = reference.removeprefix("#")
    if not (written.isascii() and written.isdigit() and len(written) <= LONGEST_NUMBER):
        raise BadOption("FRAME", f'"{reference}" is no frame number', hint="recorder frame list shows them")
    return archive.frame(archive.find_session(session, connected=True).session, int(written))


def passed_on(archive: Archive, session: str, number: int) -> FrameForwarded | None:
    """When a proxy had passed this frame on; None if none did. Raises ``NotFound``."""
    found = archive.find_session(session, connected=True)
    return next(archive.forwarded(found, after=number - 1, last=number), None)


def planned_receipts(
    archive: Archive, session: str, message: MessageView, *, at: str | None = None
) -> list[ReceiptPlan]:
    """The receipts that a replay planned for this message; with ``at`` those that had gone out by then.

    Raises:
        NotFound, BadOption: no such session; no such moment.
    """
    plans = [
        plan
        for plan in archive.receipt_plans(session)
        if (plan.dialog, plan.sequence) == (message.dialog_id, message.sequence)
    ]
    return plans if at is None else sent_by(plans, last_frame_at(archive, session, at))


def sent_by(plans: Sequence[ReceiptPlan], last: int) -> list[ReceiptPlan]:
    """Those of these planned receipts that went out in a frame up to this."""
    return [plan for plan in plans if plan.frame is not None and plan.frame <= last]


def summary(
    archive: Archive, session: str, *, aliases: Aliases | None = None, say: Notify = silent
) -> Summary:
    """Connections, frame counts, messages, oddities and numbers of one session."""
    entities = SessionEntities()
    named = archive.find_session(session).session  # one that never connected can be looked at, too
    opened = open_session(archive, named, aliases=aliases, say=say, entities=entities)
    found, listed = opened.session, view(opened.transcript)
    oddities = sorted(opened.transcript.oddities, key=lambda oddity: oddity.evidence.frame)
    connections = archive.connections(found.session)
    return Summary(
        session=found,
        connections=connections,
        counts=count_frames(archive.frames(found.session)),
        messages=listed,
        oddities=[f"frame #{oddity.evidence.frame}: {oddity.detail}" for oddity in oddities],
        suggestions=opened.suggestions,
        numbers=numbers_of(listed, entities),
        planned=planned_numbers(archive.receipt_plans(found)),
        selves=self_facts(opened.transcript),
        people=known_people(opened.transcript),
        refused_requests=entities.refused_requests(),
        refusals={
            each.connection: each
            for each in archive.exchanges(found.session)
            if each.purpose == "upgrade" and each.connection is not None
        },
        target=_target_of(connections) if found.source == "replay" else None,
    )


def _target_of(connections: Iterable[ConnectionInfo]) -> str | None:
    """Whether a simulator was connected to, whose account no service has; None: nothing was."""
    from recorder.simulator.protocol.tokens import ACCOUNT  # only a replay needs it

    urls = [connection.url for connection in connections if connection.url is not None]
    if not urls:
        return None
    return SIMULATOR if all(f"/account/{ACCOUNT}/" in url for url in urls) else SERVICE
