"""The other side of a recording, as rules for the simulator's agent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from recorder.documents.writing import comment, to_flow_yaml
from recorder.messaging.events import ConversationChanged

from ..language.verb_model import is_status
from ..run.receipt_schedule import MessageKey
from .pacing import LAST_WORD_S, Timeline, as_duration
from .quoting import Wording
from .timeline_events import CONSUMER, Arrived, Asked, Connected, Moment, Receipted, Shown, Typed

SHORT = {"ACCEPT": "accept", "READ": "read"}
ASSIGNED, SUGGESTED = "ASSIGNED_AGENT", "SUGGESTED"
TOLD_LATE_S = 0.1
FILE_TYPES = ("JPG", "JPEG", "PNG", "GIF")


class Visit(NamedTuple):
    """One consumer's part of a recording; ``opened``: the conversations that the script opens for them."""

    name: str | None
    moments: Sequence[Moment]
    wording: Wording
    opened: Sequence[str]


def agent_lines(visits: Iterable[Visit], timeline: Timeline) -> list[str]:
    """The ``agent:`` section, line by line; it is empty where nobody but consumers said a word."""
    notes: list[str] = []
    rules: list[str] = []
    for visit in visits:
        rules += _rules_of(visit, timeline, notes)
    told = [f"  {comment(note)}" for note in notes]
    return ["agent:", *told, *rules] if rules else [*told, "agent: []"]


def comes_again(arrived: Arrived, wording: Wording) -> bool:
    """Whether the agent can say it: in the dialog it talks in, and of a kind it has a verb for."""
    return wording.is_main(arrived.key.dialog_id) and _saying(arrived, wording) is not None


def _rules_of(visit: Visit, timeline: Timeline, notes: list[str]) -> list[str]:
    happened = _Happened(visit.moments)
    desks = {
        conversation_id: _Desk(visit.wording, timeline, number, happened)
        for number, conversation_id in enumerate(visit.opened, 1)
    }
    latest: str | None = None
    for moment in visit.moments:
        happened.take(moment)
        conversation_id = _where(moment, visit.wording) or (latest if isinstance(moment, Typed) else None)
        if conversation_id in desks:
            latest = conversation_id
            desks[conversation_id].take(moment)
    lines: list[str] = []
    for desk in desks.values():
        only: dict[str, Any] = {} if visit.name is None else {"consumer": visit.name}
        if len(desks) > 1:
            only["conversation"] = desk.number
        lines += [line for trigger in desk.triggers if trigger.acts for line in _rule(trigger, only)]
        notes += desk.notes
    if happened.late_s > TOLD_LATE_S:
        notes.append(
            f"by the service's clock some of it was told up to {as_duration(happened.late_s)} after it"
            " happened; here it happens when it was told (under simulator:, late_receipts and push_delay"
            " tell late)"
        )
    return lines


def _where(moment: Moment, wording: Wording) -> str | None:
    """The conversation it happened in; None where it has nothing to do with any."""
    match moment:
        case Asked():
            if moment.frame in wording.opened_by:
                return wording.opened_by[moment.frame]
            body = moment.request.body
            named = body.get("conversationId") if moment.closings and isinstance(body, dict) else None
            dialog_id = moment.dialog_id or named
        case Arrived() | Receipted():
            dialog_id = moment.key.dialog_id
        case Typed():
            dialog_id = moment.dialog_id
        case Shown():
            return moment.conversation.conversation_id
        case _:
            return None
    return wording.conversation_of(dialog_id) if isinstance(dialog_id, str) else None


class _Happened:
    """When the other side did what the consumer heard of.

    That is when it was heard, except for what a history told that was asked for after coming back: that
    happened while nobody listened, at the service's time of it.

    Attributes:
        late_s: how long after it happened, at the most, anything was told to somebody who listened.
    """

    def __init__(self, moments: Iterable[Moment]) -> None:
        ahead = [
            at_s - server_ms / 1000
            for at_s, server_ms in map(_both_clocks, moments)
            if at_s is not None and server_ms is not None
        ]
        self._ahead_s = min(ahead, default=None)
        self._connected_s: float | None = None
        self.late_s = 0.0

    def take(self, moment: Moment) -> None:
        """From here on this connection counts."""
        if isinstance(moment, Connected):
            self._connected_s = moment.at_s

    def at_s(self, moment: Arrived | Receipted) -> float | None:
        """When it happened, by our clock."""
        at_s, server_ms = _both_clocks(moment)
        if None in (at_s, server_ms, self._ahead_s, self._connected_s):
            return at_s
        happened_s = (server_ms or 0) / 1000 + (self._ahead_s or 0.0)
        if happened_s < (self._connected_s or 0.0):
            return happened_s
        self.late_s = max(self.late_s, (at_s or 0.0) - happened_s)
        return at_s


