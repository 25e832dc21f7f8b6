"""A recorded request as it is, for a ``send`` step: without names, whatever it holds."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from recorder.documents.error_text import DEFERRED_BEGIN, DEFERRED_END
from recorder.messaging.envelopes import dump

from .script_names import ScriptNames
from .timeline_events import RawPayloadSent, RequestSent

DEEPEST_ENVELOPE = 50
"""Levels that stand in a script as a mapping; what is nested deeper is written as text."""

DEEPEST_TEXT = 200
"""Levels that are written as text; a payload that is nested deeper is written as its bytes."""

MARKS = (DEFERRED_BEGIN, DEFERRED_END)
"""Noncharacters that no text of a script may hold; JSON can escape them."""

SendStep = tuple[str, dict[str, Any]]
"""Verb and arguments."""


def sent_step(sent: RequestSent, names: ScriptNames) -> SendStep:
    """Sends the request, with references for the conversations' ids."""
    if _is_deeper(sent.request.raw, DEEPEST_ENVELOPE):
        return next(literal_steps(sent, names))
    return "send", {"envelope": {**names.envelope(sent.request.raw), **names.literal(_id(sent))}}


def literal_steps(sent: RequestSent, names: ScriptNames) -> Iterator[SendStep]:
    """Send the request with its ids as they are: as a mapping, as text, as bytes; one of them loads."""
    raw = {**sent.request.raw, **_id(sent)}
    if not _is_deeper(raw, DEEPEST_ENVELOPE):
        yield "send", {"envelope": names.literal(raw)}
    if not _is_deeper(raw, DEEPEST_TEXT):
        text = names.text(dump(raw))
        for mark in MARKS:
            text = text.replace(mark, f"\\u{ord(mark):04x}")
        yield "send", {"envelope": text}
    yield _frame_step("text", sent.data)


def raw_step(sent: RawPayloadSent, names: ScriptNames) -> SendStep:
    """Sends a payload that is no request."""
    text = sent.data.decode("utf-8", "backslashreplace")
    if not sent.binary and not any(mark in text for mark in MARKS):
        return "send", {"envelope": names.text(text)}
    return _frame_step("binary" if sent.binary else "text", sent.data)


def _frame_step(opcode: str, data: bytes) -> SendStep:
    return "send_frame", {"opcode": opcode, "data": base64.b64encode(data).decode()}


def _id(sent: RequestSent) -> dict[str, str]:
    # Not a number, which could equal an id the player gives.
    return {} if sent.request.id is None else {"id": f"recorded-{sent.request.id}"}


def _is_deeper(value: object, levels: int) -> bool:
    """Whether a JSON value has more than so many levels."""
    level = [value]
    for _ in range(levels):
        level = [inner for outer in level for inner in _inside(outer)]
    return bool(level)


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
