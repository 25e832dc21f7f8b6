"""No text of others acts on the terminal."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.report.terminal import safe_json, safe_lines, safe_text

JOINERS = {"\u200c", "\u200d"}
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("plain [/x] :smile:", "plain [/x] :smile:", id="left alone"),
        pytest.param("größe 日本 🙂", "größe 日本 🙂", id="letters of the world"),
        pytest.param("\x1b]52;c;x\x07", "\\x1b]52;c;x\\x07", id="clipboard"),
        pytest.param("a\r\n\tb", "a\\r\\n\\tb", id="line breaks"),
        pytest.param("\x9b31m", "\\x9b31m", id="C1"),
        pytest.param("\x00", "\\x00", id="NUL"),
        pytest.param("می\u200cخواهم", "می\u200cخواهم", id="Persian"),
        pytest.param("ه\u200d ق", "ه\u200d ق", id="letter of an abbreviation"),
        pytest.param("👩\u200d💻 ❤️\u200d🔥", "👩\u200d💻 ❤️\u200d🔥", id="joined emoji"),
        pytest.param("👨🏽\u200d👩🏿\u200d👧", "👨🏽\u200d👩🏿\u200d👧", id="joined with a colour"),
        pytest.param("\u200da \u200c", "\\u200da \\u200c", id="joiners of nothing"),
        pytest.param("a\u200d\u200d\u200c", "a\u200d\\u200d\\u200c", id="joiners of joiners"),
        pytest.param("\u202eevil", "\\u202eevil", id="bidi override"),
        pytest.param("a\u200bb\ufeff", "a\\u200bb\\ufeff", id="zero width"),
        pytest.param("\u2028", "\\u2028", id="line separator"),
        pytest.param("\ud800", "\\ud800", id="half a pair"),
        pytest.param("\U000e0041", "\\U000e0041", id="tag character"),
    ],
)
def test_control_characters_are_escaped(text, shown):
    assert safe_text(text) == shown


@given(st.text(st.characters(codec=None)))
def test_no_control_character_survives(text):
    shown = set(safe_text(text)) - JOINERS
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize("control", BIDI)
def test_bidi_controls_are_escaped_beside_joiners_too(control):
    assert safe_text(f"م\u200c{control}\u200dx") == f"م\u200c\\u{ord(control):04x}\\u200dx"


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_printable_text_is_unchanged(text):
    assert safe_text(text) == text


def test_lines_of_a_text_stay_and_the_rest_is_escaped():
    assert safe_lines("a\tb\x9b\r\n\x1b[2J\rc\n") == "a\tb\\x9b\n\\x1b[2J\\rc\n"


@given(st.text())
def test_json_for_a_terminal_has_the_same_values_and_nothing_that_acts_on_it(text):
    line = json.dumps(text, ensure_ascii=False)
    shown = safe_json(f"{line}\n")
    assert json.loads(shown) == text
    assert safe_text(shown[:-1]) == shown[:-1]
