"""The scripted other side: on what, the agent does what, how long after.

A script is a list of rules. Every rule whose trigger fits acts; delays count from the trigger::

    - on: message                  # or conversation, receipt, typing, close: what the consumer did
      matching: order|parcel       # optional: a regular expression in its text (or status, or state)
      nth: 1                       # optional: only the first time this rule fits, per conversation
      do:
        - accept                   # the message that triggered it
        - {read: {after: 300ms}}
        - {type: COMPOSING, after: 400ms}
        - {say: 'You wrote "{message}".', after: 800ms}
        - {receipt: NACK, after: 1s}
        - {close: {after: 1m}}

``{message}`` in a text stands for what triggered the rule. A receipt names the message that triggered
it; under another trigger, all messages of the consumer that have no such receipt from the agent yet.
"""

from __future__ import annotations

import re
from collections import Counter
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    field_validator,
    model_validator,
)

from recorder.documents import Document, Duration, Path, validate

LONGEST_PATTERN = 500
LONGEST_SEARCHED = 4096


class Trigger(StrEnum):
    """What a consumer does that an agent may act on."""

    CONVERSATION = "conversation"
    MESSAGE = "message"
    RECEIPT = "receipt"
    TYPING = "typing"
    CLOSE = "close"


class Noticed(NamedTuple):
    """One thing the consumer did.

    ``text`` is what ``matching`` looks at: the text of a message, the status of a receipt, the chat
    state. ``sequence`` is that of the message; None for everything else.
    """

    trigger: Trigger
    text: str = ""
    sequence: int | None = None


class Act(NamedTuple):
    """One thing the agent will do ``after_s`` seconds after the trigger.

    Attributes:
        verb: say, receipt, type or close.
        value: the text, the status or the chat state; empty for close.
        sequence: the message a receipt is for; None for all that have none like it yet.
    """

    after_s: float
    verb: Literal["say", "receipt", "type", "close"]
    value: str
    sequence: int | None
    trigger: Trigger


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Timed(_Strict):
    after: Duration | None = None


class _Say(_Timed):
    text: str


class _Receipt(_Timed):
    status: str = Field(min_length=1)


class _Type(_Timed):
    state: str = Field(min_length=1)


def _short_for(key: str) -> BeforeValidator:
    """``say: Hello`` is short for ``say: {text: Hello}``."""
    return BeforeValidator(lambda value: {key: value} if isinstance(value, str) else value)


def _nothing_is_empty(value: object) -> object:
    return {} if value is None else value


_Bare = Annotated[_Timed, BeforeValidator(_nothing_is_empty)]


class Action(_Strict):
    """One line of ``do``: exactly one verb, and ``after`` beside it or inside it."""

    say: Annotated[_Say, _short_for("text")] | None = None
    accept: _Bare | None = None
    read: _Bare | None = None
    receipt: Annotated[_Receipt, _short_for("status")] | None = None
    type: Annotated[_Type, _short_for("state")] | None = None
    close: _Bare | None = None
    after: Duration | None = None

    @model_validator(mode="before")
    @classmethod
    def _verb_alone(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {value: {}}
        if isinstance(value, dict):  # "accept:" with nothing behind it means the verb, not its absence
            return {key: {} if held is None and key != "after" else held for key, held in value.items()}
        return value

    @model_validator(mode="after")
    def _one_verb(self) -> Self:
        verbs = self.model_fields_set - {"after"}
        if len(verbs) != 1:
            raise ValueError("one of say, accept, read, receipt, type, close is wanted here, and only one")
        if self.after is not None and self._detail().after is not None:
            raise ValueError("after is given twice")
        return self

    def act(self, noticed: Noticed) -> Act:
        """What this line does about what was noticed."""
        detail = self._detail()
        after_s = self.after if self.after is not None else detail.after or 0.0
        verb, value = self._verb_and_value(noticed.text)
        return Act(after_s, verb, value, noticed.sequence, noticed.trigger)

    def _detail(self) -> _Timed:
        verbs = (self.say, self.accept, self.read, self.receipt, self.type, self.close)
        return next(one for one in verbs if one is not None)

    def _verb_and_value(self, text: str) -> tuple[Literal["say", "receipt", "type", "close"], str]:
        if self.say:
            return "say", self.say.text.replace("{message}", text)
        if self.type:
            return "type", self.type.state
        if self.close:
            return "close", ""
        if self.receipt:
            return "receipt", self.receipt.status
        return "receipt", "ACCEPT" if self.accept else "READ"


WITH_TEXT = (Trigger.MESSAGE, Trigger.RECEIPT, Trigger.TYPING)


class Rule(_Strict):
    """On what, and what then. ``matching`` is searched in the first 4 096 characters only."""

    on: Literal["conversation", "message", "receipt", "typing", "close"]
    matching: str | None = Field(default=None, max_length=LONGEST_PATTERN)
    nth: int | None = Field(default=None, ge=1)
    do: list[Action] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _on_is_not_true(cls, value: Any) -> Any:
        # YAML 1.1 reads the bare key "on" as the truth value.
        if isinstance(value, dict) and True in value and "on" not in value:
            return {"on" if key is True else key: held for key, held in value.items()}
        return value

    @field_validator("matching")
    @classmethod
    def _is_an_expression(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except (re.error, OverflowError, RecursionError) as problem:
            raise ValueError(f"not a regular expression: {problem}") from None
        return value

    @model_validator(mode="after")
    def _has_something_to_match(self) -> Self:
        if self.matching is not None and self.on not in WITH_TEXT:
            raise ValueError(f"a {self.on} has no text to match")
        return self

    def fits(self, noticed: Noticed) -> bool:
        """Whether the trigger and the text fit; ``nth`` is the agent's to count."""
        if self.on != noticed.trigger:
            return False
        return self.matching is None or bool(re.search(self.matching, noticed.text[:LONGEST_SEARCHED]))


class AgentScript(RootModel[tuple[Rule, ...]]):
    """The rules of one agent. An empty list is nobody: no agent ever joins."""

    model_config = ConfigDict(frozen=True)

    def greets(self) -> bool:
        """Whether the agent joins when the conversation opens; else it does at the first message."""
        return any(rule.on == Trigger.CONVERSATION.value for rule in self.root)


class Agent:
    """Follows a script through any number of conversations."""

    def __init__(self, script: AgentScript) -> None:
        self.script = script
        self._fitted: dict[str, Counter[int]] = {}

    def notice(self, conversation_id: str, noticed: Noticed) -> list[Act]:
        """What the agent does about it, in the order of the script. Counts for ``nth``."""
        fitted = self._fitted.setdefault(conversation_id, Counter())
        acts: list[Act] = []
        for place, rule in enumerate(self.script.root):
            if not rule.fits(noticed):
                continue
            fitted[place] += 1
            if rule.nth in (None, fitted[place]):
                acts += (action.act(noticed) for action in rule.do)
        return acts


def agent_from(raw: object) -> AgentScript:
    """Read an agent from a list of rules, as YAML or Python gives it.

    Raises:
        ValueError: it is no such list; the text says where and why.
    """
    return AgentScript.model_validate(raw)


def read_agent(document: Document, *, at: Path = ()) -> AgentScript:
    """Read an agent from a document: a file of rules, or the ``agent`` section of a script.

    Raises:
        BadScript: it does not fit; with file, line, rule and what was meant.
    """
    return AgentScript(tuple(validate(document, list[Rule], at=at)))


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
