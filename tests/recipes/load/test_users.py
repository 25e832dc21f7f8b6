"""The script of each user."""

from __future__ import annotations

import pytest

from recorder.errors import BadScript
from recorder.recipes.load.users import Scripts, _without_secrets
from recorder.redaction.redactor import Redactor
from recorder.replay.language.script import load
from recorder.replay.run.outcome import FAILED, StepResult


def scripts(text: str) -> tuple[Scripts, list[int]]:
    read = []

    def read_for(user):
        read.append(user)
        return load(text, file="s.yaml", variables={"USER": str(user)})

    return Scripts(text.encode(), read_for), read


@pytest.mark.parametrize(
    "text", ["hello", "$${USER}", "${OTHER:-x}"], ids=["no variable", "a literal one", "another one"]
)
def test_a_script_that_does_not_ask_for_the_user_is_read_once(text):
    given, read = scripts(f'steps: [{{say: "{text}"}}]\n')
    assert given.next() is given.next() is given.first
    assert read == [1]
    given.close()


@pytest.mark.parametrize("asked", ["${USER}", "${USER:-nobody}"])
def test_one_that_does_is_read_for_each_in_order(asked):
    given, _ = scripts(f'steps: [{{say: "I am {asked}"}}]\n')
    assert [given.next().steps[0].arguments.text for _ in range(50)] == [
        f"I am {user}" for user in range(1, 51)
    ]
    given.close()


def test_what_cannot_be_read_is_told_at_once():
    with pytest.raises(BadScript, match="line 1"):
        scripts("steps: [{sya: hi}]\n")


def test_the_words_of_a_step_that_failed_are_told_without_secrets():
    """They quote frames, and go on to reports that others make."""
    token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiI5In0.c2lnbmF0dXJl"
    blank = Redactor(b"k" * 32).text
    failed = StepResult(1, "say", 1, FAILED, f"answered with {token}", began_s=0.0, ended_s=0.0)
    assert token not in _without_secrets(failed, blank).sentence
