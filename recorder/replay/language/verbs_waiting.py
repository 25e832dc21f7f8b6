"""Verbs that wait: ``await`` a message, ``expect`` a condition, ``wait`` for a time; ``keep_alive``."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag, WithJsonSchema, model_validator

from recorder.documents import DelayDistribution, Duration

from .verb_model import (
    ANSWER_WITHIN,
    ConsumerVerb,
    MessageName,
    MessageReference,
    Pattern,
    ReceiptStatus,
    ScriptModel,
    TimedVerb,
    Verb,
    has_key,
    has_none_of,
)

MessageStatus = Literal["pending", "failed", "unknown", "sent", "accepted", "read"]


class MessageFilter(ScriptModel):
    """The message to wait for. Without ``from``: any that is not ours."""

    from_: str | None = Field(default=None, alias="from")
    """agent, consumer, a role like ASSIGNED_AGENT, or an id."""
    matching: Pattern | None = None
    """Found anywhere in the text; what a reference in it stands for is taken as it is."""
    type: str | None = None
    dialog: str | None = None
    nth: Annotated[int, Field(ge=1)] = 1

    @property
    def in_words(self) -> str:
        """The description in words, for error messages: ``message from agent, matching "order"``."""
        matching = None if self.matching is None else f'"{self.matching}"'
        given = {"from": self.from_, "matching": matching, "of type": self.type, "in dialog": self.dialog}
        parts = ", ".join(f"{how} {what}" for how, what in given.items() if what is not None)
        which = f" (number {self.nth} of them)" if self.nth > 1 else ""
        return f"message {parts}{which}" if parts else f"message{which}"


class AwaitVerb(ConsumerVerb):
    """Wait for a message, ignoring everything else."""

    run_time: ClassVar[frozenset[str]] = frozenset({"message"})
    message: MessageFilter = MessageFilter()
    within: Duration = ANSWER_WITHIN
    as_: MessageName | None = Field(default=None, alias="as")


class ExpectedReceipt(ScriptModel):
    """A receipt that must turn up; ``by`` is agent, consumer, a role or an id."""

    status: ReceiptStatus
    by: str | None = None


class ExpectedClose(ScriptModel):
    """The end of the connection. ``code`` None: any; ``by`` None: whoever closed it."""

    code: Annotated[int, Field(ge=1000, le=4999)] | None = None
    by: Literal["service", "client"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _long_form(cls, given: Any) -> Any:
        if given == "any":
            return {}
        if isinstance(given, int) and not isinstance(given, bool):
            return {"code": given}
        if isinstance(given, dict):
            return {key: held for key, held in given.items() if (key, held) != ("code", "any")}
        raise ValueError("the end of a connection is a close code like 4401, any, or {code: …, by: …}")


_CLOSE_CODE: dict[str, Any] = {"type": "integer", "minimum": 1000, "maximum": 4999}
Close = Annotated[
    ExpectedClose | None,
    WithJsonSchema(
        {
            "anyOf": [
                _CLOSE_CODE,
                {"const": "any"},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "code": {"anyOf": [_CLOSE_CODE, {"const": "any"}, {"type": "null"}]},
                        "by": {"enum": ["service", "client", None]},
                    },
                },
                {"type": "null"},
            ]
        }
    ),
]


def _reference_kind(given: object) -> str:
    return "described" if isinstance(given, dict | MessageFilter) else "named"


ExpectedMessage = Annotated[
    Annotated[MessageReference, Tag("named")] | Annotated[MessageFilter, Tag("described")],
    Discriminator(_reference_kind),
]
"""A message by name or sequence, or by description."""


class _MessageCondition(ScriptModel):
    """A message, and what must be true of it: its status, a receipt; or the end of the connection."""

    message: ExpectedMessage | None = None
    status: MessageStatus | None = None
    receipt: ExpectedReceipt | None = None
    close: Close = None

    @property
    def reference(self) -> str | int | None:
        """The message's name or sequence; None: described, or not about a message."""
        return self.message if isinstance(self.message, str | int) else None

    @property
    def message_filter(self) -> MessageFilter | None:
        """The message's description; None: named, or not about a message."""
        return self.message if isinstance(self.message, MessageFilter) else None


_DESCRIBED: dict[str, Any] = {"properties": {"message": {"type": "object"}}}
_AT_MOST_ONE: dict[str, Any] = {"anyOf": [has_none_of("status"), has_none_of("receipt")]}


