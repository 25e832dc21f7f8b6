"""Planned receipts beside what came of them: for ``session show``, ``message show`` and the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from recorder.counted import counted
from recorder.receipts.numbers import percentile
from recorder.wire.records import ReceiptPlan

NOT_KNOWN = "not known"
"""Stands for the reason where a plan has neither a frame nor one: the replay was broken off, or goes on."""


class PlannedNumbers(NamedTuple):
    """The planned receipts of a session in numbers.

    Attributes:
        total: how many were planned.
        sent: how many of them went out.
        unsent: reason → how many of the others.
        late_s: how long after its moment each frame of receipts had left, in seconds, rising.
    """

    total: int
    sent: int
    unsent: Mapping[str, int]
    late_s: Sequence[float]


def planned_numbers(plans: Sequence[ReceiptPlan]) -> PlannedNumbers | None:
    """The numbers of these; None where there are none.

    Receipts that left in one frame are one sample of lateness.
    """
    if not plans:
        return None
    late_us = {plan.frame: late for plan in plans if (late := late_us_of(plan)) is not None}
    sent = sum(plan.frame is not None for plan in plans)
    unsent = Counter(plan.unsent or NOT_KNOWN for plan in plans if plan.frame is None)
    return PlannedNumbers(
        len(plans), sent, dict(sorted(unsent.items())), [late / 1e6 for late in sorted(late_us.values())]
    )


def late_us_of(plan: ReceiptPlan) -> int | None:
    """How many microseconds after its moment it had left; None if it has not."""
    if plan.frame is None or plan.sent_offset_us is None or plan.due_offset_us is None:
        return None
    return plan.sent_offset_us - plan.due_offset_us


_REASONS = {
    "replaced": "another plan took its place",
    "given already": "it had been given before",
    "dialog closed": "its dialog was closed",
    "connection over": "there was no connection any more",
    "leader unsent": "the receipt it was to go out with never did",
    "merged": "it became part of a frame that was left unfinished",
    "replay over": "the replay ended first",
}


def unsent_words(reason: str | None, count: int | None = None) -> str:
    """Why one never went out, or why so many did not: ``never went out: its dialog was closed``."""
    if reason in (None, NOT_KNOWN):
        return f"nothing says that {'it' if count is None else counted(count, 'other')} went out"
    return f"{'never went' if count is None else f'{count:,} never went'} out: {_REASONS[reason or '']}"


def planned_json(numbers: PlannedNumbers | None) -> dict[str, object] | None:
    """The ``planned_receipts`` of ``session show --json``; lateness in seconds, null where none was sent."""
    if numbers is None:
        return None
    p50_s, p99_s, max_s = lateness_s(numbers)
    return {
        "count": numbers.total,
        "sent": numbers.sent,
        "unsent": dict(numbers.unsent),
        "frames": len(numbers.late_s),
        "lateness_p50_s": p50_s,
        "lateness_p99_s": p99_s,
        "lateness_max_s": max_s,
    }


def lateness_s(numbers: PlannedNumbers) -> tuple[float | None, float | None, float | None]:
    """Median, 99th percentile and most of the lateness, in seconds; None where nothing was sent."""
    late_s = numbers.late_s
    return (percentile(late_s, 50), percentile(late_s, 99), late_s[-1]) if late_s else (None, None, None)


def planned_words(numbers: PlannedNumbers) -> str:
    """``5 receipts: 4 sent (0.02 ms late at p50, 0.31 ms at p99, 0.31 ms at most), 1 replaced``."""
    late = ", ".join(
        f"{late_s * 1e3:.2f} ms {word}"
        for late_s, word in zip(lateness_s(numbers), ("late at p50", "at p99", "at most"), strict=True)
        if late_s is not None
    )
    parts = [f"{numbers.sent} sent" + (f" ({late})" if late else "")]
    parts += [f"{count} {reason}" for reason, count in numbers.unsent.items()]
    return f"{counted(numbers.total, 'receipt')}: {', '.join(parts)}"


def plan_json(plan: ReceiptPlan) -> dict[str, object]:
    """One planned receipt, as ``message show --json`` lists it; times in seconds since the session began."""
    return {
        "consumer": plan.consumer,
        "connection": plan.connection,
        "status": plan.status,
        "step": plan.step,
        "due_s": _seconds(plan.due_offset_us),
        "sent_s": _seconds(plan.sent_offset_us),
        "late_s": _seconds(late_us_of(plan)),
        "frame": plan.frame,
        "unsent": None if plan.frame is not None else plan.unsent or NOT_KNOWN,
    }


def plan_lines(plans: Sequence[ReceiptPlan]) -> list[str]:
    """What ``message show`` says: ``READ planned for +2.000s, went out 0.12 ms later in frame #41``."""
    several = len({plan.consumer for plan in plans}) > 1
    return [_plan_words(plan, by=f" by {plan.consumer}" if several else "") for plan in plans]


def _plan_words(plan: ReceiptPlan, *, by: str) -> str:
    due_us, late_us = plan.due_offset_us, late_us_of(plan)
    when = "planned with another" if due_us is None else f"planned for {due_us / 1e6:+.3f}s"
    if plan.frame is None:
        came = unsent_words(plan.unsent)
    elif late_us is None:
        came = f"went out in frame #{plan.frame}"
    else:
        came = f"went out {late_us / 1e3:.2f} ms later in frame #{plan.frame}"
    step = "" if plan.step is None else f" (step {plan.step})"
    return f"{plan.status}{by} {when}{step}, {came}"


def _seconds(us: int | None) -> float | None:
    return None if us is None else us / 1e6
