"""How messages name a value, and guess what was meant."""

from __future__ import annotations

import pytest

from recorder.documents import unknown
from recorder.documents.error_text import quoted


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("waite", 'unknown verb "waite" (did you mean "wait"?)'),
        ("WAIT", 'unknown verb "WAIT" (did you mean "wait"?)'),
        ("zzz", 'unknown verb "zzz" (there are: say, wait)'),
        ("x" * 100, f'unknown verb "{"x" * 57}…" (there are: say, wait)'),
    ],
)
def test_unknown_suggests_a_close_name_or_lists_all(given, says):
    assert unknown("verb", given, ["say", "wait"]) == says


def test_nothing_is_listed_where_nothing_is_known():
    assert unknown("name", "x", []) == 'unknown name "x"'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "a mapping"),
        ([1], "a list"),
        (None, "nothing"),
        ("a", '"a"'),
        (True, "true"),
        (1.5, "1.5"),
        ("y" * 99, '"' + "y" * 57 + '…"'),
    ],
)
def test_long_values_are_shortened(value, text):
    assert quoted(value) == text
