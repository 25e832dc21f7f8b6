"""Who is connected, who listens to what, and what is to be delivered to whom, in order."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..faults.injector import Mischief
from ..protocol.conversations import Conversation, Json, Participant, Published, snapshot
from ..protocol.request_types import SubscribeConversations
from .encoder import Wording
from .outbox import BreakOff, HangUp, Lane, Letter

_PUSH = Lane.PUSH
SNAPSHOT_LIMIT = 1000


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
    without asking. ``requests`` counts what was heard from it, whatever it was. ``name`` is what its
    token calls the consumer.
    """

    number: int
    account: str
    heard_s: float
    opened_s: float = 0.0
    requests: int = 0
    consumer: Participant | None = None
    name: str | None = None
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    dialogs: set[str] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)

    def hears(self, published: Published) -> bool:
        """Whether events of that dialog are for this connection."""
        return published.dialog_id in self.dialogs or published.conversation_id in self.opened


class Switchboard:
    """The connections of all consumers, and what is to be done about them next."""

    def __init__(self, wording: Wording, mischief: Mischief) -> None:
        self._wording = wording
        self._mischief = mischief
        self._items: list[Letter | HangUp | BreakOff] = []
        self._clients: dict[int, Client] = {}
        self._clients_of: dict[tuple[str, str], dict[int, Client]] = {}
        self._renamed: dict[tuple[str, str], str] = {}

    def take_items(self) -> list[Letter | HangUp | BreakOff]:
        """Everything to be done since the last call, in order."""
        items, self._items = self._items, []
        return items

    def find(self, number: int) -> Client | None:
        """The connection of that number, if it is still there."""
        return self._clients.get(number)

    def add(self, client: Client) -> None:
        """A connection is there, whoever it is."""
        self._clients[client.number] = client

    def let_in(self, client: Client, participant: str, name: str | None = None) -> None:
        """The connection speaks for this consumer from now on, under the id they have by now."""
        participant = self._renamed.get((client.account, participant), participant)
        client.consumer, client.name = Participant(participant, "CONSUMER"), name
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

    def rename(self, account: str, old: str, new: str) -> None:
        """The consumer has another id from now on, on every connection, and whenever they come again."""
        for known, name in self._renamed.items():
            if known[0] == account and name == old:
                self._renamed[known] = new
        self._renamed[account, old] = new
        clients = self._clients_of.pop((account, old), {})
        for client in clients.values():
            client.consumer = Participant(new, "CONSUMER")
        if clients:
            self._clients_of.setdefault((account, new), {}).update(clients)

    def say(self, client: Client, text: str, *, lane: Lane = Lane.ANSWER) -> None:
        """Deliver ``text`` to one connection."""
        self._items.append(Letter(client.number, text, lane, whose=_whose(client)))

    def hang_up(self, number: int, code: int, reason: str) -> None:
        """End one connection from our side."""
        self.remove(number)
        self._items.append(HangUp(number, code, reason))

    def break_off(self, number: int) -> None:
        """End one connection without a word."""
        self.remove(number)
        self._items.append(BreakOff(number, b""))

    def tell(self, conversation: Conversation, published: Published, *, author: Client | None = None) -> None:
        """Deliver an event to every connection that hears it, and to the one it came from, once each."""
        way = self._mischief.way(conversation, published)
        if way is None:
            return
        texts: list[str] = []
        dialog_id, whose = published.dialog_id, conversation.consumer.participant
        for client in self.listeners(conversation):
            if client is author or client.hears(published):
                texts = texts or self._wording.events([published], live=True, account=conversation.account)
                for text in texts:
                    self._items.append(Letter(client.number, text, _PUSH, dialog_id, way, whose))

    def announce(self, conversation: Conversation) -> None:
        """Tell every subscription to conversations how this one stands now."""
        for client in self.listeners(conversation):
            for subscription in client.subscriptions.values():
                changes = subscription.changes(conversation)
                if changes:
                    self._show(client, subscription, changes)

    def show_all(self, client: Client, subscription: Subscription, conversations: list[Conversation]) -> None:
        """Deliver the first notification of a subscription: the oldest thousand, possibly none."""
        by_age = sorted(conversations, key=lambda conversation: conversation.updated_ms)
        fitting = [one for one in by_age if subscription.lets_pass(one)][:SNAPSHOT_LIMIT]
        changes = [change for one in fitting for change in subscription.changes(one)]
        self._show(client, subscription, changes)

    def _show(self, client: Client, subscription: Subscription, changes: list[Json]) -> None:
        text = self._wording.conversations(subscription.subscription_id, changes, client.account)
        self.say(client, text, lane=Lane.PUSH)

    def listeners(self, conversation: Conversation) -> list[Client]:
        """All connections of the conversation's consumer."""
        owner = (conversation.account, conversation.consumer.participant)
        return list(self._clients_of.get(owner, {}).values())


def _whose(client: Client) -> str:
    return "" if client.consumer is None else client.consumer.participant
