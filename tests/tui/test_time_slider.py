"""The slider goes frame by frame or in twentieths, and behind the last frame everything is shown."""

from __future__ import annotations

import pytest

from recorder.tui.time_slider import TimeSlider


@pytest.mark.parametrize(
    ("at", "steps", "big", "then"),
    [
        (None, -1, False, 99), (None, -1, True, 95), (99, 1, False, None), (3, 1, False, 4),
        (2, -5, False, 0), (None, 1, True, None), (90, 1, True, 95),
    ],
)  # fmt: skip
def test_steps(at, steps, big, then):
    assert TimeSlider(100, at).moved(steps, big=big).at == then


def test_it_stays_where_it_is_while_the_session_grows():
    slider = TimeSlider(10, 4).grown(20)
    assert (slider.last, slider.when, slider.is_live) == (20, "#4", False)
    assert slider.grown(3) == slider
    assert slider.placed(20).is_live
    assert TimeSlider(10).grown(20).is_live


@pytest.mark.parametrize(("at", "bar"), [(0, "●────"), (5, "━━●──"), (None, "━━━━●")])
def test_the_mark_is_where_the_moment_is(at, bar):
    assert TimeSlider(10, at).bar(5) == bar


def test_a_session_without_frames_is_at_its_end():
    assert TimeSlider().bar(3) == "━━●"
    assert TimeSlider().moved(-1).is_live
