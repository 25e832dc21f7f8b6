"""Connections that end early: closed with a code, or broken off, after a time, requests, or bytes."""

from __future__ import annotations

from ..faults.conditions import Ending
from ..faults.config import CloseAfter
from .connections import Client
from .context import Backstage
from .outbox import Post


class Endings:
    """Decides, when a consumer is let in, how this connection will end, if it does; and ends it."""

    def __init__(self, backstage: Backstage, post: Post) -> None:
        self._backstage = backstage
        self._post = post
        self._after_requests: dict[int, list[Ending]] = {}

    def let_in(self, client: Client) -> None:
        """A connection speaks for a consumer from now on."""
        moods, dice = self._backstage.moods, self._backstage.dice
        whose = "" if client.consumer is None else client.consumer.participant
        for name, ending in (("close_after", moods.close_after), ("drop_after", moods.drop_after)):
            if ending is not None and dice.takes(name, ending, whose):
                self._expect(client, ending)

    def heard(self, client: Client) -> None:
        """Something was heard from it, and is answered."""
        for ending in self._after_requests.get(client.number, ()):
            if client.requests == ending.requests:
                self._end(client.number, ending)

    def gone(self, number: int) -> None:
        """It has ended."""
        self._after_requests.pop(number, None)

    def _expect(self, client: Client, ending: Ending) -> None:
        size = getattr(ending, "bytes", None)
        if ending.after is not None:
            number, due_s = client.number, client.opened_s + ending.after
            self._backstage.agenda.enter(due_s, lambda at_s: self._end(number, ending))
        elif ending.requests is not None:
            self._after_requests.setdefault(client.number, []).append(ending)
        elif size is not None:
            self._post.allow(client.number, size)

    def _end(self, number: int, ending: Ending) -> None:
        if self._backstage.board.find(number) is None:
            return
        if isinstance(ending, CloseAfter):
            self._backstage.board.hang_up(number, ending.code, ending.reason)
        else:
            self._backstage.board.break_off(number)
