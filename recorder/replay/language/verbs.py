"""All verbs of a script, with the models of their arguments; those that publish and expand are defined here.

Most have a short form, a bare value in place of a mapping: ``wait: 2s`` is ``wait: {duration: 2s}``.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from recorder.documents import DelayDistribution, Duration

from .verb_model import (
    ANSWER_WITHIN,
    LAST_RECEIVED,
    ConsumerVerb,
    DelayOrNever,
    FirstSequence,
    MessageName,
    MessageReference,
    MessageReferences,
    ReceiptStatus,
    has_key,
    upper,
)

# ``X as X`` is exported: importers take all verbs from this module.
from .verb_model import TimedVerb as TimedVerb
from .verb_model import Verb as Verb
from .verbs_waiting import AwaitVerb as AwaitVerb
from .verbs_waiting import ExpectedClose as ExpectedClose
from .verbs_waiting import ExpectedReceipt as ExpectedReceipt
from .verbs_waiting import ExpectVerb as ExpectVerb
from .verbs_waiting import KeepAliveVerb as KeepAliveVerb
from .verbs_waiting import MessageFilter as MessageFilter
from .verbs_waiting import NotExpected as NotExpected
from .verbs_waiting import WaitVerb as WaitVerb
from .verbs_wire import ChangeRateVerb as ChangeRateVerb
from .verbs_wire import DisconnectVerb as DisconnectVerb
from .verbs_wire import ReconnectVerb as ReconnectVerb
from .verbs_wire import SendEnvelopeVerb as SendEnvelopeVerb
from .verbs_wire import SendFrameVerb as SendFrameVerb
from .verbs_wire import Spacing as Spacing

CHAT_STATES = ("ACTIVE", "INACTIVE", "GONE", "COMPOSING", "PAUSE", "BACKGROUND")


class OpenConversationVerb(TimedVerb):
    """Ask for a conversation, and hear all of it from then on."""

    run_time: ClassVar[frozenset[str]] = frozenset({"skill"})
    skill: str | None = None
    ttr: Literal["NORMAL", "URGENT", "PRIORITIZED"] | None = None
    within: Duration = ANSWER_WITHIN
    as_: MessageName | None = Field(default=None, alias="as")


class SubscribeVerb(TimedVerb):
    """Ask for the messages of a dialog (history from ``from_sequence``, then live), or for conversations."""

    short: ClassVar[str | None] = "dialog"
    run_time: ClassVar[frozenset[str]] = frozenset({"dialog"})
    dialog: str = "main"
    from_sequence: FirstSequence = 0
    within: Duration = ANSWER_WITHIN
    as_: MessageName | None = Field(default=None, alias="as")


class SayVerb(TimedVerb):
    """Publish a text."""

    short: ClassVar[str | None] = "text"
    run_time: ClassVar[frozenset[str]] = frozenset({"text", "dialog"})
    text: str
    dialog: str | None = None
    as_: MessageName | None = Field(default=None, alias="as")
    within: Duration = ANSWER_WITHIN


class SendFileVerb(TimedVerb):
    """Hand a file over and publish it. ``file`` lies in the script's folder; ``type`` is as in MIME."""

    short: ClassVar[str | None] = "file"
    run_time: ClassVar[frozenset[str]] = frozenset({"caption", "dialog"})
    file: Annotated[str, Field(min_length=1)]
    caption: str | None = None
    type: Annotated[str, Field(pattern=r"^[\w.+-]+/[\w.+-]+$")] | None = None
    dialog: str | None = None
    as_: MessageName | None = Field(default=None, alias="as")
    within: Duration = ANSWER_WITHIN


class TypeVerb(TimedVerb):
    """Publish a chat state."""

    short: ClassVar[str | None] = "state"
    run_time: ClassVar[frozenset[str]] = frozenset({"dialog"})
    state: Annotated[
        Literal["ACTIVE", "INACTIVE", "GONE", "COMPOSING", "PAUSE", "BACKGROUND"],
        BeforeValidator(upper),
        WithJsonSchema({"type": "string", "enum": [*CHAT_STATES, *map(str.lower, CHAT_STATES)]}),
    ] = "COMPOSING"
    dialog: str | None = None


