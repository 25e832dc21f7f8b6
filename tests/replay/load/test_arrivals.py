"""Who begins when: by the clock alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.replay.load.arrivals import PAUSE_AFTER_FAILURE_S, Arrival, Arrivals


def plan(users=3, spawn_rate=10.0, began_s=100.0, run_time_s=None) -> Arrivals:
    return Arrivals(users, spawn_rate=spawn_rate, began_s=began_s, run_time_s=run_time_s)


def all_due(arrivals, now_s):
    found = []
    while (arrival := arrivals.take_due(now_s)) is not None:
        found.append(arrival)
    return found


def test_users_begin_one_after_the_other_at_the_spawn_rate():
    arrivals = plan()
    assert all_due(arrivals, 99.9) == []
    assert all_due(arrivals, 100.15) == [Arrival(1, 100.0), Arrival(2, 100.1)]
    assert arrivals.next_at_s() == pytest.approx(100.2)


@given(st.integers(1, 200), st.floats(0.1, 1000), st.lists(st.floats(0, 500), max_size=10))
def test_however_late_somebody_looks_the_moments_planned_are_the_same(users, rate, looks):
    """Open loop: what the users before do, and how slow the loop is, moves nobody."""
    arrivals = plan(users, rate, 0.0)
    found = [arrival for now_s in sorted(looks) for arrival in all_due(arrivals, now_s)]
    found += all_due(arrivals, 1e9)
    assert [arrival.due_s for arrival in found] == [pytest.approx(number / rate) for number in range(users)]
    assert [arrival.user for arrival in found] == list(range(1, users + 1))


def test_without_a_run_time_every_place_is_taken_once():
    arrivals = plan(1)
    (only,) = all_due(arrivals, 200.0)
    arrivals.ended(only, failed=False, now_s=201.0)
    assert arrivals.next_at_s() is None


def test_with_a_run_time_the_place_is_taken_anew_at_once_by_another_user():
    arrivals = plan(1, run_time_s=10.0)
    (first,) = all_due(arrivals, 100.0)
    arrivals.ended(first, failed=False, now_s=103.0)
    assert all_due(arrivals, 103.0) == [Arrival(2, 103.0)]


def test_after_a_failure_a_second_has_to_pass_since_that_user_began():
    """A service that is down is not stormed."""
    arrivals = plan(1, run_time_s=10.0)
    (first,) = all_due(arrivals, 100.0)
    arrivals.ended(first, failed=True, now_s=100.01)
    assert arrivals.next_at_s() == 100.0 + PAUSE_AFTER_FAILURE_S


def test_after_a_failure_late_in_the_script_the_next_comes_at_once():
    arrivals = plan(1, run_time_s=10.0)
    (first,) = all_due(arrivals, 100.0)
    arrivals.ended(first, failed=True, now_s=105.0)
    assert all_due(arrivals, 105.0) == [Arrival(2, 105.0)]


@pytest.mark.parametrize("ended_s", [109.999, 110.0, 115.0])
def test_nobody_begins_once_the_run_time_is_over(ended_s):
    arrivals = plan(1, run_time_s=10.0)
    (first,) = all_due(arrivals, 100.0)
    arrivals.ended(first, failed=False, now_s=ended_s)
    assert (arrivals.next_at_s() is None) is (ended_s >= 110.0)


def test_places_not_taken_when_the_time_is_over_stay_empty():
    arrivals = plan(1000, spawn_rate=1.0, run_time_s=2.5)
    assert len(all_due(arrivals, 1e6)) == 3
