"""Which receipt goes out when: a timetable beside the steps.

The laws:

* A message of the other side is planned for once, when it arrives; hearing it again changes nothing.
* A receipt that is known to be given already, in a replayed history too, is never given by the rule.
* What a step says of one message and status goes before the rule.
* Due receipts leave in the order of their times, and of their planning where times are equal.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from typing import NamedTuple


class MessageKey(NamedTuple):
    """Which message: sequences restart in each dialog."""

    dialog_id: str
    sequence: int


class Planned(NamedTuple):
    """A receipt to send at ``at_s``. ``step`` is the number of the step that asked, None for the rule."""

    at_s: float
    place: int
    key: MessageKey
    status: str
    step: int | None


class ReceiptsPlan:
    """The timetable. ``delays_s`` is the standing rule: status → seconds after the arrival."""

    def __init__(self, delays_s: Mapping[str, float]) -> None:
        self._delays_s = delays_s
        self._heap: list[Planned] = []
        self._current: dict[tuple[MessageKey, str], Planned] = {}
        self._extra: set[int] = set()
        self._arrived_s: dict[MessageKey, float] = {}
        self._given: set[tuple[MessageKey, str]] = set()
        self._suspended: set[tuple[MessageKey, str]] = set()
        self._places = 0
        self._closed = False
        self._closed_dialogs: set[str] = set()

    def arrived(self, key: MessageKey, at_s: float) -> None:
        """A message of the other side was heard."""
        if key in self._arrived_s:
            return
        self._arrived_s[key] = at_s
        if self._closed or key.dialog_id in self._closed_dialogs:
            return
        for status, delay_s in self._delays_s.items():
            if (key, status) not in self._given and (key, status) not in self._suspended:
                self._current[key, status] = self._plan(at_s + delay_s, key, status, None)

    def given(self, key: MessageKey, status: str) -> None:
        """A receipt of ours for this message is known: the rule has nothing left to do there."""
        self._given.add((key, status))
        self._current.pop((key, status), None)

    def suspend(self, key: MessageKey, status: str) -> None:
        """A step will see to this one: the rule gives way."""
        self._suspended.add((key, status))
        self._current.pop((key, status), None)

    def is_given(self, key: MessageKey, status: str) -> bool:
        """Whether a receipt of ours with this status is known."""
        return (key, status) in self._given

    def ask(self, key: MessageKey, status: str, *, after_s: float, now_s: float, step: int) -> float:
        """A step wants this receipt ``after_s`` after the message arrived; returns when it will go out.

        Never earlier than now; and from now, where the message was not heard to arrive. What was
        planned for this message and status is replaced.
        """
        self.suspend(key, status)
        at_s = max(now_s, self._arrived_s.get(key, now_s) + after_s)
        self._current[key, status] = self._plan(at_s, key, status, step)
        return at_s

    def ask_again(self, key: MessageKey, status: str, *, after_s: float, now_s: float, step: int) -> float:
        """As ``ask``, but beside what is planned, and whether or not it was given before."""
        at_s = max(now_s, self._arrived_s.get(key, now_s) + after_s)
        self._extra.add(self._plan(at_s, key, status, step).place)
        return at_s

    def close(self) -> None:
        """Messages that arrive from now on get nothing by the rule; what is planned stays planned."""
        self._closed = True

    def close_dialog(self, dialog_id: str) -> None:
        """The dialog takes no more: the rule has nothing left to do in it."""
        self._closed_dialogs.add(dialog_id)
        for key, status in [place for place, planned in self._current.items() if planned.step is None]:
            if key.dialog_id == dialog_id:
                del self._current[key, status]

    def last_at_s(self) -> float | None:
        """When the last receipt that is planned by now is due; None if none is."""
        return max((planned.at_s for planned in self._heap if not self._is_overruled(planned)), default=None)

    def next_at_s(self) -> float | None:
        """When the next receipt is due; None if none is planned."""
        self._drop_overruled()
        return self._heap[0].at_s if self._heap else None

    def take_due(self, now_s: float) -> Planned | None:
        """The next receipt that is due, taken off the timetable; None if none is."""
        self._drop_overruled()
        if not self._heap or self._heap[0].at_s > now_s:
            return None
        due = heapq.heappop(self._heap)
        self.given(due.key, due.status)
        return due

    def _plan(self, at_s: float, key: MessageKey, status: str, step: int | None) -> Planned:
        self._places += 1
        planned = Planned(at_s, self._places, key, status, step)
        heapq.heappush(self._heap, planned)
        return planned

    def _drop_overruled(self) -> None:
        while self._heap and self._is_overruled(self._heap[0]):
            heapq.heappop(self._heap)

    def _is_overruled(self, planned: Planned) -> bool:
        if planned.place in self._extra:
            return False
        return self._current.get((planned.key, planned.status)) is not planned
