"""Thresholds: read strictly, judged on what was measured."""

from __future__ import annotations

import pytest

from recorder.errors import BadOption
from recorder.replay.load.metrics import Metrics
from recorder.replay.load.thresholds import Threshold, parse_threshold, violations


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        pytest.param("read_lateness.p99 > 50ms", ("read_lateness", "p99", ">", 0.05), id="as in the README"),
        pytest.param("answer.p99.9>=1.5s", ("answer", "p99.9", ">=", 1.5), id="a finer quantile, no spaces"),
        pytest.param(" push.max < 1ms ", ("push", "max", "<", 0.001), id="space around"),
        pytest.param("failures > 0", ("failures", "count", ">", 0.0), id="counts need no figure"),
        pytest.param("failures.share > 1%", ("failures", "share", ">", 0.01), id="percent of the users"),
        pytest.param("messages.rate < 100/s", ("messages", "rate", "<", 100.0), id="per second"),
        pytest.param("messages.rate <= 30/m", ("messages", "rate", "<=", 0.5), id="per minute"),
        pytest.param(
            "receipt_lateness.count < 1000", ("receipt_lateness", "count", "<", 1000.0), id="how many"
        ),
    ],
)
def test_a_threshold_says_metric_figure_comparison_and_bound(written, meant):
    threshold = parse_threshold(written)
    assert threshold == Threshold(*meant, written)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        pytest.param("read_latness.p99 > 50ms", 'did you mean "read_lateness"', id="metric misspelt"),
        pytest.param("read_lateness.p99 > 50", 'say the unit, like "50s"|is no duration', id="no unit"),
        pytest.param("read_lateness.p99 > 50kb", "the units are", id="no such unit"),
        pytest.param("read_lateness > 50ms", "read_lateness of what", id="no figure"),
        pytest.param("read_lateness.p100 > 50ms", "unknown figure", id="no such quantile"),
        pytest.param("read_lateness.p0 > 50ms", "unknown figure", id="the zeroth quantile"),
        pytest.param("answer.median > 1s", "unknown figure", id="a word we do not have"),
        pytest.param("answer.mx > 1s", 'did you mean "max"', id="figure misspelt"),
        pytest.param("users.p99 > 1", "unknown figure", id="a quantile of a count"),
        pytest.param("users.share > 1%", "unknown figure", id="share is for failures"),
        pytest.param("failures > 1%", "a number without a unit", id="count against percent"),
        pytest.param("failures.share > 1", "percent", id="share against a number"),
        pytest.param("messages.rate < 100", "a rate, like 5/s", id="rate without a unit"),
        pytest.param("answer.p99 => 1s", "no comparison", id="comparison the wrong way round"),
        pytest.param("answer.p99 == 1s", "no comparison", id="equality means nothing here"),
        pytest.param("answer.p99", "is no threshold", id="no comparison at all"),
        pytest.param("", "is no threshold", id="empty"),
        pytest.param("answer.p99 > 1s && push.max > 1s", "is no duration", id="one at a time"),
        pytest.param("failures > -1", "a number without a unit", id="negative"),
    ],
)
def test_what_is_no_threshold_is_refused_with_what_was_meant(written, says):
    with pytest.raises(BadOption, match=says) as refused:
        parse_threshold(written)
    assert refused.value.option == "--fail-if"


def judged(*written, metrics=None, now_s=110.0):
    return violations([parse_threshold(each) for each in written], metrics, now_s)


@pytest.fixture
def metrics() -> Metrics:
    """Ten seconds: 98 READs on time and two late, 3 of 4 users passed."""
    metrics = Metrics(began_s=100.0)
    for late_s in [0.001] * 98 + [0.080, 0.120]:
        metrics.receipt("READ", late_s)
    metrics.counted("users", 5)
    metrics.counted("passed", 3)
    metrics.failed("1 say", "refused")
    metrics.counted("messages", 50)
    return metrics


@pytest.mark.parametrize(
    ("written", "violated"),
    [
        ("read_lateness.p99 > 50ms", True),
        ("read_lateness.p98 > 50ms", False),
        ("read_lateness.max > 120ms", False),
        ("read_lateness.max >= 120ms", True),
        ("read_lateness.count < 100", False),
        ("read_lateness.rate < 11/s", True),
        ("failures > 0", True),
        ("failures > 1", False),
        ("failures.share > 20%", True),
        ("failures.share > 25%", False),
        ("messages.rate < 5/s", False),
        ("messages.rate <= 5/s", True),
        ("users < 5", False),
    ],
)
def test_it_is_violated_by_what_was_measured_and_only_then(metrics, written, violated):
    assert bool(judged(written, metrics=metrics)) is violated


def test_the_sentence_says_what_was_found_and_what_was_asked(metrics):
    assert judged("read_lateness.max > 50ms", "failures.share > 20%", metrics=metrics) == [
        "read_lateness.max is 120.000ms (--fail-if 'read_lateness.max > 50ms')",
        "failures.share is 25.0% (--fail-if 'failures.share > 20%')",
    ]


@pytest.mark.parametrize("written", ["accept_lateness.p99 > 50ms", "push.max > 1s"])
def test_a_bound_on_what_never_happened_is_no_green_light(metrics, written):
    """A script without a standing rule cannot vouch for its receipts."""
    assert judged(written, metrics=metrics) == [
        f"nothing was measured for {written.split(' ')[0]} (--fail-if '{written}')"
    ]
