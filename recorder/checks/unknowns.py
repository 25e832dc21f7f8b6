"""Rules about undescribed or malformed payloads, and about several ids of one person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

from recorder.counted import counted
from recorder.messaging.changes import LONG_SEQUENCE_IN_LIST
from recorder.messaging.events import ConversationChanged, Identified, MessagePublished, OddityNoticed
from recorder.messaging.refusals import UNFILLED_PLACEHOLDER
from recorder.messaging.statuses import MISSPELT_STATUS, UNKNOWN_STATUS
from recorder.receipts.aliases import ParticipantTracker

from .findings import SATISFIED, Observation, Severity, not_observable, violated
from .session_index import Rule, SessionIndex

_UNREADABLE = "unreadable"

# Oddities that have a rule of their own.
_TOLD_ELSEWHERE = frozenset(
    {
        _UNREADABLE,
        "id-reused",
        "answer-without-question",
        "malformed-sequence-list",
        "malformed-receipt",
        MISSPELT_STATUS,
        UNFILLED_PLACEHOLDER,
        LONG_SEQUENCE_IN_LIST,
    }
)

# New words in known places, which the protocol tells clients to expect; and types that had to be assumed.
_NEW_WORDS = frozenset({"unknown-type", "unknown-event", "unknown-change", "assumed-type", UNKNOWN_STATUS})


def _unreadable(session: SessionIndex) -> Iterator[Observation]:
    for oddity in session.oddities(_UNREADABLE):
        yield violated(f"a payload that is no envelope: {oddity.detail}", oddity.evidence.frame)
    for _ in session.asked:
        yield SATISFIED
    for _ in session.messages:
        yield SATISFIED


def _malformed(session: SessionIndex) -> Iterator[Observation]:
    strange = (o for o in session.of(OddityNoticed) if o.kind not in _NEW_WORDS | _TOLD_ELSEWHERE)
    return _alike(session, strange)


def _undescribed(session: SessionIndex) -> Iterator[Observation]:
    return _alike(session, session.oddities(*_NEW_WORDS))


def _alike(session: SessionIndex, oddities: Iterator[OddityNoticed]) -> Iterator[Observation]:
    """One finding for each detail, however often it came."""
    frames: defaultdict[str, list[int]] = defaultdict(list)
    for oddity in oddities:
        frames[oddity.detail].append(oddity.evidence.frame)
    for detail, found in frames.items():
        times = "" if len(found) == 1 else f" ({len(found)} times)"
        yield violated(f"{detail}{times}", *found)
    if not frames and session.input.events:
        yield SATISFIED


def _several_ids(session: SessionIndex) -> Iterator[Observation]:
    ours = _stepped_up(session)
    if len(ours) > 1:
        said = ", ".join(ours[:4])
        yield violated(
            f"we appear under {counted(len(ours), 'id')} ({said}): a step-up?", *_showing(session, ours)
        )
    elif session.selves.ids:
        yield SATISFIED
    elif session.input.events:
        yield not_observable("who you are is not told: there is neither a token nor an echo of your own")
    yield from _several_consumers(session)


def _stepped_up(session: SessionIndex) -> list[str]:
    """Our own ids that may be one person's."""
    tracker = ParticipantTracker()
    for _ in tracker.watch(session.input.events):
        pass
    found = {name for each in tracker.suggestions() for name in (each.old, each.new)}
    return sorted(found & session.selves.ids)


def _showing(session: SessionIndex, ours: Collection[str]) -> list[int]:
    """For each id of ours, the first frame that shows it: a token that no frame carried shows none."""
    shown = [(each.participant, each.evidence.frame) for each in session.of(Identified)]
    shown += [(each.author, each.evidence.frame) for each in session.of(MessagePublished) if each.author]
    frames: dict[str, int] = {}
    for participant, frame in shown:
        if participant in ours and frame > 0:  # 0 stands for the handshake, which is no frame
            frames[participant] = min(frame, frames.get(participant, frame))
    return list(frames.values())


def _several_consumers(session: SessionIndex) -> Iterator[Observation]:
    consumers: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for change in session.of(ConversationChanged):
        for participant in change.participants:
            if participant.role == "CONSUMER":
                known = consumers[change.conversation_id]
                known.setdefault(participant.participant, change.evidence.frame)
    for conversation_id, ids in consumers.items():
        if len(ids) > 1:
            said = ", ".join(list(ids)[:4])
            has_had = f"conversation {conversation_id} has had {counted(len(ids), 'consumer')} ({said})"
            yield violated(f"{has_had}: one person, stepped up?", *ids.values())


RULES = (
    Rule(
        "unreadable-payload",
        Severity.WARNING,
        "Every payload is an envelope",
        "Looks for payloads that are not UTF-8, not JSON, nested too deep, no object, or an object that is "
        "neither request, answer nor notification. They are kept byte for byte and tell no facts, so what "
        "they said is missing from everything else.",
        _unreadable,
    ),
    Rule(
        "malformed-envelope",
        Severity.WARNING,
        "Every envelope is made as its type says",
        "Looks for envelopes whose parts are missing or of the wrong kind: a change without an event, a "
        "message without a dialog or sequence, times in another unit, an answer without a code, an envelope "
        "that the wrong side sent, one in binary frames, a key that stands twice, half a character. What "
        "could be used was used. One finding for each sort.",
        _malformed,
    ),
    Rule(
        "undescribed",
        Severity.INFO,
        "Every type, event and status is a known one",
        "Looks for types of requests, answers, notifications and events, and statuses of receipts, that no "
        "public material describes (for a misspelt status see misspelt-status). Clients have to ignore what "
        "they do not know; here it is kept and named. An object without a type, but with the fields of a "
        "known one, is read as that; which type was assumed, and why, is said here. "
        "One finding for each sort.",
        _undescribed,
    ),
    Rule(
        "several-ids",
        Severity.INFO,
        "A person has one id",
        "When an unauthenticated consumer logs in (step-up), their id changes, and receipts are kept under "
        "both. Looks for several ids of your own that may be one consumer's, and for several participants of "
        "role CONSUMER in one conversation. An agent's connection beside a consumer's is no step-up. That "
        "they are one person is only suggested: the recording cannot know.",
        _several_ids,
    ),
)  # fmt: skip
