"""Comparing two sessions of an archive."""

from __future__ import annotations

import pytest

from recorder import recipes
from recorder.errors import BadOption, ExpectationFailed, NotFound


@pytest.fixture
def opened(archive, samples):
    with recipes.open_archive(archive, mode="write", create=True) as writing:
        recipes.import_capture(writing, samples / "tutorial.jsonl", name="tutorial")
        recipes.import_capture(writing, samples / "step-up.jsonl", name="step-up")
    with recipes.open_archive(archive) as reading:
        yield reading


@pytest.mark.parametrize("name", ["tutorial", "step-up"])
def test_a_session_does_not_differ_from_itself(opened, name):
    found = recipes.session_difference(opened, name, name, delays_over="0")
    assert found.changes == ()
    recipes.fail_if_different(found)


def test_different_sessions_have_changes_and_fail_if_different_raises(opened):
    found = recipes.session_difference(opened, "tutorial", "step-up")
    kinds = {change.kind for change in found.changes}
    assert {"message-vanished", "message-appeared"} <= kinds
    with pytest.raises(ExpectationFailed, match=rf"differ in {len(found.changes)} places"):
        recipes.fail_if_different(found)


def test_remarks_on_both_sides_are_made_once(opened):
    said = []
    recipes.session_difference(opened, "step-up", "step-up", say=said.append)
    assert len(said) == 1
    said.clear()
    recipes.session_difference(opened, "step-up", "step-up", aliases={"guest-1": "user-7"}, say=said.append)
    assert said == []


def test_unknown_sessions_and_durations_are_refused(opened):
    with pytest.raises(NotFound):
        recipes.session_difference(opened, "tutorial", "nothing")
    with pytest.raises(BadOption, match="--delays-over"):
        recipes.session_difference(opened, "tutorial", "tutorial", delays_over="soon")
