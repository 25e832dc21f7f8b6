"""Rules about undescribed or malformed payloads, and about several ids of one person."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from recorder.counted import counted
from recorder.messaging.changes import LONG_SEQUENCE_IN_LIST
from recorder.messaging.refusals import UNFILLED_PLACEHOLDER
from recorder.messaging.statuses import MISSPELT_STATUS, UNKNOWN_STATUS

from .dependencies import Kind
from .findings import SATISFIED, Observation, Severity, not_observable, violated
from .groups import Part
from .rule import Observe, Rule, alike, count_of
from .session_index import SessionIndex

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


def _unreadable(session: SessionIndex, place: int) -> Iterator[Observation]:
    kind, detail, evidence = session.oddities[place]
    if kind == _UNREADABLE:
        yield violated(f"a payload that is no envelope: {detail}", evidence.frame)


def _is_malformed(kind: str) -> bool:
    return kind not in _NEW_WORDS | _TOLD_ELSEWHERE


def _is_new_word(kind: str) -> bool:
    return kind in _NEW_WORDS


def _strange(concerns: Callable[[str], bool]) -> tuple[tuple[Kind, Observe], ...]:
    """Looks for oddities of these kinds; satisfied if there are none."""

    def observe(session: SessionIndex, place: int) -> Iterator[Part]:
        kind, detail, evidence = session.oddities[place]
        if concerns(kind):
            yield Part(detail, (place,), (evidence.frame,))

    def none(session: SessionIndex, _: None) -> Iterator[Observation]:
        kinds = session.facts.get("oddities") or ()
        if session.facts.get("any-events") and not any(map(concerns, kinds)):
            yield SATISFIED

    return ((Kind.ODDITY, observe), (Kind.SESSION, none))


def _several_ids(session: SessionIndex, _: None) -> Iterator[Observation]:
    ours = session.facts.get("ours") or ()
    if len(ours) > 1:
        said = ", ".join(ours[:4])
        # A token that no frame carried shows none.
        frames = [frame for each in ours if (frame := session.first_shown.get(each)) is not None]
        yield violated(f"we appear under {counted(len(ours), 'id')} ({said}): a step-up?", *frames)
    elif session.facts.get("any-ids"):
        yield SATISFIED
    elif session.facts.get("any-events"):
        yield not_observable("who you are is not told: there is neither a token nor an echo of your own")


def _several_consumers(session: SessionIndex, conversation_id: str) -> Iterator[Observation]:
    ids = session.consumers.get(conversation_id) or {}
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
        looks=((Kind.ODDITY, _unreadable),),
        also_satisfied=count_of(Kind.REQUEST, Kind.MESSAGE),
    ),
    Rule(
        "malformed-envelope",
        Severity.WARNING,
        "Every envelope is made as its type says",
        "Looks for envelopes whose parts are missing or of the wrong kind: a change without an event, a "
        "message without a dialog or sequence, times in another unit, an answer without a code, an envelope "
        "that the wrong side sent, one in binary frames, a key that stands twice, half a character. What "
        "could be used was used. One finding for each sort.",
        looks=_strange(_is_malformed),
        together=alike,
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
        looks=_strange(_is_new_word),
        together=alike,
    ),
    Rule(
        "several-ids",
        Severity.INFO,
        "A person has one id",
        "When an unauthenticated consumer logs in (step-up), their id changes, and receipts are kept under "
        "both. Looks for several ids of your own that may be one consumer's, and for several participants of "
        "role CONSUMER in one conversation. An agent's connection beside a consumer's is no step-up. That "
        "they are one person is only suggested: the recording cannot know.",
        looks=((Kind.SESSION, _several_ids), (Kind.CONVERSATION, _several_consumers)),
    ),
)  # fmt: skip
