"""Texts of peers in columns of text: whatever a peer wrote, every database can hold it, and gives it back."""

from __future__ import annotations

import json

_ESCAPED = "\ufffd"


def held(text: str | None) -> str | None:
    """The text as every database can hold it; different texts stay different.

    One with a NUL or half a surrogate pair is escaped as in JSON, behind a U+FFFD; so is one that begins
    with that.
    """
    if text is None or (text.isascii() and "\0" not in text):
        return text
    if text[:1] != _ESCAPED and "\0" not in text:
        try:
            text.encode()
        except UnicodeEncodeError:
            pass
        else:
            return text
    return _ESCAPED + json.dumps(text)[1:-1]


def told(text: str | None) -> str | None:
    """The text that is held so. Raises ``ValueError``: nobody held it so."""
    if text is None or not text.startswith(_ESCAPED):
        return text
    return str(json.loads(f'"{text[1:]}"'))


class Held(dict[str | None, str | None]):
    """The same, remembered: ids recur."""

    def __missing__(self, text: str | None) -> str | None:
        found = self[text] = held(text)
        return found
