"""The usual notification read straight through: one change, spelt as v3 spells it, nothing odd about it.

Nine of ten frames of a busy session are such. What is told here is exactly what the general readers of
``changes`` would tell, at a third of their cost; everything else is left to them. A property test holds
the two together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .changes import CONTENT, LAST_SEQUENCE, RECEIPT, SURELY_MS, YEAR_10000_MS
from .events import Evidence, MessagePublished, Proof, ReceiptReported, Stamp
from .typenames import MESSAGING_EVENT

Usual = MessagePublished | ReceiptReported

SameText = Callable[[str, str], str]
"""``dict.setdefault`` of a dictionary of names: gives the one object that stands for equal texts.

Ids, roles and types recur in every frame. Held once each, a million frames cost a third less memory,
and whoever looks one up has its hash already.
"""

_ANNOUNCED: Final = Proof.ANNOUNCED
# A named tuple's own constructor costs three times as much as this, which it calls in the end.
_new = tuple.__new__


def usual_event(raw: Any, stamp: Stamp, same: SameText) -> Usual | None:
    """The one thing a usual notification tells; None for anything that is not one. Never raises.

    ``raw`` is a service's payload after JSON; ``same`` keeps each name once, see ``SameText``.
    """
    try:
        if raw["type"] != MESSAGING_EVENT or raw["kind"] != "notification":
            return None
        (change,) = raw["body"]["changes"]
        event = change["event"]
        kind = event["type"]
        if kind == RECEIPT:
            return _receipt(change, event, stamp, same)
        return _content(change, event, stamp, same) if kind == CONTENT else None
    except (KeyError, TypeError, ValueError):  # a field is missing, or another shape stands in its place
        return None


def _content(
    change: dict[str, Any], event: dict[str, Any], stamp: Stamp, same: SameText
) -> MessagePublished | None:
    dialog, who, content, text = (
        change["dialogId"],
        change["originatorId"],
        event["contentType"],
        event["message"],
    )
    sequence, server_ms = change["sequence"], change["serverTimestamp"]
    conversation, metadata = change.get("conversationId"), change.get("originatorMetadata")
    role = None if metadata is None else metadata["role"]
    if (
        not (type(dialog) is type(who) is type(content) is type(text) is str)
        or not (type(sequence) is type(server_ms) is int)
        or not (dialog and who and content and "originatorPId" not in change)
        or not (0 <= sequence <= LAST_SEQUENCE and SURELY_MS <= server_ms < YEAR_10000_MS)
        or not (role is None or (type(role) is str and role))
        or not (conversation is None or (type(conversation) is str and conversation))
    ):
        return None
    evidence = _new(Evidence, (_ANNOUNCED, *stamp, server_ms))
    role = role and same(role, role)
    dialog, who, content = same(dialog, dialog), same(who, who), same(content, content)
    return _new(
        MessagePublished,
        (dialog, sequence, conversation, who, role, False, content, text, None, evidence),
    )


def _receipt(
    change: dict[str, Any], event: dict[str, Any], stamp: Stamp, same: SameText
) -> ReceiptReported | None:
    dialog, who, status, listed = (
        change["dialogId"],
        change["originatorId"],
        event["status"],
        event["sequenceList"],
    )
    sequence, server_ms, metadata = (
        change["sequence"],
        change["serverTimestamp"],
        change.get("originatorMetadata"),
    )
    role = None if metadata is None else metadata["role"]
    if (
        not (type(dialog) is type(who) is type(status) is str and type(listed) is list)
        or not (type(sequence) is type(server_ms) is int)
        or not (dialog and who and status and listed and "originatorPId" not in change)
        or not (0 <= sequence <= LAST_SEQUENCE and SURELY_MS <= server_ms < YEAR_10000_MS)
        or not (role is None or (type(role) is str and role))
    ):
        return None
    for named in listed:
        if type(named) is not int or not 0 <= named <= LAST_SEQUENCE:
            return None
    if len(listed) > 1 and len(set(listed)) < len(listed):
        return None
    evidence = _new(Evidence, (_ANNOUNCED, *stamp, server_ms))
    role = role and same(role, role)
    dialog, who, status = same(dialog, dialog), same(who, who), same(status, status)
    return _new(
        ReceiptReported,
        (dialog, tuple(listed), who, role, False, status, sequence, None, evidence),
    )
