"""The usual envelopes read straight through: spelt as v3 spells them, and nothing odd about them.

A notification of one change, a publish of ours, its answer: nearly all frames of a busy session are such.
What is told here is exactly what the general readers (``changes``, ``questions``) would tell, at a third of
their cost; everything else is left to them. Property tests hold the two together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .changes import CHAT_STATE, CONTENT, LAST_SEQUENCE, RECEIPT, SURELY_MS, YEAR_10000_MS
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
from .typenames import MESSAGING_EVENT, PUBLISH

# Events are built from bare tuples below, and taken apart by position.
check_layout(Evidence, "proof frame connection at_us offset_us server_ms")
check_layout(
    MessagePublished, "dialog_id sequence conversation_id author role mine type text request_frame evidence"
)
check_layout(
    ReceiptReported, "dialog_id sequences participant role mine status own_sequence request_frame evidence"
)
check_layout(ChatStateReported, "dialog_id participant role mine state evidence")
check_layout(PublishRequested, "dialog_id conversation_id type text author evidence")
check_layout(RequestMade, "request_id type evidence")
check_layout(RequestAnswered, "request_frame request_id type code evidence")

Usual = MessagePublished | ReceiptReported | ChatStateReported

SameText = Callable[[str, str], str]
"""``dict.setdefault`` of a dictionary of names: gives the one object that stands for equal texts.

Ids, roles and types recur in every frame. Held once each, a million frames cost a third less memory,
and whoever looks one up has its hash already.
"""

_CLAIMED: Final = Proof.CLAIMED
_ACKNOWLEDGED: Final = Proof.ACKNOWLEDGED
_ANNOUNCED: Final = Proof.ANNOUNCED
_PUBLISHED: Final = f"{PUBLISH}Response"
# A named tuple's own constructor costs three times as much as this, which it calls in the end.
_new = tuple.__new__


def usual_event(
    raw: Any, same: SameText, frame: int, connection: int, at_us: int | None, offset_us: int | None
) -> Usual | None:
    """The one thing a usual notification tells; None for anything that is not one. Never raises.

    ``raw`` is a service's payload after JSON; ``same`` keeps each name once, see ``SameText``; the rest is
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
        if role is not None:
            if type(role) is not str or not role:
                return None
            role = same(role, role)
        if kind == CHAT_STATE:
            return _chat_state(change, event, same(dialog, dialog), same(who, who), role,
                               (frame, connection, at_us, offset_us))  # fmt: skip
        sequence, server_ms = change["sequence"], change["serverTimestamp"]
        if (
            not (type(sequence) is type(server_ms) is int)
            or not 0 <= sequence <= LAST_SEQUENCE
            or not SURELY_MS <= server_ms < YEAR_10000_MS
        ):
            return None
        evidence = _new(Evidence, (_ANNOUNCED, frame, connection, at_us, offset_us, server_ms))
        if kind == RECEIPT:
            status, listed = event["status"], event["sequenceList"]
            if type(status) is not str or not status or type(listed) is not list or not listed:
                return None
            for named in listed:
                if type(named) is not int or not 0 <= named <= LAST_SEQUENCE:
                    return None
            if len(listed) > 1 and len(set(listed)) < len(listed):
                return None
            return _new(
                ReceiptReported,
                (same(dialog, dialog), tuple(listed), same(who, who), role, False, same(status, status),
                 sequence, None, evidence),
            )  # fmt: skip
        content, text, conversation = event["contentType"], event["message"], change.get("conversationId")
        if kind != CONTENT or not (type(content) is type(text) is str) or not content:
            return None
        dialog = same(dialog, dialog)
        if conversation == dialog:  # as they are in the main dialog of a conversation
            conversation = dialog
        elif conversation is not None:
            if type(conversation) is not str or not conversation:
                return None
            conversation = same(conversation, conversation)
        return _new(
            MessagePublished,
            (dialog, sequence, conversation, same(who, who), role, False,
             same(content, content), text, None, evidence),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError):  # a field is missing, or another shape stands in its place
        return None


