"""When each receipt is sent, independently of the steps.

The rules:

* Receipts for a message of the other side are planned once, when it arrives; a repeated push changes nothing.
* The standing rule sends no receipt that is known to be sent, by a replayed history for example.
* A step overrides the rule for its message and status.
* No receipt is sent before it is due; receipts are sent in the order of their due times, then of planning.
* One frame holds receipts of one status for messages of one dialog.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from recorder.documents import DelayDistribution

from .receipt_batches import DueReceipts, MessageId, PlannedReceipts, departures
from .receipt_plan import DIALOG_CLOSED, GIVEN, REPLACED, ConsumerPlans


class ReceiptSchedule:
    """The receipts one consumer has planned.

    Args:
        rule: the standing rule: status → how long after the arrival, in seconds.
        rng: what delays are drawn with, one draw for each receipt or list that is planned.
        batch_s: receipts by the rule that fall due within so long of the first one leave together, at
            the end of that span; 0: each leaves alone.
        plans: takes what is planned and dropped; None: nobody keeps it.
    """

    def __init__(
        self,
        rule: Mapping[str, DelayDistribution | float],
        *,
        rng: random.Random | None = None,
        batch_s: float = 0.0,
        plans: ConsumerPlans | None = None,
    ) -> None:
        self._rule = rule
        self._rng = rng or random.Random(0)  # noqa: S311 - delays, not secrets
        self._batch_s = batch_s
        self._plans = plans
        self._single: list[PlannedReceipts] = []
        self._batched: dict[tuple[str, str], list[PlannedReceipts]] = {}
        self._current: dict[tuple[MessageId, str], PlannedReceipts] = {}
        self._following: dict[tuple[MessageId, str], list[PlannedReceipts]] = {}
        self._extra: set[int] = set()
        self._arrived_s: dict[MessageId, float] = {}
        self._given: set[tuple[MessageId, str]] = set()
        self._suspended: set[tuple[MessageId, str]] = set()
        self._planned_count = 0
        self._closed = False
        self._closed_dialogs: set[str] = set()

    # --- arrivals and the standing rule ---

    def arrived(self, key: MessageId, at_s: float) -> None:
        """A message of the other side arrived."""
        if key in self._arrived_s:
            return
        self._arrived_s[key] = at_s
        if self._closed or key.dialog_id in self._closed_dialogs:
            return
        for status, delay in self._rule.items():
            if (key, status) not in self._given and (key, status) not in self._suspended:
                self._enter(self._planned(at_s + self._drawn(delay), (key,), status, None))

    def given(self, key: MessageId, status: str, *, now_s: float = 0.0) -> None:
        """A receipt of ours for this message was sent: the rule sends no other.

        Receipts that were planned to be sent with it are due at once.
        """
        self._drop(key, status, GIVEN)
        self._mark_given(key, status, now_s)

    def _mark_given(self, key: MessageId, status: str, now_s: float = 0.0) -> None:
        self._given.add((key, status))
        self._current.pop((key, status), None)
        for follower in self._following.pop((key, status), ()):
            if keys := self._left_of(follower):
                self._enter(follower._replace(at_s=now_s, keys=keys))

    def suspend(self, key: MessageId, status: str) -> None:
        """A step takes over this receipt from the rule."""
        self._suspended.add((key, status))
        self._current.pop((key, status), None)
        self._drop(key, status, REPLACED)

    def is_given(self, key: MessageId, status: str) -> bool:
        """Whether a receipt of ours with this status was sent."""
        return (key, status) in self._given

    def close(self) -> None:
        """The rule plans nothing for messages that arrive from now on; what is planned stays."""
        self._closed = True

    def close_dialog(self, dialog_id: str) -> None:
        """The dialog is closed: drop what the rule has planned in it."""
        self._closed_dialogs.add(dialog_id)
        for place in [place for place, planned in self._current.items() if planned.step is None]:
            if place[0].dialog_id == dialog_id:
                del self._current[place]
                self._drop(*place, DIALOG_CLOSED)

    # --- receipts planned by steps ---

    def plan(
        self,
        keys: Sequence[MessageId],
        status: str,
        *,
        after: DelayDistribution | float,
        now_s: float,
        step: int,
    ) -> float:
        """Plan receipts in one frame, ``after`` the last arrival; returns the due time.

        Never earlier than now; counted from now for messages that did not arrive. Replaces what was planned
        for these messages and this status. All are of one dialog.
        """
        for key in keys:
            self.suspend(key, status)
        at_s = self._from_arrival(keys, after, now_s)
        self._enter(self._planned(at_s, tuple(keys), status, step))
        return at_s

    def plan_again(
        self,
        keys: Sequence[MessageId],
        status: str,
        *,
        after: DelayDistribution | float,
        now_s: float,
        step: int,
        metadata: list[dict[str, Any]] | None = None,
    ) -> float:
        """Plan receipts besides those planned, even if they were sent before; returns the due time."""
        planned = self._planned(self._from_arrival(keys, after, now_s), tuple(keys), status, step, metadata)
        self._extra.add(planned.order)
        if self._plans is not None:
            self._plans.add(planned, due_s=planned.at_s, extra=True)
        heapq.heappush(self._single, planned)
        return planned.at_s

    def plan_with(
        self, keys: Sequence[MessageId], leader: MessageId, status: str, *, now_s: float, step: int
    ) -> float | None:
        """Plan receipts in the frame of the leader's receipt; returns the due time, if it is known.

        If the leader's receipt was sent already, they are due now.
        """
        for key in keys:
            self.suspend(key, status)
        if self.is_given(leader, status):
            self._enter(self._planned(now_s, tuple(keys), status, step))
            return now_s
        follower = self._planned(math.inf, tuple(keys), status, step)
        self._claim(follower)
        if self._plans is not None:
            self._plans.add(follower, due_s=None)
        self._following.setdefault((leader, status), []).append(follower)
        return next(
            (due.at_s for due in self._all_due() if leader in due.keys and due.status == status), None
        )

    def leads_to(self, leader: MessageId, keys: Iterable[MessageId], status: str) -> bool:
        """Whether the leader's receipt itself waits for one of these, directly or not."""
        waited_for = list(keys)
        for key in waited_for:  # it grows meanwhile
            if key == leader:
                return True
            for follower in self._following.get((key, status), ()):
                waited_for += [one for one in self._left_of(follower) if one not in waited_for]
        return False

    def waiting_for_leader(self) -> list[tuple[MessageId, PlannedReceipts]]:
        """Receipts that still wait for the frame of another one, with the message of that one."""
        waiting = ((leader, one) for (leader, _), each in self._following.items() for one in each)
        return [
            (leader, one._replace(keys=self._left_of(one))) for leader, one in waiting if self._left_of(one)
        ]

    # --- what is due ---

    def last_at_s(self) -> float | None:
        """When the last receipt that is planned by now is due; None if none is."""
        return max((due.at_s for due in self._all_due()), default=None)

    def next_at_s(self) -> float | None:
        """When the next receipt is due; None if none is planned."""
        nearest = self._nearest()
        return None if nearest is None else nearest[0]

    def take_due(self, now_s: float) -> DueReceipts | None:
        """Remove and return the next receipts that are due in one frame; None if none are."""
        nearest = self._nearest()
        if nearest is None or nearest[0] > now_s:
            return None
        at_s, _, heap = nearest
        taken = [self._pop(heap)]
        if heap is not self._single:
            while self._drop_overruled(heap) and heap[0].at_s <= at_s:
                taken.append(self._pop(heap))
        leaving = self._with_followers(taken)
        for one in leaving:
            for key in one.keys:
                self._mark_given(key, one.status)
        return DueReceipts(at_s, leaving[0].status, tuple(leaving))

    def return_due(self, due: DueReceipts) -> None:
        """Plan receipts again that were taken and could not be sent."""
        for key in due.keys:
            self._given.discard((key, due.status))
        first = due.planned[0]
        again = first._replace(at_s=due.at_s, keys=due.keys, step=_any_step(due), metadata=due.metadata)
        if first.order in self._extra:
            heapq.heappush(self._single, again)
        else:
            self._claim(again)
            heapq.heappush(self._single, again)

    def remaining(self) -> list[DueReceipts]:
        """Everything that is still planned, in the order of due times."""
        return sorted(self._all_due(), key=lambda due: (due.at_s, due.planned[0].order))

    # --- helpers ---

    def _from_arrival(
        self, keys: Iterable[MessageId], after: DelayDistribution | float, now_s: float
    ) -> float:
        delay_s = self._drawn(after)
        return max(now_s, *(self._arrived_s.get(key, now_s) + delay_s for key in keys))

    def _drawn(self, delay: DelayDistribution | float) -> float:
        return delay.draw(self._rng) if isinstance(delay, DelayDistribution) else delay

    def _planned(
        self,
        at_s: float,
        keys: tuple[MessageId, ...],
        status: str,
        step: int | None,
        metadata: list[dict[str, Any]] | None = None,
    ) -> PlannedReceipts:
        self._planned_count += 1
        return PlannedReceipts(at_s, self._planned_count, keys, status, step, metadata)

    def _claim(self, planned: PlannedReceipts) -> None:
        for key in planned.keys:
            self._current[key, planned.status] = planned

    def _drop(self, key: MessageId, status: str, reason: str) -> None:
        if self._plans is not None:
            self._plans.drop(key, status, reason)

    def _enter(self, planned: PlannedReceipts) -> None:
        self._claim(planned)
        if self._plans is not None:
            self._plans.add(planned, due_s=planned.at_s)
        batched = self._batch_s > 0 and planned.step is None
        heap = self._single
        if batched:
            heap = self._batched.setdefault((planned.keys[0].dialog_id, planned.status), [])
        heapq.heappush(heap, planned)

    def _nearest(self) -> tuple[float, int, list[PlannedReceipts]] | None:
        """When the next frame is due, the order of its first receipt, and the heap that holds it."""
        heads = []
        if self._drop_overruled(self._single):
            heads.append((self._single[0].at_s, self._single[0].order, self._single))
        for heap in self._batched.values():
            if self._drop_overruled(heap):
                heads.append((heap[0].at_s + self._batch_s, heap[0].order, heap))
        return min(heads, key=lambda head: head[:2], default=None)

    def _pop(self, heap: list[PlannedReceipts]) -> PlannedReceipts:
        planned = heapq.heappop(heap)
        return planned._replace(keys=self._left_of(planned))

    def _with_followers(self, leaving: list[PlannedReceipts]) -> list[PlannedReceipts]:
        """These, and all that wait for their frame, directly or not."""
        for one in leaving:  # it grows meanwhile
            for key in one.keys:
                for follower in self._following.pop((key, one.status), ()):
                    if keys := self._left_of(follower):
                        leaving.append(follower._replace(keys=keys))
        return leaving

    def _all_due(self) -> Iterator[DueReceipts]:
        """Every frame that is planned now."""
        for planned in self._single:
            if keys := self._left_of(planned):
                yield DueReceipts(planned.at_s, planned.status, (planned._replace(keys=keys),))
        for heap in self._batched.values():
            left = sorted(planned for planned in heap if self._left_of(planned))
            for at_s, together in departures(left, self._batch_s):
                yield DueReceipts(at_s, together[0].status, tuple(together))

    def _drop_overruled(self, heap: list[PlannedReceipts]) -> bool:
        """Drop replaced receipts from the head of the heap; whether anything is left."""
        while heap and not self._left_of(heap[0]):
            heapq.heappop(heap)
        return bool(heap)

    def _left_of(self, planned: PlannedReceipts) -> tuple[MessageId, ...]:
        """Its messages, without those that were planned anew since."""
        if planned.order in self._extra:
            return planned.keys
        claimed = (self._current.get((key, planned.status)) for key in planned.keys)
        return tuple(
            key
            for key, holder in zip(planned.keys, claimed, strict=True)
            if holder is not None and holder.order == planned.order
        )


def _any_step(due: DueReceipts) -> int | None:
    return next((one.step for one in due.planned if one.step is not None), None)
