"""Columns of a terminal."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from recorder.report.cells import cell_width, fit, shows, styled, wrapped

FAMILY = "👨\u200d👩\u200d👧\u200d👦"


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        pytest.param("abc", 5, "abc  ", id="spaces behind"),
        pytest.param("abc", 3, "abc", id="fits"),
        pytest.param("abcd", 3, "ab…", id="cut"),
        pytest.param("日本語", 4, "日… ", id="no half of a wide character"),
        pytest.param("日本", 5, "日本 ", id="wide ones fit"),
        pytest.param("ab", 0, "…", id="no room"),
        pytest.param(FAMILY, 2, FAMILY, id="a family is two columns"),
        pytest.param(f"{FAMILY}{FAMILY}x", 4, f"{FAMILY}… ", id="no half of a family"),
        pytest.param("می\u200cخواهم", 7, "می\u200cخواهم", id="a joiner takes no column"),
    ],
)
def test_a_text_takes_the_columns_it_is_given(text, width, shown):
    assert fit(text, width) == shown


def test_a_number_may_have_its_spaces_before_it():
    assert fit("7", 3, True) == "  7"


@given(st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z", "M"))), st.integers(1, 40))
def test_a_cut_text_is_never_wider_than_its_column(text, width):
    assert cell_width(text) == cell_len(text)
    assert cell_len(fit(text, width)) == width


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("one two three four", ["one two", "  three", "  four"]),
        ("name   value more", ["name", "  value", "  more"]),
        ("at http://a.b/c/d e", ["at", "  http://a.b/c/d", "  e"]),
        ("x 日本語日本語 y", ["x 日本語", "  日本語", "  y"]),
        ("日本語日本語", ["日本語日", "  本語"]),
    ],
    ids=["nothing", "words", "blanks", "an address stays whole", "a script without blanks", "from the start"],
)
def test_a_text_is_broken_into_lines(text, lines):
    assert wrapped(text, 9, "  ") == lines


def test_a_stream_shows_what_its_encoding_has():
    assert shows(io.StringIO(), "✓")
    assert not shows(io.TextIOWrapper(io.BytesIO(), encoding="latin-1"), "✓")
    assert shows(io.TextIOWrapper(io.BytesIO(), encoding="latin-1"), "é")


def test_an_unknown_style_is_none():
    assert (styled("x", ""), styled("x", "red")) == ("x", "\x1b[31mx\x1b[0m")