class CloseDialogVerb(TimedVerb):
    """Close one dialog, once the receipts planned by then are out; a survey may follow."""

    short: ClassVar[str | None] = "dialog"
    run_time: ClassVar[frozenset[str]] = frozenset({"dialog"})
    dialog: str = "main"
    within: Duration = ANSWER_WITHIN
    as_: MessageName | None = Field(default=None, alias="as")


class CloseConversationVerb(TimedVerb):
    """Close the conversation with all its dialogs, once the receipts planned by then are out."""

    within: Duration = ANSWER_WITHIN
    as_: MessageName | None = Field(default=None, alias="as")


class _ReceiptVerb(ConsumerVerb):
    """A receipt for one message or several; ``after`` counts from the arrival of each."""

    message: MessageReferences = LAST_RECEIVED

    @property
    def messages(self) -> tuple[str | int, ...]:
        """Names or sequences of the messages it is for."""
        return self.message if isinstance(self.message, tuple) else (self.message,)


class _TimedReceiptVerb(_ReceiptVerb):
    """Send a receipt for a message: ``after`` so long from its arrival, at once, or never.

    ``with``: in the frame in which that message's receipt of the same status leaves, whenever that is.
    """

    model_config = ConfigDict(json_schema_extra={"not": {"allOf": [has_key("after"), has_key("with")]}})

    short: ClassVar[str | None] = "message"
    after: DelayOrNever | None = None
    with_: MessageReference | None = Field(default=None, alias="with")

    @model_validator(mode="after")
    def _check_timing(self) -> _TimedReceiptVerb:
        if self.with_ is not None and self.after is not None:
            raise ValueError("after: and with: both say when; one of them")
        if self.with_ is not None and self.with_ in self.messages:
            raise ValueError(f'"{self.with_}" is to go out with itself; with: names another message')
        return self


class AcceptVerb(_TimedReceiptVerb):
    """Publish ACCEPT for a message."""


class ReadVerb(_TimedReceiptVerb):
    """Publish READ for a message."""


class ReceiptVerb(_ReceiptVerb):
    """Publish a receipt of any status, also a second time. ``metadata`` goes beside it as it stands."""

    run_time: ClassVar[frozenset[str]] = frozenset({"metadata"})
    status: ReceiptStatus
    after: DelayDistribution | None = None
    metadata: list[dict[str, Any]] | None = None


def _int_from_text(given: object) -> object:
    """Accept digits in a text: variables are text."""
    return int(given) if isinstance(given, str) and given.isascii() and given.isdigit() else given


Times = Annotated[
    int,
    BeforeValidator(_int_from_text),
    Field(ge=0, le=1_000_000),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": 1_000_000},
                {"type": "string", "pattern": "^0*([0-9]{1,6}|1000000)$"},
            ]
        }
    ),
]


class RepeatVerb(Verb):
    """Steps that are played several times; names they give with ``as`` are given anew each time."""

    times: Times
    steps: Annotated[list[Any], Field(min_length=1)]


class IncludeVerb(Verb):
    """The steps of another file in the script's folder, in the place of this one."""

    short: ClassVar[str | None] = "file"
    file: Annotated[str, Field(min_length=1)]


VERBS: dict[str, type[Verb]] = {
    "open_conversation": OpenConversationVerb,
    "subscribe": SubscribeVerb,
    "say": SayVerb,
    "send_file": SendFileVerb,
    "type": TypeVerb,
    "accept": AcceptVerb,
    "read": ReadVerb,
    "receipt": ReceiptVerb,
    "await": AwaitVerb,
    "expect": ExpectVerb,
    "wait": WaitVerb,
    "keep_alive": KeepAliveVerb,
    "send": SendEnvelopeVerb,
    "send_frame": SendFrameVerb,
    "disconnect": DisconnectVerb,
    "reconnect": ReconnectVerb,
    "rate": ChangeRateVerb,
    "close_dialog": CloseDialogVerb,
    "close_conversation": CloseConversationVerb,
}
"""Verb → model of its arguments."""

EXPANDED_VERBS: dict[str, type[Verb]] = {"repeat": RepeatVerb, "include": IncludeVerb}
"""Verbs that are expanded into other steps when the script is loaded."""
