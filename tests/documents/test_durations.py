"""Durations as people write them."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from recorder.documents import Duration, parse_duration
from recorder.documents.durations import LONGEST_S


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
def test_what_is_no_duration_is_refused_in_words(text, says):
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
    assert adapter.json_schema()["type"] == ["string", "integer"]
