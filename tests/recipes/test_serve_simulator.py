"""The simulator on its own, from Python; `simulate` is tested as the command that people type."""

from __future__ import annotations

import pytest

from recorder import recipes
from recorder.errors import BadOption, BadScript
from recorder.recipes.serve_simulator import simulate


def test_an_agent_file_may_be_a_list_of_rules_or_a_whole_script(tmp_path):
    rules = tmp_path / "agent.yaml"
    rules.write_text("[{on: conversation, do: [{say: Hello}]}]")
    script = tmp_path / "script.yaml"
    script.write_text("steps: [{wait: 1s}]\nagent: [{on: conversation, do: [{say: Hello}]}]")
    for file in (rules, script):
        with recipes.simulator(file) as server:
            assert server.url.startswith("ws://127.0.0.1:")


def test_an_agent_that_cannot_be_played_is_refused_before_the_simulator_starts(tmp_path):
    agent = tmp_path / "agent.yaml"
    agent.write_text("[{on: nonsense}]")
    with pytest.raises(BadScript, match=r"agent\.yaml"):
        recipes.simulator(agent)


def test_a_certificate_needs_its_key(tmp_path):
    with pytest.raises(BadOption, match="give both or none"):
        simulate(listen="127.0.0.1:0", certificate=tmp_path / "cert.pem", stop=None, say=print)
