"""Durations as people write them."""

from __future__ import annotations

import contextlib
import re
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from recorder.documents import DelayDistribution, Duration, parse_duration
from recorder.documents.durations import LONGEST_S, NormalDelay, UniformDelay


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("200ms", 0.2),
        ("1.5s", 1.5),
        ("2m", 120.0),
        ("1h", 3600.0),
        ("250us", 0.00025),
        ("1 s", 1.0),
        (" 3s ", 3.0),
        (0, 0.0),
        ("0", 0.0),
        ("0ms", 0.0),
        ("720h", LONGEST_S),
    ],
)
def test_a_duration_is_a_number_and_its_unit(text, seconds):
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("-1s", "cannot be negative"),
        (-1, "like"),
        ("nan", "like"),
        ("nans", "like"),
        ("inf", "like"),
        (float("nan"), "like"),
        ("5 parsecs", "like"),
        ("5d", "the units are"),
        ("5S", "like"),
        ("5", "like"),
        (5, 'say the unit, like "5s"'),
        (1.5, 'say the unit, like "1.5s"'),
        ("1e9s", "like"),
        ("721h", "longer than thirty days"),
        ("1m30s", "like"),
        ("٣s", "like"),
        ("", "like"),
        (True, "like"),
        (False, "like"),
        (None, "like"),
        ([1], "like"),
    ],
)
def test_an_invalid_duration_is_refused_with_a_sentence(text, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        parse_duration(text)


@given(st.text(max_size=20))
def test_any_text_is_a_bounded_duration_or_a_value_error(text):
    with contextlib.suppress(ValueError):
        assert 0 <= parse_duration(text) <= LONGEST_S


@given(st.integers(min_value=0, max_value=10**6))
def test_milliseconds_come_back_as_seconds(count):
    assert parse_duration(f"{count}ms") == pytest.approx(count / 1000)


def test_a_field_of_a_model_may_be_a_duration():
    adapter = TypeAdapter(Duration)
    assert adapter.validate_python("90s") == 90.0
    assert isinstance(adapter.validate_python("90s"), Duration)
    with pytest.raises(ValidationError, match="say the unit"):
        adapter.validate_python(90)
    assert adapter.json_schema() == Duration.JSON_SCHEMA


# --- delays ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "delay"),
    [
        ("200ms", Duration(0.2)),
        (0, Duration(0)),
        ("1.5s ± 500ms", NormalDelay(1.5, 0.5)),
        ("1.5s+-500ms", NormalDelay(1.5, 0.5)),
        ("1s +/- 0", NormalDelay(1.0, 0.0)),
        ("1s..3s", UniformDelay(1.0, 3.0)),
        ("500ms .. 1m", UniformDelay(0.5, 60.0)),
        (UniformDelay(1.0, 2.0), UniformDelay(1.0, 2.0)),
    ],
)
def test_a_delay_is_fixed_normal_or_uniform(written, delay):
    assert TypeAdapter(DelayDistribution).validate_python(written) == delay


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("1s ±", "is no duration"),
        ("3s..1s", "the shorter one comes first"),
        ("1s..2s..3s", "a delay is a duration"),
        ("1s ± 5%", "is no duration"),
        ("-1s..2s", "it cannot be negative"),
        ("1s ± 31d", "the units are"),
        (5, 'say the unit, like "5s"'),
        (None, "is no duration"),
        (True, "is no duration"),
    ],
)
def test_an_invalid_delay_is_refused(written, says):
    with pytest.raises(ValueError, match=says):
        DelayDistribution.read(written)


def test_a_random_delay_is_refused_where_a_duration_is_needed():
    with pytest.raises(ValueError, match="it cannot vary here"):
        Duration.read("1s..2s")


spans = st.floats(min_value=0, max_value=1e5, allow_nan=False)


@given(spans, spans, st.integers())
def test_drawn_delays_are_within_bounds(one, other, seed):
    """And the same seed draws the same."""
    for delay in (Duration(one), NormalDelay(one, other), UniformDelay(min(one, other), max(one, other))):
        drawn = delay.draw(Random(seed))
        least_s, most_s = delay.bounds_s
        assert 0 <= least_s <= drawn <= most_s
        assert drawn == delay.draw(Random(seed))


def test_a_fixed_delay_draws_nothing():
    """So that one more of them does not change all others."""
    random = Random(7)
    assert Duration(2).draw(random) == 2.0
    assert random.random() == Random(7).random()


def test_a_normal_delay_is_normal_and_a_uniform_one_uniform():
    random = Random(0)
    normal = [NormalDelay(10, 1).draw(random) for _ in range(2000)]
    uniform = [UniformDelay(0, 10).draw(random) for _ in range(2000)]
    assert abs(sum(normal) / 2000 - 10) < 0.1
    assert 0.6 < sum(9 < one < 11 for one in normal) / 2000 < 0.76
    assert abs(sum(uniform) / 2000 - 5) < 0.3


@settings(max_examples=300)
@given(st.text(alphabet="0123456789.±+-/ msuh", max_size=12))
@example("0 ")
@example(" 1.5 s+-0")
def test_the_pattern_for_editors_fits_what_is_read(text):
    """But for what a pattern cannot count: thirty days, and which of two is shorter."""
    for kind in (DelayDistribution, Duration):
        pattern = kind.JSON_SCHEMA["anyOf"][1]["pattern"]
        try:
            kind.read(text)
            read = True
        except ValueError as problem:
            if "thirty days" in str(problem) or "the shorter one" in str(problem):
                continue
            read = False
        assert (re.search(pattern, text) is not None) is read
