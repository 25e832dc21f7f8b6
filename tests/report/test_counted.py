"""Numbers with their noun."""

from __future__ import annotations

import pytest

from recorder.report.counted import counted


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 frames"), (1, "1 frame"), (2, "2 frames"), (1_000, "1,000 frames")]
)
def test_one_is_singular(number: int, words: str):
    assert counted(number, "frame") == words
