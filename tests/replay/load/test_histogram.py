"""Quantiles from buckets: at most 1 % off, whatever went in."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.replay.load.histogram import Histogram

DURATIONS = st.floats(min_value=1e-6, max_value=1e4, allow_nan=False)


def of(durations) -> Histogram:
    histogram = Histogram()
    for duration in durations:
        histogram.add(duration)
    return histogram


def exact(durations, share):
    """The nearest rank, of the durations themselves."""
    ordered = sorted(durations)
    return ordered[min(max(math.ceil(share * len(ordered)), 1), len(ordered)) - 1]


@given(st.lists(DURATIONS, min_size=1, max_size=200), st.floats(min_value=0, max_value=1))
def test_a_quantile_is_at_most_one_percent_off(durations, share):
    assert of(durations).quantile_s(share) == pytest.approx(exact(durations, share), rel=0.01)


@given(st.lists(DURATIONS, min_size=1, max_size=50))
def test_count_least_most_and_mean_are_exact(durations):
    histogram = of(durations)
    assert histogram.count == len(durations)
    assert (histogram.least_s, histogram.most_s) == (min(durations), max(durations))
    assert histogram.mean_s == pytest.approx(sum(durations) / len(durations))
    assert histogram.quantile_s(1.0) == max(durations)


def test_of_nothing_nothing_is_known():
    assert Histogram().quantiles_s((0.5, 0.99)) == [None, None]
    assert Histogram().mean_s is None


@pytest.mark.parametrize(
    ("duration_s", "says_s"),
    [
        pytest.param(0.0, 0.0, id="nothing at all"),
        pytest.param(-0.5, 0.0, id="too early counts as on time"),
        pytest.param(1e-9, 1e-9, id="less than a microsecond"),
        pytest.param(1e9, 1e9, id="thirty years"),
    ],
)
def test_what_is_beyond_the_buckets_keeps_its_exact_ends(duration_s, says_s):
    assert of([duration_s]).quantile_s(0.5) == says_s


def test_it_takes_no_more_room_for_a_million():
    """Nothing grows: the buckets are made at the beginning."""
    small, large = of([0.001]), of([0.001] * 100_000)
    assert len(small._buckets) == len(large._buckets) < 2000
