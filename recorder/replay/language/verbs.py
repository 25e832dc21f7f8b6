"""All verbs of a script, with the models of their arguments; ``repeat`` and ``include`` are defined here.

Most have a short form, a bare value in place of a mapping: ``wait: 2s`` is ``wait: {duration: 2s}``.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, WithJsonSchema

from .verb_model import LAST_RECEIVED, LAST_SENT, TimedVerb, Verb
from .verbs_publish import (
    CloseConversationVerb,
    CloseDialogVerb,
    OpenConversationVerb,
    SayVerb,
    SendFileVerb,
    SubscribeVerb,
    TypeVerb,
)
from .verbs_receipts import AcceptVerb, ReadVerb, ReceiptVerb
from .verbs_waiting import (
    AwaitVerb,
    ExpectedClose,
    ExpectedReceipt,
    ExpectVerb,
    KeepAliveVerb,
    MessageFilter,
    NotExpected,
    WaitVerb,
)
from .verbs_wire import (
    ChangeRateVerb,
    DisconnectVerb,
    ReconnectVerb,
    SendEnvelopeVerb,
    SendFrameVerb,
    Spacing,
)

__all__ = [
    "EXPANDED_VERBS",
    "LAST_RECEIVED",
    "LAST_SENT",
    "VERBS",
    "AcceptVerb",
    "AwaitVerb",
    "ChangeRateVerb",
    "CloseConversationVerb",
    "CloseDialogVerb",
    "DisconnectVerb",
    "ExpectVerb",
    "ExpectedClose",
    "ExpectedReceipt",
    "IncludeVerb",
    "KeepAliveVerb",
    "MessageFilter",
    "NotExpected",
    "OpenConversationVerb",
    "ReadVerb",
    "ReceiptVerb",
    "ReconnectVerb",
    "RepeatVerb",
    "SayVerb",
    "SendEnvelopeVerb",
    "SendFileVerb",
    "SendFrameVerb",
    "Spacing",
    "SubscribeVerb",
    "TimedVerb",
    "TypeVerb",
    "Verb",
    "WaitVerb",
]


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
