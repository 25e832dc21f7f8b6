"""The result of a load run has one verdict."""

from __future__ import annotations

import pytest

from recorder.errors import ExpectationFailed
from recorder.load_summary import LoadResult
from recorder.replay.load.metrics import Metrics


def swarmed(
    *, failures: int = 0, violations: tuple[str, ...] = (), cut_short: str | None = None
) -> LoadResult:
    """Three users, so many of them failed, the others passed."""
    metrics = Metrics(began_s=0.0)
    metrics.counted("users", 3)
    metrics.counted("passed", 3 - failures)
    for _ in range(failures):
        metrics.failed("3 await", "nothing came")
    return LoadResult(metrics.summary(1.0), (), violations, 0, False, "three", {}, cut_short)


@pytest.mark.parametrize(
    ("told", "passed", "says"),
    [
        pytest.param({}, True, None, id="all is well"),
        pytest.param({"failures": 2}, False, "2 users failed", id="users failed"),
        pytest.param({"violations": ("too late",)}, False, "too late", id="a threshold was violated"),
        pytest.param(
            {"failures": 1, "violations": ("too late",)}, False, "1 user failed; too late", id="both"
        ),
        pytest.param({"cut_short": "the disk is full"}, False, None, id="cut short: another error says why"),
    ],
)
def test_a_run_passes_if_nobody_failed_nothing_was_violated_and_it_came_to_its_end(told, passed, says):
    what = swarmed(**told)
    assert what.passed is passed
    if says is None:
        what.raise_if_failed()
    else:
        with pytest.raises(ExpectationFailed, match=says):
            what.raise_if_failed()


def test_the_verdict_counts_and_says_what_cut_it_short():
    assert swarmed(failures=1).verdict == "3 users began: 2 passed, 1 failed"
    assert swarmed(cut_short="the disk is full").verdict.endswith("0 failed: the disk is full")
