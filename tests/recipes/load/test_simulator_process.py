"""The simulator in a process of its own."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from recorder.recipes.load.simulator_process import SimulatorProcess
from recorder.replay.language.script import load

SCRIPT = """
name: s
steps: [{say: hi}]
agent: [{on: message, do: [{say: hello}]}]
simulator: {read_only: true}
"""


def reachable(url: str) -> bool:
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname, parts.port), timeout=5).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("text", ["name: s\nsteps: [{say: hi}]\n", SCRIPT], ids=["usual", "agent and moods"])
def test_it_serves_until_the_block_ends_and_then_is_gone(text):
    script = load(text, file="s.yaml", variables={})
    with SimulatorProcess(script, seed=1) as beside:
        assert beside.url.startswith("ws://127.0.0.1:")
        assert urlsplit(beside.base_url).port == urlsplit(beside.url).port
        assert reachable(beside.url)
    assert not reachable(beside.url)
