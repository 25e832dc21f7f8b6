"""Keys that stand twice are found, in whatever spelling, and nothing else is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.duplicate_keys import duplicate_keys_in


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        pytest.param(b'{"a":1,"a":1}', ("a",), id="on top"),
        pytest.param(b'{"a":[{"b":1,"c":{},"b":2}],"a":1,"a":3}', ("b", "a"), id="deep, and three times"),
        pytest.param(b'{"a" : 1, "a"\n:2}', ("a",), id="with blanks"),
        pytest.param(b'{"a" :1,"a":2}', ("a",), id="with a blank after one of them"),
        pytest.param(b'{"a":1,"\\u0061":2}', ("a",), id="escaped"),
        pytest.param(b'{"a":1,"a":"\\u0022:"}', ("a",), id="beside a text with an escaped quote"),
        pytest.param(b'{"a":1,"a":"\\"\\u003a"}', ("a",), id="beside a text with an escaped colon"),
        pytest.param(b'{"a":"\\u0022\\u0020:"}', (), id="escapes in a text only"),
        pytest.param(b'{"type":1,"event":{"type":2}}', (), id="one in each object"),
        pytest.param(b'{"a":"\\":\\":"}', (), id="in a text only"),
        pytest.param(b'{"a" : "b"}', (), id="blanks alone"),
        pytest.param(b'{"a":1,"a":', (), id="no JSON"),
        pytest.param(b"[" * 5_000, (), id="too deep"),
        pytest.param(b'"\\ud83d"', (), id="half a character"),
        pytest.param(b"\xff", (), id="no text"),
    ],
)
def test_a_duplicate_key_in_one_object_is_named(data: bytes, keys: tuple[str, ...]) -> None:
    assert duplicate_keys_in(data) == keys


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values, st.sampled_from([None, (",", ":"), (" , ", " : ")]))
def test_what_has_each_key_once_has_none_twice(value: object, separators: tuple[str, str] | None) -> None:
    assert duplicate_keys_in(json.dumps(value, separators=separators).encode()) == ()


blanks = st.text(" \t\r\n", max_size=2)
texts_like_keys = st.text('":, \\a', max_size=6)


@st.composite
def spelled(draw: st.DrawFn, text: str) -> str:
    """The text as JSON, each character of it plain or escaped."""
    escaped = "".join(
        f"\\u{ord(one):04x}" if draw(st.booleans()) else json.dumps(one, ensure_ascii=False)[1:-1]
        for one in text
    )
    return f'"{escaped}"'


@given(st.data(), texts_like_keys, st.lists(texts_like_keys, min_size=2, max_size=3))
def test_a_key_written_twice_is_found_in_whatever_spelling(
    data: st.DataObject, key: str, said: list[str]
) -> None:
    """Texts that look like the end of a key, escaped or not, and blanks anywhere: nothing makes up for it."""
    members = [
        data.draw(spelled(key)) + data.draw(blanks) + ":" + data.draw(blanks) + data.draw(spelled(text))
        for text in said
    ]
    assert duplicate_keys_in(f"{{{','.join(members)}}}".encode()) == (key,)
    assert duplicate_keys_in(f"{{{members[0]}}}".encode()) == ()


@given(st.text(), values)
def test_any_key_written_twice_is_found(key: str, value: object) -> None:
    name, inner = json.dumps(key), json.dumps(value)
    assert duplicate_keys_in(f"[{{{name}:{inner},{name}:{inner}}}]".encode()) == (key,)
