"""Who we are as of each further event.

``selves_of`` draws its conclusions from the whole transcript, which takes time for the session. It is asked
again only where an event may tell something else: what an answer or an echo says of who we are is mostly
what is known already.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from recorder.messaging.events import (
    Event,
    Identified,
    MessagePublished,
    Proof,
    PublishRequested,
    PublishTaken,
    ReceiptReported,
)

from .selves import Selves, echoed_publish, echoed_receipts_of, selves_of
from .state import Transcript, giver_of

_Learnt = tuple[int, int, str]


class SelvesTracker:
    """Follows a transcript that grows; ``selves`` are those of now."""

    def __init__(self) -> None:
        self.selves = Selves({}, frozenset())
        self._published: dict[int, _Learnt | None] = {}
        self._given: dict[tuple[str, str, int], frozenset[_Learnt]] = {}
        self._base: set[str] = set()
        self._answered_with: dict[tuple[str, int], set[int]] = {}
        self._unnumbered: set[int] = set()
        self._numbered_by: defaultdict[tuple[str, str, int], set[int]] = defaultdict(set)
        self._numbers_of: defaultdict[tuple[str, str, int], set[int]] = defaultdict(set)

    def advance(self, transcript: Transcript, events: Iterable[Event]) -> bool:
        """Take the events that were folded into the transcript last; whether we are others now."""
        again = False
        for event in events:
            again = self._may_tell(transcript, event) or again
        if not again:
            return False
        before, self.selves = self.selves, selves_of(transcript)
        self._base = transcript.token_ids | {each[2] for each in self._published.values() if each is not None}
        return self.selves != before

    def _may_tell(self, transcript: Transcript, event: Event) -> bool:
        if isinstance(event, ReceiptReported):
            return self._receipt_may_tell(transcript, event)
        if isinstance(event, MessagePublished):
            return self._message_may_tell(transcript, event)
        if isinstance(event, Identified):
            return True
        if isinstance(event, PublishTaken):
            publish = transcript.own_publishes.get(event.request_frame)
            if publish is not None and publish.asked is not None:
                self._unnumbered.add(publish.asked.connection)
        return isinstance(event, PublishRequested | PublishTaken) and self._guesses(transcript)

    def _guesses(self, transcript: Transcript) -> bool:
        """Whether something was answered without a sequence where nothing better tells who we are."""
        selves = self.selves
        return any(each not in selves.by_connection or each in selves.suggested for each in self._unnumbered)

    def _message_may_tell(self, transcript: Transcript, event: MessagePublished) -> bool:
        key = (event.dialog_id, event.sequence)
        if event.request_frame is not None:
            self._answered_with.setdefault(key, set()).add(event.request_frame)
        again = bool(self._unnumbered) and self._guesses(transcript)
        for frame in self._answered_with.get(key, ()):
            known, found = self._published.get(frame), echoed_publish(transcript, frame)
            if known != found:
                again = again or known is not None or not self._is_known(transcript, found, self._base)
                self._published[frame] = found
        return again

    def _receipt_may_tell(self, transcript: Transcript, event: ReceiptReported) -> bool:
        if event.evidence.proof < Proof.ACKNOWLEDGED:
            return False
        giver = giver_of(event)
        if type(giver) is int and event.own_sequence is None:
            self._unnumbered.add(giver)
        again = bool(self._unnumbered) and self._guesses(transcript)
        for sequence in self._concerned(transcript, event):
            key = (event.dialog_id, event.status, sequence)
            known = self._given.get(key, frozenset())
            found = frozenset(echoed_receipts_of(transcript, *key, self._base))
            if known != found:
                others = found - known
                again = (
                    again
                    or not known <= found
                    or not all(self._is_known(transcript, each, self.selves.ids) for each in others)
                )
                self._given[key] = found
        return again

    def _concerned(self, transcript: Transcript, event: ReceiptReported) -> set[int]:
        """The messages for which this event may tell who gave a receipt: also by a number it shares."""
        dialog_id, sequences, _, _, _, status, own_sequence, *_ = event
        concerned = set(sequences)
        if own_sequence is not None:
            if event.evidence.proof is Proof.ACKNOWLEDGED:
                self._numbered_by[dialog_id, status, own_sequence].update(sequences)
            for sequence in sequences:
                self._numbers_of[dialog_id, status, sequence].add(own_sequence)
        if dialog_id in transcript.given_again:
            for sequence in sequences:
                for number in self._numbers_of[dialog_id, status, sequence]:
                    concerned |= self._numbered_by.get((dialog_id, status, number), set())
        return concerned

    def _is_known(self, transcript: Transcript, learnt: _Learnt | None, ids: Iterable[str]) -> bool:
        """Whether this says nothing that the selves of now do not hold."""
        if learnt is None:
            return True
        connection, _, name = learnt
        selves = self.selves
        told = connection in transcript.identities or (
            selves.by_connection.get(connection) == name and connection not in selves.suggested
        )
        return told and name in ids
