"""The ``agent:`` section of a generated script: the recorded other side as rules of the simulator's agent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from recorder.documents.writing import comment, to_flow_yaml
from recorder.messaging.events import ConversationChanged
from recorder.messaging.hosted_files import HOSTED_FILE, hosted_file

from ..language.verb_model import is_status
from ..run.receipt_batches import MessageId
from .pacing import CLOSE_DELAY_S, Timeline, as_duration
from .placement import STATUS_WORDS
from .read_back import ReadBack
from .script_names import ScriptNames
from .timeline_events import (
    AGENT_ROLES,
    CONSUMER,
    ChatStateArrived,
    Connected,
    ConversationUpdated,
    MessageArrived,
    ReceiptArrived,
    RequestSent,
    TimelineEvent,
)

ProblemOf = Callable[[str], str | None]
"""Why an action of the agent's does not load; None: it does."""

ASSIGNED, SUGGESTED = "ASSIGNED_AGENT", "SUGGESTED"
_NOTED_DELAY_S = 0.1
_FILE_TYPES = ("JPG", "JPEG", "PNG", "GIF")


class ConsumerTimeline(NamedTuple):
    """One consumer of a recording. ``name`` None: the only one; ``opened``: ids of conversations it opens."""

    name: str | None
    events: Sequence[TimelineEvent]
    names: ScriptNames
    opened: Sequence[str] = ()


def agent_lines(
    consumers: Iterable[ConsumerTimeline], timeline: Timeline, read_back: ReadBack | None = None
) -> list[str]:
    """The lines of the ``agent:`` section; an empty list of rules where only consumers did anything."""
    problem_of = (ReadBack() if read_back is None else read_back).agent_action
    notes: list[str] = []
    rules: list[str] = []
    for consumer in consumers:
        rules += _rules(consumer, timeline, notes, problem_of)
    comments = [f"  {comment(note)}" for note in notes]
    return ["agent:", *comments, *rules] if rules else [*comments, "agent: []"]


def agent_can_send(arrived: MessageArrived, names: ScriptNames, read_back: ReadBack | None = None) -> bool:
    """Whether the simulator's agent can send it: in the main dialog, and of a type it has a verb for."""
    if not names.is_main(arrived.key.dialog_id) or (action := _action_for(arrived, names)) is None:
        return False
    return (ReadBack() if read_back is None else read_back).agent_action(to_flow_yaml(action)) is None


def _rules(
    consumer: ConsumerTimeline, timeline: Timeline, notes: list[str], problem_of: ProblemOf
) -> list[str]:
    origins = _OriginTimes(consumer.events)
    conversations = {
        conversation_id: _ConversationRules(consumer.names, timeline, number, origins)
        for number, conversation_id in enumerate(consumer.opened, 1)
    }
    latest: str | None = None
    for event in consumer.events:
        origins.feed(event)
        conversation_id = _conversation_id(event, consumer.names) or (
            latest if isinstance(event, ChatStateArrived) else None
        )
        if conversation_id in conversations:
            latest = conversation_id
            conversations[conversation_id].feed(event)
    lines: list[str] = []
    for conversation in conversations.values():
        only: dict[str, Any] = {} if consumer.name is None else {"consumer": consumer.name}
        if len(conversations) > 1:
            only["conversation"] = conversation.number
        for rule in conversation.rules:
            rule.actions = [one for one in rule.actions if _loads(one, problem_of, notes)]
        lines += [line for rule in conversation.rules if rule.actions for line in _rule_lines(rule, only)]
        notes += conversation.notes
    if origins.late_s > _NOTED_DELAY_S:
        notes.append(
            f"by the service's clock some of it was told up to {as_duration(origins.late_s)} after it"
            " happened; here it happens when it was told (under simulator:, late_receipts and push_delay"
            " tell late)"
        )
    return lines


def _conversation_id(event: TimelineEvent, names: ScriptNames) -> str | None:
    """The id of the conversation an event belongs to; None: no conversation, or unknown."""
    match event:
        case RequestSent():
            if event.frame in names.opened_by:
                return names.opened_by[event.frame]
            dialog_id = event.dialog_id or (event.body.get("conversationId") if event.closings else None)
        case MessageArrived() | ReceiptArrived():
            dialog_id = event.key.dialog_id
        case ChatStateArrived():
            dialog_id = event.dialog_id
        case ConversationUpdated():
            return event.conversation.conversation_id
        case _:
            return None
    return names.conversation_of(dialog_id) if isinstance(dialog_id, str) else None


