"""Passed or not, and the first thing that went wrong."""

from __future__ import annotations

import pytest

from recorder.replay.run.outcome import FAILED, NOT_REACHED, OK, ReceiptSent, ScriptOutcome, StepResult


def outcome(*results: str, problems: tuple[str, ...] = ()) -> ScriptOutcome:
    steps = tuple(StepResult(n, "say", n + 5, result, "why") for n, result in enumerate(results, start=1))
    return ScriptOutcome(steps, (), problems, ("a note",), None)


@pytest.mark.parametrize(
    ("came", "passed", "failure"),
    [
        pytest.param(outcome(OK, OK), True, None, id="all well; notes do no harm"),
        pytest.param(outcome(), True, None, id="nothing to do"),
        pytest.param(outcome(OK, FAILED, NOT_REACHED), False, "step 2 (say), line 7: why", id="a step"),
        pytest.param(outcome(OK, NOT_REACHED), False, None, id="not reached is not passed"),
        pytest.param(outcome(OK, problems=("lost", "more")), False, "lost", id="trouble"),
        pytest.param(outcome(FAILED, problems=("lost",)), False, "step 1 (say), line 6: why", id="both"),
    ],
)
def test_a_script_passed_if_nothing_failed(came, passed, failure):
    assert (came.passed, came.failure) == (passed, failure)


# --- lateness -------------------------------------------------------------------------------------------


def receipt(frame: int, late_s: float) -> ReceiptSent:
    return ReceiptSent("d", frame, "READ", None, 10.0, 10.0 + late_s, frame)


def test_percentiles_of_lateness_are_samples():
    sent = tuple(receipt(number, number / 1000) for number in range(1, 101))
    lateness = ScriptOutcome((), sent, (), (), None).lateness()
    assert lateness.samples == 100
    found = [round(one, 9) for one in (lateness.p50_s, lateness.p99_s, lateness.max_s)]
    assert found == [0.05, 0.099, 0.1]


def test_receipts_of_one_frame_are_one_sample():
    together = (receipt(1, 0.5), receipt(1, 0.5)._replace(sequence=9))
    assert ScriptOutcome((), together, (), (), None).lateness().samples == 1


def test_without_receipts_nothing_was_late():
    assert ScriptOutcome((), (), (), (), None).lateness() == (0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({}, "step 3 (say), line 7"),
        ({"consumer": "ben"}, "step 3 (say by ben), line 7"),
        ({"file": "more.yaml", "round": 2}, "step 3 (say), more.yaml, line 7, round 2"),
    ],
)
def test_a_result_says_where_it_is(more, place):
    assert StepResult(3, "say", 7, OK, "", **more).place == place
