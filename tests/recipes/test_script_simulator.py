"""The other side of a script: read with its lines, for the consumers there are."""

from __future__ import annotations

import pytest

from recorder.errors import BadScript
from recorder.recipes.script_simulator import agent_and_moods_of
from recorder.replay.language.script import load
from recorder.simulator.faults.config import NO_MOODS

ALONE = "steps: [open_conversation]\n"
TWO = """\
consumers: {anna: {}, ben: {}}
steps: [open_conversation, {open_conversation: {consumer: ben}}]
agent:
  - {on: conversation, do: [{say: Hello}]}
  - {on: conversation, consumer: ben, do: [{say: Hello Ben}]}
simulator: {scalar_sequence_list: true}
"""


def read(text: str):
    return load(text.encode(), file="script.yaml", variables={})


def test_a_script_without_another_side_brings_none():
    assert agent_and_moods_of(read(ALONE)) == (None, NO_MOODS)


def test_an_agent_and_moods_are_those_of_the_script():
    agent, moods = agent_and_moods_of(read(TWO))
    assert agent is not None
    assert [rule.consumer for rule in agent.root] == [None, "ben"]
    assert moods != NO_MOODS
    assert moods.scalar_sequence_list


@pytest.mark.parametrize(
    ("written", "instead", "says"),
    [
        pytest.param("consumer: ben, do", "consumer: bne, do", r"line 5.*unknown consumer", id="nobody"),
        pytest.param("on: conversation, do", "on: convers, do", r"line 4", id="no such occasion"),
        pytest.param("scalar_sequence_list", "scalar_sequence", r"line 6.*did you mean", id="no such mood"),
    ],
)
def test_what_cannot_be_played_is_refused_with_its_line(written, instead, says):
    script = read(TWO.replace(written, instead))
    with pytest.raises(BadScript, match=says):
        agent_and_moods_of(script)
