"""Connections that end early: closed with a code, or aborted, after a time, requests, or bytes."""

from __future__ import annotations

from ..faults.conditions import DisconnectCondition
from ..faults.config import CloseAfter
from .connections import Client
from .context import SimulatorContext
from .outbox import Outbox


class Disconnects:
    """Decides, once a client presented its token, whether and when to end its connection; and ends it."""

    def __init__(self, context: SimulatorContext, outbox: Outbox) -> None:
        self._context = context
        self._outbox = outbox
        self._after_requests: dict[int, list[DisconnectCondition]] = {}

    def client_authenticated(self, client: Client) -> None:
        """Draw whether ``close_after`` and ``drop_after`` apply to this connection."""
        moods, randomness = self._context.moods, self._context.randomness
        for name, mood in (("close_after", moods.close_after), ("drop_after", moods.drop_after)):
            if mood is not None and randomness.applies(name, mood, client.consumer_id):
                self._schedule(client, mood)

    def request_answered(self, client: Client) -> None:
        """End the connection if this was the last request it was to live for."""
        for mood in self._after_requests.get(client.number, ()):
            if client.requests == mood.requests:
                self._end(client.number, mood)

    def client_gone(self, number: int) -> None:
        """Forget a connection that has ended."""
        self._after_requests.pop(number, None)

    def _schedule(self, client: Client, mood: DisconnectCondition) -> None:
        size = getattr(mood, "bytes", None)
        if mood.after is not None:
            number, due_s = client.number, client.opened_s + mood.after
            self._context.scheduler.call_at(due_s, lambda at_s: self._end(number, mood))
        elif mood.requests is not None:
            self._after_requests.setdefault(client.number, []).append(mood)
        elif size is not None:
            self._outbox.abort_after_bytes(client.number, size)

    def _end(self, number: int, mood: DisconnectCondition) -> None:
        if self._context.connections.find(number) is None:
            return
        if isinstance(mood, CloseAfter):
            self._context.connections.close(number, mood.code, mood.reason)
        else:
            self._context.connections.abort(number)
