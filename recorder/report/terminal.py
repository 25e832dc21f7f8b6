"""Escape text from the wire, so that control characters cannot act on the terminal."""

from __future__ import annotations

import unicodedata

# Cc: control characters (ESC, C1, NUL, …). Cf: bidi overrides, zero-width and soft hyphen. Cs: half a
# surrogate pair. Zl, Zp: line separators a terminal may obey. A ZWJ inside an emoji is shown as well:
# one odd-looking family costs less than one forged line.
_ESCAPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def safe_text(text: str) -> str:
    """``text`` on one line, with every character that could act on a terminal as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in _ESCAPED_CATEGORIES:
        return character
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
