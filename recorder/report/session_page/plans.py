"""Planned receipts for the page: what came of them in numbers, and message by message."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from recorder.wire.records import ReceiptPlan

from ..planned import late_us_of, lateness_s, planned_numbers, unsent_words
from .states import MessagePlaces

POINTS = 200
"""Delays of a distribution that are drawn; of more, so many quantiles."""


def planned_data(
    plans: Sequence[ReceiptPlan], places: MessagePlaces, most: int, *, named: bool
) -> dict[str, object] | None:
    """The data of these; None where nothing was planned.

    ``messages`` are ``[place or null, sequence, [row, …]]`` in the order of dialogs and sequences, at most so
    many, and ``more`` are left out; a row is ``[status, consumer, due µs, sent µs, late µs, frame, unsent]``.
    ``named``: whether consumers, where there are several, go by the names that the script gives them.
    """
    numbers = planned_numbers(plans)
    if numbers is None:
        return None
    consumers = list(dict.fromkeys(plan.consumer for plan in plans))
    shown = {one: one if named else f"consumer {place}" for place, one in enumerate(consumers, 1)}
    ordered = sorted(plans, key=lambda plan: (plan.dialog, plan.sequence, plan.number))
    messages = [
        [places.of.get(key), key[1], [_row(plan, shown if len(consumers) > 1 else {}) for plan in group]]
        for key, group in groupby(ordered, key=lambda plan: (plan.dialog, plan.sequence))
    ]
    return {
        "count": numbers.total,
        "sent": numbers.sent,
        "unsent": [unsent_words(reason, count) for reason, count in numbers.unsent.items()],
        "frames": len(numbers.late_s),
        "figures": lateness_s(numbers),
        "points": points_of(numbers.late_s),
        "messages": messages[:most],
        "more": max(0, len(messages) - most),
    }


def _row(plan: ReceiptPlan, consumers: dict[str, str]) -> list[object]:
    unsent = None if plan.frame is not None else unsent_words(plan.unsent)
    consumer = consumers.get(plan.consumer)
    return [
        plan.status,
        consumer,
        plan.due_offset_us,
        plan.sent_offset_us,
        late_us_of(plan),
        plan.frame,
        unsent,
    ]


def points_of(seconds: Sequence[float]) -> list[float]:
    """What is drawn of a distribution in rising order."""
    step = max(1.0, len(seconds) / POINTS)
    return [round(seconds[int(place * step)], 6) for place in range(min(len(seconds), POINTS))]
