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
    Acting,
    Model,
    Timed,
    Verb,
)
from .verbs_publish import CloseConversation, CloseDialog, OpenConversation, Say, SendFile, Subscribe, Type
from .verbs_receipts import Accept, Read, Receipt
from .verbs_structure import Include, Repeat
from .verbs_waiting import (
    Await,
    Expect,
    ExpectedClose,
    ExpectedReceipt,
    KeepAlive,
    NotExpected,
    Wait,
    Wanted,
)
from .verbs_wire import ChangeRate, Disconnect, Reconnect, SendEnvelope, SendFrame, Spacing

__all__ = [
    "ANSWER_WITHIN",
    "FOLDED",
    "LAST_RECEIVED",
    "LAST_SENT",
    "RESERVED_NAMES",
    "VERBS",
    "Accept",
    "Acting",
    "Await",
    "ChangeRate",
    "CloseConversation",
    "CloseDialog",
    "Disconnect",
    "Expect",
    "ExpectedClose",
    "ExpectedReceipt",
    "Include",
    "KeepAlive",
    "Model",
    "NotExpected",
    "OpenConversation",
    "Read",
    "Receipt",
    "Reconnect",
    "Repeat",
    "Say",
    "SendEnvelope",
    "SendFile",
    "SendFrame",
    "Spacing",
    "Subscribe",
    "Timed",
    "Type",
    "Verb",
    "Wait",
    "Wanted",
]


VERBS: dict[str, type[Verb]] = {
    "open_conversation": OpenConversation,
    "subscribe": Subscribe,
    "say": Say,
    "send_file": SendFile,
    "type": Type,
    "accept": Accept,
    "read": Read,
    "receipt": Receipt,
    "await": Await,
    "expect": Expect,
    "wait": Wait,
    "keep_alive": KeepAlive,
    "send": SendEnvelope,
    "send_frame": SendFrame,
    "disconnect": Disconnect,
    "reconnect": Reconnect,
    "rate": ChangeRate,
    "close_dialog": CloseDialog,
    "close_conversation": CloseConversation,
}
"""What stands before the colon of a step, and what may stand after it."""

FOLDED: dict[str, type[Verb]] = {"repeat": Repeat, "include": Include}
"""What stands there as well, and is unfolded into steps when the script is loaded."""
