"""The agent's script: rules that say on which event of the consumer the agent does what, and when.

A script is a list of rules. Every rule that matches an event applies; delays count from the event::

    - on: message                  # or conversation, receipt, typing, close
      matching: order|parcel       # optional: a regular expression in its text (or status, or state)
      nth: 1                       # optional: only the first match of this rule, per conversation
      consumer: ben                # optional: only for the consumer whose token has the claim name: ben
      conversation: 2              # optional: only in the second conversation a consumer opens
      do:
        - accept                   # the message that triggered it
        - {read: {after: 300ms}}
        - {type: COMPOSING, after: 400ms}
        - {say: 'You wrote "{message}".', after: 800ms}
        - {receipt: {status: READ, sequences: [0, 2]}, after: 1s ± 200ms}
        - {transfer: {suggested_for: 3s}, after: 30s}
        - {close: {after: 1m}}

``{message}`` in a text stands for the text that triggered the rule. A receipt names the message that
triggered it; under another trigger, all messages of the consumer without such a receipt from this agent.
The other verbs are ``send_file``, ``rich``, ``nack``, ``access``, ``survey``, ``step_up``, ``hang_up`` and
``send`` (a raw frame); see ``verbs``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Literal, NamedTuple, Self, get_args

from pydantic import ConfigDict, Field, RootModel, field_validator, model_validator

from recorder.documents import DelayDistribution, Document, Duration, ValuePath, validate
from recorder.documents.patterns import MAX_PATTERN, NoSearchTime, PatternTooSlow, SearchTime, check_pattern

from ..faults.conditions import StrictModel
from ..faults.randomness import Randomness
from ..protocol.conversations import SimulatedConversation
from . import verbs


class Trigger(StrEnum):
    """The kinds of consumer events that rules may be about (``on``)."""

    CONVERSATION = "conversation"
    MESSAGE = "message"
    RECEIPT = "receipt"
    TYPING = "typing"
    CLOSE = "close"


class ConsumerEvent(NamedTuple):
    """Something the consumer did.

    Attributes:
        text: what ``matching`` searches: the text of a message, the status of a receipt, the chat state.
        sequence: of a message; None for everything else.
    """

    trigger: Trigger
    text: str = ""
    sequence: int | None = None


class PlannedAction(NamedTuple):
    """What the agent will do ``after_s`` seconds after an event."""

    after_s: float
    verb: verbs.AgentVerb


class RuleAction(StrictModel):
    """One line of ``do``: exactly one verb, with ``after`` beside it or inside it."""

    say: verbs.AgentSay | None = None
    send_file: verbs.AgentSendFile | None = None
    rich: verbs.AgentRich | None = None
    accept: verbs.AgentAccept | None = None
    read: verbs.AgentRead | None = None
    nack: verbs.AgentNack | None = None
    access: verbs.AgentAccess | None = None
    receipt: verbs.AgentReceipt | None = None
    type: verbs.AgentType | None = None
    close: verbs.AgentClose | None = None
    transfer: verbs.AgentTransfer | None = None
    survey: verbs.AgentSurvey | None = None
    step_up: verbs.AgentStepUp | None = None
    hang_up: verbs.AgentHangUp | None = None
    send: verbs.AgentSend | None = None
    after: DelayDistribution | None = None

    @model_validator(mode="before")
    @classmethod
    def _verb_alone(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {value: {}}
        if isinstance(value, dict):
            _check_keys_beside_verb(value)
            # "accept:" with nothing behind it means the verb, not its absence.
            return {key: {} if item is None and key in VERBS else item for key, item in value.items()}
        return value

    @model_validator(mode="after")
    def _one_verb(self) -> Self:
        given = self.model_fields_set - {"after"}
        if len(given) != 1:
            raise ValueError(f"one of {', '.join(VERBS)} is wanted here, and only one")
        if self.after is not None and self.verb.after is not None:
            raise ValueError("after is given twice")
        return self

    @property
    def verb(self) -> verbs.AgentVerb:
        """The one verb of the line."""
        (name,) = self.model_fields_set - {"after"}
        verb: verbs.AgentVerb = getattr(self, name)
        return verb

    @property
    def delay(self) -> DelayDistribution:
        """How long after the event."""
        return self.after or self.verb.after or NO_DELAY


VERBS: dict[str, type[verbs.AgentVerb]] = {
    name: get_args(field.annotation)[0] for name, field in RuleAction.model_fields.items() if name != "after"
}


def _check_keys_beside_verb(line: dict[object, object]) -> None:
    """Raises ``ValueError`` for a key of the verb that stands beside it, as only ``after`` may."""
    verb = next((str(key) for key in line if key in VERBS), None)
    inside = VERBS[verb].model_fields if verb is not None else {}
    for key in line:
        if key in inside and key != "after" and key not in VERBS:
            short_key = getattr(VERBS[str(verb)], "SHORT", None)
            others = f"{short_key}: …, " if short_key else ""
            raise ValueError(f'"{key}" goes inside "{verb}": {{{verb}: {{{others}{key}: …}}}}')


NO_DELAY = Duration(0)
WITH_TEXT = (Trigger.MESSAGE, Trigger.RECEIPT, Trigger.TYPING)


class AgentRule(StrictModel):
    """One rule: an event, and what to do on it. ``matching`` searches the beginning of long texts only."""

    on: Literal["conversation", "message", "receipt", "typing", "close"]
    matching: str | None = Field(default=None, max_length=MAX_PATTERN)
    nth: int | None = Field(default=None, ge=1)
    consumer: str | None = Field(default=None, min_length=1, max_length=128)
    conversation: int | None = Field(default=None, ge=1)
    do: list[RuleAction] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _restore_on_key(cls, value: Any) -> Any:
        # YAML 1.1 reads the bare key "on" as true.
        if isinstance(value, dict) and True in value and "on" not in value:
            return {"on" if key is True else key: item for key, item in value.items()}
        return value

    @field_validator("matching")
    @classmethod
    def _is_an_expression(cls, value: str | None) -> str | None:
        return None if value is None else check_pattern(value)

    @model_validator(mode="after")
    def _has_something_to_match(self) -> Self:
        if self.matching is not None and self.on not in WITH_TEXT:
            raise ValueError(f"a {self.on} has no text to match")
        return self

    def matches(
        self, conversation: SimulatedConversation, event: ConsumerEvent, search_time: SearchTime
    ) -> bool:
        """Whether conversation, trigger and text match; ``nth`` is counted by ``RuleEngine``.

        Raises:
            PatternTooSlow: the search in the text was stopped.
        """
        if self.on != event.trigger:
            return False
        if self.consumer not in (None, conversation.consumer_name):
            return False
        if self.conversation not in (None, conversation.number):
            return False
        return self.matching is None or search_time.matches(self.matching, event.text)


class AgentScript(RootModel[tuple[AgentRule, ...]]):
    """The rules of one agent. With an empty list no agent ever joins."""

    model_config = ConfigDict(frozen=True)

    def joins_on_open(self) -> bool:
        """Whether the agent joins when the conversation opens, rather than at the first message."""
        return any(rule.on == Trigger.CONVERSATION.value for rule in self.root)


class RuleEngine:
    """Applies an agent's rules in any number of conversations.

    The patterns of all rules share the time for one event. A rule whose pattern takes too long applies no
    more, so that no consumer can hold up the others; ``on_remark`` is called with a sentence about it.
    """

    def __init__(
        self,
        script: AgentScript,
        randomness: Randomness | None = None,
        *,
        on_remark: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self.script = script
        self._randomness = randomness or Randomness()
        self._on_remark = on_remark
        self._too_slow: set[int] = set()
        self._untried: set[int] = set()
        self._search_time = SearchTime()
        self._actions = [[(action.delay, action.verb) for action in rule.do] for rule in script.root]
        self._match_counts: dict[str, Counter[int]] = {}

    def apply(self, conversation: SimulatedConversation, event: ConsumerEvent) -> list[PlannedAction]:
        """What the agent does about an event, in the order of the script. Counts matches for ``nth``.

        Delays that vary are drawn for each consumer by itself.
        """
        consumer_id = conversation.consumer.participant
        self._search_time.reset()
        counts = self._match_counts.setdefault(conversation.conversation_id, Counter())
        planned: list[PlannedAction] = []
        for index, rule in enumerate(self.script.root):
            if not self._matches(index, rule, conversation, event):
                continue
            counts[index] += 1
            if rule.nth in (None, counts[index]):
                planned += [
                    PlannedAction(self._randomness.delay_s("agent", delay, consumer_id), verb)
                    for delay, verb in self._actions[index]
                ]
        return planned

    def _matches(
        self, index: int, rule: AgentRule, conversation: SimulatedConversation, event: ConsumerEvent
    ) -> bool:
        if index in self._too_slow:
            return False
        try:
            return rule.matches(conversation, event, self._search_time)
        except NoSearchTime as stopped:
            if index not in self._untried:
                self._untried.add(index)
                self._on_remark(f"rule {index + 1} of the agent: {stopped.sentence}")
            return False
        except PatternTooSlow as stopped:
            self._too_slow.add(index)
            self._on_remark(
                f"rule {index + 1} of the agent: {stopped.sentence}, and the rule applies no more"
            )
            return False


def agent_from(raw: object) -> AgentScript:
    """Read an agent from a list of rules, as YAML or Python gives it.

    Raises:
        ValueError: it is no such list; the text says where and why.
    """
    return AgentScript.model_validate(raw)


def read_agent(document: Document, *, at: ValuePath = ()) -> AgentScript:
    """Read an agent from a document: a file of rules, or the ``agent`` section of a script.

    Raises:
        BadScript: it does not fit; with file, line, rule and what was meant.
    """
    return AgentScript(tuple(validate(document, list[AgentRule], at=at)))


DEFAULT_AGENT = agent_from(
    [
        {"on": "conversation", "do": [{"say": "Hello, how can I help you?", "after": "500ms"}]},
        {
            "on": "message",
            "do": [
                {"accept": {"after": "200ms"}},
                {"type": "COMPOSING", "after": "300ms"},
                {"read": {"after": "500ms"}},
                {"say": 'You wrote "{message}". Is there anything else?', "after": "1s"},
                # A chat state stands until another one comes; a message does not end it.
                {"type": "ACTIVE", "after": "1s"},
            ],
        },
    ]
)
