"""How fast a recording is played again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.documents import parse_duration
from recorder.replay.generate.pacing import NOTICED_S, Pace, Timeline, as_duration, parse_pace


@pytest.mark.parametrize(
    ("written", "speed"), [("original", 1.0), ("fast", None), ("2x", 2.0), ("0.5x", 0.5), ("10x", 10.0)]
)
def test_a_pace_is_original_fast_or_a_factor(written: str, speed: float | None) -> None:
    assert parse_pace(written) == speed


@pytest.mark.parametrize("written", ["", "x", "0x", "-1x", "2", "twice", "2 x", "1e3x", "٣x", "99999x"])
def test_anything_else_is_refused_with_what_to_write(written: str) -> None:
    with pytest.raises(ValueError, match="write original, fast, or a factor like 2x"):
        parse_pace(written)


def test_pauses_are_divided_by_the_speed_and_cut_to_the_longest() -> None:
    assert Timeline([1.0, 4.0], Pace(2.0)).between_s(1.0, 4.0) == 1.5
    assert Timeline([0.0, 60.0], Pace(1.0, longest_s=5.0)).between_s(0.0, 60.0) == 5.0
    assert Timeline([0.0, 60.0], Pace(None)).between_s(0.0, 60.0) == 0.0
    assert Timeline([0.0, 60.0]).between_s(10.0, 20.5) == 10.5


def test_what_is_cut_are_pauses_and_not_delays_in_which_something_happened() -> None:
    """Else what overlaps would come in another order."""
    timeline = Timeline([0.0, 4.0, 8.0, 20.0], Pace(1.0, longest_s=5.0))
    assert [timeline.between_s(0.0, at_s) for at_s in (4.0, 8.0, 20.0)] == [4.0, 8.0, 13.0]


def test_what_is_unknown_or_too_short_to_notice_is_no_delay() -> None:
    timeline = Timeline([None, 1.0, 2.0])
    assert timeline.between_s(None, 2.0) == timeline.between_s(1.0, None) == 0.0
    assert timeline.between_s(2.0, 1.0) == timeline.between_s(1.0, 1.0 + NOTICED_S / 2) == 0.0
    assert Timeline([]).between_s(1.0, 2.0) == 0.0


@given(
    st.lists(st.floats(0.0, 1e5), min_size=2, max_size=8),
    st.builds(Pace, st.none() | st.floats(0.1, 100.0), st.none() | st.floats(0.0, 100.0)),
)
def test_the_order_stays_and_delays_add_up(times_s: list[float], pace: Pace) -> None:
    timeline = Timeline(times_s, pace)
    first, *_, last = ordered = sorted(times_s)
    told = [timeline.between_s(first, at_s) for at_s in ordered]
    assert told == sorted(told)
    for at_s in ordered:
        whole = timeline.between_s(first, at_s) + timeline.between_s(at_s, last)
        assert whole == pytest.approx(timeline.between_s(first, last), abs=2 * NOTICED_S)


@given(st.floats(0.001, 86_400.0))
def test_a_duration_as_written_is_the_delay_to_the_millisecond(seconds: float) -> None:
    assert parse_duration(as_duration(seconds)) == pytest.approx(seconds, abs=0.00051)
