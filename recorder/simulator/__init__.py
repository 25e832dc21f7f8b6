"""The pretend LivePerson: a service and a scripted agent, with or without a real WebSocket.

``Service`` is the whole protocol as a pure value: time is an argument, deliveries are results.
``SimulatorServer`` puts it behind an address. Knows nothing of recordings, receipts or scripts of the
consumer's side.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .agent import DEFAULT_AGENT, AgentScript, agent_from, read_agent
    from .server import SimulatorServer, run
    from .service import Patience, Service, seeded_ids
    from .switchboard import Deliver, Effect, HangUp

# Loaded when first asked for: reading an agent needs no sockets, and a help text needs neither.
_HOMES = {
    "DEFAULT_AGENT": "agent",
    "AgentScript": "agent",
    "agent_from": "agent",
    "read_agent": "agent",
    "SimulatorServer": "server",
    "run": "server",
    "Patience": "service",
    "Service": "service",
    "seeded_ids": "service",
    "Deliver": "switchboard",
    "Effect": "switchboard",
    "HangUp": "switchboard",
}

__all__ = [
    "DEFAULT_AGENT",
    "AgentScript",
    "Deliver",
    "Effect",
    "HangUp",
    "Patience",
    "Service",
    "SimulatorServer",
    "agent_from",
    "read_agent",
    "run",
    "seeded_ids",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
