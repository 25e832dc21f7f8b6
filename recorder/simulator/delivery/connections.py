"""Connected clients, their subscriptions, and the queue of what is to be sent to each, in order."""

from __future__ import annotations

from dataclasses import dataclass, field

from recorder.messaging.events import Participant
from recorder.messaging.requests import Json

from ..faults.injector import FaultInjector
from ..protocol.conversations import PublishedEvent, SimulatedConversation, snapshot
from ..protocol.request_parser import SubscribeConversationsRequest
from .encoder import Encoder
from .outbox import AbortClient, Channel, CloseClient, OutboxItem, QueuedMessage

SNAPSHOT_LIMIT = 1000


@dataclass(slots=True)
class Subscription:
    """One subscription to conversations. ``shown``: conversations upserted and not deleted since."""

    subscription_id: str
    request: SubscribeConversationsRequest
    shown: set[str] = field(default_factory=set)

    def matches(self, conversation: SimulatedConversation) -> bool:
        """Whether the conversation, in its present state, is one the client asked for."""
        request = self.request
        state = "OPEN" if conversation.main.is_open else "CLOSE"
        stage = "OPEN" if conversation.is_open else "CLOSE"
        if request.states and state not in request.states:
            return False
        if request.stages and stage not in request.stages:
            return False
        return request.from_ms <= conversation.updated_ms <= request.until_ms

    def changes(self, conversation: SimulatedConversation) -> list[Json]:
        """UPSERT while the conversation matches, DELETE once it no longer does, else nothing."""
        if self.matches(conversation):
            self.shown.add(conversation.conversation_id)
            return [{"type": "UPSERT", "result": snapshot(conversation)}]
        if conversation.conversation_id in self.shown:
            self.shown.remove(conversation.conversation_id)
            return [{"type": "DELETE", "result": snapshot(conversation)}]
        return []


@dataclass(slots=True)
class Client:
    """One connection.

    Attributes:
        consumer: None until a token was presented.
        name: the ``name`` claim of the token, if it has one.
        requests: frames received, whatever they held.
        dialogs: ids of the dialogs it subscribed to.
        opened: ids of the conversations it opened itself; it gets their events without subscribing.
    """

    number: int
    account: str
    last_activity_s: float
    opened_s: float = 0.0
    requests: int = 0
    consumer: Participant | None = None
    name: str | None = None
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    dialogs: set[str] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)

    @property
    def consumer_id(self) -> str:
        """The consumer's id; empty until a token was presented."""
        return "" if self.consumer is None else self.consumer.participant

    def receives(self, published: PublishedEvent) -> bool:
        """Whether this connection is subscribed to the event's dialog, or opened its conversation."""
        return published.dialog_id in self.dialogs or published.conversation_id in self.opened


class Connections:
    """The connected clients by number and by consumer, and the items queued for them."""

    def __init__(self, encoder: Encoder, faults: FaultInjector) -> None:
        self._encoder = encoder
        self._faults = faults
        self._items: list[OutboxItem] = []
        self._clients: dict[int, Client] = {}
        self._clients_of: dict[tuple[str, str], dict[int, Client]] = {}
        self._renamed: dict[tuple[str, str], str] = {}

    def take_items(self) -> list[OutboxItem]:
        """The items queued since the last call, in order."""
        items, self._items = self._items, []
        return items

    def find(self, number: int) -> Client | None:
        """The client of that number, if it is connected."""
        return self._clients.get(number)

    def add(self, client: Client) -> None:
        """Add a client that has just connected."""
        self._clients[client.number] = client

    def authenticate(self, client: Client, participant: str, name: str | None = None) -> None:
        """Make the connection one of this consumer, under the id a step-up gave them since."""
        participant = self._renamed.get((client.account, participant), participant)
        client.consumer, client.name = Participant(participant, "CONSUMER"), name
        self._clients_of.setdefault((client.account, participant), {})[client.number] = client

    def remove(self, number: int) -> None:
        """Forget a connection and its subscriptions."""
        client = self._clients.pop(number, None)
        if client is None or client.consumer is None:
            return
        owner = (client.account, client.consumer.participant)
        del self._clients_of[owner][number]
        if not self._clients_of[owner]:
            del self._clients_of[owner]

    def rename(self, account: str, old: str, new: str) -> None:
        """Give a consumer another id, on every connection they have or will open with the old token."""
        for known, name in self._renamed.items():
            if known[0] == account and name == old:
                self._renamed[known] = new
        self._renamed[account, old] = new
        clients = self._clients_of.pop((account, old), {})
        for client in clients.values():
            client.consumer = Participant(new, "CONSUMER")
        if clients:
            self._clients_of.setdefault((account, new), {}).update(clients)

    def send(self, client: Client, text: str, *, channel: Channel = Channel.RESPONSE) -> None:
        """Queue a text frame for one connection."""
        self._items.append(QueuedMessage(client.number, text, channel, consumer_id=client.consumer_id))

    def close(self, number: int, code: int, reason: str) -> None:
        """Queue a Close frame for one connection, and forget it."""
        self.remove(number)
        self._items.append(CloseClient(number, code, reason))

    def abort(self, number: int) -> None:
        """Queue the end of one connection without a Close frame, and forget it."""
        self.remove(number)
        self._items.append(AbortClient(number, b""))

    def send_event(
        self, conversation: SimulatedConversation, published: PublishedEvent, *, author: Client | None = None
    ) -> None:
        """Queue an event, once each, for every connection that receives it and for its author's."""
        plan = self._faults.delivery_plan(conversation, published)
        if plan is None:
            return
        texts: list[str] = []
        dialog_id, consumer_id = published.dialog_id, conversation.consumer.participant
        for client in self.of_consumer(conversation):
            if client is author or client.receives(published):
                texts = texts or self._encoder.events([published], live=True, account=conversation.account)
                for text in texts:
                    self._items.append(
                        QueuedMessage(client.number, text, Channel.NOTIFICATION, dialog_id, plan, consumer_id)
                    )

    def send_snapshot(self, conversation: SimulatedConversation) -> None:
        """Queue the conversation's present state for every subscription that matches, or matched, it."""
        for client in self.of_consumer(conversation):
            for subscription in client.subscriptions.values():
                changes = subscription.changes(conversation)
                if changes:
                    self._send_changes(client, subscription, changes)

    def send_initial_snapshot(
        self, client: Client, subscription: Subscription, conversations: list[SimulatedConversation]
    ) -> None:
        """Queue the first notification of a subscription: the oldest thousand matches, possibly none."""
        by_age = sorted(conversations, key=lambda conversation: conversation.updated_ms)
        matching = [one for one in by_age if subscription.matches(one)][:SNAPSHOT_LIMIT]
        changes = [change for one in matching for change in subscription.changes(one)]
        self._send_changes(client, subscription, changes)

    def of_consumer(self, conversation: SimulatedConversation) -> list[Client]:
        """All connections of the conversation's consumer."""
        owner = (conversation.account, conversation.consumer.participant)
        return list(self._clients_of.get(owner, {}).values())

    def _send_changes(self, client: Client, subscription: Subscription, changes: list[Json]) -> None:
        text = self._encoder.conversations(subscription.subscription_id, changes, client.account)
        self.send(client, text, channel=Channel.NOTIFICATION)
