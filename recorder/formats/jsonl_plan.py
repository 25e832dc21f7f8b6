"""The receipts that a replay planned, as a list in the session line, both directions.

A program that does not know of them passes over that key.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from recorder.wire.records import UNSENT_REASONS, ReceiptPlan

from .lines import LARGEST_INTEGER, JsonFields, JsonLine

KEY = "receipt_plans"

_LARGEST_STEP = (1 << 31) - 1


def plan_fields(plans: Sequence[ReceiptPlan]) -> JsonFields:
    """What the session line says of them; nothing where there are none."""
    if not plans:
        return {}
    return {KEY: [_known(plan._asdict()) for plan in plans]}


def _known(fields: dict[str, Any]) -> JsonFields:
    return {key: value for key, value in fields.items() if value is not None}


def plans_of(line: JsonLine) -> tuple[ReceiptPlan, ...]:
    """Those that the line tells of, in the order of their numbers. Raises BadCapture."""
    plans = [_plan(each) for each in line.entries(KEY)]
    if any(one.number >= other.number for one, other in pairwise(plans)):
        raise line.error(f'the numbers in "{KEY}" do not rise')
    return tuple(plans)


def _plan(line: JsonLine) -> ReceiptPlan:
    number, sequence = (
        line.integer("number", 1, LARGEST_INTEGER),
        line.integer("sequence", 0, LARGEST_INTEGER),
    )
    consumer, dialog, status = line.text("consumer"), line.text("dialog"), line.text("status")
    if number is None or sequence is None or consumer is None or dialog is None or status is None:
        raise line.error(f'"{KEY}" has an entry without number, consumer, dialog, sequence or status')
    return ReceiptPlan(
        number=number,
        consumer=consumer,
        connection=line.integer("connection", 1, _LARGEST_STEP),
        dialog=dialog,
        sequence=sequence,
        status=status,
        step=line.integer("step", 0, _LARGEST_STEP),
        due_offset_us=line.integer("due_offset_us", -LARGEST_INTEGER, LARGEST_INTEGER),
        frame=line.integer("frame", 1, LARGEST_INTEGER),
        sent_offset_us=line.integer("sent_offset_us", -LARGEST_INTEGER, LARGEST_INTEGER),
        unsent=line.choice("unsent", UNSENT_REASONS),
    )
