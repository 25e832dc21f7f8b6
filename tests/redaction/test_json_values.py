"""Values are replaced where they stand, and nothing else changes, whatever the JSON looks like."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.redaction.json_values import JsonPlace, is_json_value, replaced_values

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def replaced(value):
    """What the replacement of every string, key and number amounts to."""
    if isinstance(value, dict):
        return {key + "k": replaced(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [replaced(inner) for inner in value]
    if isinstance(value, str):
        return value + "v"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return 0 if is_number and abs(value) < float("inf") else value


@given(value=VALUES, ascii_only=st.booleans())
def test_it_is_what_reading_and_writing_anew_would_give(value, ascii_only):
    text = json.dumps([value], ensure_ascii=ascii_only)
    assert replaced_values(text, lambda string, place: string) == text
    written = replaced_values(
        text,
        lambda string, place: string + "v",
        key=lambda key: key + "k",
        replaces_number=lambda place: True,
    )
    assert repr(json.loads(written)) == repr(replaced([value]))


def test_a_value_is_told_where_it_stands():
    places = {}
    text = '{"a": "1", "participants": {"AGENT": ["2", "3"]}, "content": [{"b": "4"}], "b": "5"}'
    replaced_values(text, lambda string, place: places.setdefault(string, place) and string)
    assert places == {
        "1": JsonPlace("a"),
        "2": JsonPlace("AGENT", "participants"),
        "3": JsonPlace("AGENT", "participants"),
        "4": JsonPlace("b", "content", in_content=True),
        "5": JsonPlace("b"),
    }
    assert [string for string, place in places.items() if place.is_listed_by_role] == ["2", "3"]


@pytest.mark.parametrize(
    ("payload", "is_structure"),
    [
        (b"{}", True), (b" [1]", True), (b'{"a": NaN}', True), (b'"a"', False), (b"1", False),
        (b"{", False), (b"\xff", False), (b'["\\ud800"]', True), (b"[" * 100_000, False),
    ],
)  # fmt: skip
def test_what_is_an_object_or_an_array(payload, is_structure):
    assert is_json_value(payload) is is_structure
