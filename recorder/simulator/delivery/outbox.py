"""Messages on their way to the clients: sent at once, or delayed, repeated and cut off by the moods.

Responses and notifications are two channels to each client. Within a channel nothing overtakes, unless a
mood says so; between the channels everything may.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from itertools import count
from typing import NamedTuple

from recorder.wire.frames import Opcode, encode

from ..faults.config import NO_MOODS, Moods
from ..faults.injector import DIRECT, DeliveryPlan
from ..faults.randomness import Randomness


class Deliver(NamedTuple):
    """Send ``text`` to the client as one text frame."""

    client: int
    text: str


class CloseClient(NamedTuple):
    """Close the client's connection. Nothing is delivered to it afterwards."""

    client: int
    code: int
    reason: str


class AbortClient(NamedTuple):
    """Write ``data`` as it is (part of a frame, or nothing), then end the transport without a Close frame."""

    client: int
    data: bytes


Effect = Deliver | CloseClient | AbortClient


class Channel(StrEnum):
    """What a message is; the value is the mood that delays it."""

    RESPONSE = "answer_delay"
    NOTIFICATION = "push_delay"


class QueuedMessage(NamedTuple):
    """One text on its way to a client. ``dialog_id`` only for live events of a dialog."""

    client: int
    text: str
    channel: Channel = Channel.RESPONSE
    dialog_id: str | None = None
    plan: DeliveryPlan = DIRECT
    consumer_id: str = ""


OutboxItem = QueuedMessage | CloseClient | AbortClient
"""What there is to send to one client."""


class _HoldExpired(NamedTuple):
    """A message was held back as long as it may be."""

    client: int
    dialog_id: str | None
    message: QueuedMessage


class Outbox:
    """Takes everything there is to send, and returns it when it is due.

    Args:
        on_abort: called with the number of every client whose connection ends by its byte limit.
    """

    def __init__(
        self,
        moods: Moods = NO_MOODS,
        randomness: Randomness | None = None,
        *,
        on_abort: Callable[[int], None] = lambda client: None,
    ) -> None:
        self._moods = moods
        self._randomness = randomness or Randomness()
        self._on_abort = on_abort
        self._sends_at_once = not (
            moods.answer_delay
            or moods.push_delay
            or moods.late_receipts
            or moods.duplicated_receipts
            or moods.reordered_receipts
            or moods.drop_after
        )
        self._order = count()
        self._queue: list[tuple[float, int, OutboxItem | _HoldExpired]] = []
        self._last_due_s: dict[int, dict[Channel, float]] = {}
        self._held_back: dict[tuple[int, str | None], QueuedMessage] = {}
        self._bytes_left: dict[int, int] = {}

    def client_connected(self, client: int) -> None:
        """Accept messages for this client."""
        self._last_due_s[client] = {}

    def client_gone(self, client: int) -> None:
        """Drop everything queued for this client."""
        self._last_due_s.pop(client, None)
        self._bytes_left.pop(client, None)
        for key in [key for key in self._held_back if key[0] == client]:
            del self._held_back[key]

    def abort_after_bytes(self, client: int, size: int) -> None:
        """Deliver so many more bytes of text frames to it, headers included; then abort the connection."""
        self._bytes_left[client] = size

    def next_due_s(self) -> float | None:
        """When the next queued item is due; None if nothing is queued."""
        return self._queue[0][0] if self._queue else None

    def take(self, items: Sequence[OutboxItem], now_s: float) -> list[Effect]:
        """Queue ``items``, and return everything that is due by now, in order."""
        if self._sends_at_once:
            return [Deliver(one.client, one.text) if isinstance(one, QueuedMessage) else one for one in items]
        for item in items:
            if isinstance(item, QueuedMessage):
                self._enqueue_message(item, now_s)
            else:  # not before the responses that precede it
                after_s = self._last_due_s.get(item.client, {}).get(Channel.RESPONSE, now_s)
                self._enqueue(max(now_s, after_s), item)
        return list(self._due(now_s))

    def _enqueue_message(self, message: QueuedMessage, now_s: float) -> None:
        last_due_s = self._last_due_s.get(message.client)
        if last_due_s is None:
            return
        channel, plan = message.channel, message.plan
        delay = self._moods.answer_delay if channel is Channel.RESPONSE else self._moods.push_delay
        due_s = now_s + self._randomness.delay_s(channel, delay, message.consumer_id) + plan.delay_s
        if not plan.delay_s and not (channel is Channel.NOTIFICATION and self._moods.overtaking):
            due_s = last_due_s[channel] = max(due_s, last_due_s.get(channel, due_s))
        for _ in range(plan.copies):
            self._enqueue(due_s, message)

    def _enqueue(self, due_s: float, item: OutboxItem | _HoldExpired) -> None:
        heapq.heappush(self._queue, (due_s, next(self._order), item))

    def _due(self, now_s: float) -> Iterator[Effect]:
        while self._queue and self._queue[0][0] <= now_s:
            due_s, _, item = heapq.heappop(self._queue)
            if item.client not in self._last_due_s:
                continue
            if isinstance(item, QueuedMessage):
                yield from self._message_due(item, due_s)
            elif isinstance(item, _HoldExpired):
                yield from self._hold_expired(item)
            else:
                self.client_gone(item.client)
                yield item

    def _message_due(self, message: QueuedMessage, due_s: float) -> Iterator[Effect]:
        key = (message.client, message.dialog_id)
        earlier = self._held_back.pop(key, None) if message.dialog_id is not None else None
        if message.plan.max_hold_s is not None and earlier is None:
            self._held_back[key] = message
            self._enqueue(due_s + message.plan.max_hold_s, _HoldExpired(*key, message))
            return
        yield from self._deliver(message)
        if earlier is not None:
            yield from self._deliver(earlier)

    def _hold_expired(self, hold: _HoldExpired) -> Iterator[Effect]:
        key = (hold.client, hold.dialog_id)
        if self._held_back.get(key) is hold.message:
            del self._held_back[key]
            yield from self._deliver(hold.message)

    def _deliver(self, message: QueuedMessage) -> Iterator[Effect]:
        left = self._bytes_left.get(message.client)
        if message.client not in self._last_due_s:
            return
        if left is None:
            yield Deliver(message.client, message.text)
            return
        frame = encode(Opcode.TEXT, message.text.encode())
        if len(frame) < left:
            self._bytes_left[message.client] = left - len(frame)
            yield Deliver(message.client, message.text)
            return
        self.client_gone(message.client)
        self._on_abort(message.client)
        yield AbortClient(message.client, frame[:left])
