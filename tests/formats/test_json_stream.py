"""Only what is asked for is built; whatever is wrong is told with its byte."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.errors import BadCapture
from recorder.formats.capture_file import opened
from recorder.formats.json_stream import JsonEnded, build, items, json_events, skip

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(JSON, JSON)
def test_what_is_built_and_skipped_takes_exactly_one_value(tmp_path_factory, first, second):
    path = tmp_path_factory.mktemp("json") / "f"
    path.write_text(json.dumps([first, second]))
    with opened(path) as file:
        events = json_events(file)
        next(events)
        skip(events, next(events))
        assert build(events, next(events)) == second
        assert list(events) == [("end_array", None)]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b'{"a": [1, 2', "byte 11: it ends in the middle", id="cut"),
        pytest.param(b"", "byte 0: it ends in the middle", id="empty"),
        pytest.param(b'{"a" 1}', "byte 6: it is not JSON", id="no colon"),
        pytest.param(b'{"a": "x\xff"}', "byte 8: it is not JSON: invalid bytes in UTF8", id="not utf-8"),
        pytest.param(b'{"a": 1} {"b": 2}', "it is not JSON: trailing garbage", id="two documents"),
        pytest.param(b'{"a": ' + b" " * 200_000 + b"x}", "byte 200006: it is not JSON", id="far on"),
    ],
)
def test_a_fault_is_told_with_its_byte(tmp_path, content, says):
    path = tmp_path / "f"
    path.write_bytes(content)
    with opened(path) as file, pytest.raises(BadCapture, match=says) as raised:
        list(json_events(file))
    assert (raised.type is JsonEnded) == ("ends in the middle" in says)
    assert "\n" not in str(raised.value)


DOCUMENT = r"""{"a": [true, false, null, -12.5e+3, "é😀", "\n\u00e9 \ud83d\ude00 \\"]}""".encode()


@pytest.mark.parametrize("size", range(len(DOCUMENT)))
def test_a_document_that_is_cut_off_anywhere_is_said_to_end_in_the_middle(tmp_path, size):
    path = tmp_path / "f"
    path.write_bytes(DOCUMENT[:size])
    with opened(path) as file:
        with pytest.raises(JsonEnded, match=f"byte {size}: it ends in the middle"):
            list(json_events(file))
        with pytest.raises(JsonEnded, match=f"byte {size}: it ends in the middle"):
            list(items(file, "a.item"))


@pytest.mark.parametrize("value", [b"trux", b"-x", rb'"\x"', b'"\xff"'])
def test_a_value_that_is_not_json_is_not_taken_for_one_that_was_cut_off(tmp_path, value):
    path = tmp_path / "f"
    path.write_bytes(b"[" + value + b"]")
    with opened(path) as file, pytest.raises(BadCapture, match="it is not JSON") as raised:
        list(json_events(file))
    assert raised.type is not JsonEnded


def test_a_byte_order_mark_and_a_number_of_any_size_are_read(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"\xef\xbb\xbf[1.5, 123456789012345678901234567890]")
    with opened(path) as file:
        events = json_events(file)
        assert build(events, next(events)) == [1.5, 123456789012345678901234567890]


def test_an_excerpt_of_the_file_is_never_told(tmp_path):
    """It may hold a secret."""
    path = tmp_path / "f"
    path.write_bytes(b'{"jwt": "eyJ-secret" "x"}')
    with opened(path) as file, pytest.raises(BadCapture) as raised:
        list(json_events(file))
    assert "secret" not in str(raised.value)
