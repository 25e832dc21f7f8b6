"""What came of every receipt that was planned: sent in which frame, or why never. Pure.

::

    plan = ReceiptPlans()
    Player(script, plan=plan)
    plan.take_changes(began_s)     # now and then: what is new since the last call, to be stored
    plan.end(now_s)                # at the end: what is still planned is not sent any more
"""

from __future__ import annotations

from dataclasses import dataclass

from recorder.wire.records import ReceiptPlan

from .receipt_batches import DueReceipts, MessageId, PlannedReceipts

REPLACED, GIVEN, DIALOG_CLOSED = "replaced", "given already", "dialog closed"
DISCONNECTED, LEADER_UNSENT, MERGED, OVER = "connection over", "leader unsent", "merged", "replay over"

_RULES = 0
"""Stands for the order of a plan of which there is one at a time for a message and a status."""


@dataclass(slots=True)
class PlanEntry:
    """One planned receipt; times by the clock of the run, in seconds. ``order`` is that of the schedule."""

    number: int
    consumer: str
    connection: int | None
    key: MessageId
    status: str
    step: int | None
    order: int
    due_s: float | None
    frame: int | None = None
    sent_s: float | None = None
    unsent: str | None = None

    def record(self, began_s: float) -> ReceiptPlan:
        """It as the archive keeps it, for a session that began then."""
        return ReceiptPlan(
            self.number,
            self.consumer,
            self.connection,
            *self.key,
            self.status,
            self.step,
            _offset_us(self.due_s, began_s),
            self.frame,
            _offset_us(self.sent_s, began_s),
            self.unsent,
        )


class ReceiptPlans:
    """The planned receipts of all consumers of a script."""

    def __init__(self) -> None:
        self._consumers: list[ConsumerPlans] = []
        self._changed: dict[int, PlanEntry] = {}
        self._count = 0

    def of(self, consumer: str) -> ConsumerPlans:
        """Takes what this consumer plans."""
        plans = ConsumerPlans(self, consumer)
        self._consumers.append(plans)
        return plans

    @property
    def changes(self) -> int:
        """How many receipts ``take_changes`` has something to say of."""
        return len(self._changed)

    def take_changes(self, began_s: float) -> list[ReceiptPlan]:
        """What was planned, sent or dropped since the last call; ``began_s``: when the session began."""
        changed, self._changed = self._changed, {}
        return [changed[number].record(began_s) for number in sorted(changed)]

    def end(self, now_s: float) -> None:
        """The replay is over: nothing is sent any more."""
        for plans in self._consumers:
            plans.end(now_s)

    def next_number(self) -> int:
        """The number of the next plan."""
        self._count += 1
        return self._count

    def note(self, entry: PlanEntry) -> None:
        """This entry is new, or has changed."""
        self._changed[entry.number] = entry


class ConsumerPlans:
    """The planned receipts of one consumer.

    Attributes:
        connection: number of its open connection; None while there is none.
    """

    def __init__(self, ledger: ReceiptPlans, consumer: str) -> None:
        self._ledger, self._consumer = ledger, consumer
        self.connection: int | None = None
        self._open: dict[tuple[MessageId, str, int], PlanEntry] = {}

    def add(self, planned: PlannedReceipts, *, due_s: float | None, extra: bool = False) -> None:
        """Receipts were planned, or the moment of some is known now.

        They take the place of others of that status for these messages; not so with ``extra``.
        """
        for key in planned.keys:
            place = (key, planned.status, planned.order if extra else _RULES)
            entry = self._open.get(place)
            if entry is not None and entry.order == planned.order:
                entry.due_s = due_s
            else:
                self.drop(key, planned.status, REPLACED, order=place[2])
                entry = self._open[place] = PlanEntry(
                    self._ledger.next_number(),
                    self._consumer,
                    self.connection,
                    key,
                    planned.status,
                    planned.step,
                    planned.order,
                    due_s,
                )
            self._ledger.note(entry)

    def sent(self, due: DueReceipts, frame: int, now_s: float) -> None:
        """These were sent in this frame. Their moment is that of the frame."""
        for entry in self._taken(due):
            entry.due_s, entry.frame, entry.sent_s = due.at_s, frame, now_s

    def not_sent(self, due: DueReceipts, reason: str) -> None:
        """These were taken to be sent, and did not go out."""
        for entry in self._taken(due):
            entry.due_s, entry.unsent = due.at_s, reason

    def drop(self, key: MessageId, status: str, reason: str, *, order: int = _RULES) -> None:
        """What is planned of this status for this message is not sent any more, if anything is."""
        entry = self._open.pop((key, status, order), None)
        if entry is not None:
            entry.unsent = reason
            self._ledger.note(entry)

    def drop_all(self, reason: str) -> None:
        """Nothing that is planned is sent any more."""
        for (key, status, order), entry in list(self._open.items()):
            self.drop(key, status, LEADER_UNSENT if entry.due_s is None else reason, order=order)

    def end(self, now_s: float) -> None:
        """As ``drop_all``: what was due before ``now_s`` was kept back by a missing connection."""
        for (key, status, order), entry in list(self._open.items()):
            if self.connection is None and entry.due_s is not None and entry.due_s <= now_s:
                self.drop(key, status, DISCONNECTED, order=order)
        self.drop_all(OVER)

    def _taken(self, due: DueReceipts) -> list[PlanEntry]:
        found = []
        for one in due.planned:
            for key in one.keys:
                place = (key, due.status, one.order)
                entry = self._open.pop(place if place in self._open else (key, due.status, _RULES), None)
                if entry is not None:
                    self._ledger.note(entry)
                    found.append(entry)
        return found


def _offset_us(moment_s: float | None, began_s: float) -> int | None:
    return None if moment_s is None else round((moment_s - began_s) * 1_000_000)
