"""Who is connected, who listens to what, and what is to be delivered to whom, in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from . import answers
from .conversations import Conversation, Json, Participant, Published, change, snapshot
from .questions import SubscribeConversations

SNAPSHOT_LIMIT = 1000
UNAUTHORISED = 4401


class Deliver(NamedTuple):
    """Send ``text`` to the client as one text frame."""

    client: int
    text: str


class HangUp(NamedTuple):
    """Close the client's connection. Nothing is delivered to it afterwards."""

    client: int
    code: int
    reason: str


Effect = Deliver | HangUp


@dataclass(slots=True)
class Subscription:
    """One subscription to conversations. ``shown`` are those it was told of and not told to forget."""

    subscription_id: str
    asked: SubscribeConversations
    shown: set[str] = field(default_factory=set)

    def lets_pass(self, conversation: Conversation) -> bool:
        """Whether the conversation as it stands is one that was asked for."""
        asked = self.asked
        state = "OPEN" if conversation.main.is_open else "CLOSE"
        stage = "OPEN" if conversation.is_open else "CLOSE"
        fits = (not asked.states or state in asked.states) and (not asked.stages or stage in asked.stages)
        return fits and asked.from_ms <= conversation.updated_ms <= asked.until_ms

    def changes(self, conversation: Conversation) -> list[Json]:
        """What to tell of it: it is so now, it left this subscription, or nothing."""
        if self.lets_pass(conversation):
            self.shown.add(conversation.conversation_id)
            return [{"type": "UPSERT", "result": snapshot(conversation)}]
        if conversation.conversation_id in self.shown:
            self.shown.remove(conversation.conversation_id)
            return [{"type": "DELETE", "result": snapshot(conversation)}]
        return []


@dataclass(slots=True)
class Client:
    """One connection. ``consumer`` is None until it said who it is.

    ``dialogs`` are those it subscribed to; ``opened`` the conversations it opened itself, which it hears
    without asking.
    """

    number: int
    account: str
    heard_s: float
    consumer: Participant | None = None
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    dialogs: set[str] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)

    def hears(self, published: Published) -> bool:
        """Whether events of that dialog are for this connection."""
        return published.dialog_id in self.dialogs or published.conversation_id in self.opened


class Switchboard:
    """The connections of all consumers, and what is to be done about them next."""

    def __init__(self) -> None:
        self._effects: list[Effect] = []
        self._clients: dict[int, Client] = {}
        self._clients_of: dict[tuple[str, str], dict[int, Client]] = {}

    def take_effects(self) -> list[Effect]:
        """Everything to be done since the last call, in order."""
        effects, self._effects = self._effects, []
        return effects

    def find(self, number: int) -> Client | None:
        """The connection of that number, if it is still there."""
        return self._clients.get(number)

    def add(self, client: Client) -> None:
        """A connection is there, whoever it is."""
        self._clients[client.number] = client

    def let_in(self, client: Client, participant: str) -> None:
        """The connection speaks for this consumer from now on."""
        client.consumer = Participant(participant, "CONSUMER")
        self._clients_of.setdefault((client.account, participant), {})[client.number] = client

    def remove(self, number: int) -> None:
        """The connection is gone, and its subscriptions with it."""
        client = self._clients.pop(number, None)
        if client is None or client.consumer is None:
            return
        owner = (client.account, client.consumer.participant)
        del self._clients_of[owner][number]
        if not self._clients_of[owner]:
            del self._clients_of[owner]

    def say(self, client: Client, text: str) -> None:
        """Deliver ``text`` to one connection."""
        self._effects.append(Deliver(client.number, text))

    def hang_up(self, number: int, code: int, reason: str) -> None:
        """End one connection from our side."""
        self.remove(number)
        self._effects.append(HangUp(number, code, reason))

    def tell(self, conversation: Conversation, published: Published, *, author: Client | None = None) -> None:
        """Deliver an event to every connection that hears it, and to the one it came from, once each."""
        text: str | None = None
        for client in self._listeners(conversation):
            if client is author or client.hears(published):
                text = text or answers.messaging_events([change(published, live=True)])
                self.say(client, text)

    def announce(self, conversation: Conversation) -> None:
        """Tell every subscription to conversations how this one stands now."""
        for client in self._listeners(conversation):
            for subscription in client.subscriptions.values():
                changes = subscription.changes(conversation)
                if changes:
                    self.say(client, answers.conversation_changes(subscription.subscription_id, changes))

    def show_all(self, client: Client, subscription: Subscription, conversations: list[Conversation]) -> None:
        """Deliver the first notification of a subscription: the oldest thousand, possibly none."""
        by_age = sorted(conversations, key=lambda conversation: conversation.updated_ms)
        fitting = [one for one in by_age if subscription.lets_pass(one)][:SNAPSHOT_LIMIT]
        changes = [change for one in fitting for change in subscription.changes(one)]
        self.say(client, answers.conversation_changes(subscription.subscription_id, changes))

    def _listeners(self, conversation: Conversation) -> list[Client]:
        owner = (conversation.account, conversation.consumer.participant)
        return list(self._clients_of.get(owner, {}).values())
