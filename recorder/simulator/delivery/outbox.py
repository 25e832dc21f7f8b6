"""What is under way to the clients: at once, or as late, as often and as little of it as the moods say.

Answers and notifications travel in two lanes to each client. Within a lane nothing overtakes, unless a
mood says so; between the lanes everything may.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from itertools import count
from typing import NamedTuple

from ..faults.config import CALM, Moods
from ..faults.injector import STRAIGHT, Way
from ..faults.randomness import Dice


class Deliver(NamedTuple):
    """Send ``text`` to the client as one text frame."""

    client: int
    text: str


class HangUp(NamedTuple):
    """Close the client's connection. Nothing is delivered to it afterwards."""

    client: int
    code: int
    reason: str


class BreakOff(NamedTuple):
    """Write ``data`` as it is (part of a frame, or nothing), then end the transport without a Close frame."""

    client: int
    data: bytes


Effect = Deliver | HangUp | BreakOff


class Lane(StrEnum):
    """What a letter is."""

    ANSWER = "answer_delay"
    PUSH = "push_delay"


class Letter(NamedTuple):
    """One text on its way to a client. ``dialog_id`` only for what happened in a dialog just now."""

    client: int
    text: str
    lane: Lane = Lane.ANSWER
    dialog_id: str | None = None
    way: Way = STRAIGHT
    whose: str = ""


class _Release(NamedTuple):
    """What is held back for a client's dialog has waited long enough."""

    client: int
    dialog_id: str | None
    letter: Letter


class Post:
    """Takes everything there is to be done, and gives it back when it is due.

    ``broken_off`` is told of every client that got its last byte.
    """

    def __init__(
        self,
        moods: Moods = CALM,
        dice: Dice | None = None,
        *,
        broken_off: Callable[[int], None] = lambda client: None,
    ) -> None:
        self._moods = moods
        self._dice = dice or Dice()
        self._broken_off = broken_off
        self._at_once = not (
            moods.answer_delay
            or moods.push_delay
            or moods.late_receipts
            or moods.duplicated_receipts
            or moods.reordered_receipts
            or moods.drop_after
        )
        self._order = count()
        self._under_way: list[tuple[float, int, Letter | HangUp | BreakOff | _Release]] = []
        self._lanes: dict[int, dict[Lane, float]] = {}
        self._held: dict[tuple[int, str | None], Letter] = {}
        self._bytes_left: dict[int, int] = {}

    def connected(self, client: int) -> None:
        """There is such a client from now on."""
        self._lanes[client] = {}

    def gone(self, client: int) -> None:
        """Forget everything that was under way to it."""
        self._lanes.pop(client, None)
        self._bytes_left.pop(client, None)
        for place in [place for place in self._held if place[0] == client]:
            del self._held[place]

    def allow(self, client: int, size: int) -> None:
        """Let so many more bytes of text frames reach it, headers included; then it is broken off."""
        self._bytes_left[client] = size

    def next_due_s(self) -> float | None:
        """When the next thing is due; None if nothing is under way."""
        return self._under_way[0][0] if self._under_way else None

    def take(self, items: Sequence[Letter | HangUp | BreakOff], now_s: float) -> list[Effect]:
        """Post ``items``; everything that is due by now, in order."""
        if self._at_once:
            return [Deliver(one.client, one.text) if isinstance(one, Letter) else one for one in items]
        for item in items:
            if isinstance(item, Letter):
                self._post(item, now_s)
            else:  # not before the answers it follows upon
                self._enter(max(now_s, self._lanes.get(item.client, {}).get(Lane.ANSWER, now_s)), item)
        return list(self._due(now_s))

    def _post(self, letter: Letter, now_s: float) -> None:
        lanes = self._lanes.get(letter.client)
        if lanes is None:
            return
        delay = self._moods.answer_delay if letter.lane is Lane.ANSWER else self._moods.push_delay
        due_s = now_s + self._dice.seconds(letter.lane, delay, letter.whose) + letter.way.late_s
        if not letter.way.late_s and not (letter.lane is Lane.PUSH and self._moods.overtaking):
            due_s = lanes[letter.lane] = max(due_s, lanes.get(letter.lane, due_s))
        for _ in range(letter.way.copies):
            self._enter(due_s, letter)

    def _enter(self, due_s: float, item: Letter | HangUp | BreakOff | _Release) -> None:
        heapq.heappush(self._under_way, (due_s, next(self._order), item))

    def _due(self, now_s: float) -> Iterator[Effect]:
        while self._under_way and self._under_way[0][0] <= now_s:
            due_s, _, item = heapq.heappop(self._under_way)
            if item.client not in self._lanes:
                continue
            if isinstance(item, Letter):
                yield from self._arrived(item, due_s)
            elif isinstance(item, _Release):
                yield from self._released(item)
            else:
                self.gone(item.client)
                yield item

    def _arrived(self, letter: Letter, due_s: float) -> Iterator[Effect]:
        place = (letter.client, letter.dialog_id)
        before = self._held.pop(place, None) if letter.dialog_id is not None else None
        if letter.way.held_s is not None and before is None:
            self._held[place] = letter
            self._enter(due_s + letter.way.held_s, _Release(*place, letter))
            return
        yield from self._delivered(letter)
        if before is not None:
            yield from self._delivered(before)

    def _released(self, release: _Release) -> Iterator[Effect]:
        place = (release.client, release.dialog_id)
        if self._held.get(place) is release.letter:
            del self._held[place]
            yield from self._delivered(release.letter)

    def _delivered(self, letter: Letter) -> Iterator[Effect]:
        left = self._bytes_left.get(letter.client)
        if letter.client not in self._lanes:
            return
        if left is None:
            yield Deliver(letter.client, letter.text)
            return
        frame = text_frame(letter.text)
        if len(frame) < left:
            self._bytes_left[letter.client] = left - len(frame)
            yield Deliver(letter.client, letter.text)
            return
        self.gone(letter.client)
        self._broken_off(letter.client)
        yield BreakOff(letter.client, frame[:left])


def text_frame(text: str) -> bytes:
    """The bytes of a service's text frame: final, unmasked, uncompressed."""
    data = text.encode()
    if len(data) < 126:
        return bytes([0x81, len(data)]) + data
    if len(data) < 1 << 16:
        return b"\x81\x7e" + len(data).to_bytes(2, "big") + data
    return b"\x81\x7f" + len(data).to_bytes(8, "big") + data
