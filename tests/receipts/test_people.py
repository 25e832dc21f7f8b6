"""People are called by what they are."""

from __future__ import annotations

import pytest

from recorder.receipts.people import role_word, who


@pytest.mark.parametrize(
    ("participant", "role", "mine", "words"),
    [
        ("x", "CONSUMER", True, "you"),
        ("x", "ASSIGNED_AGENT", False, "agent"),
        ("x", "CONSUMER", None, "consumer"),
        ("x", "CONTROLLER", False, "controller"),
        ("3d834d4d-8f0b", None, False, "3d834d4d"),
        (None, None, None, "unknown"),
    ],
)
def test_people_are_called_by_what_they_are(participant, role, mine, words):
    assert who(participant, role, mine=mine) == words


def test_no_role_has_no_word():
    assert (role_word(None), role_word(""), role_word("AGENT")) == (None, None, "bot")
