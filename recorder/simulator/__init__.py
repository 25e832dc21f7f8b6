"""The pretend LivePerson: a service and a scripted agent, with or without a real WebSocket.

``Service`` is the whole protocol as a pure value: time is an argument, deliveries are results.
``SimulatorServer`` puts it behind an address. Knows nothing of recordings, receipts or scripts of the
consumer's side.

To test a bot or a window of your own, give the service an agent and a mood, and connect to its address::

    >>> from recorder.simulator import Moods, SimulatorServer, agent_from
    >>> agent = agent_from([{"on": "message", "do": ["accept", {"read": {"after": "1s"}}]}])
    >>> moods = Moods(scalar_sequence_list=True, lost_receipts={"status": "READ", "nth": 2})
    >>> with SimulatorServer(agent, moods=moods, seed=7) as simulator:
    ...     simulator.url.startswith("ws://127.0.0.1:")
    True

``SimulatorServer(heard=...)`` tells what really was said. Without sockets and without waiting, time is
whatever you say it is, and the same seed gives the same bytes::

    >>> from recorder.simulator import Service
    >>> service = Service(agent=agent, moods=moods, seed=7)
    >>> service.connected(1, token="any text", now_s=0.0)
    []
    >>> opened, = service.hear(1, '{"id": 1, "type": "cm.ConsumerRequestConversation"}', now_s=0.1)
    >>> opened.client, opened.text[:39]
    (1, '{"kind":"resp","reqId":"1","code":200,"')
    >>> service.next_wake_s()  # the service drops clients that are silent for too long
    90.0

``recorder.simulator.faults.config`` lists every mood, ``recorder.simulator.agent.verbs`` all an agent can do.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .agent.rules import DEFAULT_AGENT, AgentScript, agent_from, read_agent
    from .delivery.outbox import BreakOff, Deliver, Effect, HangUp
    from .faults.config import CALM, Moods, moods_from, moods_said, read_moods
    from .server import SimulatorServer, run
    from .service import Patience, Service, seeded_ids

# Loaded when first asked for: reading an agent needs no sockets, and a help text needs neither.
_HOMES = {
    "DEFAULT_AGENT": "agent.rules",
    "AgentScript": "agent.rules",
    "agent_from": "agent.rules",
    "read_agent": "agent.rules",
    "SimulatorServer": "server",
    "run": "server",
    "Patience": "service",
    "Service": "service",
    "seeded_ids": "service",
    "CALM": "faults.config",
    "Moods": "faults.config",
    "moods_from": "faults.config",
    "moods_said": "faults.config",
    "read_moods": "faults.config",
    "BreakOff": "delivery.outbox",
    "Deliver": "delivery.outbox",
    "Effect": "delivery.outbox",
    "HangUp": "delivery.outbox",
}

__all__ = [
    "CALM",
    "DEFAULT_AGENT",
    "AgentScript",
    "BreakOff",
    "Deliver",
    "Effect",
    "HangUp",
    "Moods",
    "Patience",
    "Service",
    "SimulatorServer",
    "agent_from",
    "moods_from",
    "moods_said",
    "read_agent",
    "read_moods",
    "run",
    "seeded_ids",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
