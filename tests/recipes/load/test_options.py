"""What is asked of many users is checked before anything begins; what came of them has one verdict."""

from __future__ import annotations

import pytest

from recorder.errors import BadOption, ExpectationFailed
from recorder.recipes import Load, LoadResult
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
    ("load", "says"),
    [
        pytest.param(Load(users=0), "--users", id="no users"),
        pytest.param(Load(users=20_001), "--users", id="more than one process can hold"),
        pytest.param(Load(users=1, spawn_rate=0), "--spawn-rate", id="nobody ever begins"),
        pytest.param(Load(users=1, spawn_rate=float("nan")), "--spawn-rate", id="not a number"),
        pytest.param(Load(users=1, run_time="5"), "--run-time", id="no unit"),
    ],
)
def test_numbers_that_cannot_be_used_are_refused_by_the_name_of_their_option(load, says):
    with pytest.raises(BadOption, match=says):
        load.run_time_s()


def test_a_run_time_is_in_seconds_and_need_not_be_given():
    assert (Load(users=1, run_time="2m").run_time_s(), Load(users=1).run_time_s()) == (120.0, None)


def test_what_a_single_replay_has_too_is_parsed_as_its_options_are():
    options = Load(
        users=3, seed=7, variables=["CITY=Berlin"], name="load", keep_secrets=True
    ).replay_options()
    assert (options.seed, options.variables) == (7, {"CITY": "Berlin"})
    assert (options.session.name, options.session.keep_secrets) == ("load", True)


def test_a_load_does_not_show_its_tokens():
    assert "secret-token" not in repr(Load(users=1, tokens=["secret-token"]))


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
