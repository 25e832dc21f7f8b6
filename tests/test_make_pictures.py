"""The pictures of the README: they are there, and small. ``python tests/make_pictures.py`` takes them."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHOWN = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", (ROOT / "README.md").read_text("utf-8"))


def test_the_readme_shows_all_pictures_that_there_are():
    assert {ROOT / place for _, place in SHOWN} == set((ROOT / "samples" / "pictures").iterdir())
    assert {Path(place).stem for _, place in SHOWN} == {"report", "timeline", "terminal"}


@pytest.mark.parametrize(("words", "place"), SHOWN)
def test_a_picture_is_small_and_told_in_words(words, place):
    data = (ROOT / place).read_bytes()
    width, height = struct.unpack(">II", data[16:24])
    assert data.startswith(b"\x89PNG\r\n")
    assert len(data) <= 150_000
    assert width <= 1_280
    assert height <= 900
    assert len(words) > 20
