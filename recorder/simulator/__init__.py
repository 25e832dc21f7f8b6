"""A simulated LivePerson: the service and a scripted agent, with or without a real WebSocket.

``Service`` is the whole protocol as a pure value: time is an argument, deliveries are results.
``SimulatorServer`` puts it behind an address. Knows nothing of recordings, receipts or scripts of the
consumer's side.

To test a bot or a window of your own, give the service an agent and moods, and connect to its address::

    >>> from recorder.simulator import Moods, SimulatorServer, agent_from
    >>> agent = agent_from([{"on": "message", "do": ["accept", {"read": {"after": "1s"}}]}])
    >>> moods = Moods(scalar_sequence_list=True, lost_receipts={"status": "READ", "nth": 2})
    >>> with SimulatorServer(agent, moods=moods, seed=7) as simulator:
    ...     simulator.url.startswith("ws://127.0.0.1:")
    True

``SimulatorServer(on_payload=...)`` is called with every payload. Without sockets and without waiting, time
is an argument, and the same seed gives the same bytes::

    >>> from recorder.simulator import Service
    >>> service = Service(agent=agent, moods=moods, seed=7)
    >>> service.connected(1, token="any text", now_s=0.0)
    []
    >>> opened, = service.received(1, '{"id": 1, "type": "cm.ConsumerRequestConversation"}', now_s=0.1)
    >>> opened.client, opened.text[:39]
    (1, '{"kind":"resp","reqId":"1","code":200,"')
    >>> service.next_wake_s()  # the service closes connections that are silent for too long
    90.0

``recorder.simulator.faults.config`` lists every mood, ``recorder.simulator.agent.verbs`` all an agent can do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recorder.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from .agent.rules import DEFAULT_AGENT as DEFAULT_AGENT
    from .agent.rules import AgentScript as AgentScript
    from .agent.rules import agent_from as agent_from
    from .agent.rules import read_agent as read_agent
    from .delivery.outbox import AbortClient as AbortClient
    from .delivery.outbox import CloseClient as CloseClient
    from .delivery.outbox import Deliver as Deliver
    from .delivery.outbox import Effect as Effect
    from .faults.config import NO_MOODS as NO_MOODS
    from .faults.config import Moods as Moods
    from .faults.config import moods_from as moods_from
    from .faults.config import moods_from_options as moods_from_options
    from .faults.config import read_moods as read_moods
    from .server import SimulatorServer as SimulatorServer
    from .server import run as run
    from .service import Patience as Patience
    from .service import Service as Service
    from .service import seeded_ids as seeded_ids
else:
    __getattr__ = lazy_exports(__name__)
