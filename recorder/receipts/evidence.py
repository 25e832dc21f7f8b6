"""The timeline of one message, frame by frame: the evidence for its state.

Repeated events are listed and marked: on the wire a replayed history looks like what happens now, except that
its sequences are known. Snapshots that show what an event announced before are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from recorder.messaging.events import (
    Event,
    Evidence,
    MessagePublished,
    Proof,
    PublishRefused,
    PublishRequested,
    PublishTaken,
    ReceiptRefused,
    ReceiptReported,
)

from .delays import Clocks, Delay, clocks_by_dialog, clocks_of, offset_of
from .queries import MessageView, role_of, view
from .selves import announced_as, selves_of
from .state import ReceiptKey, Transcript, giver_of


class TimelineEntry(NamedTuple):
    """One event of a message, and the frame that proves it. ``sentence`` is for people.

    Attributes:
        kind: asked, answered, refused (our requests); announced, echoed (the message, echoed if it is
            ours); snapshot (a conversation's snapshot shows it as the last message); receipt; replayed (known
            by its own sequence), repeated (seen before, but perhaps another event), conflict (one sequence
            with other content).
        participant, role, mine: who did it, as far as is known.
        status: of a receipt, else None.
        own_sequence: the number that the event itself took, None where unknown.
        repeats: number of the first frame with the same event, else None.
        code, reason: of a refusal, else None: what the service answered, and its words, shortened.
        after: how long after the proof that the message was sent; below zero for what came before it.
    """

    sentence: str
    participant: str | None
    evidence: Evidence
    kind: str = "announced"
    role: str | None = None
    mine: bool | None = None
    status: str | None = None
    own_sequence: int | None = None
    repeats: int | None = None
    after: Delay | None = None
    code: int | None = None
    reason: str | None = None


def timeline(events: Iterable[Event], transcript: Transcript, message: MessageView) -> list[TimelineEntry]:
    """All events of one message, in their order, repetitions included.

    ``transcript`` and ``message`` are what the same events were folded to.
    """
    facts = _SessionFacts(transcript)
    return _entries(facts, message, events, clocks_of(view(transcript, message.dialog_id)))


def timelines(
    events: Iterable[Event], transcript: Transcript, messages: Sequence[MessageView]
) -> Iterator[list[TimelineEntry]]:
    """``timeline`` of each of these messages, which are all of the transcript, in their order."""
    facts = _SessionFacts(transcript)
    by_key: dict[tuple[str | None, int], list[Event]] = {}
    publish_key = {
        frame: (message.dialog_id, message.sequence) if message.sequence is not None else (None, frame)
        for message in messages
        for frame in facts.publish_frames(message)
    }
    for event in events:
        for key in _keys_of(event, publish_key):
            by_key.setdefault(key, []).append(event)
    clocks = clocks_by_dialog(messages)
    for message in messages:
        key = (
            (None, message.request_frame or 0)
            if message.sequence is None
            else (message.dialog_id, message.sequence)
        )
        yield _entries(facts, message, by_key.get(key, ()), clocks[message.dialog_id])


def _keys_of(
    event: Event, publish_key: Mapping[int, tuple[str | None, int]]
) -> Iterable[tuple[str | None, int]]:
    """Dialog and sequence of the messages that an event may be about; of a publish None and its frame."""
    if isinstance(event, MessagePublished):
        return ((event.dialog_id, event.sequence),)
    if isinstance(event, ReceiptReported | ReceiptRefused):
        return dict.fromkeys((event.dialog_id, sequence) for sequence in event.sequences)
    if isinstance(event, PublishRequested):
        frame = event.evidence.frame
    elif isinstance(event, PublishRefused | PublishTaken):
        frame = event.request_frame
    else:
        return ()
    return (publish_key[frame],) if frame in publish_key else ()


def _entries(
    facts: _SessionFacts, message: MessageView, events: Iterable[Event], clocks: Clocks
) -> list[TimelineEntry]:
    builder = _TimelineBuilder(facts, message)
    return [
        entry._replace(after=offset_of(message.sent, entry.evidence, clocks))
        for event in events
        if (entry := builder.entry(event)) is not None
    ]


class _SessionFacts:
    """What the timelines of all messages of a session have in common."""

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self.selves = selves_of(transcript)
        self._frames: dict[tuple[str, int], set[int]] = {}
        for frame, publish in transcript.own_publishes.items():
            if publish.answered is not None:
                self._frames.setdefault(publish.answered[1:], set()).add(frame)

    def publish_frames(self, message: MessageView) -> frozenset[int]:
        """Frames of the publish requests of this message: usually one, none if it is not ours."""
        frames = set() if message.request_frame is None else {message.request_frame}
        if message.sequence is not None and message.dialog_id is not None:
            frames |= self._frames.get((message.dialog_id, message.sequence), set())
        return frozenset(frames)


_RepetitionKey = tuple[str | None, ...]
"""Events with equal keys are repetitions."""


class _TimelineBuilder:
    """Tracks the events seen for one message and marks repetitions."""

    def __init__(self, facts: _SessionFacts, message: MessageView) -> None:
        self._transcript = facts.transcript
        self._selves = facts.selves
        self._message = message
        self._key = (message.dialog_id, message.sequence)
        self._publish_frames = facts.publish_frames(message)
        self._first: dict[_RepetitionKey, int] = {}

    def entry(self, event: Event) -> TimelineEntry | None:
        """The timeline entry of an event; None if it is not about the message."""
        read = _ENTRY_RULES.get(type(event))
        entry = None if read is None else read(self, event)
        return None if entry is None else self._with_author(entry)

    def _with_author(self, entry: TimelineEntry) -> TimelineEntry:
        """Add participant and role. Our requests and their answers are ours by construction."""
        mine = True if entry.mine or entry.kind in _OURS else self._selves.is_one(entry.participant)
        unnamed = mine and entry.participant is None
        participant = self._selves.id_of(entry.evidence.connection) if unnamed else entry.participant
        role = entry.role or role_of(self._transcript, participant)
        return entry._replace(participant=participant, role=role, mine=mine)

    def _repeats(self, key: _RepetitionKey, frame: int) -> int | None:
        """The first frame with this key, which may be this one; None for a new key, which is noted."""
        first = self._first.get(key)
        if first is None:
            self._first[key] = frame
        return first

    # --- the message itself ---

    def on_asked(self, event: PublishRequested) -> TimelineEntry | None:
        if event.evidence.frame not in self._publish_frames:
            return None
        return TimelineEntry("publish requested", event.author, event.evidence, "asked")

    def on_publish_refused(self, event: PublishRefused) -> TimelineEntry | None:
        if event.request_frame not in self._publish_frames:
            return None
        sentence = f"publish refused with {event.code}"
        return TimelineEntry(sentence, None, event.evidence, "refused")._replace(
            code=event.code, reason=event.reason
        )

    def on_taken(self, event: PublishTaken) -> TimelineEntry | None:
        if event.request_frame not in self._publish_frames:
            return None
        return TimelineEntry("publish answered without a sequence", None, event.evidence, "answered")

    def on_published(self, event: MessagePublished) -> TimelineEntry | None:
        if (event.dialog_id, event.sequence) != self._key or self._is_known_without(event):
            return None
        kind, sentence, before = (
            self._answered(event) if event.request_frame is not None else self._announced(event)
        )
        entry = TimelineEntry(sentence, event.author, event.evidence, kind, event.role)
        return entry._replace(own_sequence=event.sequence, repeats=before)

    def _is_known_without(self, event: MessagePublished) -> bool:
        """Whether a snapshot shows what an event announced before, as every snapshot does for a while."""
        announced = ("event", event.author, event.type, event.text)
        return event.evidence.snapshot and announced in self._first

    def _answered(self, event: MessagePublished) -> tuple[str, str, int | None]:
        before = self._repeats(("answer",), event.evidence.frame)
        again = "" if before is None else f", as in #{before}"
        return "answered", f"publish answered with this sequence{again}", before

    def _announced(self, event: MessagePublished) -> tuple[str, str, int | None]:
        frame, echo = event.evidence.frame, self._message.echo
        content = (event.author, event.type, event.text)
        first = self._repeats(("announced",), frame)
        same = self._repeats(("content", *content), frame)
        if event.evidence.snapshot:
            return _in_snapshot(first, same)
        replayed = self._repeats(("event", *content), frame)
        if replayed is not None:
            return "replayed", f"message replayed, same sequence as in #{replayed}", replayed
        if same != first:
            return "conflict", f"announced with other content than in #{first}", first
        if echo is not None and frame == echo.announced.frame:
            return "echoed", f"same text announced, so #{echo.request_frame} was probably stored", None
        if self._publish_frames:
            return "echoed", "message echoed", None
        return "announced", "message announced", None

    # --- receipts ---

    def on_receipt(self, event: ReceiptReported) -> TimelineEntry | None:
        if not self._concerns(event):
            return None
        evidence, who = event.evidence, self._giver(event)
        key = (evidence.proof.word, who or str(giver_of(event)), event.status)
        before = self._repeats(key, evidence.frame)
        number = event.own_sequence
        same = None if number is None else self._repeats((*key, str(number)), evidence.frame)
        kind, words = _RECEIPT_WORDS[evidence.proof]
        if before is not None:
            kind, words = _again(event, words, before, same)
        entry = TimelineEntry(f"{event.status} {words}", who, evidence, kind, event.role, event.mine)
        return entry._replace(status=event.status, own_sequence=event.own_sequence, repeats=same or before)

    def _giver(self, event: ReceiptReported | ReceiptRefused) -> str | None:
        """Who gave a receipt: for our own it may have been announced under another id than we knew."""
        key = ReceiptKey(giver_of(event), event.status)
        for sequence in event.sequences:
            given = self._transcript.receipts_for(event.dialog_id, sequence)
            own = given.get(key)
            named = None if own is None else announced_as(self._transcript, key, own, given)
            if named is not None:
                return named
        return self._selves.id_of(key.participant)

    def on_receipt_refused(self, event: ReceiptRefused) -> TimelineEntry | None:
        if not self._concerns(event):
            return None
        sentence = f"{event.status} refused with {event.code}"
        entry = TimelineEntry(sentence, self._giver(event), event.evidence, "refused", status=event.status)
        return entry._replace(code=event.code, reason=event.reason)

    def _concerns(self, event: ReceiptReported | ReceiptRefused) -> bool:
        return event.dialog_id == self._message.dialog_id and self._message.sequence in event.sequences


def _in_snapshot(first: int | None, same: int | None) -> tuple[str, str, int | None]:
    """Kind, words and repeated frame of a message that a snapshot shows."""
    if same is not None:
        return "snapshot", f"shown again in a snapshot, as in #{same}", same
    if first is not None:
        return "conflict", f"announced in a snapshot with other content than in #{first}", first
    return "snapshot", "announced in a snapshot", None


def _again(event: ReceiptReported, words: str, before: int, same: int | None) -> tuple[str, str]:
    """Kind and words of a repeated receipt."""
    if event.evidence.proof is not Proof.ANNOUNCED:
        return _RECEIPT_WORDS[event.evidence.proof][0], f"{words} again, first in #{before}"
    if same is not None:
        return "replayed", f"replayed, same sequence as in #{same}"
    return "repeated", f"given again, first in #{before}"


_OURS = frozenset({"asked", "answered", "refused"})

_RECEIPT_WORDS = {
    Proof.REFUSED: ("refused", "refused"),
    Proof.CLAIMED: ("asked", "requested"),
    Proof.ACKNOWLEDGED: ("answered", "answered with 2xx"),
    Proof.ANNOUNCED: ("receipt", "announced"),
}

_ENTRY_RULES: dict[type, Callable[[_TimelineBuilder, Any], TimelineEntry | None]] = {
    PublishRequested: _TimelineBuilder.on_asked,
    PublishRefused: _TimelineBuilder.on_publish_refused,
    PublishTaken: _TimelineBuilder.on_taken,
    MessagePublished: _TimelineBuilder.on_published,
    ReceiptReported: _TimelineBuilder.on_receipt,
    ReceiptRefused: _TimelineBuilder.on_receipt_refused,
}
