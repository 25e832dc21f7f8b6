"""What a script says about the simulator it is played against: its ``agent`` and ``simulator`` sections."""

from __future__ import annotations

from recorder.documents import unknown
from recorder.replay.language.script import Script
from recorder.simulator.agent.rules import AgentScript, read_agent
from recorder.simulator.faults.config import NO_MOODS, Moods, read_moods


def agent_of(script: Script) -> AgentScript | None:
    """The agent a script brings along; None where it has none. Raises ``BadScript``."""
    if script.agent is None:
        return None
    agent = read_agent(script.document, at=("agent",))
    for place, rule in enumerate(agent.root):
        if rule.consumer is not None and rule.consumer not in script.consumers:
            problem = unknown("consumer", rule.consumer, script.consumers)
            raise script.document.error(("agent", place, "consumer"), problem)
    return agent


def moods_of(script: Script) -> Moods:
    """The simulator's moods a script asks for; none where it says nothing. Raises ``BadScript``."""
    return NO_MOODS if script.simulator is None else read_moods(script.document, at=("simulator",))
