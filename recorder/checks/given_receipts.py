"""Receipts, each once, however often they were requested, answered, announced or replayed.

A receipt of our own shows up to three times: in our request, in its answer and in its echo; and every
receipt once more with each replay of the history. It is the same receipt if it has the same sequence in its
dialog or, without a sequence, the same author, status, messages and server time.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field

from recorder.messaging.events import Event, Evidence, Proof, ReceiptRefused, ReceiptReported
from recorder.receipts.selves import Selves
from recorder.receipts.state import Giver


@dataclass(slots=True, eq=False)
class GivenReceipt:
    """One receipt of one participant.

    Attributes:
        participant: who gave it, None where that is not known.
        number: the sequence it took itself, None where unknown.
        claim, answer: our request and its 2xx answer; None if it is not ours, or none came.
        refusal: what came instead.
        announcements: every announcement of it, the echo first.
        place: its place among all receipts, in the order of their first evidence.
    """

    dialog_id: str
    participant: str | None
    mine: bool
    status: str
    sequences: tuple[int, ...]
    number: int | None = None
    claim: Evidence | None = None
    answer: Evidence | None = None
    refusal: ReceiptRefused | None = None
    announcements: list[Evidence] = field(default_factory=list)
    place: int = 0

    @property
    def giver(self) -> Giver:
        """Who gave it; the connection, if it is ours and our id is not known."""
        return self.first.connection if self.participant is None and self.mine else self.participant

    @property
    def proven(self) -> bool:
        """Whether the service accepted it, as far as this recording shows."""
        return self.answer is not None or bool(self.announcements)

    @property
    def exists(self) -> bool:
        """Whether anything shows it: its only evidence may have turned out to be that of another."""
        return self.claim is not None or self.proven

    @property
    def first(self) -> Evidence:
        """Its earliest evidence."""
        evidences = [self.claim, self.answer, *self.announcements[:1], self.refusal and self.refusal.evidence]
        return min((evidence for evidence in evidences if evidence), key=lambda evidence: evidence.frame)

    @property
    def best(self) -> Evidence:
        """Its strongest evidence."""
        return self.announcements[0] if self.announcements else self.answer or self.first

    @property
    def may_be_a_replay(self) -> bool:
        """Whether it was only announced, with neither number nor time to know it by."""
        return self.claim is None and self.number is None and self.best.server_ms is None


_Content = tuple[str, str, frozenset[int]]


class ReceiptCollector:
    """Finds the receipts in events that come one by one.

    Attributes:
        receipts: all of them, in the order of their first evidence.
        touched: those that an event has changed; who looks at them clears it.
    """

    def __init__(self, selves: Selves) -> None:
        self.receipts: list[GivenReceipt] = []
        self.touched: dict[GivenReceipt, None] = {}
        self.learn(selves)
        self._by_request: dict[int, GivenReceipt] = {}
        self._by_number: dict[tuple[str, int], GivenReceipt] = {}
        self._by_time: dict[tuple[str, str | None, str, tuple[int, ...], int], GivenReceipt] = {}
        self._unechoed: defaultdict[tuple[_Content, str | None], deque[GivenReceipt]] = defaultdict(deque)

    def learn(self, selves: Selves) -> None:
        """Further connections have selves; what was fed so far would come out the same."""
        self._selves = selves
        self._speaking = frozenset(selves.by_connection.values())

    def feed(self, event: Event) -> None:
        """Take the next event."""
        if isinstance(event, ReceiptReported):
            self._on_reported(event)
        elif isinstance(event, ReceiptRefused):
            self._on_refused(event)

    def _on_reported(self, event: ReceiptReported) -> None:
        if event.evidence.proof is Proof.ANNOUNCED:
            self._announced(event)
        elif event.evidence.proof is Proof.ACKNOWLEDGED:
            self._answered(event)
        elif event.request_frame is not None and event.request_frame not in self._by_request:
            receipt = self._by_request[event.request_frame] = self._new(event)
            receipt.claim = event.evidence
            self._unechoed[_content(event), receipt.participant].append(receipt)

    def _on_refused(self, event: ReceiptRefused) -> None:
        receipt = self._by_request.get(event.request_frame)
        if receipt is not None and receipt.refusal is None:
            receipt.refusal = event
            self.touched[receipt] = None

    def _new(self, event: ReceiptReported) -> GivenReceipt:
        who = event.participant or (self._selves.id_of(event.evidence.connection) if event.mine else None)
        mine = event.mine or self._selves.is_one(who) is True
        receipt = GivenReceipt(event.dialog_id, who, mine, event.status, event.sequences, event.own_sequence)
        receipt.place = len(self.receipts)
        self.receipts.append(receipt)
        self.touched[receipt] = None
        return receipt

    def _answered(self, event: ReceiptReported) -> None:
        receipt = self._by_request.get(event.request_frame) if event.request_frame is not None else None
        receipt = self._new(event) if receipt is None else receipt
        receipt.answer = receipt.answer or event.evidence
        self.touched[receipt] = None
        if event.own_sequence is None or receipt.number not in (None, event.own_sequence):
            return
        receipt.number = event.own_sequence
        known = self._by_number.setdefault((receipt.dialog_id, receipt.number), receipt)
        if known is not receipt and known.claim is None and _content(known) == _content(receipt):
            # The echo came first, and only this number tells that it is one.
            self.touched[known] = None
            receipt.announcements, known.announcements = receipt.announcements + known.announcements, []
            receipt.participant = known.participant or receipt.participant
            self._by_number[receipt.dialog_id, receipt.number] = receipt

    def _announced(self, event: ReceiptReported) -> None:
        receipt = self._known(event) or self._claimed(event) or self._new(event)
        receipt.announcements.append(event.evidence)
        self.touched[receipt] = None
        receipt.participant = event.participant or receipt.participant
        if event.own_sequence is not None:
            receipt.number = event.own_sequence if receipt.number is None else receipt.number
            self._by_number.setdefault((event.dialog_id, event.own_sequence), receipt)
        if event.evidence.server_ms is not None:
            self._by_time[*_announcement_key(event), event.evidence.server_ms] = receipt

    def _known(self, event: ReceiptReported) -> GivenReceipt | None:
        if event.own_sequence is not None:
            known = self._by_number.get((event.dialog_id, event.own_sequence))
            return known if known is not None and _same(known, event) else None
        time = event.evidence.server_ms
        return None if time is None else self._by_time.get((*_announcement_key(event), time))

    def _claimed(self, event: ReceiptReported) -> GivenReceipt | None:
        """The oldest own receipt without an echo that this announcement may belong to."""
        if not self._selves.is_one(event.participant):
            return None
        return self._waiting(event, event.participant) or (
            None if event.participant in self._speaking else self._waiting(event, None)
        )

    def _waiting(self, event: ReceiptReported, who: str | None) -> GivenReceipt | None:
        waiting = self._unechoed[_content(event), who]
        while waiting and (waiting[0].announcements or waiting[0].refusal):
            waiting.popleft()
        if not waiting or waiting[0].number not in (None, event.own_sequence):
            return None
        return waiting[0]


def _content(given: ReceiptReported | GivenReceipt) -> _Content:
    """What an echo repeats; the service may sort the list, and name each of it once."""
    return (given.dialog_id, given.status, frozenset(given.sequences))


def _announcement_key(event: ReceiptReported) -> tuple[str, str | None, str, tuple[int, ...]]:
    return (event.dialog_id, event.participant, event.status, event.sequences)


def _same(receipt: GivenReceipt, event: ReceiptReported) -> bool:
    by_number = receipt.claim is not None and receipt.number is not None
    same_person = receipt.participant is None or receipt.participant == event.participant
    return _content(receipt) == _content(event) and (by_number or same_person)