class NotExpected(_MessageCondition):
    """What must not happen: a message, a message's status or receipt, the end of the connection."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"allOf": [has_key("close"), has_none_of("message", "status", "receipt")]},
                {"allOf": [has_key("message"), has_none_of("close"), _DESCRIBED, _AT_MOST_ONE]},
                {
                    "allOf": [
                        has_key("message"),
                        has_none_of("close"),
                        {"not": _DESCRIBED},
                        {"oneOf": [has_key("status"), has_key("receipt")]},
                    ]
                },
            ]
        }
    )

    @model_validator(mode="after")
    def _check_subject(self) -> NotExpected:
        outcomes = (self.status is not None) + (self.receipt is not None)
        if (self.message is None) == (self.close is None) or (self.close is not None and outcomes):
            raise ValueError("say what must not happen: message: …, or close: any, one of them")
        if outcomes > 1 or (self.reference is not None and not outcomes):
            raise ValueError("say what the message must not get: status: or receipt:, one of them")
        return self


def _alone(key: str) -> dict[str, Any]:
    others = {"message", "status", "receipt", "text", "answer", "close", "not"} - {key}
    return {"allOf": [has_key(key), has_none_of(*sorted(others))]}


_ABOUT_MESSAGE: dict[str, Any] = {
    "allOf": [
        has_key("message"),
        has_none_of("answer", "close", "not"),
        {
            "oneOf": [
                has_key("status"),
                has_key("receipt"),
                has_key("text"),
                {"allOf": [_DESCRIBED, has_none_of("status", "receipt", "text")]},
            ]
        },
    ]
}


class ExpectVerb(_MessageCondition, ConsumerVerb):
    """Something that must be so, now or within a while; or, with ``not``, must not be so ``for`` a while."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {
                    "allOf": [
                        {"oneOf": [_ABOUT_MESSAGE, _alone("answer"), _alone("close")]},
                        has_none_of("for"),
                    ]
                },
                {"allOf": [_alone("not"), has_key("for"), {"not": {"required": ["within"]}}]},
            ]
        }
    )

    run_time: ClassVar[frozenset[str]] = frozenset({"text", "message", "not_"})
    text: str | None = None
    answer: Annotated[int, Field(ge=100, le=599)] | None = None
    not_: NotExpected | None = Field(default=None, alias="not")
    for_: Duration | None = Field(default=None, alias="for")
    within: Duration = ANSWER_WITHIN

    @model_validator(mode="after")
    def _check_subject(self) -> ExpectVerb:
        of_message = sum(one is not None for one in (self.status, self.receipt, self.text))
        subjects = {"message": self.message, "answer": self.answer, "close": self.close, "not": self.not_}
        named = [name for name, held in subjects.items() if held is not None]
        if not named:
            raise ValueError(
                "say what of: message: with status:, receipt: or text:, or answer: with a code, or close:,"
                " or not:"
            )
        if len(named) > 1 or (named != ["message"] and of_message):
            alone = next(name for name in ("answer", "close", "not") if name in named)
            raise ValueError(f"{alone}: stands alone; {_ALONE[alone]}")
        if named == ["message"] and (of_message > 1 or (self.message_filter is None and of_message == 0)):
            raise ValueError(
                "say what is expected of the message: status: or receipt:, one of them, or text:"
            )
        self._check_spans()
        return self

    def _check_spans(self) -> None:
        if self.not_ is not None and self.for_ is None:
            raise ValueError("not: needs for:, how long it must not happen, like for: 2s")
        if self.not_ is None and self.for_ is not None:
            raise ValueError("for: belongs to not:; what must happen has within:")
        if self.not_ is not None and "within" in self.model_fields_set:
            raise ValueError("not: has for:, not within:")

    @property
    def expects_failure(self) -> bool:
        """Whether the request before may be refused or unanswered without failing its step."""
        return self.answer is not None or self.status in ("pending", "failed", "unknown")


_ALONE = {
    "answer": "it is the answer to the last request",
    "close": "it is the end of the connection",
    "not": "what must not happen goes inside it",
}


class WaitVerb(Verb):
    """Let time pass. Prefer ``await``: it waits for what happens, not for what the clock says."""

    short: ClassVar[str | None] = "duration"
    duration: DelayDistribution


class KeepAliveVerb(TimedVerb):
    """Ask the service for the time, as clients do to keep a connection."""

    within: Duration = ANSWER_WITHIN
    as_: MessageName | None = Field(default=None, alias="as")
