"""The verbs of a script: what each may say. The table is at the end.

A verb's model is what stands after its colon. Most have a short form, a bare value in place of a
mapping: ``wait: 2s`` is ``wait: {duration: 2s}``.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    model_validator,
)

from recorder.documents import Duration

from .patterns import check_pattern

ANSWER_WITHIN = Duration(10.0)
"""How long a step waits for what it waits for, unless it says ``within``."""

LAST_SENT, LAST_RECEIVED = "last_sent", "last_received"
RESERVED_NAMES = (LAST_SENT, LAST_RECEIVED)

_NAME = re.compile(r"[^\W\d][\w-]*")


def _message_name(given: object) -> str:
    if not isinstance(given, str) or not _NAME.fullmatch(given):
        raise ValueError("a name is letters, digits, - and _, and begins with a letter")
    if given in RESERVED_NAMES:
        raise ValueError(f'"{given}" names a message already; take another name')
    return given


def _message_reference(given: object) -> str | int:
    if isinstance(given, int) and not isinstance(given, bool) and given >= 0:
        return given
    if isinstance(given, str) and _NAME.fullmatch(given):
        return given
    raise ValueError(f"a message is a name given with as:, {LAST_SENT}, {LAST_RECEIVED}, or its sequence")


def _delay(given: Any) -> Duration | Literal["never"]:
    return "never" if given == "never" else Duration.read(given)


def _first_sequence(given: object) -> int | Literal["last"]:
    if isinstance(given, int) and not isinstance(given, bool) and given >= 0:
        return given
    if given == "last":
        return "last"
    raise ValueError("history begins at a sequence (0 is all of it) or at last, the last one heard")


def _upper(given: object) -> object:
    return given.upper() if isinstance(given, str) else given


def _status(given: str) -> str:
    if not re.fullmatch(r"[A-Z][A-Z_]{0,39}", given):
        raise ValueError("a receipt's status is a word like ACCEPT, READ, ACCESS, NACK or ACTION")
    return given


MessageName = Annotated[str, BeforeValidator(_message_name)]
MessageReference = Annotated[str | int, BeforeValidator(_message_reference)]
ReceiptStatus = Annotated[str, BeforeValidator(_upper), AfterValidator(_status)]
Pattern = Annotated[str, AfterValidator(check_pattern)]
Delay = Annotated[Duration | Literal["never"], PlainValidator(_delay)]


class Model(BaseModel):
    """Part of a script: unknown keys are refused, nothing is converted, nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True)


class Verb(Model):
    """What one step says. ``short`` is the field a bare value fills; None if the verb takes none."""

    short: ClassVar[str | None] = None

    @model_validator(mode="before")
    @classmethod
    def _long_form(cls, given: Any) -> Any:
        if given is None:
            return {}
        if isinstance(given, dict):
            return given
        if cls.short is None:
            raise ValueError("it takes no value here" if not cls.model_fields else "it takes a mapping here")
        return {cls.short: given}


class OpenConversation(Verb):
    """Ask for a conversation, and hear all of it from then on."""

    skill: str | None = None
    ttr: Literal["NORMAL", "URGENT", "PRIORITIZED"] | None = None
    within: Duration = ANSWER_WITHIN


class Subscribe(Verb):
    """Ask for the messages of a dialog (history from ``from_sequence``, then live), or for conversations."""

    short: ClassVar[str | None] = "dialog"
    dialog: str = "main"
    from_sequence: Annotated[int | Literal["last"], PlainValidator(_first_sequence)] = 0
    within: Duration = ANSWER_WITHIN


class Say(Verb):
    """Publish a text."""

    short: ClassVar[str | None] = "text"
    text: str
    dialog: str | None = None
    as_: MessageName | None = Field(default=None, alias="as")
    within: Duration = ANSWER_WITHIN


class Type(Verb):
    """Publish a chat state."""

    short: ClassVar[str | None] = "state"
    state: Annotated[
        Literal["ACTIVE", "INACTIVE", "GONE", "COMPOSING", "PAUSE", "BACKGROUND"], BeforeValidator(_upper)
    ] = "COMPOSING"
    dialog: str | None = None