class _OriginTimes:
    """When the other side's events happened: on arrival, or by the service's time while disconnected.

    Events in the history after a reconnect happened before it: their ``serverTimestamp`` is translated to our
    clock by the smallest difference of all events.

    Attributes:
        late_s: the longest delay by which an event arrived while connected.
    """

    def __init__(self, events: Iterable[TimelineEvent]) -> None:
        differences_s = [
            at_s - server_ms / 1000
            for at_s, server_ms in map(_arrival_and_service_time, events)
            if at_s is not None and server_ms is not None
        ]
        self._clock_difference_s = min(differences_s, default=None)
        self._connected_s: float | None = None
        self.late_s = 0.0

    def feed(self, event: TimelineEvent) -> None:
        """Note when the current connection was opened."""
        if isinstance(event, Connected):
            self._connected_s = event.at_s

    def at_s(self, event: MessageArrived | ReceiptArrived) -> float | None:
        """When it happened, by our clock."""
        at_s, server_ms = _arrival_and_service_time(event)
        if None in (at_s, server_ms, self._clock_difference_s, self._connected_s):
            return at_s
        origin_s = (server_ms or 0) / 1000 + (self._clock_difference_s or 0.0)
        if origin_s < (self._connected_s or 0.0):
            return origin_s
        self.late_s = max(self.late_s, (at_s or 0.0) - origin_s)
        return at_s


def _arrival_and_service_time(event: TimelineEvent) -> tuple[float | None, int | None]:
    match event:
        case MessageArrived():
            return event.at_s, event.message.evidence.server_ms
        case ReceiptArrived():
            return event.at_s, event.server_ms
        case ConversationUpdated():
            return event.at_s, event.conversation.updated_ms
        case _:
            return None, None


def _loads(timed: tuple[float, dict[str, Any] | str], problem_of: ProblemOf, notes: list[str]) -> bool:
    """Whether an action of the agent's loads; if not, there is a note on why it is left out."""
    problem = problem_of(to_flow_yaml(timed[1]))
    if problem is not None:
        notes.append(f"something the other side did is left out here: {problem}")
    return problem is None


@dataclass
class _Rule:
    """An agent rule: what the consumer did (``on``, ``nth``), and the actions that follow, with delays."""

    on: str
    at_s: float | None
    nth: int | None = None
    actions: list[tuple[float, dict[str, Any] | str]] = field(default_factory=list)


def _rule_lines(rule: _Rule, only: Mapping[str, Any]) -> list[str]:
    lines = [f"  - on: {rule.on}"]
    if rule.nth is not None:
        lines.append(f"    nth: {rule.nth}")
    lines += [f"    {key}: {to_flow_yaml(value)}" for key, value in only.items()]
    actions = sorted(rule.actions, key=lambda action: action[0])
    return [*lines, "    do:", *(f"      - {to_flow_yaml(action)}" for _, action in actions)]


class _ConversationRules:
    """The rules of one conversation: each recorded action goes under what the consumer did last before it."""

    def __init__(self, names: ScriptNames, timeline: Timeline, number: int, origins: _OriginTimes) -> None:
        self._names = names
        self._timeline = timeline
        self._origins = origins
        self.number = number
        self.rules: list[_Rule] = []
        self.notes: list[str] = []
        self._current: _Rule | None = None
        self._close_rule: _Rule | None = None
        self._rule_of: dict[MessageId, _Rule] = {}
        self._published = 0
        self._closed = False
        self._participants = _ParticipantChanges()

    def feed(self, event: TimelineEvent) -> None:
        """Add what this event contributes: a new rule, or an action of one."""
        if self._current is None and not isinstance(event, ConversationUpdated):
            # At any first event: a capture may begin in the middle of a conversation.
            self._current = self._begin(_Rule("conversation", event.at_s))
        match event:
            case RequestSent():
                self._request(event)
            case MessageArrived():
                self._message(event)
            case ReceiptArrived():
                self._receipt(event)
            case ChatStateArrived(state=state):
                self._add_action(self._current, event.at_s, {"type": state})
            case ConversationUpdated():
                self._conversation_updated(event)
            case _:
                pass

    def _request(self, request: RequestSent) -> None:
        if request.message is not None:
            if self._closed or not self._names.is_main(request.message.dialog_id or ""):
                return
            self._published += 1
            self._current = self._begin(_Rule("message", request.at_s, nth=self._published))
            if (key := self._names.key_of.get(request.frame)) is not None:
                self._rule_of[key] = self._current
        elif request.closings and self._close_rule is None and not self._closed:
            self._close_rule = self._begin(_Rule("close", request.at_s))

    def _begin(self, rule: _Rule) -> _Rule:
        self.rules.append(rule)
        return rule

    def _message(self, arrived: MessageArrived) -> None:
        if not self._names.is_main(arrived.key.dialog_id):
            return  # the survey's
        action = _action_for(arrived, self._names)
        if action is not None and arrived.message.role not in (None, *AGENT_ROLES):
            self.notes.append(f"frame {arrived.frame} was by {arrived.message.role}; here the agent says it")
        if action is None:
            self.notes.append(
                f"frame {arrived.frame} brought {arrived.message.type}, which is left out here;"
                " write what stands for it"
            )
            return
        at_s = self._origins.at_s(arrived)
        self._add_action(self._current if at_s == arrived.at_s else self._last_rule_at(at_s), at_s, action)

    def _receipt(self, receipted: ReceiptArrived) -> None:
        key = receipted.key
        if not self._names.is_ours(key) or not self._names.is_main(key.dialog_id):
            return
        if not is_status(receipted.status):
            return
        status = receipted.status
        action = status.lower() if status in STATUS_WORDS else {"receipt": status}
        self._add_action(self._close_rule or self._rule_of.get(key), self._origins.at_s(receipted), action)

    def _conversation_updated(self, event: ConversationUpdated) -> None:
        updated = event.conversation
        if updated.left_subscription:
            return
        self._participants_changed(updated, event.at_s)
        if updated.state == "CLOSE" and not self._closed:
            if self._close_rule is None:
                self._add_action(self._current, event.at_s, "close")
            self._closed = True

    def _participants_changed(self, updated: ConversationChanged, at_s: float | None) -> None:
        transfer = self._participants.feed(updated, at_s)
        if transfer is not None:
            left_s, suggested_s = transfer
            times = {"away": (left_s, suggested_s), "suggested_for": (suggested_s, at_s)}
            delays = {key: self._timeline.between_s(*span) for key, span in times.items()}
            arguments = {key: as_duration(delay_s) if delay_s else "0" for key, delay_s in delays.items()}
            self._add_action(self._last_rule_at(left_s), left_s, {"transfer": arguments})
        if self._participants.stepped_up:
            self._participants.stepped_up = False
            self._add_action(self._current, at_s, "step_up")

    def _last_rule_at(self, at_s: float | None) -> _Rule | None:
        """The rule for what the consumer did last before this time."""
        before = [one for one in self.rules if one.at_s is None or at_s is None or one.at_s <= at_s]
        return before[-1] if before else self._current

    def _add_action(self, rule: _Rule | None, at_s: float | None, action: dict[str, Any] | str) -> None:
        if rule is None:
            return
        after_s = self._timeline.between_s(rule.at_s, at_s)
        if action == "close" and not self._timeline.pace.keeps_time:
            after_s = CLOSE_DELAY_S
        rule.actions.append((after_s, _timed(action, after_s)))


