"""Rules about what the protocol does not describe, and about who we are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from recorder.messaging.events import ConversationChanged, Identified, MessagePublished, OddityNoticed

from .findings import FINE, Look, Severity, broken, unknowable
from .session_index import Ground, Rule

_UNREADABLE = "unreadable"

# Oddities that a rule of their own tells.
_TOLD_ELSEWHERE = frozenset(
    {_UNREADABLE, "id-reused", "answer-without-question", "malformed-sequence-list", "malformed-receipt"}
)

# New words in known places: the protocol tells clients to expect them.
_NEW_WORDS = frozenset({"unknown-type", "unknown-event", "unknown-change"})


def _unreadable(ground: Ground) -> Iterator[Look]:
    for oddity in ground.oddities(_UNREADABLE):
        yield broken(f"a payload that is no envelope: {oddity.detail}", oddity.evidence.frame)
    for _ in ground.asked:
        yield FINE
    for _ in ground.messages:
        yield FINE


def _malformed(ground: Ground) -> Iterator[Look]:
    strange = (o for o in ground.of(OddityNoticed) if o.kind not in _NEW_WORDS | _TOLD_ELSEWHERE)
    return _alike(ground, strange)


def _undescribed(ground: Ground) -> Iterator[Look]:
    return _alike(ground, ground.oddities(*_NEW_WORDS))


def _alike(ground: Ground, oddities: Iterator[OddityNoticed]) -> Iterator[Look]:
    """One finding for each detail, however often it came."""
    frames: defaultdict[str, list[int]] = defaultdict(list)
    for oddity in oddities:
        frames[oddity.detail].append(oddity.evidence.frame)
    for detail, found in frames.items():
        times = "" if len(found) == 1 else f" ({len(found)} times)"
        yield broken(f"{detail}{times}", *found)
    if not frames and ground.case.events:
        yield FINE


def _several_ids(ground: Ground) -> Iterator[Look]:
    if len(ground.me) == 1:
        yield FINE
    elif ground.me:
        said = ", ".join(sorted(ground.me)[:4])
        yield broken(f"we appear under {len(ground.me)} ids ({said}): a step-up?", *_showing(ground))
    elif ground.case.events:
        yield unknowable("who we are is not told: there is neither a token nor an echo of our own")
    yield from _several_consumers(ground)


def _showing(ground: Ground) -> list[int]:
    """For each id of ours, the first frame that shows it: a token that no frame carried shows none."""
    shown = [(each.participant, each.evidence.frame) for each in ground.of(Identified)]
    shown += [(each.author, each.evidence.frame) for each in ground.of(MessagePublished) if each.author]
    frames: dict[str, int] = {}
    for participant, frame in shown:
        if participant in ground.me and frame > 0:  # 0 stands for the handshake, which is no frame
            frames[participant] = min(frame, frames.get(participant, frame))
    return list(frames.values())


def _several_consumers(ground: Ground) -> Iterator[Look]:
    consumers: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for change in ground.of(ConversationChanged):
        for participant in change.participants:
            if participant.role == "CONSUMER":
                known = consumers[change.conversation_id]
                known.setdefault(participant.participant, change.evidence.frame)
    for conversation_id, ids in consumers.items():
        if len(ids) > 1:
            said = ", ".join(list(ids)[:4])
            has_had = f"conversation {conversation_id} has had {len(ids)} consumers ({said})"
            yield broken(f"{has_had}: one person, stepped up?", *ids.values())


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
        "Every type and event is a known one",
        "Looks for types of requests, answers, notifications and events that no public material describes. "
        "Clients have to ignore what they do not know; here it is kept and named. One finding for each sort.",
        _undescribed,
    ),
    Rule(
        "several-ids",
        Severity.INFO,
        "A person has one id",
        "When an unauthenticated consumer logs in (step-up), their id changes, and receipts are kept under "
        "both. Looks for several ids of our own, and for several participants of role CONSUMER in one "
        "conversation. That they are one person is only suggested: the recording cannot know.",
        _several_ids,
    ),
)  # fmt: skip
