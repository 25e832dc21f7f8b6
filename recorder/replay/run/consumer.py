"""The state of one consumer: its connection, its view of the conversation, its receipts."""

from __future__ import annotations

import math
import random
from typing import NamedTuple

from recorder.messaging.envelopes import Request, Response, parse
from recorder.messaging.events import Event, ReceiptRefused, ReceiptReported, RequestAnswered, Stamp
from recorder.messaging.interpreter import Interpreter

from ..language.script import Consumer, StandingRule
from .actions import Ended
from .consumer_view import ConsumerView
from .outcome import ReceiptSent
from .receipt_batches import DueReceipts, MessageId
from .receipt_plan import ConsumerPlans
from .receipt_schedule import ReceiptSchedule
from .reconnect_policy import PolicyName, ReconnectAttempt, ReconnectPolicy
from .subscriptions import Subscriptions


class RefusedReceipts(NamedTuple):
    """Receipts of ours that were refused, and the steps that planned them; none: the standing rule did."""

    sentence: str
    steps: frozenset[int]


class ConsumerState:
    """Everything that changes about one consumer while a script runs.

    Attributes:
        connection: number of the open connection; None while there is none.
        ended: how the last connection ended; None while one is open, and before the first.
        ready: whether it is authenticated and subscribed; receipts are sent only then.
        next_attempt: when to reconnect, while the policy reconnects; else None.
        leaving: whether the script itself ends the connection.
        spacing_s: minimum time between two frames of steps.
        plans: takes what came of its planned receipts; None: nobody keeps it.
    """

    def __init__(
        self,
        name: str,
        consumer: Consumer,
        rule: StandingRule,
        *,
        rng: random.Random,
        policy: PolicyName,
        jitter: random.Random,
        spacing_s: float,
        plans: ConsumerPlans | None = None,
    ) -> None:
        self.name = name
        self.declaration = consumer
        self.view = ConsumerView()
        self.plans = plans
        self.schedule = ReceiptSchedule(rule.delays(), rng=rng, batch_s=rule.batch or 0.0, plans=plans)
        self.subscriptions = Subscriptions()
        self.reconnect_policy = ReconnectPolicy(policy, rng=jitter)
        self.spacing_s = spacing_s
        self._frame_of_step_s = -math.inf
        self.connection: int | None = None
        self.ended: Ended | None = None
        self.ready = False
        self.next_attempt: ReconnectAttempt | None = None
        self.leaving = False
        self.token: str | None = None
        self.init_connection = False
        self.receipts: list[ReceiptSent] = []
        self._interpreter = Interpreter()
        self._connection_known = False
        self._steps_of: dict[int, frozenset[int]] = {}
        self._ids = 0

    @property
    def disconnected(self) -> bool:
        """Whether the connection ended, and no reconnect is under way."""
        return self.connection is None and self.ended is not None and self.next_attempt is None

    @property
    def end_sentence(self) -> str:
        """How the last connection ended, in a few words."""
        return "" if self.ended is None else self.ended.description

    def next_id(self) -> str:
        """The next request id of this consumer."""
        self._ids += 1
        return str(self._ids)

    @property
    def free_at_s(self) -> float:
        """The earliest time for the next frame of a step."""
        return self._frame_of_step_s + self.spacing_s

    def frame_of_step_left(self, now_s: float) -> None:
        """A frame of a step was sent: the next one is due after the spacing."""
        self._frame_of_step_s = now_s

    # --- the connection ---

    def connected(self, connection: int, *, token: str | None, init_connection: bool) -> None:
        """A new connection is open."""
        self.connection, self.ended = connection, None
        if self.plans is not None:
            self.plans.connection = connection
        self.token, self.init_connection = token, init_connection
        self.ready = self.leaving = self._connection_known = False

    def become_ready(self, now_s: float) -> None:
        """The consumer is authenticated and subscribed."""
        self.ready, self.next_attempt = True, None
        self.reconnect_policy.connection_ready(now_s)

    def connection_ended(self, ended: Ended, now_s: float) -> None:
        """The connection is over."""
        connection, self.connection = self.connection, None
        self.ended, self.ready = ended, False
        if self.plans is not None:
            self.plans.connection = None
        self.view.connection_ended()
        self.subscriptions.lost()
        if connection is not None:
            self._learn(self._interpreter.connection_ended(connection), now_s)

    # --- payloads ---

    def observe(
        self, data: bytes, stamp: Stamp, now_s: float, *, from_client: bool, binary: bool = False
    ) -> list[RefusedReceipts]:
        """Interpret a payload that was sent or received; returns the receipts it refuses. Never raises."""
        if not self._connection_known:
            self._connection_known = True
            token = None if self.init_connection else self.token
            opened = self._interpreter.connection_opened(stamp.connection, token=token, stamp=stamp)
            self._learn(opened, now_s)
        envelope = parse(data, from_client=from_client, binary=binary)
        events = self._interpreter.feed(envelope, stamp)
        if isinstance(envelope, Request) and from_client:
            self.subscriptions.asked(envelope, stamp.frame)
        elif isinstance(envelope, Response):
            self._note_answers(events, envelope)
        return self._learn(events, now_s)

    def receipts_sent(self, due: DueReceipts, text: str, stamp: Stamp, now_s: float) -> None:
        """These receipts were sent."""
        self._steps_of[stamp.frame] = frozenset(
            step for key in due.keys if (step := due.step_of(key)) is not None
        )
        self.receipts += [
            ReceiptSent(*key, due.status, due.step_of(key), due.at_s, now_s, stamp.frame, consumer=self.name)
            for key in due.keys
        ]
        if self.plans is not None:
            self.plans.sent(due, stamp.frame, now_s)
        self.observe(text.encode(), stamp, now_s, from_client=True)

    def _note_answers(self, events: list[Event], envelope: Response) -> None:
        for event in events:
            if isinstance(event, RequestAnswered) and event.request_frame is not None:
                self.subscriptions.answered(event.request_frame, event.code)
                if event.request_frame not in self._steps_of:
                    self.view.bodies[event.request_frame] = envelope.body

    def _learn(self, events: list[Event], now_s: float) -> list[RefusedReceipts]:
        new = self.view.learn(events, now_s)
        refused = []
        # Receipts first: a history brings messages together with our old receipts for them.
        for event in events:
            if isinstance(event, ReceiptReported):
                self._note_receipt(event, now_s)
            elif isinstance(event, ReceiptRefused):
                refused.append(self._refused(event))
        for message in new:
            if not self.view.is_ours(message.key):
                self.schedule.arrived(message.key, message.at_s)
        return refused

    def _note_receipt(self, event: ReceiptReported, now_s: float) -> None:
        if event.mine or self.view.is_us(event.participant, event.role):
            for sequence in event.sequences:
                self.schedule.given(MessageId(event.dialog_id, sequence), event.status, now_s=now_s)

    def _refused(self, event: ReceiptRefused) -> RefusedReceipts:
        named = ", ".join(f"#{sequence}" for sequence in event.sequences)
        sentence = (
            f"{event.status} for {named} (frame {event.request_frame}) was answered with {event.code}"
            f" (frame {event.evidence.frame}){'' if event.reason is None else f': {event.reason}'}"
        )
        return RefusedReceipts(sentence, self._steps_of.get(event.request_frame, frozenset()))