def _both_clocks(moment: Moment) -> tuple[float | None, int | None]:
    match moment:
        case Arrived():
            return moment.at_s, moment.message.evidence.server_ms
        case Receipted():
            return moment.at_s, moment.server_ms
        case Shown():
            return moment.at_s, moment.conversation.updated_ms
        case _:
            return None, None


@dataclass
class _Trigger:
    """One thing the consumer did that the agent acted on, and what it did then."""

    on: str
    at_s: float | None
    nth: int | None = None
    acts: list[tuple[float, dict[str, Any] | str]] = field(default_factory=list)


def _rule(trigger: _Trigger, only: Mapping[str, Any]) -> list[str]:
    lines = [f"  - on: {trigger.on}"]
    if trigger.nth is not None:
        lines.append(f"    nth: {trigger.nth}")
    lines += [f"    {key}: {to_flow_yaml(value)}" for key, value in only.items()]
    acts = sorted(trigger.acts, key=lambda act: act[0])
    return [*lines, "    do:", *(f"      - {to_flow_yaml(act)}" for _, act in acts)]


class _Desk:
    """One conversation: puts each act of the other side under what the consumer had done last."""

    def __init__(self, wording: Wording, timeline: Timeline, number: int, happened: _Happened) -> None:
        self._wording = wording
        self._timeline = timeline
        self._happened = happened
        self.number = number
        self.triggers: list[_Trigger] = []
        self.notes: list[str] = []
        self._last: _Trigger | None = None
        self._closing: _Trigger | None = None
        self._of: dict[MessageKey, _Trigger] = {}
        self._said = 0
        self._closed = False
        self._people = _People()

    def take(self, moment: Moment) -> None:
        if self._last is None and not isinstance(moment, Shown):
            # Whatever is first: a capture may begin in the middle of a conversation.
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
        if asked.message is not None:
            if self._closed or not self._wording.is_main(asked.message.dialog_id or ""):
                return
            self._said += 1
            self._last = self._begin(_Trigger("message", asked.at_s, nth=self._said))
            if (key := self._wording.key_of.get(asked.frame)) is not None:
                self._of[key] = self._last
        elif asked.closings and self._closing is None and not self._closed:
            self._closing = self._begin(_Trigger("close", asked.at_s))

    def _begin(self, trigger: _Trigger) -> _Trigger:
        self.triggers.append(trigger)
        return trigger

    def _said_something(self, arrived: Arrived) -> None:
        if not self._wording.is_main(arrived.key.dialog_id):
            return  # the survey's
        saying = _saying(arrived, self._wording)
        if saying is not None and arrived.message.role not in (None, ASSIGNED, "AGENT", "MANAGER"):
            self.notes.append(f"frame {arrived.frame} was by {arrived.message.role}; here the agent says it")
        if saying is None:
            self.notes.append(
                f"frame {arrived.frame} brought {arrived.message.type}, which is left out here;"
                " write what stands for it"
            )
            return
        at_s = self._happened.at_s(arrived)
        self._act(self._last if at_s == arrived.at_s else self._last_before(at_s), at_s, saying)

    def _gave_receipt(self, receipted: Receipted) -> None:
        key = receipted.key
        if not self._wording.is_ours(key) or not self._wording.is_main(key.dialog_id):
            return
        if not is_status(receipted.status):
            return
        act = SHORT.get(receipted.status) or {"receipt": receipted.status}
        self._act(self._closing or self._of.get(key), self._happened.at_s(receipted), act)

    def _showed(self, shown: Shown) -> None:
        told = shown.conversation
        if told.left:
            return
        self._people_came_and_went(told, shown.at_s)
        if told.state == "CLOSE" and not self._closed:
            if self._closing is None:
                self._act(self._last, shown.at_s, "close")
            self._closed = True

    def _people_came_and_went(self, told: ConversationChanged, at_s: float | None) -> None:
        since_s, handover = self._people.look(told, at_s)
        if handover is not None:
            steps = {key: self._timeline.between_s(*span) for key, span in handover.items()}
            spans = {key: as_duration(span_s) if span_s else "0" for key, span_s in steps.items()}
            self._act(self._last_before(since_s), since_s, {"transfer": spans})
        if self._people.stepped_up:
            self._people.stepped_up = False
            self._act(self._last, at_s, "step_up")

    def _last_before(self, at_s: float | None) -> _Trigger | None:
        """What the consumer had done last by then."""
        before = [one for one in self.triggers if one.at_s is None or at_s is None or one.at_s <= at_s]
        return before[-1] if before else self._last

    def _act(self, trigger: _Trigger | None, at_s: float | None, act: dict[str, Any] | str) -> None:
        if trigger is None:
            return
        after_s = self._timeline.between_s(trigger.at_s, at_s)
        if act == "close" and not self._timeline.pace.keeps_time:
            after_s = LAST_WORD_S
        trigger.acts.append((after_s, _timed(act, after_s)))


