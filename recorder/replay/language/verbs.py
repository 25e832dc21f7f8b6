"""The verbs of a script: what each may say. The table is at the end.

A verb's model is what stands after its colon. Most have a short form, a bare value in place of a
mapping: ``wait: 2s`` is ``wait: {duration: 2s}``.
"""

from __future__ import annotations

from .verb_model import (
    ANSWER_WITHIN,
    LAST_RECEIVED,
    LAST_SENT,
    RESERVED_NAMES,
    ConsumerVerb,
    ScriptModel,
    TimedVerb,
    Verb,
)
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
from .verbs_structure import IncludeVerb, RepeatVerb
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
    "ANSWER_WITHIN",
    "EXPANDED_VERBS",
    "LAST_RECEIVED",
    "LAST_SENT",
    "RESERVED_NAMES",
    "VERBS",
    "AcceptVerb",
    "AwaitVerb",
    "ChangeRateVerb",
    "CloseConversationVerb",
    "CloseDialogVerb",
    "ConsumerVerb",
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
    "ScriptModel",
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
"""What stands before the colon of a step, and what may stand after it."""

EXPANDED_VERBS: dict[str, type[Verb]] = {"repeat": RepeatVerb, "include": IncludeVerb}
"""What stands there as well, and is unfolded into steps when the script is loaded."""
