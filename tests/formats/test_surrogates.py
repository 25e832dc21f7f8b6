"""Every lone surrogate is found, and nothing else is changed, however the file is cut into blocks."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.errors import BadCapture
from recorder.formats.capture_file import opened
from recorder.formats.json_stream import build, items, json_events
from recorder.formats.surrogates import HALF_A_CHARACTER, HalfText, LoneSurrogates

PIECES = ["a", "\\", '"', "\ud83d", "\ude00", "\ud83d\ude00", "\n", "u", "d83d", "\\ud83d", "é", "\ufdd0"]


def passed(content, cuts):
    scan, pieces, at = LoneSurrogates(), [], 0
    for cut in [*sorted(cuts), len(content)]:
        if cut > at:
            pieces.append(scan.passed(content[at:cut]))
            at = cut
    return b"".join([*pieces, scan.passed(b"")]), scan


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.sets(st.integers(1, 90), max_size=8))
def test_halves_are_replaced_and_whole_characters_stay(text, cuts):
    content = json.dumps([text]).encode()
    told, scan = passed(content, {cut for cut in cuts if cut < len(content)})
    # What Python reads as a pair in one document is one character: its halves are those that are left.
    (read,) = json.loads(content)
    halves = [character for character in read if "\ud800" <= character <= "\udfff"]
    assert scan.found is bool(halves)
    assert len(told) == len(content)
    assert orjson.loads(told) == ["".join("\ufdd0" if each in halves else each for each in read)]


@pytest.mark.parametrize(
    "escape", [r"\ud83d", r"\uDE00", r"\ud83d\u0041", r"\ude00\ud83d", r"\ud83d\ud83d\ude00"]
)
def test_a_text_with_a_half_is_known_as_such_or_refused(tmp_path, escape):
    file = tmp_path / "x.json"
    file.write_text(r'{"a": ["HERE", "\\ud83d", 7, "\ud83d\ude00"]}'.replace("HERE", escape))
    with opened(file) as capture:
        events = json_events(capture, halves=True)
        built = build(events, next(events))["a"]
        assert built[1:] == ["\\ud83d", 7, "😀"]
        assert [type(each) for each in built] == [HalfText, str, int, str]
        assert "\ufffd" in built[0]
        with pytest.raises(BadCapture, match="lone surrogate"):
            list(json_events(capture))
        with pytest.raises(BadCapture, match="lone surrogate"):
            list(items(capture, "a.item"))
    assert "lone surrogate" in HALF_A_CHARACTER
