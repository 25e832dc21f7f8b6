"""Fast path for the common envelopes: one notification of one change, a publish, its response, spelled as v3.

Nearly all frames of a busy session are such. The events are exactly those of the general path (``changes``,
``exchanges``), at a third of its CPU time (tests/benchmarks/fold.py); anything unusual returns None and is
left to it. Property tests in tests/messaging/test_fast_dict.py hold the two equal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .changes import CHAT_STATE, CONTENT, END_OF_SERVER_MS, FIRST_SERVER_MS, LAST_SEQUENCE, RECEIPT
from .events import (
    ChatStateReported,
    Evidence,
    MessagePublished,
    Proof,
    PublishRequested,
    ReceiptReported,
    RequestAnswered,
    RequestMade,
    check_layout,
)
from .hosted_files import HOSTED_FILE_TYPES
from .refusals import holds_placeholder
from .statuses import KNOWN_STATUSES
from .typenames import MESSAGING_EVENT, PUBLISH

# Events are built from bare tuples below, and taken apart by position.
check_layout(Evidence, "proof frame connection at_us offset_us server_ms snapshot")
check_layout(
    MessagePublished,
    "dialog_id sequence conversation_id author role mine type text request_frame evidence audience",
)
check_layout(
    ReceiptReported, "dialog_id sequences participant role mine status own_sequence request_frame evidence"
)
check_layout(ChatStateReported, "dialog_id participant role mine state evidence")
check_layout(PublishRequested, "dialog_id conversation_id type text author evidence audience")
check_layout(RequestMade, "request_id type evidence dialog_id generation")
check_layout(RequestAnswered, "request_frame request_id type code evidence reason")

NotificationEvent = MessagePublished | ReceiptReported | ChatStateReported

Intern = Callable[[str, str], str]
"""``dict.setdefault`` of a dictionary of strings: returns one object for equal strings.

