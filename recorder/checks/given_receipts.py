"""Receipts as somebody gave them, once each, however often and in whatever form they were heard.

One receipt of our own is heard up to three times: asked, answered, echoed; and every receipt once more
with each replay of the history. It is one act as long as it carries the same number in its dialog or,
where it has none, the same author, status, messages and time of the service's.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from recorder.messaging.events import Event, Evidence, Proof, ReceiptRefused, ReceiptReported


@dataclass(slots=True, eq=False)
class Act:
    """One receipt, given once.

    Attributes:
        participant: who gave it, None where that is not known.
        number: the sequence it took itself, None where unknown.
        claim, answer: our request and its 2xx answer; None if it is not ours, or none came.
        refusal: what came instead.
        told: every announcement of it, the echo first.
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
    told: list[Evidence] = field(default_factory=list)

    @property
    def proven(self) -> bool:
        """Whether the service took it, as far as was heard."""
        return self.answer is not None or bool(self.told)

    @property
    def first(self) -> Evidence:
        """The frame in which it was first heard."""
        heard = [self.claim, self.answer, *self.told[:1], self.refusal and self.refusal.evidence]
        return min((evidence for evidence in heard if evidence), key=lambda evidence: evidence.frame)

    @property
    def best(self) -> Evidence:
        """The strongest proof of it."""
        return self.told[0] if self.told else self.answer or self.first

    @property
    def may_be_a_replay(self) -> bool:
        """Whether it was only announced, with neither number nor time to know it by."""
        return self.claim is None and self.number is None and self.best.server_ms is None


_Content = tuple[str, str, tuple[int, ...]]


def acts_of(events: Iterable[Event], me: frozenset[str]) -> list[Act]:
    """The receipts that were given, in the order in which they were first heard."""
    gathered = _Gathering(me)
    for event in events:
        if isinstance(event, ReceiptReported):
            gathered.hear(event)
        elif isinstance(event, ReceiptRefused):
            gathered.refuse(event)
    return [act for act in gathered.acts if act.claim or act.proven]


class _Gathering:
    def __init__(self, me: frozenset[str]) -> None:
        self.acts: list[Act] = []
        self._me = me
        self._only_me = next(iter(me)) if len(me) == 1 else None
        self._by_ask: dict[int, Act] = {}
        self._by_number: dict[tuple[str, int], Act] = {}
        self._by_time: dict[tuple[str, str | None, str, tuple[int, ...], int], Act] = {}
        self._unheard: defaultdict[_Content, deque[Act]] = defaultdict(deque)

    def hear(self, event: ReceiptReported) -> None:
        if event.evidence.proof is Proof.ANNOUNCED:
            self._announced(event)
        elif event.evidence.proof is Proof.ACKNOWLEDGED:
            self._answered(event)
        elif event.ask is not None and event.ask not in self._by_ask:
            act = self._by_ask[event.ask] = self._new(event)
            act.claim = event.evidence
            self._unheard[_content(event)].append(act)

    def refuse(self, event: ReceiptRefused) -> None:
        act = self._by_ask.get(event.ask)
        if act is not None and act.refusal is None:
            act.refusal = event

    def _new(self, event: ReceiptReported) -> Act:
        who = event.participant or (self._only_me if event.mine else None)
        mine = event.mine or (who is not None and who in self._me)
        act = Act(event.dialog_id, who, mine, event.status, event.sequences, event.own_sequence)
        self.acts.append(act)
        return act

    def _answered(self, event: ReceiptReported) -> None:
        act = self._by_ask.get(event.ask) if event.ask is not None else None
        act = self._new(event) if act is None else act
        act.answer = act.answer or event.evidence
        if event.own_sequence is None or act.number not in (None, event.own_sequence):
            return
        act.number = event.own_sequence
        known = self._by_number.setdefault((act.dialog_id, act.number), act)
        if known is not act and known.claim is None and _content(known) == _content(act):
            # The echo came first, and only this number tells that it is one.
            act.told, known.told = act.told + known.told, []
            act.participant = act.participant or known.participant
            self._by_number[act.dialog_id, act.number] = act

    def _announced(self, event: ReceiptReported) -> None:
        act = self._known(event) or self._claimed(event) or self._new(event)
        act.told.append(event.evidence)
        act.participant = act.participant or event.participant
        if event.own_sequence is not None:
            act.number = event.own_sequence if act.number is None else act.number
            self._by_number.setdefault((event.dialog_id, event.own_sequence), act)
        if event.evidence.server_ms is not None:
            self._by_time[*_said(event), event.evidence.server_ms] = act

    def _known(self, event: ReceiptReported) -> Act | None:
        if event.own_sequence is not None:
            known = self._by_number.get((event.dialog_id, event.own_sequence))
            return known if known is not None and _same(known, event) else None
        time = event.evidence.server_ms
        return None if time is None else self._by_time.get((*_said(event), time))

    def _claimed(self, event: ReceiptReported) -> Act | None:
        """The oldest request of ours that this may be the echo of."""
        if event.participant is None or event.participant not in self._me:
            return None
        waiting = self._unheard[_content(event)]
        while waiting and (waiting[0].told or waiting[0].refusal):
            waiting.popleft()
        if not waiting or waiting[0].number not in (None, event.own_sequence):
            return None
        return waiting[0] if waiting[0].participant in (None, event.participant) else None


def _content(given: ReceiptReported | Act) -> _Content:
    return (given.dialog_id, given.status, given.sequences)


def _said(event: ReceiptReported) -> tuple[str, str | None, str, tuple[int, ...]]:
    return (event.dialog_id, event.participant, event.status, event.sequences)


def _same(act: Act, event: ReceiptReported) -> bool:
    who = event.participant
    return _content(act) == _content(event) and (act.participant is None or act.participant == who)
