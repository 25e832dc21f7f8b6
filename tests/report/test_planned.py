"""Planned receipts in numbers and in words."""

from __future__ import annotations

from recorder.report.planned import (
    NOT_KNOWN,
    plan_json,
    plan_lines,
    planned_json,
    planned_numbers,
    planned_words,
    unsent_words,
)
from recorder.wire.records import UNSENT_REASONS, ReceiptPlan

PLAN = ReceiptPlan(1, "ben", 1, "d", 2, "READ", None, 2_000_000)


def sent(number: int, frame: int, late_us: int) -> ReceiptPlan:
    return PLAN._replace(number=number, frame=frame, sent_offset_us=2_000_000 + late_us)


def test_receipts_in_one_frame_are_one_sample_of_lateness():
    plans = [sent(1, 7, 120), sent(2, 7, 120), sent(3, 9, 3000), PLAN._replace(number=4, unsent="replaced")]
    assert planned_json(planned_numbers(plans)) == {
        "count": 4, "sent": 3, "frames": 2, "unsent": {"replaced": 1},
        "lateness_p50_s": 0.00012, "lateness_p99_s": 0.003, "lateness_max_s": 0.003,
    }  # fmt: skip
    assert planned_words(planned_numbers(plans)) == (
        "4 receipts: 3 sent (0.12 ms late at p50, 3.00 ms at p99, 3.00 ms at most), 1 replaced"
    )


def test_where_nothing_went_out_nothing_was_late():
    numbers = planned_numbers([PLAN])
    assert planned_json(numbers)["lateness_max_s"] is None
    assert planned_words(numbers) == "1 receipt: 0 sent, 1 not known"
    assert planned_numbers([]) is None
    assert planned_json(None) is None


def test_each_is_told_in_a_line():
    plans = [
        sent(1, 41, 120),
        PLAN._replace(step=4, unsent="dialog closed"),
        PLAN._replace(due_offset_us=None, unsent="leader unsent"),
        PLAN,
        PLAN._replace(frame=7),
    ]
    assert plan_lines(plans) == [
        "READ planned for +2.000s, went out 0.12 ms later in frame #41",
        "READ planned for +2.000s (step 4), never went out: its dialog was closed",
        "READ planned with another, never went out: the receipt it was to go out with never did",
        "READ planned for +2.000s, nothing says that it went out",
        "READ planned for +2.000s, went out in frame #7",
    ]
    several = plan_lines([PLAN, PLAN._replace(consumer="eve")])
    assert [line.partition(" planned")[0] for line in several] == ["READ by ben", "READ by eve"]


def test_each_reason_has_words():
    for reason in UNSENT_REASONS:
        assert unsent_words(reason).startswith("never went out: ")
        assert unsent_words(reason, 3).startswith("3 never went out: ")
    assert unsent_words(NOT_KNOWN, 1) == "nothing says that 1 other went out"


def test_json_has_the_lateness_or_why_there_is_none():
    assert plan_json(sent(1, 41, 120)) == {
        "consumer": "ben", "connection": 1, "status": "READ", "step": None,
        "due_s": 2.0, "sent_s": 2.00012, "late_s": 0.00012, "frame": 41, "unsent": None,
    }  # fmt: skip
    assert plan_json(PLAN)["unsent"] == NOT_KNOWN