_LeftAndSuggested = tuple[float | None, float | None]
"""When an agent left, and when the next one was suggested, in seconds; None if unknown."""


class _ParticipantChanges:
    """Detects transfers to another agent, and step-ups (the consumer logged in and got another id)."""

    def __init__(self) -> None:
        self.stepped_up = False
        self._agent: str | None = None
        self._consumer: str | None = None
        self._left_s: float | None = None
        self._suggested_s: float | None = None
        self._is_away = False

    def feed(self, updated: ConversationChanged, at_s: float | None) -> _LeftAndSuggested | None:
        """The times of the transfer this update completes, if it does; sets ``stepped_up``."""
        agent = self._active(updated, ASSIGNED)
        consumer = self._active(updated, CONSUMER)
        self.stepped_up = None not in (consumer, self._consumer) and consumer != self._consumer
        self._consumer = consumer or self._consumer
        suggested = any(participant.state == SUGGESTED for participant in updated.participants)
        if agent is None:
            if self._agent is not None and not self._is_away:
                self._is_away, self._left_s, self._suggested_s = True, at_s, None
            if self._is_away and suggested and self._suggested_s is None:
                self._suggested_s = at_s
            return None
        before, self._agent = self._agent, agent
        if before in (None, agent):
            self._is_away = False
            return None
        left_s = self._left_s if self._is_away else at_s
        suggested_s = at_s if self._suggested_s is None or not self._is_away else self._suggested_s
        self._is_away = False
        return left_s, suggested_s

    def _active(self, updated: ConversationChanged, role: str) -> str | None:
        active = [
            one.participant for one in updated.participants if one.role == role and one.state != SUGGESTED
        ]
        return active[-1] if active else None


def _action_for(arrived: MessageArrived, names: ScriptNames) -> dict[str, Any] | None:
    """The agent's action that sends this message; None: it has no verb for it."""
    message, event = arrived.message, arrived.event or {}
    if message.text is not None and message.type.startswith("text/"):
        return {"say": names.text(message.text)}
    if isinstance(event.get("content"), dict) and message.type == "RichContentEvent":
        rich: dict[str, Any] = {"content": names.envelope(event["content"])}
        if isinstance(event.get("quickReplies"), dict):
            rich["quick_replies"] = names.envelope(event["quickReplies"])
        return {"rich": rich}
    file = hosted_file(event.get("message"))
    if message.type == HOSTED_FILE and file is not None and file.get("fileType") in _FILE_TYPES:
        return {"send_file": _file(file, names)}
    return None


def _file(file: Mapping[str, Any], names: ScriptNames) -> dict[str, str]:
    keys = {"caption": "caption", "fileType": "file_type", "relativePath": "path", "preview": "preview"}
    return {ours: names.text(file[key]) for key, ours in keys.items() if isinstance(file.get(key), str)}


def _timed(action: dict[str, Any] | str, after_s: float) -> dict[str, Any] | str:
    if after_s == 0:
        return action
    after = as_duration(after_s)
    return {action: {"after": after}} if isinstance(action, str) else {**action, "after": after}
