"""Passed or not, and the first thing that went wrong."""

from __future__ import annotations

import pytest

from recorder.replay.outcome import FAILED, NOT_REACHED, OK, Outcome, StepResult


def outcome(*results: str, troubles: tuple[str, ...] = ()) -> Outcome:
    steps = tuple(StepResult(n, "say", n + 5, result, "why") for n, result in enumerate(results, start=1))
    return Outcome(steps, (), troubles, ("a note",), None)


@pytest.mark.parametrize(
    ("came", "passed", "failure"),
    [
        pytest.param(outcome(OK, OK), True, None, id="all well; notes do no harm"),
        pytest.param(outcome(), True, None, id="nothing to do"),
        pytest.param(outcome(OK, FAILED, NOT_REACHED), False, "step 2 (say), line 7: why", id="a step"),
        pytest.param(outcome(OK, NOT_REACHED), False, None, id="not reached is not passed"),
        pytest.param(outcome(OK, troubles=("lost", "more")), False, "lost", id="trouble"),
        pytest.param(outcome(FAILED, troubles=("lost",)), False, "step 1 (say), line 6: why", id="both"),
    ],
)
def test_a_script_passed_if_nothing_failed(came, passed, failure):
    assert (came.passed, came.failure) == (passed, failure)
