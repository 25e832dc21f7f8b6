"""A world without waiting: consumers, service and agent in one thread, on a clock that jumps.

Frames are encoded, decoded and recorded as those of a real connection are; only that no socket carries
them, and that mask keys and ids are drawn from the seed. Bytes take no time: what one end sends the other
has in the same moment, so that of two runs with one seed every byte and every time is the same.
"""

from __future__ import annotations

from itertools import count
from random import Random

from recorder.capture.options import ConnectOptions
from recorder.capture.tracker import ConnectionTracker
from recorder.clock import VirtualClock
from recorder.errors import ExpectationFailed
from recorder.runtime.waiter import Waiting
from recorder.simulator.delivery.outbox import AbortClient, Deliver, Effect
from recorder.simulator.protocol.tokens import ACCOUNT
from recorder.simulator.service import Service

from .virtual_connection import ServiceEnd, VirtualConnection

URL = f"ws://simulator.invalid/ws_api/account/{ACCOUNT}/messaging/consumer?v=3"
"""Where the consumers of such a world seem to connect to; no name like that can ever be resolved."""


class VirtualSimulator:
    """The service, and the time that its consumers share with it.

    Args:
        service: the whole of it; nobody else may use it.
        clock: its ``now_s`` must be 0.
        seed: what mask keys and handshake keys are drawn from.
    """

    def __init__(self, service: Service, clock: VirtualClock, *, seed: int) -> None:
        self._service = service
        self._clock = clock
        self._chance = Random(seed)  # noqa: S311 - keys that keep nothing secret
        self._numbers = count(1)
        self._ends: dict[int, ServiceEnd] = {}

    def connect(self, options: ConnectOptions, tracker: ConnectionTracker) -> VirtualConnection:
        """A connection that is open, and recorded by ``tracker``."""
        client = next(self._numbers)
        end = ServiceEnd(
            on_payload=lambda payload, binary: self._apply(
                self._service.received(client, payload, now_s=self._now_s(), binary=binary)
            ),
            on_activity=lambda: self._apply(self._service.ping_received(client, now_s=self._now_s())),
            on_end=lambda: self._disconnected(client),
        )
        self._ends[client] = end
        connection = VirtualConnection(options, tracker, end, clock=self._clock, chance=self._chance)
        token = None if options.init_connection else options.token
        self._apply(self._service.connected(client, token=token, now_s=self._now_s(), account=ACCOUNT))
        return connection

    def wait(self, waiting: Waiting) -> None:
        """Let time pass until then, or until the service does something if that is before.

        Raises:
            ExpectationFailed: nothing will ever happen again.
        """
        moments = [moment for moment in (waiting.until_s, self._service.next_wake_s()) if moment is not None]
        if not moments:
            raise ExpectationFailed("the script waits for something, and nothing will ever happen again")
        self._clock.sleep_until(min(moments))
        self._apply(self._service.wake(self._now_s()))

    def _now_s(self) -> float:
        return self._clock.now_s()

    def _disconnected(self, client: int) -> None:
        if self._ends.pop(client, None) is not None:
            self._apply(self._service.disconnected(client, now_s=self._now_s()))

    def _apply(self, effects: list[Effect]) -> None:
        for effect in effects:
            end = self._ends.get(effect.client)
            if end is None:
                continue
            if isinstance(effect, Deliver):
                end.say(effect.text)
            elif isinstance(effect, AbortClient):
                end.break_off(effect.data)
            else:
                end.hang_up(effect.code, effect.reason)
