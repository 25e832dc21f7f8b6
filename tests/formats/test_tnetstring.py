"""Typed netstrings are read part by part; of what is none, the byte is told."""

from __future__ import annotations

import pytest
from builders.flows import typed
from hypothesis import given
from hypothesis import strategies as st

from recorder.errors import BadCapture
from recorder.formats.capture_file import opened
from recorder.formats.tnetstring import TypedStringReader

SCALARS = (
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False) | st.binary()
    | st.text(st.characters(exclude_categories=["Cs"]))
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner), max_leaves=20
)


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    path = tmp_path_factory.mktemp("typed") / "f"

    def read(content):
        path.write_bytes(content)
        with opened(path) as file:
            found = TypedStringReader(file)
            return found.value(len(content) + 50)

    return read


@given(VALUES)
def test_any_value_comes_back(reader, value):
    assert reader(typed(value)) == value


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"5:abcde", "byte 7: it ends in the middle"),
        (b"5", "byte 1: it ends in the middle"),
        (b"x:abc,", "byte 1: a length should be here"),
        (b":abc,", "byte 1: a length should be here"),
        (b"9999999999999:a,", "byte 13: a length should be here"),
        (b"99:abc,", "byte 3: a part is longer than the whole"),
        (b"3:abc?", "byte 2: it is no value: there is no tag '?'"),
        (b"3:abc#", "byte 2: it is no value: invalid literal"),
        (b"3:yes!", "byte 2: it is no value: there is no tag '!', or not with this value"),
        (b"4:1:a,}", "byte 2: it is no value: a key has no value"),
        (b"6:0:~0:~}", "byte 2: it is no value: a key is no text"),
        (b"4:9:a,]", "byte 2: it is no value: index out of"),
        (b"3:abc]", "byte 2: it is no value: a part of it has no length"),
    ],
)  # fmt: skip
def test_what_is_no_value_is_told_with_its_byte(reader, content, says):
    with pytest.raises(BadCapture, match=says.replace("?", r"\?")):
        reader(content)


def test_lists_in_lists_are_read_up_to_a_depth(reader):
    deep = b"0:]"
    for _ in range(1_000):
        deep = b"%d:%s]" % (len(deep), deep)
    with pytest.raises(BadCapture, match="it is nested too deeply"):
        reader(deep)


def test_a_string_is_cut_where_it_is_long(tmp_path):
    (tmp_path / "f").write_bytes(typed(b"abcdef") + typed(7))
    with opened(tmp_path / "f") as file:
        reader = TypedStringReader(file)
        assert reader.first_bytes(99, 4) == b"abcd"
        assert reader.first_bytes(99, 4) is None
        assert reader.begin() is None


def test_a_value_too_long_to_hold_is_refused_before_it_is_read(tmp_path):
    (tmp_path / "f").write_bytes(b"99999999999:")
    with opened(tmp_path / "f") as file, pytest.raises(BadCapture, match="a value is longer than 64 MiB"):
        TypedStringReader(file).value(10**12)
