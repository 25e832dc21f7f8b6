"""Encodes any text that a peer can send so that every database can store it, and decodes it again."""

from __future__ import annotations

import json

_ESCAPED = "\ufffd"


def encode_text(text: str | None) -> str | None:
    """The text as every database can store it; different texts stay different.

    A text with a NUL or a lone surrogate is escaped as in JSON, after a U+FFFD; so is one that begins
    with U+FFFD.
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


def decode_text(text: str | None) -> str | None:
    """The text that ``encode_text`` encoded. Raises ``ValueError`` if it did not."""
    if text is None or not text.startswith(_ESCAPED):
        return text
    return str(json.loads(f'"{text[1:]}"'))


class EncodedTexts(dict[str | None, str | None]):
    """Caches ``encode_text``: ids recur."""

    def __missing__(self, text: str | None) -> str | None:
        found = self[text] = encode_text(text)
        return found
