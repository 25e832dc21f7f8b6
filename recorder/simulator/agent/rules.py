"""The scripted other side: on what, the agent does what, how long after.

A script is a list of rules. Every rule whose trigger fits acts; delays count from the trigger::

    - on: message                  # or conversation, receipt, typing, close: what the consumer did
      matching: order|parcel       # optional: a regular expression in its text (or status, or state)
      nth: 1                       # optional: only the first time this rule fits, per conversation
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

``{message}`` in a text stands for what triggered the rule. A receipt names the message that triggered
it; under another trigger, all messages of the consumer that have no such receipt from the agent yet.
The other verbs are ``send_file``, ``rich``, ``nack``, ``access``, ``survey``, ``step_up``, ``hang_up`` and
``send`` (a raw frame); see ``verbs``.
"""

from __future__ import annotations

import re
from collections import Counter
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BeforeValidator, ConfigDict, Field, RootModel, field_validator, model_validator

from recorder.documents import Delay, Document, Duration, ValuePath, validate

from ..faults.conditions import Strict
from ..faults.randomness import Dice
from .verbs import (
    VERBS,
    Accept,
    Access,
    Close,
    Deed,
    HangUpOn,
    LogIn,
    Nack,
    Read,
    Receipt,
    Rich,
    Say,
    SendFile,
    SendRaw,
    StartSurvey,
    Transfer,
    Type,
)

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


class Where(NamedTuple):
    """The conversation it was done in: which of its consumer's it is, from 1, and what they are called."""

    conversation_id: str
    number: int = 1
    consumer: str | None = None


class Act(NamedTuple):
    """One thing the agent will do ``after_s`` seconds after it noticed something."""

    after_s: float
    deed: Deed
    noticed: Noticed


def _nothing_is_the_verb(value: object) -> object:
    """``accept:`` with nothing behind it means the verb, not its absence."""
    return {} if value is None else value


_BARE = BeforeValidator(_nothing_is_the_verb)


class Action(Strict):
    """One line of ``do``: exactly one verb, and ``after`` beside it or inside it."""

    say: Annotated[Say | None, _BARE] = None
    send_file: Annotated[SendFile | None, _BARE] = None
    rich: Annotated[Rich | None, _BARE] = None
    accept: Annotated[Accept | None, _BARE] = None
    read: Annotated[Read | None, _BARE] = None
    nack: Annotated[Nack | None, _BARE] = None
    access: Annotated[Access | None, _BARE] = None
    receipt: Annotated[Receipt | None, _BARE] = None
    type: Annotated[Type | None, _BARE] = None
    close: Annotated[Close | None, _BARE] = None
    transfer: Annotated[Transfer | None, _BARE] = None
    survey: Annotated[StartSurvey | None, _BARE] = None
    step_up: Annotated[LogIn | None, _BARE] = None
    hang_up: Annotated[HangUpOn | None, _BARE] = None
    send: Annotated[SendRaw | None, _BARE] = None
    after: Delay | None = None

    @model_validator(mode="before")
    @classmethod
    def _verb_alone(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {value: {}}
        if isinstance(value, dict):
            _check_what_stands_beside(value)
        return value

    @model_validator(mode="after")
    def _one_verb(self) -> Self:
        given = self.model_fields_set - {"after"}
        if len(given) != 1:
            raise ValueError(f"one of {', '.join(VERBS)} is wanted here, and only one")
        if self.after is not None and self.deed.after is not None:
            raise ValueError("after is given twice")
        return self

    @property
    def deed(self) -> Deed:
        """What is to be done."""
        (verb,) = self.model_fields_set - {"after"}
        deed: Deed = getattr(self, verb)
        return deed

    @property
    def delay(self) -> Delay:
        """How long after the trigger."""
        return self.after or self.deed.after or AT_ONCE


def _check_what_stands_beside(line: dict[object, object]) -> None:
    """Raises ``ValueError`` for a key of the verb that stands beside it, as only ``after`` may."""
    verb = next((str(key) for key in line if key in VERBS), None)
    inside = VERBS[verb].model_fields if verb is not None else {}
    for key in line:
        if key in inside and key != "after" and key not in VERBS:
            short = getattr(VERBS[str(verb)], "SHORT", None)
            rest = f"{short}: …, " if short else ""
            raise ValueError(f'"{key}" goes inside "{verb}": {{{verb}: {{{rest}{key}: …}}}}')


AT_ONCE = Duration(0)
WITH_TEXT = (Trigger.MESSAGE, Trigger.RECEIPT, Trigger.TYPING)


class Rule(Strict):
    """On what, and what then. ``matching`` is searched in the first 4 096 characters only."""

    on: Literal["conversation", "message", "receipt", "typing", "close"]
    matching: str | None = Field(default=None, max_length=LONGEST_PATTERN)
    nth: int | None = Field(default=None, ge=1)
    consumer: str | None = Field(default=None, min_length=1, max_length=128)
    conversation: int | None = Field(default=None, ge=1)
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

    def fits(self, where: Where, noticed: Noticed) -> bool:
        """Whether conversation, trigger and text fit; ``nth`` is the agent's to count."""
        if self.on != noticed.trigger:
            return False
        if self.consumer not in (None, where.consumer) or self.conversation not in (None, where.number):
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

    def __init__(self, script: AgentScript, dice: Dice | None = None) -> None:
        self.script = script
        self._dice = dice or Dice()
        self._deeds = [[(action.delay, action.deed) for action in rule.do] for rule in script.root]
        self._fitted: dict[str, Counter[int]] = {}

    def notice(self, where: Where, noticed: Noticed, *, whose: str = "") -> list[Act]:
        """What the agent does about it, in the order of the script. Counts for ``nth``.

        ``whose`` visit it is decides about delays that vary: each consumer has luck of their own.
        """
        fitted = self._fitted.setdefault(where.conversation_id, Counter())
        acts: list[Act] = []
        for place, rule in enumerate(self.script.root):
            if not rule.fits(where, noticed):
                continue
            fitted[place] += 1
            if rule.nth in (None, fitted[place]):
                acts += [
                    Act(self._dice.seconds("agent", delay, whose), deed, noticed)
                    for delay, deed in self._deeds[place]
                ]
        return acts


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
