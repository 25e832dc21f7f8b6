"""One change of a dialog, from a notification or a history, turned into events.

The functions for its parts (sequences, receipt lists, contents, times) read our own requests as well.
What can be used is used; everything else becomes an oddity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from .envelopes import id_text, one_or_many
from .events import (
    ChatStateReported,
    Event,
    Evidence,
    MessagePublished,
    OddityNoticed,
    Proof,
    ReceiptReported,
    Stamp,
    check_layout,
)
from .hosted_files import HOSTED_FILE_TYPES, file_text, hosted_file
from .statuses import status_oddity

CONTENT: Final = "ContentEvent"
RICH_CONTENT: Final = "RichContentEvent"
RECEIPT: Final = "AcceptStatusEvent"
CHAT_STATE: Final = "ChatStateEvent"

_ANNOUNCED = Proof.ANNOUNCED
LAST_SEQUENCE: Final = 2**63 - 1
"""The greatest sequence that 64 bits hold, and with them a row of the derived tables."""
LONG_SEQUENCE: Final = "long-sequence"
LONG_SEQUENCE_IN_LIST: Final = "long-sequence-in-list"
"""Kinds of the oddities of a message with a greater one, and of a receipt for it. Both are kept in the
transcript, and have no rows."""
_LONGEST_NUMBER: Final = 400
FIRST_SERVER_MS: Final = 100_000_000_000  # a time below this is in seconds, or in 1973
END_OF_SERVER_MS: Final = 253_402_300_800_000


check_layout(
    MessagePublished,
    "dialog_id sequence conversation_id author role mine type text request_frame evidence audience",
)
check_layout(
    ReceiptReported, "dialog_id sequences participant role mine status own_sequence request_frame evidence"
)
check_layout(ChatStateReported, "dialog_id participant role mine state evidence")

# Dialog, participant, role, conversation, sequence and audience of a change as they came, and its evidence. A
# bare tuple, because there is one for every event of a session.
_CommonFields = tuple[str | None, str | None, str | None, object, object, object, Evidence]


def changes_of(body: object) -> list[Any] | None:
    """The changes in a body: listed, one standing alone, or, as v2 has it, the body itself.

    None where there is no place for them at all.
    """
    if type(body) is dict:
        if "changes" in body:
            return one_or_many(body["changes"])
        return [body] if "event" in body else None
    return body if type(body) is list else None


def read_changes(body: object, evidence: Evidence, events: list[Event], *, dialog_id: object = None) -> None:
    """Append the events of all changes in a body. ``dialog_id`` counts for changes that name none."""
    changes = changes_of(body)
    if changes is None:
        events.append(no_changes(body, evidence))
    stamp = Stamp(*evidence[1:5])
    for change in changes or ():
        read_change(change, stamp, events, dialog_id=dialog_id)


def read_change(change: object, stamp: Stamp, events: list[Event], *, dialog_id: object = None) -> None:
    """Append the events of one change. ``dialog_id`` counts if the change names none."""
    event = change.get("event") if type(change) is dict else None
    if type(change) is not dict or type(event) is not dict:
        evidence = Evidence(_ANNOUNCED, *stamp)
        events.append(OddityNoticed("malformed-change", "a change without an event", evidence))
        return
    fields = _common_fields(change, stamp, events, dialog_id)
    kind = event.get("type")
    reader = _EVENT_READERS.get(kind) if type(kind) is str else None
    if reader is None:
        events.append(unknown_event(kind, fields[-1]))
    else:
        reader(fields, event, events)


def _common_fields(
    change: dict[str, Any], stamp: Stamp, events: list[Event], dialog_id: object
) -> _CommonFields:
    get = change.get
    metadata, dialog = get("originatorMetadata"), get("dialogId")
    role, who = (metadata.get("role"), metadata.get("id")) if type(metadata) is dict else (None, None)
    # The v2 wire has both ids; the public one is the one that v3 calls originatorId.
    participant = get("originatorPId") or get("originatorId") or who
    if type(participant) is not str:
        participant = _first_id(get("originatorPId"), get("originatorId"), who)
    evidence = _evidence(get("serverTimestamp"), stamp, events)
    if participant is None:
        events.append(OddityNoticed("no-originator", "a change that names nobody", evidence))
    return (
        dialog if type(dialog) is str and dialog else _first_id(dialog, dialog_id),
        participant,
        role if type(role) is str and role else None,
        get("conversationId"),
        get("sequence"),
        get("messageAudience") or get("audience"),  # the second is that of records of a history
        evidence,
    )


def _first_id(*candidates: object) -> str | None:
    return next(filter(None, map(id_text, candidates)), None)


def _evidence(time: object, stamp: Stamp, events: list[Event]) -> Evidence:
    frame, connection, at_us, offset_us = stamp
    evidence = Evidence(_ANNOUNCED, frame, connection, at_us, offset_us, server_time(time))
    if time is not None and evidence.server_ms is None:
        events.append(odd_time(time, evidence))
    return evidence


def _read_content(fields: _CommonFields, event: dict[str, Any], events: list[Event]) -> None:
    dialog_id, participant, role, conversation, number, audience, evidence = fields
    sequence, conversation_id = sequence_of(number), id_text(conversation)
    if conversation is not None and conversation_id is None:
        events.append(_mistyped("a conversationId", conversation, evidence))
    if dialog_id is None:
        events.append(no_dialog("a message", evidence))
    elif sequence is None:
        events.append(OddityNoticed("malformed-sequence", f"a message with {shown(number)}", evidence))
    else:
        kind, text = content_of(event, evidence, events)
        known_audience = audience_of(audience, evidence, events)
        note_long_sequences(LONG_SEQUENCE, (sequence,), evidence, events)
        events.append(
            MessagePublished(
                dialog_id, sequence, conversation_id, participant, role, False, kind, text, None, evidence,
                known_audience,
            )
        )  # fmt: skip


def _read_receipt(fields: _CommonFields, event: dict[str, Any], events: list[Event]) -> None:
    dialog_id, participant, role, _, number, _, evidence = fields
    receipt = receipt_event(event, dialog_id, participant, role, evidence, events)
    if receipt is not None:
        own = sequence_of(number)
        if own is None and number is not None:
            events.append(OddityNoticed("malformed-sequence", f"a receipt with {shown(number)}", evidence))
        events.append(receipt._replace(own_sequence=own))


def _read_chat_state(fields: _CommonFields, event: dict[str, Any], events: list[Event]) -> None:
    dialog_id, participant, role, _, _, _, evidence = fields
    reported = chat_state_event(event, dialog_id, participant, role, evidence, events)
    if reported is not None:
        events.append(reported)


_EVENT_READERS: dict[str, Callable[[_CommonFields, dict[str, Any], list[Event]], None]] = {
    CONTENT: _read_content,
    RICH_CONTENT: _read_content,
    RECEIPT: _read_receipt,
    CHAT_STATE: _read_chat_state,
}


def content_of(event: dict[str, Any], evidence: Evidence, events: list[Event]) -> tuple[str, str | None]:
    """The content type of a message, and its text: what was written, or what stands for a file.

    Oddities are appended to ``events``.
    """
    if event["type"] == RICH_CONTENT:
        return RICH_CONTENT, None
    kind, message = event.get("contentType"), event.get("message")
    if type(kind) is not str or not kind:
        events.append(_mistyped("a contentType", kind, evidence))
        kind = CONTENT
    if type(message) is not str and type(message) is not dict:
        events.append(_mistyped("the content of a message", message, evidence))
    file = hosted_file(message) if kind in HOSTED_FILE_TYPES else None
    if file is not None:
        return kind, file_text(file)
    text = message.get("caption") if type(message) is dict else message
    return kind, text if type(text) is str else None


def audience_of(value: object, evidence: Evidence, events: list[Event]) -> str | None:
    """Who may see a message, whatever word it is; None where nothing is said. Oddities go to ``events``."""
    if type(value) is str and value:
        return value
    if value is not None:
        events.append(_mistyped("the audience of a message", value, evidence))
    return None


def receipt_event(
    event: dict[str, Any],
    dialog_id: str | None,
    participant: str | None,
    role: str | None,
    evidence: Evidence,
    events: list[Event],
    *,
    request_frame: int | None = None,
) -> ReceiptReported | None:
    """A receipt, ours if ``request_frame`` is given; None if it cannot be used. Oddities go to ``events``."""
    status = event.get("status")
    if type(status) is not str or not status:
        events.append(OddityNoticed("malformed-receipt", f"a receipt of status {shown(status)}", evidence))
        status = None
    elif (oddity := status_oddity(status, evidence)) is not None:
        events.append(oddity)
    sequences, oddities = sequences_of(event.get("sequenceList"))
    for detail in oddities:
        events.append(OddityNoticed("malformed-sequence-list", detail, evidence))
    if dialog_id is None:
        events.append(no_dialog("a receipt", evidence))
    if dialog_id is None or status is None or not sequences:
        return None
    note_long_sequences(LONG_SEQUENCE_IN_LIST, sequences, evidence, events)
    mine = request_frame is not None
    return ReceiptReported(
        dialog_id, sequences, participant, role, mine, status, None, request_frame, evidence
    )


def chat_state_event(
    event: dict[str, Any],
    dialog_id: str | None,
    participant: str | None,
    role: str | None,
    evidence: Evidence,
    events: list[Event],
    *,
    mine: bool = False,
) -> ChatStateReported | None:
    """A chat state; None if it names none. Oddities go to ``events``."""
    state = event.get("chatState")
    if dialog_id is None:
        events.append(no_dialog("a chat state", evidence))
    if type(state) is str and state:
        return ChatStateReported(dialog_id, participant, role, mine, state, evidence)
    events.append(OddityNoticed("malformed-chat-state", f"a chat state of {shown(state)}", evidence))
    return None


def sequences_of(value: object) -> tuple[tuple[int, ...], list[str]]:
    """The sequences of a ``sequenceList``, each once, and what is odd about the list.

    A list, or one number standing for a list of one. Digits in a string name no message: the schema wants
    numbers, and what the service does with them is not published.
    """
    if type(value) is list and len(value) == 1 and type(value[0]) is int and value[0] >= 0:
        return (value[0],), []
    listed = one_or_many(value)
    usable = [sequence for sequence in map(_listed_sequence, listed) if sequence is not None]
    unique = tuple(dict.fromkeys(usable))
    oddities = []
    if not listed:
        oddities.append("a receipt that names no message")
    if len(usable) < len(listed):
        wrong = next(number for number in listed if _listed_sequence(number) is None)
        oddities.append(f"{len(listed) - len(usable)} of {len(listed)} are no sequence, like {shown(wrong)}")
    if len(unique) < len(usable):
        oddities.append(f"{len(usable) - len(unique)} of {len(listed)} are repeated")
    if _whole_fractions(listed):
        oddities.append("a whole number written as a fraction")
    return unique, oddities


def note_long_sequences(kind: str, sequences: Iterable[int], evidence: Evidence, events: list[Event]) -> None:
    """Append an oddity of this kind for the first sequence that needs more than 64 bits."""
    long = next((sequence for sequence in sequences if sequence > LAST_SEQUENCE), None)
    if long is not None:
        events.append(OddityNoticed(kind, f"message {shown(long)}, a number of more than 64 bits", evidence))


def _listed_sequence(value: object) -> int | None:
    return None if type(value) is str else sequence_of(value)


def _whole_fractions(listed: list[Any]) -> list[float]:
    """Those elements that are whole numbers written like fractions (``3.0``)."""
    return [number for number in listed if type(number) is float and _listed_sequence(number) is not None]


def sequence_of(value: object) -> int | None:
    """A sequence: a whole number, of any size, digits in a string allowed; None for anything else."""
    if type(value) is str and value.isascii() and value.isdigit() and len(value) <= _LONGEST_NUMBER:
        value = int(value)
    if type(value) is int:
        return value if value >= 0 else None
    if type(value) is float and value.is_integer() and 0 <= value < 2**53:
        return int(value)
    return None


def server_time(value: object) -> int | None:
    """The service's own time in milliseconds since the epoch, if it can be one."""
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and FIRST_SERVER_MS <= value < END_OF_SERVER_MS else None