Ids, roles and types recur in every frame. Kept once each, a million frames cost a third less memory, and
their hashes are computed once (tests/benchmarks/fold.py).
"""

_CLAIMED: Final = Proof.CLAIMED
_ACKNOWLEDGED: Final = Proof.ACKNOWLEDGED
_ANNOUNCED: Final = Proof.ANNOUNCED
_PUBLISHED: Final = f"{PUBLISH}Response"
# A named tuple's own constructor costs three times as much as this, which it calls in the end.
_new = tuple.__new__


def read_notification(
    raw: Any, intern: Intern, frame: int, connection: int, at_us: int | None, offset_us: int | None
) -> NotificationEvent | None:
    """The event of a common notification; None for any other payload. Never raises.

    ``raw`` is the decoded JSON of a payload from the service; ``intern`` keeps each string once; the rest is
    its ``Stamp``. One function, because a call for each kind of event would cost a fifth more.
    """
    try:
        if raw["type"] != MESSAGING_EVENT or raw["kind"] != "notification":
            return None
        (change,) = raw["body"]["changes"]
        event = change["event"]
        kind, dialog, who = event["type"], change["dialogId"], change["originatorId"]
        metadata = change.get("originatorMetadata")
        role = None if metadata is None else metadata["role"]
        if not (type(dialog) is type(who) is str and dialog and who and "originatorPId" not in change):
            return None
        if role is not None and (type(role) is not str or not role):
            return None
        role = role and intern(role, role)
        if kind == CHAT_STATE:
            return _chat_state(change, event, intern(dialog, dialog), intern(who, who), role,
                               (frame, connection, at_us, offset_us))  # fmt: skip
        sequence, server_ms = change["sequence"], change["serverTimestamp"]
        if (
            not (type(sequence) is type(server_ms) is int)
            or not 0 <= sequence <= LAST_SEQUENCE
            or not FIRST_SERVER_MS <= server_ms < END_OF_SERVER_MS
        ):
            return None
        evidence = _new(Evidence, (_ANNOUNCED, frame, connection, at_us, offset_us, server_ms, False))
        if kind == RECEIPT:
            status, listed = event["status"], event["sequenceList"]
            if status not in KNOWN_STATUSES or not _is_sequence_list(listed):
                return None
            return _new(
                ReceiptReported,
                (intern(dialog, dialog), tuple(listed), intern(who, who), role, False, intern(status, status),
                 sequence, None, evidence),
            )  # fmt: skip
        content, text, conversation = event["contentType"], event["message"], change.get("conversationId")
        audience = change.get("messageAudience")
        if (
            kind != CONTENT
            or "audience" in change
            or (audience is not None and (type(audience) is not str or not audience))
            or not (type(content) is type(text) is str)
            or not content
            or content in HOSTED_FILE_TYPES
            or (conversation is not None and (type(conversation) is not str or not conversation))
        ):
            return None
        dialog = intern(dialog, dialog)
        if conversation == dialog:  # as they are in the main dialog of a conversation
            conversation = dialog
        elif conversation is not None:
            conversation = intern(conversation, conversation)
        return _new(
            MessagePublished,
            (dialog, sequence, conversation, intern(who, who), role, False,
             intern(content, content), text, None, evidence, audience and intern(audience, audience)),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError):  # a field is missing, or another shape stands in its place
        return None


def _chat_state(
    change: dict[str, Any], event: dict[str, Any], dialog: str, who: str, role: str | None, stamp: Any
) -> ChatStateReported | None:
    state, server_ms = event["chatState"], change.get("serverTimestamp")
    if type(state) is not str or not state:
        return None
    if server_ms is not None and not (
        type(server_ms) is int and FIRST_SERVER_MS <= server_ms < END_OF_SERVER_MS
    ):
        return None
    evidence = _new(Evidence, (_ANNOUNCED, *stamp, server_ms, False))
    return _new(ChatStateReported, (dialog, who, role, False, state, evidence))


PublishEvents = tuple[RequestMade, PublishRequested | ReceiptReported]
"""The request itself, and the publish or receipt it asks for."""


def read_publish(
    raw: Any, intern: Intern, participant: str | None, frame: int, connection: int, at_us: int | None,
    offset_us: int | None,
) -> PublishEvents | None:  # fmt: skip
    """The events of a common publish of a text or a receipt; None for any other payload. Never raises.

    ``raw`` is the decoded JSON of a payload from the client, ``participant`` its identity; ``intern``
    keeps each string once; the rest is its ``Stamp``.
    """
    try:
        request_id, body = raw["id"], raw["body"]
        if raw["kind"] != "req" or raw["type"] != PUBLISH or type(request_id) is not str or not request_id:
            return None
        event, dialog = body["event"], body["dialogId"]
        if type(dialog) is not str or not dialog or holds_placeholder(dialog):
            return None
        conversation = body.get("conversationId")
        if conversation is not None and (
            type(conversation) is not str or not conversation or holds_placeholder(conversation)
        ):
            return None
        dialog = intern(dialog, dialog)
        evidence = _new(Evidence, (_CLAIMED, frame, connection, at_us, offset_us, None, False))
        request = _new(RequestMade, (request_id, PUBLISH, evidence, dialog, 3))
        if event["type"] == RECEIPT:
            status, listed = event["status"], event["sequenceList"]
            if status not in KNOWN_STATUSES or not _is_sequence_list(listed):
                return None
            return request, _new(
                ReceiptReported,
                (dialog, tuple(listed), participant, None, True, intern(status, status), None,
                 frame, evidence),
            )  # fmt: skip
        content, text = event["contentType"], event["message"]
        if event["type"] != CONTENT or not (type(content) is type(text) is str) or not content:
            return None
        if content in HOSTED_FILE_TYPES:
            return None
        audience = body.get("messageAudience")
        if audience is not None and (type(audience) is not str or not audience):
            return None
        return request, _new(
            PublishRequested,
            (dialog, conversation, intern(content, content), text, participant, evidence,
             audience and intern(audience, audience)),
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError):
        return None


def _is_sequence_list(listed: object) -> bool:
    """Whether this is a list of sequences, at least one, each above the one before."""
    if type(listed) is not list or not listed:
        return False
    last = -1
    for named in listed:
        if type(named) is not int or named <= last:
            return False
        last = named
    return last <= LAST_SEQUENCE


AnswerEvents = tuple[RequestAnswered, MessagePublished | ReceiptReported]
"""The response itself, and the message or receipt it acknowledges."""


def read_publish_answer(raw: Any) -> tuple[str, int] | None:
    """Request id and sequence of a common 200 response to a publish; None for any other. Never raises.

    ``raw`` is the decoded JSON of a payload from the service.
    """
    try:
        request_id, sequence = raw["reqId"], raw["body"]["sequence"]
        if raw["kind"] != "resp" or raw["type"] != _PUBLISHED:
            return None
        is_common = type(request_id) is str and request_id and type(raw["code"]) is int and raw["code"] == 200
        if not is_common or type(sequence) is not int or not 0 <= sequence <= LAST_SEQUENCE:
            return None
        return request_id, sequence
    except (KeyError, TypeError):
        return None


def answer_events(
    requested: PublishRequested | ReceiptReported,
    request_frame: int,
    request_id: str,
    sequence: int,
    evidence: Evidence,
) -> AnswerEvents | None:
    """Events of a common response to what ``request_frame`` asked for; None if that named no dialog."""
    answered = _new(RequestAnswered, (request_frame, request_id, _PUBLISHED, 200, evidence, None))
    if type(requested) is ReceiptReported:
        dialog, sequences, who, role, mine, status, _, frame, _ = requested
        return answered, _new(
            ReceiptReported, (dialog, sequences, who, role, mine, status, sequence, frame, evidence)
        )
    dialog_id, conversation, content, text, author, _, audience = requested
    if dialog_id is None:
        return None
    return answered, _new(
        MessagePublished,
        (
            dialog_id, sequence, conversation, author, None, True, content, text, request_frame, evidence,
            audience,
        ),
    )  # fmt: skip
