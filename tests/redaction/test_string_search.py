"""Many byte strings looked for at once: found wherever one stands, in data of any length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.redaction.string_search import StringSearch

letters = st.binary(max_size=4).map(lambda data: bytes(97 + byte % 3 for byte in data))


@given(st.lists(letters, max_size=4), letters.map(lambda data: data * 3), st.booleans())
def test_it_says_what_a_search_for_each_of_them_says(strings, data, small):
    """Empty strings count for nothing."""
    expected = any(string and string in data for string in strings)
    assert StringSearch(strings, small=small).any_in(data) is expected


@pytest.mark.parametrize("at", [0, 65_530, 65_533, 65_536, 65_540, 131_069, 140_000])
def test_a_string_is_found_across_the_pieces_that_long_data_is_looked_through_in(at):
    """At their ends, too."""
    data = bytearray(b"-" * 140_007)
    data[at : at + 7] = b"magicly"
    assert StringSearch([b"magicly", b"x"]).any_in(bytes(data))
    assert not StringSearch([b"magicky", b"x"]).any_in(bytes(data))
