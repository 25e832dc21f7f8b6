"""Moments as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.errors import BadOption
from recorder.receipts.moments import FrameMoment, OffsetMoment, TimeMoment, parse_moment

NOON_US = 1_769_860_800_000_000


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("#123", FrameMoment(123)),
        ("#0", FrameMoment(0)),
        ("+12.5s", OffsetMoment(12_500_000)),
        ("+0s", OffsetMoment(0)),
        ("+200ms", OffsetMoment(200_000)),
        ("+7us", OffsetMoment(7)),
        ("+1.5m", OffsetMoment(90_000_000)),
        ("+2h", OffsetMoment(7_200_000_000)),
        pytest.param("+0.3s", OffsetMoment(300_000), id="exact, where a float would not be"),
        pytest.param("+1.0000019s", OffsetMoment(1_000_001), id="finer than a microsecond is cut off"),
        ("2026-01-31T12:00:00Z", TimeMoment(NOON_US)),
        ("2026-01-31T12:00:00.000001Z", TimeMoment(NOON_US + 1)),
        ("2026-01-31 13:00:00+01:00", TimeMoment(NOON_US)),
        pytest.param("2026-01-31T12:00:00", TimeMoment(NOON_US), id="without a zone it is UTC"),
        ("2026-01-31", TimeMoment(NOON_US - 43_200_000_000)),
        ("1969-12-31T23:59:59.999999Z", TimeMoment(-1)),
    ],
)
def test_a_moment_is_a_frame_an_offset_or_a_time(text, moment):
    assert parse_moment(text) == moment


@pytest.mark.parametrize(
    "text",
    ["", "#", "#x", "#-1", "# 1", "#٣", "12.5s", "+12", "+s", "-1s", "+1d", "+1e3s", "noon", "12:00", "#1\n"],
)
def test_anything_else_is_refused_with_what_to_write(text):
    with pytest.raises(BadOption, match="is no moment of a session") as refused:
        parse_moment(text)
    assert refused.value.hint is not None
    assert "+12.5s" in refused.value.hint


@given(st.text(max_size=30))
def test_any_text_is_a_moment_or_a_bad_option(text):
    try:
        moment = parse_moment(text)
    except BadOption:
        return
    assert isinstance(moment, FrameMoment | OffsetMoment | TimeMoment)
