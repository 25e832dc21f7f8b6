"""The usual notification decoded straight into typed objects: the fastest of three ways to read one.

``usual_event`` reads what JSON became dictionaries; here the decoder itself checks every type and bound, and
builds nothing that is thrown away. Whatever does not fit to the letter (an unknown field is enough) is left
to the others, so that all three tell the same. A property test holds them together.

Importing this takes as long as reading ten thousand frames: do it when there are that many.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from .changes import LAST_SEQUENCE, SURELY_MS, YEAR_10000_MS
from .events import ChatStateReported, Evidence, MessagePublished, Proof, ReceiptReported
from .fast_dict import SameText, Usual

_ANNOUNCED: Final = Proof.ANNOUNCED
_new = tuple.__new__

_Text = Annotated[str, Meta(min_length=1)]
_Sequence = Annotated[int, Meta(ge=0, le=LAST_SEQUENCE)]
_Ms = Annotated[int, Meta(ge=SURELY_MS, lt=YEAR_10000_MS)]

# Fields typed Any are those that others may send and nobody here reads. A field that is not named at all is
# refused: the decoder would skip it without a look, and a payload that is no JSON would pass for one.


class Content(msgspec.Struct, tag="ContentEvent", rename="camel", forbid_unknown_fields=True, gc=False):
    """A message."""

    content_type: _Text
    message: str
    quick_replies: Any = None


class Receipt(msgspec.Struct, tag="AcceptStatusEvent", rename="camel", forbid_unknown_fields=True, gc=False):
    """A word on one or more messages."""

    status: _Text
    sequence_list: Annotated[tuple[_Sequence, ...], Meta(min_length=1)]


class ChatState(msgspec.Struct, tag="ChatStateEvent", rename="camel", forbid_unknown_fields=True, gc=False):
    """Somebody types, pauses or leaves."""

    chat_state: _Text


class Metadata(msgspec.Struct, rename="camel", forbid_unknown_fields=True, gc=False):
    """Of who is behind a change."""

    role: _Text | None = None
    id: Any = None
    client_properties: Any = None


class Change(msgspec.Struct, rename="camel", forbid_unknown_fields=True, gc=False):
    """The one thing a usual notification tells."""

    dialog_id: _Text
    originator_id: _Text
    event: Content | Receipt | ChatState
    sequence: _Sequence | None = None
    server_timestamp: _Ms | None = None
    conversation_id: _Text | None = None
    originator_metadata: Metadata | None = None
    originator_client_properties: Any = None
    metadata: Any = None


class Body(msgspec.Struct, rename="camel", forbid_unknown_fields=True, gc=False):
    """Of a notification: exactly one change."""

    changes: Annotated[list[Change], Meta(min_length=1, max_length=1)]
    dialog_id: Any = None
    conversation_id: Any = None


class Notification(msgspec.Struct, rename="camel", forbid_unknown_fields=True, gc=False):
    """A notification that fits to the letter."""

    kind: Literal["notification"]
    type: Literal["ms.MessagingEventNotification"]
    body: Body


UNFIT: Final = (ValueError, RecursionError, msgspec.MsgspecError)
"""What ``decode`` raises."""

decode: Final = msgspec.json.Decoder(Notification).decode
"""The notification in a payload; raises ``UNFIT`` for whatever does not fit to the letter."""


def typed_event(
    data: bytes, same: SameText, frame: int, connection: int, at_us: int | None, offset_us: int | None
) -> Usual | None:
    """What ``usual_event`` tells of a service's payload, or None. Never raises."""
    try:
        change = decode(data).body.changes[0]
    except UNFIT:
        return None
    metadata, event, conversation = change.originator_metadata, change.event, change.conversation_id
    role = None if metadata is None else metadata.role
    role = role and same(role, role)
    dialog, who = same(change.dialog_id, change.dialog_id), same(change.originator_id, change.originator_id)
    evidence = _new(Evidence, (_ANNOUNCED, frame, connection, at_us, offset_us, change.server_timestamp))
    if type(event) is Receipt:
        status, listed = event.status, event.sequence_list
        if len(listed) > 1 and len(set(listed)) < len(listed):
            return None
        told = (
            dialog,
            listed,
            who,
            role,
            False,
            same(status, status),
            change.sequence,
            None,
            evidence,
        )
        return _new(ReceiptReported, told)
    if type(event) is ChatState:
        return _new(ChatStateReported, (dialog, who, role, False, event.chat_state, evidence))
    if type(event) is not Content or change.sequence is None:
        return None
    kind = event.content_type
    if conversation is not None:
        conversation = dialog if conversation == dialog else same(conversation, conversation)
    return _new(
        MessagePublished,
        (dialog, change.sequence, conversation, who, role, False, same(kind, kind), event.message, None,
         evidence),
    )  # fmt: skip
