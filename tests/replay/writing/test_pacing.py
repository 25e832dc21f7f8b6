"""How fast a recording is played again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.documents import parse_duration
from recorder.replay.writing.pacing import NOTICED_S, Pace, as_duration, parse_pace


@pytest.mark.parametrize(
    ("written", "speed"), [("original", 1.0), ("fast", None), ("2x", 2.0), ("0.5x", 0.5), ("10x", 10.0)]
)
def test_a_pace_is_original_fast_or_a_factor(written: str, speed: float | None) -> None:
    assert parse_pace(written) == speed


@pytest.mark.parametrize("written", ["", "x", "0x", "-1x", "2", "twice", "2 x", "1e3x", "٣x", "99999x"])
def test_anything_else_is_refused_with_what_to_write(written: str) -> None:
    with pytest.raises(ValueError, match="write original, fast, or a factor like 2x"):
        parse_pace(written)


def test_delays_are_divided_by_the_speed_and_cut_to_the_longest() -> None:
    assert Pace(2.0).delay_s(3.0) == 1.5
    assert Pace(1.0, longest_s=5.0).delay_s(60.0) == 5.0
    assert Pace(None).delay_s(60.0) == 0.0
    assert Pace(0.5).between_s(1.0, 2.0) == 2.0


def test_what_is_unknown_or_too_short_to_notice_is_no_delay() -> None:
    assert Pace().between_s(None, 2.0) == Pace().between_s(1.0, None) == 0.0
    assert Pace().delay_s(NOTICED_S / 2) == Pace().between_s(2.0, 1.0) == 0.0


@given(st.floats(0.001, 86_400.0))
def test_a_duration_as_written_is_the_delay_to_the_millisecond(seconds: float) -> None:
    assert parse_duration(as_duration(seconds)) == pytest.approx(seconds, abs=0.00051, rel=1e-3)
