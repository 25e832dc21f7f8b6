"""Two clocks, one behaviour."""

from __future__ import annotations

import sys
from pathlib import Path

from recorder.clock import RealClock, VirtualClock, punctual


def test_the_virtual_clock_stands_still_until_somebody_waits():
    clock = VirtualClock(epoch_us=5_000_000)
    assert (clock.now_s(), clock.wall_us()) == (0.0, 5_000_000)
    clock.sleep_until(3600.5)
    assert (clock.now_s(), clock.wall_us()) == (3600.5, 5_000_000 + 3_600_500_000)


def test_waiting_for_the_past_takes_no_time():
    clock = VirtualClock()
    clock.sleep_until(2.0)
    clock.sleep_until(1.0)
    assert clock.now_s() == 2.0


def test_the_real_clock_never_wakes_early_and_never_runs_back():
    clock = RealClock()
    until_s = clock.now_s() + 0.002
    clock.sleep_until(until_s)
    assert clock.now_s() >= until_s
    assert clock.wall_us() > 1_700_000_000_000_000


def test_a_punctual_thread_is_as_it_was_afterwards():
    before = sys.getswitchinterval(), timer_slack()
    with punctual():
        assert sys.getswitchinterval() <= 2e-4
        assert timer_slack() in (None, 1)
    assert (sys.getswitchinterval(), timer_slack()) == before


def timer_slack():
    """Of this thread, in ns; None where there is none."""
    file = Path("/proc/self/timerslack_ns")
    try:
        return int(file.read_text())
    except OSError:
        return None
