"""Counts of messages and receipts, and percentiles of delays, for each participant.

Every delay is measured on one clock: see ``delays``. The two are never mixed: delays on each clock are
counted apart, and every line says which clock, and how many it rests on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil
from typing import NamedTuple

from recorder.messaging.events import Evidence

from .delays import Delay, DialogClocks, clocks_by_dialog, delay
from .entities import SessionEntities
from .queries import MessageView, ReceiptView, is_proven_by_other
from .self_facts import connection_of

SENT_TO_ACCEPTED = "sent → accepted"
SENT_TO_READ = "sent → read"
ACCEPTED_TO_READ = "accepted → read"
REQUEST_TO_ANSWER = "request → answer"
KINDS = (SENT_TO_ACCEPTED, SENT_TO_READ, ACCEPTED_TO_READ, REQUEST_TO_ANSWER)
"""What is measured, in the order in which it is shown."""


class Latency(NamedTuple):
    """How long one kind of thing took one participant, on one clock.

    Attributes:
        kind: one of ``KINDS``.
        participant, role, mine: whose receipts; for requests None, None and True: they are ours.
        clock: "server" or "local".
        samples: how many were measured.
        p50_s, p90_s, p99_s, max_s: seconds. Percentiles are delays that occurred, never in between.
        connection: of one of us whose id is not known; else None.
    """

    kind: str
    participant: str | None
    role: str | None
    mine: bool | None
    clock: str
    samples: int
    p50_s: float
    p90_s: float
    p99_s: float
    max_s: float
    connection: int | None = None


class Count(NamedTuple):
    """What one participant did.

    Attributes:
        participant, role, mine: who; ``participant`` None is ourselves before we learnt our id.
        sent: messages seen that they wrote.
        accepted, read: messages of others that they proved to have.
        connection: as in ``Latency``.
    """

    participant: str | None
    role: str | None
    mine: bool | None
    sent: int
    accepted: int
    read: int
    connection: int | None = None


class Numbers(NamedTuple):
    """Counts and latencies of a session. ``requests`` are those that went out, ``answered`` of them were."""

    counts: tuple[Count, ...]
    latencies: tuple[Latency, ...]
    requests: int
    answered: int


class _Who(NamedTuple):
    participant: str | None
    connection: int | None = None

    @classmethod
    def of(cls, participant: str | None, evidence: Evidence | None, *, mine: bool | None) -> _Who:
        """Each of us whose id is not known is somebody by itself."""
        return cls(participant, connection_of(evidence) if mine and participant is None else None)


class _Group(NamedTuple):
    kind: str
    who: _Who
    mine: bool | None
    clock: str


def numbers_of(
    messages: Sequence[MessageView],
    entities: SessionEntities,
    distributions: Iterable[Distribution] | None = None,
) -> Numbers:
    """The numbers of a session with these messages, and these requests with their responses.

    ``distributions`` are those of ``distributions_of``, where they are known already.
    """
    answered = entities.requests.keys() & entities.responses.keys()
    participants = _ParticipantCounts()
    for message in messages:
        participants.add(message)
    measured = distributions_of(messages, entities) if distributions is None else distributions
    latencies = tuple(each.latency for each in measured)
    return Numbers(participants.counts(), latencies, len(entities.requests), len(answered))


class Distribution(NamedTuple):
    """The delays in seconds that a ``Latency`` sums up, in rising order."""

    latency: Latency
    seconds: Sequence[float]


def distributions_of(messages: Sequence[MessageView], entities: SessionEntities) -> list[Distribution]:
    """What ``numbers_of`` sums up, in the same order."""
    participants = _ParticipantCounts()
    for message in messages:
        participants.add(message)
    found = [
        Distribution(_latency(group, participants.roles.get(group.who), measured), measured)
        for group, measured in _delays(messages, entities).items()
    ]
    return sorted(found, key=lambda each: _order(each.latency))


def _delays(messages: Sequence[MessageView], entities: SessionEntities) -> dict[_Group, list[float]]:
    """The delays of each group, in seconds."""
    delays: dict[_Group, list[float]] = {}
    for frame in entities.requests.keys() & entities.responses.keys():
        asked, response = entities.requests[frame].evidence, entities.responses[frame].evidence
        _measure(delays, REQUEST_TO_ANSWER, _Who(None), True, delay(asked, response))
    clocks = clocks_by_dialog(messages)
    for message in messages:
        _measure_message(delays, message, clocks[message.dialog_id])
    return delays


def _measure(
    delays: dict[_Group, list[float]], kind: str, who: _Who, mine: bool | None, measured: Delay | None
) -> None:
    if measured is not None:
        delays.setdefault(_Group(kind, who, mine, measured.clock), []).append(measured.seconds)


def _measure_message(delays: dict[_Group, list[float]], message: MessageView, clocks: DialogClocks) -> None:
    given: dict[_Who, dict[str, ReceiptView]] = {}
    for receipt in message.receipts:
        if is_proven_by_other(receipt, message):
            who = _Who.of(receipt.participant, receipt.evidence, mine=receipt.mine)
            given.setdefault(who, {})[receipt.status] = receipt
    for who, theirs in given.items():
        accepted, read = theirs.get("ACCEPT"), theirs.get("READ")
        for kind, since, until in (
            (SENT_TO_ACCEPTED, message.sent, accepted),
            (SENT_TO_READ, message.sent, read),
            (ACCEPTED_TO_READ, accepted and accepted.evidence, read),
        ):
            if until is not None:
                _measure(delays, kind, who, until.mine, delay(since, until.evidence, clocks))


class _ParticipantCounts:
    """What each participant did."""

    def __init__(self) -> None:
        self.roles: dict[_Who, str | None] = {}
        self._mine: dict[_Who, bool | None] = {}
        self._numbers: dict[_Who, list[int]] = {}

    def add(self, message: MessageView) -> None:
        if message.sent is not None and message.sequence is not None:
            who = _Who.of(message.author, message.sent, mine=message.mine)
            self._counts_of(who, message.role, message.mine)[0] += 1
        for receipt in message.receipts:
            place = {"ACCEPT": 1, "READ": 2}.get(receipt.status)
            if place is not None and is_proven_by_other(receipt, message):
                who = _Who.of(receipt.participant, receipt.evidence, mine=receipt.mine)
                self._counts_of(who, receipt.role, receipt.mine)[place] += 1

    def _counts_of(self, who: _Who, role: str | None, mine: bool | None) -> list[int]:
        self.roles[who] = role or self.roles.get(who)
        self._mine[who] = mine or self._mine.get(who, mine)
        return self._numbers.setdefault(who, [0, 0, 0])

    def counts(self) -> tuple[Count, ...]:
        return tuple(
            Count(who.participant, self.roles[who], self._mine[who], *self._numbers[who])._replace(
                connection=who.connection
            )
            for who in sorted(self._numbers, key=_order_of)
        )


def _latency(group: _Group, role: str | None, measured: list[float]) -> Latency:
    measured.sort()
    return Latency(
        kind=group.kind,
        participant=group.who.participant,
        role=role if group.kind != REQUEST_TO_ANSWER else None,
        mine=group.mine,
        clock=group.clock,
        samples=len(measured),
        p50_s=percentile(measured, 50),
        p90_s=percentile(measured, 90),
        p99_s=percentile(measured, 99),
        max_s=measured[-1],
        connection=group.who.connection,
    )


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The smallest of these that at least so many per cent of them do not exceed (nearest rank)."""
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]


def _order(latency: Latency) -> tuple[int, tuple[bool, str, int], str]:
    who = _Who(latency.participant, latency.connection)
    return (KINDS.index(latency.kind), _order_of(who), latency.clock)


def _order_of(who: _Who) -> tuple[bool, str, int]:
    return (who.participant is None, who.participant or "", who.connection or 0)
