"""Columns of a terminal."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from recorder.report.cells import cell_width, fit, shows, styled, width_varies, wrapped

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
        pytest.param(FAMILY, 8, FAMILY, id="a family is as wide as its members"),
        pytest.param(f"{FAMILY}{FAMILY}x", 15, f"{FAMILY}…      ", id="no half of a family"),
        pytest.param("👍🏽👍🏽", 7, "👍🏽…  ", id="no half of a skin tone"),
        pytest.param("🇫🇷🇩🇪", 7, "🇫🇷…  ", id="no half of a flag"),
        pytest.param("❤️❤️x", 4, "❤️… ", id="an emoji by its style"),
        pytest.param("1️⃣", 2, "1️⃣", id="a key"),
        pytest.param("हिंदी", 4, "हिंदी", id="a sign beside its letter"),
        pytest.param("می\u200cخواهم", 7, "می\u200cخواهم", id="a joiner takes no column"),
    ],
)
def test_a_text_takes_the_columns_it_is_given(text, width, shown):
    assert fit(text, width) == shown


def test_a_number_may_have_its_spaces_before_it():
    assert fit("7", 3, True) == "  7"


PARTS = st.sampled_from(["x", "é", "日", "🙂", "🏽", "\u200d", "\ufe0f", "❤", "🇫", "ि", "\u0301", "ש", "👨"])


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"))) | st.lists(PARTS).map("".join),
    st.integers(1, 40),
)
def test_a_cut_text_is_as_wide_as_its_column_on_the_terminal_that_draws_the_widest(text, width):
    """No part of what is shown is measured less because of what stands beside it."""
    shown = fit(text, width)
    assert cell_width(shown) == width
    assert cell_width(text) >= cell_len(text)
    assert sum(map(cell_len, shown)) <= width
    assert sum(map(cell_width, shown)) <= width


@pytest.mark.parametrize("text", [FAMILY, "👍🏽", "🇫🇷", "❤️", "हिंदी"])
def test_terminals_differ_in_what_has_parts(text):
    assert width_varies(f"x {text}")


@pytest.mark.parametrize("text", ["x", "Grüße", "日本語", "שלום", "👍", "✓✓ → é", "می\u200cخواهم"])
def test_terminals_agree_on_single_characters(text):
    assert not width_varies(text)
    assert cell_width(text) == cell_len(text)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("one two three four", ["one two", "  three", "  four"]),
        ("name   value more", ["name", "  value", "  more"]),
        ("at http://a.b/c/d e", ["at", "  http://a.b/c/d", "  e"]),
        ("x 日本語日本語 y", ["x 日本語", "  日本語", "  y"]),
        ("日本語日本語", ["日本語日", "  本語"]),
        ("👍🏽👍🏽👍🏽", ["👍🏽👍🏽", "  👍🏽"]),
    ],
    ids=[
        "nothing",
        "words",
        "blanks",
        "an address stays whole",
        "a script without blanks",
        "from the start",
        "thumbs",
    ],
)
def test_a_text_is_broken_into_lines(text, lines):
    assert wrapped(text, 9, "  ") == lines


def test_a_stream_shows_what_its_encoding_has():
    assert shows(io.StringIO(), "✓")
    assert not shows(io.TextIOWrapper(io.BytesIO(), encoding="latin-1"), "✓")
    assert shows(io.TextIOWrapper(io.BytesIO(), encoding="latin-1"), "é")


def test_an_unknown_style_is_none():
    assert (styled("x", ""), styled("x", "red")) == ("x", "\x1b[31mx\x1b[0m")