def odd_time(value: object, evidence: Evidence) -> OddityNoticed:
    """Oddity of a server time that is no number of milliseconds."""
    return OddityNoticed("odd-server-time", f"{shown(value)} is no time in milliseconds", evidence)


def _mistyped(what: str, value: object, evidence: Evidence) -> OddityNoticed:
    """Oddity of a field that is missing or of the wrong type."""
    return OddityNoticed("mistyped-field", f"{what} of {shown(value)}", evidence)


def no_dialog(what: str, evidence: Evidence) -> OddityNoticed:
    """Oddity of an event without a dialog id."""
    return OddityNoticed("no-dialog", f"{what} that names no dialog", evidence)


def no_changes(body: object, evidence: Evidence) -> OddityNoticed:
    """Oddity of a body without changes."""
    return OddityNoticed("malformed-body", f"changes are missing in {shown(body)}", evidence)


def unknown_event(kind: object, evidence: Evidence) -> OddityNoticed:
    """Oddity of an undescribed event type."""
    return OddityNoticed("unknown-event", f"an event of type {shown(kind)}", evidence)


def shown(value: object) -> str:
    """Any JSON value in a few words."""
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return f"an {'object' if isinstance(value, dict) else 'array'} of {len(value)}"
    if isinstance(value, bool):
        return str(value).lower()
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
