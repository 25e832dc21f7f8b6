"""Whatever a peer wrote can be held, and different texts stay different."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.projection.derived.text_columns import EncodedTexts, decode_text, encode_text

# What JSON can tell: no two halves of a pair beside each other, they would be one character.
texts = st.text(
    st.one_of(st.characters(exclude_categories=("Cs",)), st.sampled_from("\0\ufffd\ud800")), max_size=9
)


@given(texts)
def test_every_text_can_be_stored_and_comes_back(text):
    stored = encode_text(text)
    assert "\0" not in stored
    stored.encode()
    assert decode_text(stored) == text


@given(texts, texts)
def test_different_texts_stay_different(one, other):
    assert (encode_text(one) == encode_text(other)) == (one == other)


@pytest.mark.parametrize("text", ["hi", "grüß", "", None])
def test_an_ordinary_text_stands_as_it_is(text):
    assert encode_text(text) == decode_text(text) == EncodedTexts()[text] == text


def test_a_text_that_nobody_held_so_is_refused():
    with pytest.raises(ValueError):
        decode_text('\ufffd"')
