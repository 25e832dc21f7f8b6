"""Who we are on each connection: from its token, else from the echo of what was sent on it.

A session may hold both sides of a conversation, so a self belongs to a connection: what was answered on one
says nothing of who speaks on another. Messages and receipts take sequences, and an answer names the one that
our request took. What the service announces under the same sequence of that dialog is ours, and whoever it is
by is who we are, even if the text was masked on its way.

* Where ids of requests were used twice, an answer may belong to another request: the text has to be equal.
* Where no answer names a sequence, equal texts and lists only suggest a self: their only originator.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from recorder.messaging.events import Evidence, MessagePublished, Proof, ReceiptReported

from .state import Giver, OwnPublish, ReceiptKey, ReceiptsByKey, Transcript

DOUBTS = frozenset({"id-reused", "answer-of-another-type"})
"""Kinds of oddities after which an answer may belong to another request than it was paired with."""


class Selves(NamedTuple):
    """Our own ids.

    Attributes:
        by_connection: connection → who speaks on it, where that is known.
        ids: all of them; those that only some messages or receipts were announced under, too.
        suggested: connections whose self follows from equal texts or lists alone.
    """

    by_connection: Mapping[int, str]
    ids: frozenset[str]
    suggested: frozenset[int] = frozenset()

    def id_of(self, giver: Giver) -> str | None:
        """The participant id behind this key, None where it is not known."""
        return self.by_connection.get(giver) if type(giver) is int else giver  # type: ignore[return-value]

    def is_one(self, participant: str | None) -> bool | None:
        """Whether that is one of us; None where no self is known, or not whose id it is."""
        return participant in self.ids if self.ids and participant is not None else None


_Learnt = tuple[int, int, str]
"""Connection, frame that it follows from, id."""


def selves_of(transcript: Transcript) -> Selves:
    """Who we are on each connection. A token counts before an echo, the earliest request before others."""
    best: dict[int, tuple[bool, int, str]] = {}
    for connection, names in transcript.identities.items():
        best[connection] = min((False, frame, name) for name, frame in names.items())
    ids = transcript.token_ids
    doubts = _Doubts(transcript)
    for found in (_echoed_publishes(transcript, doubts), _echoed_receipts(transcript, ids)):
        for connection, frame, name in list(found):
            ids.add(name)
            best[connection] = min(best.get(connection, (True, frame, name)), (True, frame, name))
    known = {connection: name for connection, (_, _, name) in best.items()}
    suggested = _suggested(transcript, known)
    return Selves({**known, **suggested}, frozenset(ids | set(suggested.values())), frozenset(suggested))


class _Doubts:
    """The frames that make it doubtful which request an answer belongs to, by connection."""

    def __init__(self, transcript: Transcript) -> None:
        frames: defaultdict[int, list[int]] = defaultdict(list)
        for oddity in transcript.oddities:
            if oddity.kind in DOUBTS:
                frames[oddity.evidence.connection].append(oddity.evidence.frame)
        self._frames = {connection: sorted(listed) for connection, listed in frames.items()}

    def concern(self, request_frame: int, answer: Evidence) -> bool:
        """Whether an id was used twice while this request waited for its answer."""
        frames = self._frames.get(answer.connection, ())
        place = bisect_left(frames, request_frame)
        return place < len(frames) and frames[place] <= answer.frame


# --- echoes by sequence ---------------------------------------------------------------------------------


def _echoed_publishes(transcript: Transcript, doubts: _Doubts) -> Iterator[_Learnt]:
    for frame in transcript.own_publishes:
        learnt = _echoed_publish(transcript, frame, doubts)
        if learnt is not None:
            yield learnt


def echoed_publish(transcript: Transcript, frame: int) -> _Learnt | None:
    """Who we are by the echo of the publish in this frame: connection, frame, id; None where none tells."""
    return _echoed_publish(transcript, frame, None)


def _echoed_publish(transcript: Transcript, frame: int, doubts: _Doubts | None) -> _Learnt | None:
    publish = transcript.own_publishes.get(frame)
    if publish is None or publish.answered is None:
        return None
    evidence, dialog_id, sequence = publish.answered
    message = transcript.published.get(dialog_id, {}).get(sequence)
    if message is None or message.author is None or message.evidence.proof is not Proof.ANNOUNCED:
        return None
    if _has_content_of(message, publish) or not (doubts or _Doubts(transcript)).concern(frame, evidence):
        return evidence.connection, frame, message.author
    return None


def _has_content_of(message: MessagePublished, publish: OwnPublish) -> bool:
    return (message.type, message.text) == (publish.type, publish.text)


def _echoed_receipts(transcript: Transcript, token_ids: set[str]) -> Iterator[_Learnt]:
    for dialog_id, given in transcript.receipts.items():
        for key in given:
            if type(key.participant) is int or key.participant in token_ids:
                yield from _echoed_under(transcript, dialog_id, key, given)


def _echoed_under(
    transcript: Transcript, dialog_id: str, key: ReceiptKey, given: ReceiptsByKey
) -> Iterator[_Learnt]:
    """Who the receipts of one key were announced as, where that is another than the key says."""
    own = given[key]
    for other, announced in given.items():
        if type(other.participant) is str and other.participant != key.participant and _alike(key, other):
            for sequence in own.keys() & announced.keys():
                event = own[sequence]
                if is_echo(event, announced[sequence]):
                    yield event.evidence.connection, event.request_frame or 0, other.participant
    for event in own.values() if dialog_id in transcript.given_again else ():
        name = _given_again(transcript, event)
        if name is not None and name != key.participant:
            yield event.evidence.connection, event.request_frame or 0, name


def echoed_receipts_of(
    transcript: Transcript, dialog_id: str, status: str, sequence: int, ids: set[str]
) -> Iterator[_Learnt]:
    """Who we are by the echoes of the receipts of this status for one message; ``ids`` are ours already."""
    given = transcript.receipts.get(dialog_id, {})
    alike = {
        key: proofs[sequence] for key, proofs in given.items() if key.status == status and sequence in proofs
    }
    for key, event in alike.items():
        if type(key.participant) is int or key.participant in ids:
            for other, announced in alike.items():
                named = type(other.participant) is str and other.participant != key.participant
                if named and is_echo(event, announced):
                    yield event.evidence.connection, event.request_frame or 0, str(other.participant)
            name = _given_again(transcript, event) if dialog_id in transcript.given_again else None
            if name is not None and name != key.participant:
                yield event.evidence.connection, event.request_frame or 0, name


def _alike(key: ReceiptKey, other: ReceiptKey) -> bool:
    return key.status == other.status


def _was_answered(event: ReceiptReported) -> bool:
    """Whether the answer to our receipt named its sequence."""
    return event.evidence.proof is Proof.ACKNOWLEDGED and event.own_sequence is not None


def is_echo(event: ReceiptReported, announced: ReceiptReported) -> bool:
    """Whether ``announced`` has the sequence that our receipt was answered with, and the same list."""
    return (
        _was_answered(event)
        and event.own_sequence == announced.own_sequence
        and announced.evidence.proof is Proof.ANNOUNCED
        and _same_list(event, announced)
    )


def _may_be_echo(event: ReceiptReported, announced: ReceiptReported) -> bool:
    """Whether ``announced`` came after our request, with the same list."""
    return announced.evidence.frame > (event.request_frame or 0) and _same_list(event, announced)


def _same_list(event: ReceiptReported, announced: ReceiptReported) -> bool:
    return event.sequences == announced.sequences or set(event.sequences) == set(announced.sequences)


def _given_again(transcript: Transcript, event: ReceiptReported) -> str | None:
    if not _was_answered(event):
        return None
    return transcript.repeated_giver(event.dialog_id, event.own_sequence, event.status)


def announced_as(
    transcript: Transcript,
    key: ReceiptKey,
    event: ReceiptReported,
    given: Mapping[ReceiptKey, ReceiptReported],
) -> str | None:
    """Who our receipt was announced as, if that is another than ``key`` says; None where it was not.

    ``given`` are all receipts for the message that it is looked at for.
    """
    for other, announced in given.items() if _was_answered(event) else ():
        named = type(other.participant) is str and other.participant != key.participant
        if named and _alike(key, other) and is_echo(event, announced):
            return announced.participant
    return None if event.request_frame is None else _given_again(transcript, event)


# --- where no answer names a sequence -------------------------------------------------------------------


def _suggested(transcript: Transcript, known: Mapping[int, str]) -> dict[int, str]:
    """For each connection without a self, the only one who was announced with all that was sent on it."""
    fitting: dict[int, set[str]] = {}
    for connection, names in (*_senders_of_equal_texts(transcript), *_givers_of_equal_lists(transcript)):
        if connection not in known and names:
            fitting[connection] = fitting.get(connection, names) & names
    taken = set(known.values())
    return {
        connection: name
        for connection, names in fitting.items()
        for name in names
        if len(names) == 1 and name not in taken
    }


def _senders_of_equal_texts(transcript: Transcript) -> Iterator[tuple[int, set[str]]]:
    for frame, publish in transcript.own_publishes.items():
        if publish.taken is None or publish.asked is None or publish.text is None:
            continue
        messages = transcript.published.get(publish.dialog_id or "", {}).values()
        yield (
            publish.asked.connection,
            {
                message.author
                for message in messages
                if message.author is not None
                and message.evidence.frame > frame
                and _has_content_of(message, publish)
            },
        )


def _givers_of_equal_lists(transcript: Transcript) -> Iterator[tuple[int, set[str]]]:
    for given in transcript.receipts.values():
        for key, own in given.items():
            if type(key.participant) is not int:
                continue
            others = [
                (other.participant, announced)
                for other, announced in given.items()
                if type(other.participant) is str and _alike(key, other)
            ]
            for sequence, event in own.items():
                if event.own_sequence is None:
                    yield (
                        key.participant,
                        {
                            name
                            for name, announced in others
                            if sequence in announced and _may_be_echo(event, announced[sequence])
                        },
                    )
