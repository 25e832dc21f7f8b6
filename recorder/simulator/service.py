"""The pretend LivePerson: the consumer side of the messaging protocol, version 3, without a socket.

Tell it what clients do and what time it is; it answers with what to deliver to whom. It blocks on
nothing, never asks for the time, and never raises because of what a client sent::

    service = Service()
    service.connected(1, token="any", now_s=0.0)
    effects = service.hear(1, '{"kind":"req","id":1,"type":"GetClock"}', now_s=0.1)
    service.next_wake_s()  # when to call wake(), if nothing happens before

Where the published material leaves something open, it does this:

- a client without a token may only say InitConnection; anything else is answered 401 and closed 4401
- what is no JSON object, and any binary frame, is answered 400; the connection stays
- a request without ``id`` is answered 400, without ``reqId``
- closing what is closed answers 200 and changes nothing; publishing there is answered 400
- whoever opens a conversation hears it on that connection without subscribing; an event is echoed to
  the connection that published it in any case; nobody hears an event twice on one connection
- a receipt may name sequences that do not exist, or none
- QueryMessages answers with the history, from the number asked for on, under either name of it
- what an agent had in mind when the conversation was closed does not happen; only receipts under
  ``on: close`` still do
"""

from __future__ import annotations

import random
import uuid
from typing import NamedTuple

from recorder.wire.frames import CloseCode

from .agent.rules import DEFAULT_AGENT, Agent, AgentScript
from .agent.runner import Seat
from .agent.survey import SurveyBot
from .delivery.connections import Client, Switchboard
from .delivery.context import Backstage, IdSource
from .delivery.disconnects import Endings
from .delivery.encoder import Wording
from .delivery.outbox import Effect, Post
from .delivery.scheduler import Agenda
from .faults.config import CALM, Moods
from .faults.injector import Mischief
from .faults.randomness import Dice
from .protocol.identity import consumer_of, name_of
from .request_handler import Desk


class Patience(NamedTuple):
    """How long the service waits for InitConnection, and for any sign of life (None: for ever)."""

    init_s: float = 5.0
    idle_s: float | None = 90.0


def seeded_ids(seed: int = 0) -> IdSource:
    """An endless source of UUIDs, the same ones for the same seed."""
    source = random.Random(seed)  # noqa: S311 - names, not secrets
    return lambda: str(uuid.UUID(int=source.getrandbits(128), version=4))


def _patience(patience: Patience, moods: Moods) -> Patience:
    """The moods have the last word."""
    init_s = patience.init_s if moods.init_within is None else float(moods.init_within)
    return Patience(init_s, patience.idle_s if moods.idle_close is None else float(moods.idle_close.after))


class Service:
    """Conversations of any number of consumers and accounts, and one scripted agent.

    Args:
        agent: who answers; by default one that greets, accepts, reads and quotes.
        ids: where conversation, subscription and agent ids come from; by default from the seed.
        epoch_ms: the time of day when ``now_s`` is 0, in milliseconds since 1970.
        patience: how long a silent client is borne with.
        moods: what it does otherwise than well-behaved.
        seed: decides everything that is left to chance: the same one gives the same bytes.

    ``now_s`` must never go back, and the number of a client never be used again.
    """

    def __init__(
        self,
        *,
        agent: AgentScript = DEFAULT_AGENT,
        ids: IdSource | None = None,
        epoch_ms: float = 1_700_000_000_000,
        patience: Patience = Patience(),  # noqa: B008 - immutable
        moods: Moods = CALM,
        seed: int = 0,
    ) -> None:
        def wall_ms(now_s: float) -> int:
            return int(epoch_ms + now_s * 1000)

        dice, wording = Dice(seed), Wording(moods)
        mischief = Mischief(moods, dice)
        ids = ids or seeded_ids(seed)
        self._patience = _patience(patience, moods)
        self._idle_code = CloseCode.GOING_AWAY if moods.idle_close is None else moods.idle_close.code
        self._agenda = Agenda()
        self._board = Switchboard(wording, mischief)
        self._post = Post(moods, dice, broken_off=self._board.remove)
        backstage = Backstage(
            moods, dice, wording, mischief, self._board, self._agenda, ids, wall_ms, conversations={}
        )
        surveys = SurveyBot(backstage)
        self._desk = Desk(Seat(Agent(agent, dice), backstage, surveys), surveys, backstage)
        self._endings = Endings(backstage, self._post)

    def connected(
        self, client: int, *, token: str | None, now_s: float, account: str = "le-sim"
    ) -> list[Effect]:
        """A connection is open. ``token`` stood in its handshake; None if it brought none."""
        self._agenda.run_due(now_s)
        new = Client(client, account, heard_s=now_s, opened_s=now_s)
        self._board.add(new)
        self._post.connected(client)
        if token:
            self._board.let_in(new, consumer_of(token), name_of(token))
            self._endings.let_in(new)
        else:
            self._agenda.enter(now_s + self._patience.init_s, lambda at_s: self._expect_init(client))
        if self._patience.idle_s is not None:
            self._agenda.enter(now_s + self._patience.idle_s, lambda at_s: self._expect_life(client, at_s))
        return self._effects(now_s)

    def hear(self, client: int, text: str | bytes, *, now_s: float, binary: bool = False) -> list[Effect]:
        """A text frame came, or (``binary``) a binary one. A client that is gone is not heard."""
        self._agenda.run_due(now_s)
        speaker = self._board.find(client)
        if speaker is not None:
            speaker.heard_s = now_s
            speaker.requests += 1
            was_let_in = speaker.consumer is not None
            self._desk.hear(speaker, text, now_s=now_s, binary=binary)
            if speaker.consumer is not None and not was_let_in:
                self._endings.let_in(speaker)
            self._endings.heard(speaker)
        return self._effects(now_s)

    def stirred(self, client: int, *, now_s: float) -> list[Effect]:
        """A ping or pong came: a sign of life, nothing more."""
        self._agenda.run_due(now_s)
        found = self._board.find(client)
        if found is not None:
            found.heard_s = now_s
        return self._effects(now_s)

    def disconnected(self, client: int, *, now_s: float) -> list[Effect]:
        """The connection is gone. Its subscriptions go with it; its conversations stay."""
        self._agenda.run_due(now_s)
        self._board.remove(client)
        self._post.gone(client)
        self._endings.gone(client)
        return self._effects(now_s)

    def next_wake_s(self) -> float | None:
        """When to call ``wake`` if nothing else happens before; None for never."""
        due_s = [due_s for due_s in (self._agenda.next_due_s(), self._post.next_due_s()) if due_s is not None]
        return min(due_s, default=None)

    def wake(self, now_s: float) -> list[Effect]:
        """Time has passed. Too early is harmless."""
        self._agenda.run_due(now_s)
        return self._effects(now_s)

    def _effects(self, now_s: float) -> list[Effect]:
        return self._post.take(self._board.take_items(), now_s)

    def _expect_init(self, number: int) -> None:
        client = self._board.find(number)
        if client is not None and client.consumer is None:
            self._board.hang_up(number, CloseCode.TOKEN_EXPIRED, "no InitConnection came")

    def _expect_life(self, number: int, now_s: float) -> None:
        client = self._board.find(number)
        if client is None or self._patience.idle_s is None:
            return
        due_s = client.heard_s + self._patience.idle_s
        if due_s <= now_s:
            self._board.hang_up(number, self._idle_code, "nothing heard for too long")
        else:
            self._agenda.enter(due_s, lambda at_s: self._expect_life(number, at_s))
