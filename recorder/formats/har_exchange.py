"""An HTTP request and its answer in a HAR file, as a summary beside the WebSockets."""

from __future__ import annotations

from binascii import a2b_base64

from recorder.wire.records import BODY_LIMIT, HttpExchange
from recorder.wire.rest_purpose import purpose_of

from .har_message import HarTime
from .json_stream import JsonEvent, JsonEvents, build, keys, skip
from .lines import JsonFields

_OF_HALF = ("method", "url", "httpVersion", "headers", "status", "bodySize", "_error", "_failureText")
_OF_BODY = ("mimeType", "text", "encoding", "size", "_file")
_KEPT = frozenset((*_OF_HALF, *_OF_BODY))
_BODIES = frozenset(("content", "postData"))
_LONGEST_TEXT = BODY_LIMIT * 4 // 3 + 8
"""Characters of a body that are held: enough for ``BODY_LIMIT`` bytes in base64."""

# What passes before the answer begins; -1 for what did not happen.
_TIMINGS = ("blocked", "dns", "connect", "send", "wait")


def build_half(events: JsonEvents) -> JsonFields:
    """What is needed of a request or response that was just opened; of its body, no more than is kept."""
    half: JsonFields = {}
    for key in keys(events):
        first = next(events)
        if key in _BODIES and first[0] == "start_map":
            half[key] = build_half(events)
        elif key in _KEPT:
            half[key] = _shortened(key, events, first)
        else:
            skip(events, first)
    return half


def _shortened(key: str, events: JsonEvents, first: JsonEvent) -> object:
    value = build(events, first)
    return value[:_LONGEST_TEXT] if key == "text" and isinstance(value, str) else value


def exchange_of_entry(entry: JsonFields, url: str, started: HarTime) -> HttpExchange:
    """The summary of one entry."""
    request, response = fields_of(entry, "request"), fields_of(entry, "response")
    posted, content = fields_of(request, "postData"), fields_of(response, "content")
    method, status = request.get("method"), response.get("status")
    answered_after_us = _answered_after_us(fields_of(entry, "timings"))
    answered = isinstance(status, int) and status > 0
    return HttpExchange(
        connection=None,
        purpose=purpose_of(str(method), _target(url)),
        at_us=started.at_us,
        offset_us=started.offset_us,
        method=method if isinstance(method, str) else "GET",
        url=url,
        status=status if answered and isinstance(status, int) else None,
        answered_at_us=_later(started.at_us, answered_after_us) if answered else None,
        answered_offset_us=_later(started.offset_us, answered_after_us) if answered else None,
        request_type=_text(posted, "mimeType"),
        response_type=_text(content, "mimeType"),
        request_size=_size(request.get("bodySize")),
        response_size=_size(content.get("size")),
        request_body=_body(posted),
        response_body=_body(content),
    )


def fields_of(whole: JsonFields, key: str) -> JsonFields:
    """The object under this key; empty if there is none."""
    value = whole.get(key)
    return value if isinstance(value, dict) else {}


def _target(url: str) -> str:
    return "/" + url.partition("://")[2].partition("/")[2]


def _answered_after_us(timings: JsonFields) -> int | None:
    """Microseconds until the answer began, from parts in milliseconds."""
    parts = [value for part in _TIMINGS if isinstance(value := timings.get(part), int | float)]
    return _duration_us(sum(part for part in parts if part > 0)) if parts else None


def _duration_us(milliseconds: float) -> int | None:
    return round(milliseconds * 1_000) if 0 <= milliseconds < 1e12 else None


def _later(start_us: int | None, after_us: int | None) -> int | None:
    return None if start_us is None or after_us is None else start_us + after_us


def _text(fields: JsonFields, key: str) -> str | None:
    value = fields.get(key)
    return value if isinstance(value, str) and value else None


def _size(value: object) -> int | None:
    return value if isinstance(value, int) and 0 <= value < 1 << 62 else None


def _body(fields: JsonFields) -> bytes | None:
    text = fields.get("text")
    if not isinstance(text, str) or not text:
        return None
    if fields.get("encoding") == "base64":
        try:
            return a2b_base64(text[: len(text) // 4 * 4])
        except ValueError:
            return None
    return text.encode("utf-8", "replace")
