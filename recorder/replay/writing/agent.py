"""The other side of a recording, as rules for the simulator's agent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from recorder.documents.writing import comment, in_line
from recorder.messaging import typenames

from ..receipts_plan import MessageKey
from .pacing import Pace, as_duration
from .recollection import Arrived, Asked, Moment, Receipted, Shown, Typed
from .wording import Wording

SHORT = {"ACCEPT": "accept", "READ": "read"}


@dataclass
class _Trigger:
    """One thing the consumer did that the agent acted on, and what it did then."""

    on: str
    at_s: float | None
    nth: int | None = None
    matching: str | None = None
    acts: list[tuple[float, dict[str, Any] | str]] = field(default_factory=list)


def agent_lines(moments: Sequence[Moment], wording: Wording, pace: Pace) -> list[str]:
    """The ``agent:`` section, line by line; it is empty where nobody but the consumer said a word."""
    writer = _Agent(wording, pace)
    for moment in moments:
        writer.take(moment)
    rules = [line for trigger in writer.triggers if trigger.acts for line in _rule(trigger)]
    if len([trigger for trigger in writer.triggers if trigger.on == "conversation" and trigger.acts]) > 1:
        writer.notes.append("there were several conversations; these rules act in each of them")
    notes = [f"  {comment(note)}" for note in writer.notes]
    return ["agent:", *notes, *rules] if rules else [*notes, "agent: []"]


def _rule(trigger: _Trigger) -> list[str]:
    lines = [f"  - on: {trigger.on}"]
    if trigger.matching is not None:
        lines.append(f"    matching: {in_line(trigger.matching)}")
    if trigger.nth is not None:
        lines.append(f"    nth: {trigger.nth}")
    acts = sorted(trigger.acts, key=lambda act: act[0])
    return [*lines, "    do:", *(f"      - {in_line(act)}" for _, act in acts)]


class _Agent:
    """Puts each act of the other side under what the consumer had done last."""

    def __init__(self, wording: Wording, pace: Pace) -> None:
        self._wording = wording
        self._pace = pace
        self.triggers: list[_Trigger] = []
        self.notes: list[str] = []
        self._last: _Trigger | None = None
        self._closing: _Trigger | None = None
        self._of: dict[MessageKey, _Trigger] = {}
        self._said = 0
        self._closed: set[str] = set()

    def take(self, moment: Moment) -> None:
        if self._last is None:  # a capture may begin in the middle of a conversation
            self._last = self._begin(_Trigger("conversation", moment.at_s))
        match moment:
            case Asked():
                self._asked(moment)
            case Arrived():
                self._said_something(moment)
            case Receipted():
                self._gave_receipt(moment)
            case Typed(state=state):
                self._act(self._last, moment.at_s, {"type": state})
            case Shown():
                self._showed(moment)
            case _:
                pass

    def _asked(self, asked: Asked) -> None:
        if asked.request.type == typenames.REQUEST_CONVERSATION:
            self._said = 0
            self._closing = None
            self._last = self._begin(_Trigger("conversation", asked.at_s))
        elif asked.message is not None:
            self._said += 1
            self._last = self._begin(_Trigger("message", asked.at_s, nth=self._said))
            if (key := self._wording.key_of.get(asked.frame)) is not None:
                self._of[key] = self._last
        elif asked.closings:
            self._closing = self._begin(_Trigger("close", asked.at_s))

    def _begin(self, trigger: _Trigger) -> _Trigger:
        self.triggers.append(trigger)
        return trigger

    def _said_something(self, arrived: Arrived) -> None:
        text = arrived.message.text
        if text is None:
            self.notes.append(
                f"frame {arrived.frame} brought {arrived.message.type}, which is left out here;"
                " write what stands for it"
            )
            return
        self._act(self._last, arrived.at_s, {"say": self._wording.text(text)})

    def _gave_receipt(self, receipted: Receipted) -> None:
        trigger = self._closing or self._of.get(receipted.key)
        if not self._wording.is_ours(receipted.key):
            return
        short = SHORT.get(receipted.status)
        self._act(trigger, receipted.at_s, short or {"receipt": receipted.status})

    def _showed(self, shown: Shown) -> None:
        told = shown.conversation
        newly = told.state == "CLOSE" and told.conversation_id not in self._closed
        if newly and self._closing is None and not told.left:
            self._act(self._last, shown.at_s, "close")
        if newly:
            self._closed.add(told.conversation_id)

    def _act(self, trigger: _Trigger | None, at_s: float | None, act: dict[str, Any] | str) -> None:
        if trigger is None:
            return
        after_s = self._pace.between_s(trigger.at_s, at_s)
        trigger.acts.append((after_s, _timed(act, after_s)))


def _timed(act: dict[str, Any] | str, after_s: float) -> dict[str, Any] | str:
    if after_s == 0:
        return act
    after = as_duration(after_s)
    return {act: {"after": after}} if isinstance(act, str) else {**act, "after": after}
