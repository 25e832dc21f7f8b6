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

MARKS = (DEFERRED_BEGIN, DEFERRED_END)
"""Noncharacters that no text of a script may hold; JSON can escape them."""


def sent_envelope(sent: RequestSent, names: ScriptNames) -> dict[str, Any] | str:
    """The request's envelope with references for the conversations' ids."""
    if _is_deep(sent.request.raw):
        return literal_text(sent, names)
    return {**names.envelope(sent.request.raw), **names.literal(_id(sent))}


def literal_envelopes(sent: RequestSent, names: ScriptNames) -> Iterator[dict[str, Any] | str]:
    """The request's envelope with its ids as they are: as a mapping, then as text, which always loads."""
    if not _is_deep(sent.request.raw):
        yield {**names.literal({**sent.request.raw, **_id(sent)})}
    yield literal_text(sent, names)


def literal_text(sent: RequestSent, names: ScriptNames) -> str:
    """The request as JSON text."""
    text = names.text(dump({**sent.request.raw, **_id(sent)}))
    for mark in MARKS:
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text


def raw_step(sent: RawPayloadSent, names: ScriptNames) -> tuple[str, dict[str, Any]]:
    """Verb and arguments that send a payload which is no request."""
    text = sent.data.decode("utf-8", "backslashreplace")
    if not sent.binary and not any(mark in text for mark in MARKS):
        return "send", {"envelope": names.text(text)}
    opcode = "binary" if sent.binary else "text"
    return "send_frame", {"opcode": opcode, "data": base64.b64encode(sent.data).decode()}


def _id(sent: RequestSent) -> dict[str, str]:
    # Not a number, which could equal an id the player gives.
    return {} if sent.request.id is None else {"id": f"recorded-{sent.request.id}"}


def _is_deep(value: object) -> bool:
    """Whether a JSON value has more than ``DEEPEST_ENVELOPE`` levels."""
    level = [value]
    for _ in range(DEEPEST_ENVELOPE):
        level = [inner for outer in level for inner in _inside(outer)]
    return bool(level)


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
