"""What a database cannot hold is still told."""

from __future__ import annotations

import pytest

from recorder.store.stored_text import storable


@pytest.mark.parametrize(
    ("text", "stored"),
    [("plain ü", "plain ü"), ("a\x00b", "a\\x00b"), ("\ud800", "\\ud800"), ("😀", "😀")],
)
def test_storable_text(text: str, stored: str) -> None:
    """What databases cannot hold becomes escapes; the rest stays."""
    assert storable(text) == stored
