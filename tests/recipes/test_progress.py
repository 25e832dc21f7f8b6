"""Remarks come once a second of work, and nothing is lost on the way."""

from __future__ import annotations

from recorder.clock import VirtualClock
from recorder.recipes.progress import with_progress


def test_a_second_of_work_is_worth_a_remark():
    clock, said = VirtualClock(), []

    def slowly():
        for thing in range(1_024):
            clock.sleep_until(clock.now_s() + 0.002)
            yield thing

    assert list(with_progress(slowly(), "counting", said.append, clock=clock)) == list(range(1_024))
    assert said == ["counting: 512 so far", "counting: 1 024 so far"]


def test_quick_work_is_done_in_silence():
    said = []
    assert list(with_progress(range(10_000), "counting", said.append, clock=VirtualClock())) == list(
        range(10_000)
    )
    assert said == []


def test_a_share_of_the_work_draws_a_bar():
    clock, said = VirtualClock(), []

    def slowly():
        for thing in range(512):
            clock.sleep_until(clock.now_s() + 0.004)
            yield thing

    shares = iter((0.25, 1.5))
    list(with_progress(slowly(), "reading", said.append, done=lambda: next(shares), clock=clock))
    assert said == [
        "reading: [#####               ] 25% 256 so far",
        "reading: [####################] 100% 512 so far",
    ]
