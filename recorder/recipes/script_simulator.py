"""What a script says about the simulator it is played against: its ``agent`` and ``simulator`` sections."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from recorder.documents import Document, Problems, unknown
from recorder.errors import BadScript
from recorder.replay.language.script import Script
from recorder.simulator.agent.rules import AgentScript, read_agent
from recorder.simulator.faults.config import NO_MOODS, Moods, read_moods


def agent_and_moods_of(script: Script) -> tuple[AgentScript | None, Moods]:
    """The agent a script brings along, None where it has none, and the simulator's moods it asks for.

    Raises:
        BadScript: one of these sections is not valid; ``others`` are the other problems of both.
    """
    problems = Problems(script.document.file)
    agent, moods = _read_sections(script.document, script.consumers, problems)
    problems.raise_if_any()
    return agent, moods


def problems_of_sections(document: Document, consumers: Collection[str]) -> Iterator[BadScript]:
    """What is wrong with the agent and simulator sections of a script that may be invalid elsewhere."""
    problems = Problems(document.file)
    _read_sections(document, consumers, problems)
    yield from problems


def _read_sections(
    document: Document, consumers: Collection[str], problems: Problems
) -> tuple[AgentScript | None, Moods]:
    agent, moods = None, NO_MOODS
    if document.value.get("agent") is not None:
        agent = problems.attempt(lambda: read_agent(document, at=("agent",)))
    for place, rule in enumerate(agent.root if agent is not None else ()):
        if rule.consumer is not None and rule.consumer not in consumers:
            problem = unknown("consumer", rule.consumer, consumers)
            problems.add([document.error(("agent", place, "consumer"), problem)])
    if document.value.get("simulator") is not None:
        moods = problems.attempt(lambda: read_moods(document, at=("simulator",))) or NO_MOODS
    return agent, moods
