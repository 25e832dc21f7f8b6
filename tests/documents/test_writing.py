"""What is written as YAML reads back as what it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.documents import read_document
from recorder.documents.writing import comment, entry, to_flow_yaml

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
values = st.recursive(
    texts | st.booleans() | st.none() | st.integers(-(2**53), 2**53),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(values)
def test_a_value_on_one_line_reads_back_equal(value: Any) -> None:
    written = to_flow_yaml(value)
    assert written.isprintable()
    assert read_document(f"key: {written}\n", file="x").value == {"key": value}


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "no",
        "12:30",
        "007",
        "1e3",
        "null",
        "~",
        "",
        " ",
        "- a",
        "a: b",
        "# c",
        "*x",
        "&x",
        "!!str",
        "…",
        "\u2028",
    ],
)
def test_a_text_that_looks_like_something_else_stays_a_text(text: str) -> None:
    assert read_document(f"- {to_flow_yaml(text)}\n", file="x").value == [text]


def test_an_entry_without_a_value_is_its_key() -> None:
    assert entry("keep_alive", None) == "keep_alive"
    assert entry("wait", "2s") == "wait: 2s"


@given(st.text())
def test_a_comment_is_one_line_whatever_it_holds(text: str) -> None:
    assert read_document(f"{comment(text)}\n- 1\n".encode("utf-8", "replace"), file="x").value == [1]
