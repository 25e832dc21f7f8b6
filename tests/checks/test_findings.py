"""Findings and their words."""

from __future__ import annotations

import pytest

from recorder.checks.findings import (
    Finding,
    Outcome,
    Severity,
    messages,
    not_observable,
    numbers,
    span,
    violated,
)


@pytest.mark.parametrize(
    ("outcome", "severity", "fails"),
    [
        (Outcome.VIOLATED, Severity.ERROR, True),
        (Outcome.VIOLATED, Severity.WARNING, False),
        (Outcome.VIOLATED, Severity.INFO, False),
        (Outcome.SATISFIED, Severity.ERROR, False),
        (Outcome.NOT_OBSERVABLE, Severity.ERROR, False),
    ],
)
def test_only_a_violated_error_fails(outcome, severity, fails):
    assert Finding("rule", outcome, severity, None, None, (), "says").fails is fails


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.015, "0.015 s"), (60.0, "60 s"), (119.9, "119.9 s"), (125, "2 m 5 s"), (-1.5, "-1.5 s"), (0, "0 s")],
)
def test_a_time_for_people(seconds, words):
    assert span(seconds) == words


def test_long_lists_are_cut():
    assert numbers((1, 2)) == "1, 2"
    assert numbers(tuple(range(10))) == "0, 1, 2, 3, 4, 5, 6, 7 and 2 more"
    assert messages((3,)) == "message 3"
    assert messages((3, 4)) == "messages 3, 4"


def test_observations_carry_outcome_frames_and_message():
    assert violated("no", 1, 2, dialog="d", sequence=3) == (Outcome.VIOLATED, "no", (1, 2), "d", 3)
    assert not_observable("perhaps").outcome is Outcome.NOT_OBSERVABLE
