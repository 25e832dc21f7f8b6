"""When to ping, and when a silent service counts as gone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.capture.ping_schedule import PingSchedule


def test_the_first_ping_is_due_one_interval_after_the_beginning():
    assert PingSchedule(30.0, now_s=100.0).due_s == 130.0


def test_a_ping_is_due_one_interval_after_the_last():
    keepalive = PingSchedule(30.0, now_s=0.0)
    keepalive.pinged(31.0)
    assert keepalive.due_s == 61.0


def test_without_an_interval_nothing_is_ever_due_or_lost():
    keepalive = PingSchedule(None, now_s=0.0)
    keepalive.pinged(1.0)
    assert keepalive.due_s is None
    assert not keepalive.is_lost(1e9, last_received_s=0.0)


@pytest.mark.parametrize(
    ("now_s", "last_received_s", "lost"),
    [
        pytest.param(89.9, 0.0, False, id="not-yet-two-intervals"),
        pytest.param(90.0, 0.0, True, id="two-intervals-of-silence"),
        pytest.param(90.0, 45.0, False, id="something-else-came"),
        pytest.param(105.0, 45.0, True, id="and-then-silence-too"),
    ],
)
def test_lost_means_two_intervals_without_one_byte_after_a_ping(now_s, last_received_s, lost):
    keepalive = PingSchedule(30.0, now_s=0.0)
    keepalive.pinged(30.0)
    keepalive.pinged(60.0)
    assert keepalive.is_lost(now_s, last_received_s=last_received_s) is lost


@given(st.lists(st.floats(0.1, 100), min_size=1))
def test_an_answered_ping_never_counts_as_lost(gaps):
    """However long the caller was away: the last ping was answered."""
    keepalive, now_s = PingSchedule(1.0, now_s=0.0), 0.0
    for gap in gaps:
        now_s += gap
        keepalive.pinged(now_s)
        keepalive.answered()
    assert not keepalive.is_lost(now_s + 1e6, last_received_s=0.0)
