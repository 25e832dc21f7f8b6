"""The longest durations of each user, beside what all measure together."""

from __future__ import annotations

from recorder.replay.load.longest import LongestDurations
from recorder.replay.load.metrics import Metrics


def test_the_slowest_come_first_each_with_its_longest_durations():
    metrics = Metrics(began_s=0.0)
    longest = LongestDurations(metrics)
    for user, metric, duration_s in (
        (1, "answer", 0.2), (1, "answer", 0.1), (2, "answer", 0.5), (2, "push", 0.3), (3, "connect", 9.0),
    ):  # fmt: skip
        longest.of(user).measured(metric, duration_s)
    longest.of(4).receipt("READ", 0.05)
    longest.of(1).counted("frames", 2)
    assert longest.slowest(9) == [
        (2, {"answer": 0.5, "push": 0.3}),
        (1, {"answer": 0.2}),
        (4, {"receipt_lateness": 0.05}),
    ]
    assert [user for user, _ in longest.slowest(1)] == [2]
    assert metrics.histogram("answer").count == 3
    assert (metrics.count("frames"), metrics.count("receipts")) == (2, 1)
