"""People are called by what they are."""

from __future__ import annotations

import pytest

from recorder.messaging.events import Participant
from recorder.receipts.participants import participant_word, role_word, roles_in


@pytest.mark.parametrize(
    ("participant", "role", "mine", "words"),
    [
        ("x", "CONSUMER", True, "you"),
        ("x", "ASSIGNED_AGENT", False, "agent"),
        ("x", "CONSUMER", None, "consumer"),
        ("x", "CONTROLLER", False, "controller"),
        ("x", "ASSIGNED_AGENT/SUGGESTED", False, "suggested agent"),
        ("3d834d4d-8f0b", None, False, "participant 3d834d4d"),
        (None, None, None, "somebody unknown"),
    ],
)
def test_people_are_called_by_what_they_are(participant, role, mine, words):
    assert participant_word(participant, role, mine=mine) == words


def test_no_role_has_no_word():
    assert (role_word(None), role_word(""), role_word("AGENT")) == (None, None, "bot")


@pytest.mark.parametrize(
    ("told", "role"),
    [
        pytest.param([("ASSIGNED_AGENT", None)], "ASSIGNED_AGENT", id="an older form without states"),
        pytest.param([("ASSIGNED_AGENT", "ACTIVE")], "ASSIGNED_AGENT", id="active"),
        pytest.param([("ASSIGNED_AGENT", "SUGGESTED")], "ASSIGNED_AGENT/SUGGESTED", id="only suggested"),
        pytest.param([("ASSIGNED_AGENT", "ACTIVE"), ("READER", None)], "ASSIGNED_AGENT", id="reads as well"),
        pytest.param([("MANAGER", None), ("READER", None)], "MANAGER", id="a manager who reads"),
        pytest.param([("READER", None)], "READER", id="only reads"),
    ],
)
def test_of_several_roles_in_a_snapshot_the_most_specific_is_shown(told, role):
    people = [Participant("x", name, state) for name, state in told]
    assert roles_in(people) == roles_in(reversed(people)) == {"x": role}