def _chat_state(
    change: dict[str, Any], event: dict[str, Any], dialog: str, who: str, role: str | None, stamp: Any
) -> ChatStateReported | None:
    state, server_ms = event["chatState"], change.get("serverTimestamp")
    if type(state) is not str or not state:
        return None
    if server_ms is not None and not (type(server_ms) is int and SURELY_MS <= server_ms < YEAR_10000_MS):
        return None
    evidence = _new(Evidence, (_ANNOUNCED, *stamp, server_ms))
    return _new(ChatStateReported, (dialog, who, role, False, state, evidence))


Asked = tuple[RequestMade, PublishRequested | ReceiptReported]
"""That a request went out, and what it says."""


def usual_publish(
    raw: Any, same: SameText, me: str | None, frame: int, connection: int, at_us: int | None,
    offset_us: int | None,
) -> Asked | None:  # fmt: skip
    """What a usual publish of a text or a receipt tells; None for anything that is not one. Never raises.

    ``raw`` is a client's payload after JSON, ``me`` who it speaks for; the rest as in ``usual_event``.
    """
    try:
        request_id, body = raw["id"], raw["body"]
        if raw["kind"] != "req" or raw["type"] != PUBLISH or type(request_id) is not str or not request_id:
            return None
        event, dialog = body["event"], body["dialogId"]
        if type(dialog) is not str or not dialog:
            return None
        evidence = _new(Evidence, (_CLAIMED, frame, connection, at_us, offset_us, None))
        asked = _new(RequestMade, (request_id, PUBLISH, evidence))
        if event["type"] == RECEIPT:
            status, listed = event["status"], event["sequenceList"]
            if type(status) is not str or not status or not _are_sequences(listed):
                return None
            return asked, _new(
                ReceiptReported,
                (same(dialog, dialog), tuple(listed), me, None, True, same(status, status), None, frame,
                 evidence),
            )  # fmt: skip
        content, text, conversation = event["contentType"], event["message"], body.get("conversationId")
        if event["type"] != CONTENT or not (type(content) is type(text) is str) or not content:
            return None
        if conversation is not None and (type(conversation) is not str or not conversation):
            return None
        return asked, _new(
            PublishRequested, (same(dialog, dialog), conversation, same(content, content), text, me, evidence)
        )
    except (KeyError, TypeError, AttributeError):
        return None


def _are_sequences(listed: object) -> bool:
    """Whether this is a list of sequences, each once, and at least one."""
    if type(listed) is not list or not listed:
        return False
    for named in listed:
        if type(named) is not int or not 0 <= named <= LAST_SEQUENCE:
            return False
    return len(listed) == 1 or len(set(listed)) == len(listed)


Answered = tuple[RequestAnswered, MessagePublished | ReceiptReported]
"""That an answer came, and what it makes of the question."""


def usual_answer(raw: Any) -> tuple[str, int] | None:
    """The request id and the sequence in a usual yes to a publish; None for any other. Never raises.

    ``raw`` is a service's payload after JSON.
    """
    try:
        request_id, sequence = raw["reqId"], raw["body"]["sequence"]
        if raw["kind"] != "resp" or raw["type"] != _PUBLISHED:
            return None
        usual = type(request_id) is str and request_id and type(raw["code"]) is int and raw["code"] == 200
        if not usual or type(sequence) is not int or not 0 <= sequence <= LAST_SEQUENCE:
            return None
        return request_id, sequence
    except (KeyError, TypeError):
        return None


def usually_answered(
    said: PublishRequested | ReceiptReported,
    request_frame: int,
    request_id: str,
    sequence: int,
    evidence: Evidence,
) -> Answered | None:
    """Events of such an answer to what ``request_frame`` requested; None if that named no dialog."""
    answered = _new(RequestAnswered, (request_frame, request_id, _PUBLISHED, 200, evidence))
    if type(said) is ReceiptReported:
        dialog, sequences, who, role, mine, status, _, asked, _ = said
        return answered, _new(
            ReceiptReported, (dialog, sequences, who, role, mine, status, sequence, asked, evidence)
        )
    dialog_id, conversation, content, text, author, _ = said
    if dialog_id is None:
        return None
    return answered, _new(
        MessagePublished,
        (dialog_id, sequence, conversation, author, None, True, content, text, request_frame, evidence),
    )