class _People:
    """Who is in a conversation: notices that another agent took over, and that the consumer logged in."""

    def __init__(self) -> None:
        self.stepped_up = False
        self._agent: str | None = None
        self._consumer: str | None = None
        self._left_s: float | None = None
        self._suggested_s: float | None = None
        self._is_away = False

    def look(
        self, told: ConversationChanged, at_s: float | None
    ) -> tuple[float | None, dict[str, tuple[float | None, float | None]] | None]:
        """When the agent left whose place another one has now, and from when to when nobody was there."""
        agent = self._one(told, ASSIGNED)
        consumer = self._one(told, CONSUMER)
        self.stepped_up = None not in (consumer, self._consumer) and consumer != self._consumer
        self._consumer = consumer or self._consumer
        suggested = any(who.state == SUGGESTED for who in told.participants)
        if agent is None:
            if self._agent is not None and not self._is_away:
                self._is_away, self._left_s, self._suggested_s = True, at_s, None
            if self._is_away and suggested and self._suggested_s is None:
                self._suggested_s = at_s
            return None, None
        before, self._agent = self._agent, agent
        if before in (None, agent):
            self._is_away = False
            return None, None
        left_s = self._left_s if self._is_away else at_s
        suggested_s = at_s if self._suggested_s is None or not self._is_away else self._suggested_s
        self._is_away = False
        return left_s, {"away": (left_s, suggested_s), "suggested_for": (suggested_s, at_s)}

    def _one(self, told: ConversationChanged, role: str) -> str | None:
        active = [who.participant for who in told.participants if who.role == role and who.state != SUGGESTED]
        return active[-1] if active else None


def _saying(arrived: Arrived, wording: Wording) -> dict[str, Any] | None:
    """What the agent does to bring this message; None where it has no verb for it."""
    message, event = arrived.message, arrived.event or {}
    if message.text is not None and message.type.startswith("text/"):
        return {"say": wording.text(message.text)}
    if isinstance(event.get("content"), dict) and message.type == "RichContentEvent":
        says: dict[str, Any] = {"content": wording.envelope(event["content"])}
        if isinstance(event.get("quickReplies"), dict):
            says["quick_replies"] = wording.envelope(event["quickReplies"])
        return {"rich": says}
    file = event.get("message")
    if message.type == "hosted/file" and isinstance(file, dict) and file.get("fileType") in FILE_TYPES:
        return {"send_file": _file(file, wording)}
    return None


def _file(file: Mapping[str, Any], wording: Wording) -> dict[str, str]:
    keys = {"caption": "caption", "fileType": "file_type", "relativePath": "path", "preview": "preview"}
    return {ours: wording.text(file[key]) for key, ours in keys.items() if isinstance(file.get(key), str)}


def _timed(act: dict[str, Any] | str, after_s: float) -> dict[str, Any] | str:
    if after_s == 0:
        return act
    after = as_duration(after_s)
    return {act: {"after": after}} if isinstance(act, str) else {**act, "after": after}
