"""What was counted and measured, as a whole and lately."""

from __future__ import annotations

import pytest

from recorder.replay.load.metrics import (
    COUNTS,
    DURATIONS,
    MOST_KINDS_OF_FAILURE,
    OTHER_FAILURES,
    FailureGroup,
    Metrics,
)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(began_s=100.0)


def test_a_receipt_counts_for_its_status_and_for_all(metrics):
    metrics.receipt("READ", 0.002)
    metrics.receipt("ACCEPT", 0.004)
    metrics.receipt("NACK", 0.006)
    counts = {each.metric: each.count for each in metrics.summary(101.0).durations}
    assert (counts["read_lateness"], counts["accept_lateness"], counts["receipt_lateness"]) == (1, 1, 3)
    assert metrics.count("receipts") == 3


def answer(sample):
    return next(each for each in sample.durations if each.metric == "answer")


def test_a_sample_tells_what_came_since_the_sample_before_and_users_as_a_whole(metrics):
    metrics.counted("users", 3)
    metrics.counted("messages", 10)
    metrics.measured("answer", 0.010)
    first = metrics.sample(102.0)
    metrics.counted("passed")
    metrics.counted("messages", 4)
    second = metrics.sample(104.0)
    assert (first.at_s, first.active, first.messages_per_s) == (2.0, 3, 5.0)
    assert answer(first).count == 1
    assert (second.active, second.passed, second.messages_per_s) == (2, 1, 2.0)
    assert answer(second).count == 0
    assert answer(second).p99_ms is None
    assert metrics.summary(104.0).durations[list(DURATIONS).index("answer")].count == 1


def test_the_whole_run_tells_milliseconds_and_rates_over_its_length(metrics):
    for late_s in (0.001, 0.002, 0.003):
        metrics.measured("push", late_s)
    metrics.counted("frames", 8)
    summary = metrics.summary(104.0)
    push = next(each for each in summary.durations if each.metric == "push")
    assert (push.min_ms, push.max_ms, push.rate) == (1.0, 3.0, 0.75)
    assert push.mean_ms == pytest.approx(2.0)
    assert next(count for count in summary.counts if count.metric == "frames").rate == 2.0
    assert summary.count("frames") == 8
    assert (len(summary.durations), len(summary.counts)) == (len(DURATIONS), len(COUNTS))


def test_users_under_way_are_those_that_began_and_have_not_ended(metrics):
    metrics.counted("users", 5)
    metrics.counted("passed", 1)
    metrics.failed("2 say", "refused")
    metrics.counted("stopped", 2)
    assert metrics.active == 1


def test_failures_alike_are_counted_together_the_most_frequent_first(metrics):
    for says in ("refused", "slow", "slow"):
        metrics.failed("2 say", says)
    slow, refused = FailureGroup("2 say", "slow", 2), FailureGroup("2 say", "refused", 1)
    assert metrics.summary(101.0).failures == (slow, refused)


def test_ids_and_frame_numbers_do_not_make_failures_different(metrics):
    """Every user has ids of its own; the story is the same."""
    metrics.failed("3 expect", "no answer to PublishEvent (frame 12) in 5bb58b5e-7b7f-4ef5-8e4e-0a3b3b8b6d8e")
    metrics.failed("3 expect", "no answer to PublishEvent (frame 14) in 01b58b5e-7b7f-4ef5-8e4e-0a3b3b8b6d8e")
    (failure,) = metrics.summary(101.0).failures
    assert failure == FailureGroup("3 expect", "no answer to PublishEvent (frame …) in …", 2)


def test_of_very_many_ways_of_failing_the_rest_is_one(metrics):
    for number in range(MOST_KINDS_OF_FAILURE + 5):
        metrics.failed("1 say", f"reason {'x' * number}")
    failures = metrics.summary(101.0).failures
    assert failures[0] == FailureGroup("", OTHER_FAILURES, 5)
    assert len(failures) == MOST_KINDS_OF_FAILURE + 1
    assert metrics.count("failures") == MOST_KINDS_OF_FAILURE + 5
