"""Remarks come once a second of work, and nothing is lost on the way."""

from __future__ import annotations

from recorder.clock import VirtualClock
from recorder.recipes.progress import ProgressCount, with_progress


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


def test_one_count_takes_the_parts_of_a_task_together():
    clock, said = VirtualClock(), []
    progress = ProgressCount("counting", said.append, total=4, look_every=1, clock=clock)

    def slowly(things):
        for thing in range(things):
            clock.sleep_until(clock.now_s() + 0.5)
            yield thing

    assert [*progress.counting(slowly(1)), *progress.counting(slowly(3))] == [0, 0, 1, 2]
    assert said == [
        "counting: [##########          ] 50% 2 so far",
        "counting: [####################] 100% 4 so far",
    ]
    assert [(line.doing, line.share) for line in said] == [("counting", 0.5), ("counting", 1.0)]
