"""The simulator in a process of its own."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from recorder.recipes.load.simulator_process import simulator_process
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
    with simulator_process(script, seed=1) as (url, base_url):
        assert url.startswith("ws://127.0.0.1:")
        assert urlsplit(base_url).port == urlsplit(url).port
        assert reachable(url)
    assert not reachable(url)
