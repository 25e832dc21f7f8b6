"""From which frame on, and up to which, a finding holds."""

from __future__ import annotations

from recorder.checks.finding_spans import FindingSpans
from recorder.checks.findings import Finding, Outcome, Severity


def finding(outcome=Outcome.VIOLATED, rule="never-read", frames=(1,)):
    return Finding(rule, outcome, Severity.WARNING, "d", 0, frames, "no READ of message 0 was seen")


def test_a_finding_that_comes_again_has_two_spans():
    spans = FindingSpans()
    for frame, found in enumerate([[], [finding()], [finding()], [], [finding()]]):
        spans.add(frame, found)
    assert [span[1:] for span in spans.spans(["never-read"])] == [(1, 3), (4, None)]
    (first, second) = spans.spans(["never-read"])
    assert [first.holds(frame) for frame in range(5)] == [False, True, True, False, False]
    assert [second.holds(frame) for frame in range(6)] == [False, False, False, False, True, True]


def test_they_stand_in_the_order_of_the_rules_violations_first():
    spans = FindingSpans()
    satisfied, dark = finding(Outcome.SATISFIED, frames=()), finding(Outcome.NOT_OBSERVABLE)
    later, other = finding(frames=(7,)), finding(rule="auth-close")
    spans.add(0, [satisfied, other, dark, later, finding()])
    listed = [span.finding for span in spans.spans(["never-read", "auth-close"])]
    assert listed == [finding(), later, dark, satisfied, other]