class _TimedReceipt(Verb):
    """Send a receipt for a message: ``after`` so long from its arrival, at once, or never."""

    short: ClassVar[str | None] = "message"
    message: MessageReference = LAST_RECEIVED
    after: Delay | None = None


class Accept(_TimedReceipt):
    """Publish ACCEPT for a message."""


class Read(_TimedReceipt):
    """Publish READ for a message."""


class Receipt(Verb):
    """Publish a receipt of any status, also a second time."""

    status: ReceiptStatus
    message: MessageReference = LAST_RECEIVED
    after: Duration | None = None


class Wanted(Model):
    """The message to wait for. Without ``from``: any that is not ours."""

    from_: str | None = Field(default=None, alias="from")
    matching: Pattern | None = None
    type: str | None = None
    dialog: str | None = None
    nth: Annotated[int, Field(ge=1)] = 1


class Await(Verb):
    """Wait for a message, ignoring everything else."""

    message: Wanted = Wanted()
    within: Duration = ANSWER_WITHIN
    as_: MessageName | None = Field(default=None, alias="as")


class ExpectedReceipt(Model):
    """A receipt that must turn up; ``by`` is agent, consumer, a role or an id."""

    status: ReceiptStatus
    by: str | None = None


class Expect(Verb):
    """Something that must be so, now or within a while: a message's status, a receipt, an answer's code."""

    message: MessageReference | None = None
    status: Literal["pending", "failed", "unknown", "sent", "accepted", "read"] | None = None
    receipt: ExpectedReceipt | None = None
    answer: Annotated[int, Field(ge=100, le=599)] | None = None
    within: Duration = ANSWER_WITHIN

    @model_validator(mode="after")
    def _one_thing(self) -> Expect:
        about_message = (self.status is not None) + (self.receipt is not None)
        if self.message is None and self.answer is None:
            raise ValueError("say what of: message: with status: or receipt:, or answer: with a code")
        if self.answer is not None and (self.message is not None or about_message):
            raise ValueError("answer: stands alone; it is the answer to the last request")
        if self.message is not None and about_message != 1:
            raise ValueError("say what is expected of the message: status: or receipt:, one of them")
        return self

    @property
    def of_a_failure(self) -> bool:
        """Whether it is about a request that may well be refused or unanswered."""
        return self.answer is not None or self.status in ("pending", "failed", "unknown")


class Wait(Verb):
    """Let time pass. Prefer ``await``: it waits for what happens, not for what the clock says."""

    short: ClassVar[str | None] = "duration"
    duration: Duration


class KeepAlive(Verb):
    """Ask the service for the time, as clients do to keep a connection."""

    within: Duration = ANSWER_WITHIN


class SendEnvelope(Verb):
    """Send what stands here, as it stands: an envelope, or any text."""

    envelope: dict[str, Any] | str

    @model_validator(mode="before")
    @classmethod
    def _long_form(cls, given: Any) -> Any:
        return given if given is None else {"envelope": given}


class CloseDialog(Verb):
    """Close one dialog, once the receipts planned by then are out; a survey may follow."""

    short: ClassVar[str | None] = "dialog"
    dialog: str = "main"
    within: Duration = ANSWER_WITHIN


class CloseConversation(Verb):
    """Close the conversation with all its dialogs, once the receipts planned by then are out."""

    within: Duration = ANSWER_WITHIN


VERBS: dict[str, type[Verb]] = {
    "open_conversation": OpenConversation,
    "subscribe": Subscribe,
    "say": Say,
    "type": Type,
    "accept": Accept,
    "read": Read,
    "receipt": Receipt,
    "await": Await,
    "expect": Expect,
    "wait": Wait,
    "keep_alive": KeepAlive,
    "send": SendEnvelope,
    "close_dialog": CloseDialog,
    "close_conversation": CloseConversation,
}
"""What stands before the colon of a step, and what may stand after it."""
