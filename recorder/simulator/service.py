"""The simulated LivePerson service: the Messaging Window API, version 3, without a socket.

Call it with what clients do and the present time; it returns what to deliver to whom, and when to call
``wake`` if nothing happens before. It never blocks, never asks for the time, and never raises because of what
a client sent.

Where the published material leaves something open, it does this:

- a client without a token may only say InitConnection; anything else is answered 401 and closed 4401
- a frame that is no JSON object, and any binary frame, is answered 400; the connection stays
- a request without ``id`` is answered 400, without ``reqId``
- closing what is closed answers 200 and changes nothing; publishing there is answered 400
- the connection that opened a conversation gets its events without subscribing; an event is echoed to
  the connection that published it in any case; no connection gets an event twice
- a receipt may name sequences that do not exist, or none
- QueryMessages answers with the history from ``fromSeq`` on, or from ``newerThanSequence`` on
- actions of the agent that fall due after the conversation closed are dropped, but for receipts under
  ``on: close``
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from typing import NamedTuple

from recorder.wire.frames import CloseCode

from .agent.rules import DEFAULT_AGENT, AgentScript, RuleEngine
from .agent.runner import AgentRunner
from .agent.survey import SurveyBot
from .delivery.connections import Client, Connections
from .delivery.context import IdSource, Scheduler, SimulatorContext
from .delivery.disconnects import Disconnects
from .delivery.encoder import Encoder
from .delivery.outbox import Effect, Outbox
from .faults.config import NO_MOODS, Moods
from .faults.injector import FaultInjector
from .faults.randomness import Randomness
from .protocol.tokens import ACCOUNT, consumer_id_of, consumer_name_of
from .request_handler import HOW_TO_GET_IN, RequestHandler


class Patience(NamedTuple):
    """Seconds until a client without InitConnection, and one without any frame, is closed (None: never)."""

    init_s: float = 5.0
    idle_s: float | None = 90.0


def seeded_ids(seed: int = 0) -> IdSource:
    """An endless source of UUIDs, the same ones for the same seed."""
    source = random.Random(seed)  # noqa: S311 - names, not secrets
    return lambda: str(uuid.UUID(int=source.getrandbits(128), version=4))


def _overridden(patience: Patience, moods: Moods) -> Patience:
    """``patience``, but for what the moods ``init_within`` and ``idle_close`` set."""
    init_s = patience.init_s if moods.init_within is None else float(moods.init_within)
    return Patience(init_s, patience.idle_s if moods.idle_close is None else float(moods.idle_close.after))


class Service:
    """Conversations of any number of consumers and accounts, and one scripted agent.

    Args:
        agent: the agent's rules; by default it greets, accepts, reads and quotes.
        ids: source of conversation, subscription and agent ids; by default drawn from the seed.
        epoch_ms: the wall-clock time when ``now_s`` is 0, in milliseconds since 1970.
        patience: idle and InitConnection timeouts, in seconds.
        moods: deviations from the published behaviour.
        seed: decides everything random: the same seed and calls give the same bytes.
        on_remark: called with a sentence about a rule of the agent that cannot be applied.

    ``now_s`` must never go back, and the number of a client never be used again.
    """

    def __init__(
        self,
        *,
        agent: AgentScript = DEFAULT_AGENT,
        ids: IdSource | None = None,
        epoch_ms: float = 1_700_000_000_000,
        patience: Patience = Patience(),  # noqa: B008 - immutable
        moods: Moods = NO_MOODS,
        seed: int = 0,
        on_remark: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        def wall_ms(now_s: float) -> int:
            return int(epoch_ms + now_s * 1000)

        randomness, encoder = Randomness(seed), Encoder(moods)
        faults = FaultInjector(moods, randomness)
        ids = ids or seeded_ids(seed)
        self._patience = _overridden(patience, moods)
        self._idle_code = CloseCode.GOING_AWAY if moods.idle_close is None else moods.idle_close.code
        self._scheduler = Scheduler()
        self._connections = Connections(encoder, faults)
        self._outbox = Outbox(moods, randomness, on_abort=self._connections.remove)
        context = SimulatorContext(
            moods, randomness, encoder, faults, self._connections, self._scheduler, ids, wall_ms, {}
        )
        surveys = SurveyBot(context)
        rules = RuleEngine(agent, randomness, on_remark=on_remark)
        agent_runner = AgentRunner(rules, context, surveys)
        self._request_handler = RequestHandler(agent_runner, surveys, context)
        self._disconnects = Disconnects(context, self._outbox)

    def connected(
        self, client: int, *, token: str | None, now_s: float, account: str = ACCOUNT
    ) -> list[Effect]:
        """A connection is open. ``token`` is that of its handshake; None if it brought none."""
        self._scheduler.run_due(now_s)
        new = Client(client, account, last_activity_s=now_s, opened_s=now_s)
        self._connections.add(new)
        self._outbox.client_connected(client)
        if token:
            self._connections.authenticate(new, consumer_id_of(token), consumer_name_of(token))
            self._disconnects.client_authenticated(new)
        else:
            self._scheduler.call_at(now_s + self._patience.init_s, lambda at_s: self._require_init(client))
        if self._patience.idle_s is not None:
            self._scheduler.call_at(
                now_s + self._patience.idle_s, lambda at_s: self._require_activity(client, at_s)
            )
        return self._effects(now_s)

    def received(self, client: int, data: str | bytes, *, now_s: float, binary: bool = False) -> list[Effect]:
        """A text frame came, or (``binary``) a binary one. Frames of a client that is gone are ignored."""
        self._scheduler.run_due(now_s)
        sender = self._connections.find(client)
        if sender is not None:
            sender.last_activity_s = now_s
            sender.requests += 1
            was_authenticated = sender.consumer is not None
            self._request_handler.handle(sender, data, now_s=now_s, binary=binary)
            if sender.consumer is not None and not was_authenticated:
                self._disconnects.client_authenticated(sender)
            self._disconnects.request_answered(sender)
        return self._effects(now_s)

    def ping_received(self, client: int, *, now_s: float) -> list[Effect]:
        """A ping, a pong or a fragment came: a sign of life, nothing more."""
        self._scheduler.run_due(now_s)
        sender = self._connections.find(client)
        if sender is not None:
            sender.last_activity_s = now_s
        return self._effects(now_s)

    def disconnected(self, client: int, *, now_s: float) -> list[Effect]:
        """The connection is gone. Its subscriptions go with it; its conversations stay."""
        self._scheduler.run_due(now_s)
        self._connections.remove(client)
        self._outbox.client_gone(client)
        self._disconnects.client_gone(client)
        return self._effects(now_s)

    def next_wake_s(self) -> float | None:
        """When to call ``wake`` if nothing else happens before; None for never."""
        due = (self._scheduler.next_due_s(), self._outbox.next_due_s())
        return min((due_s for due_s in due if due_s is not None), default=None)

    def wake(self, now_s: float) -> list[Effect]:
        """Time has passed. Calling too early is harmless."""
        self._scheduler.run_due(now_s)
        return self._effects(now_s)

    def _effects(self, now_s: float) -> list[Effect]:
        return self._outbox.take(self._connections.take_items(), now_s)

    def _require_init(self, number: int) -> None:
        client = self._connections.find(number)
        if client is not None and client.consumer is None:
            self._connections.close(number, CloseCode.TOKEN_EXPIRED, HOW_TO_GET_IN)

    def _require_activity(self, number: int, now_s: float) -> None:
        client = self._connections.find(number)
        if client is None or self._patience.idle_s is None:
            return
        due_s = client.last_activity_s + self._patience.idle_s
        if due_s <= now_s:
            self._connections.close(number, self._idle_code, "nothing heard for too long")
        else:
            self._scheduler.call_at(due_s, lambda at_s: self._require_activity(number, at_s))
