"""What an answer that refuses an upgrade says, in a few words."""

from __future__ import annotations

import json
import re
from email.utils import parsedate_to_datetime
from typing import Final

from .handshake import Headers, header_values
from .records import BODY_LIMIT

LONGEST_WORDS: Final = 160
"""Characters of a body that are said in a sentence."""

_FIELDS: Final = ("message", "error_description", "detail", "reason", "title", "error", "description")
_NOT_SHOWN = re.compile(r"<(script|style)\b.*?(?:</\1>|$)", re.DOTALL | re.IGNORECASE)
_MARKUP = re.compile(r"<[^<>]{0,1000}>")
# Where a text may be cut: between words.
_LAST_WORD = re.compile(r"\s\S*$")


def refusal_words(body: str) -> str:
    """What a body says, on one line and shortened: a field of its JSON, the text of its HTML, or itself.

    Take the secrets out of the body before: half of one, nothing would recognise.
    """
    words = " ".join("".join(_clean(_said(body[:BODY_LIMIT]))).split())
    if len(words) <= LONGEST_WORDS:
        return words
    return f"{_LAST_WORD.sub('', words[: LONGEST_WORDS + 1])} …" if " " in words[:LONGEST_WORDS] else "…"


def _clean(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def _said(body: str) -> str:
    stripped = body.strip()
    if stripped[:1] in ("{", "["):
        try:
            return _field(json.loads(stripped)) or stripped
        except (ValueError, RecursionError):
            return stripped
    return _MARKUP.sub(" ", _NOT_SHOWN.sub(" ", stripped)) if stripped[:1] == "<" else stripped


def _field(value: object, depth: int = 4) -> str | None:
    """The text of the first of ``_FIELDS`` that has one, however it is nested in others of them."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, list) and value and depth:
        return _field(value[0], depth - 1)
    if isinstance(value, dict) and depth:
        found = (_field(value[name], depth - 1) for name in (*_FIELDS, "errors") if name in value)
        return next(filter(None, found), None)
    return None


def retry_words(headers: Headers) -> str | None:
    """When the service wants to be asked again (Retry-After, RFC 9110 10.2.3): ``in 7 s``, ``at …Z``."""
    for value in header_values(headers, "Retry-After"):
        if re.fullmatch(r"[0-9]{1,9}", value, re.ASCII):
            return f"in {int(value)} s"
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            continue
        return f"at {moment:%Y-%m-%d %H:%M:%S} UTC"
    return None
