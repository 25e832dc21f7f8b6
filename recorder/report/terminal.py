"""Make text of others safe to print on a terminal: what would act on it is shown instead."""

from __future__ import annotations

import unicodedata

# Cc: control characters (ESC, C1, NUL, …). Cf: bidi overrides, zero-width and soft hyphen. Cs: half a
# surrogate pair. Zl, Zp: line separators a terminal may obey. A ZWJ inside an emoji is shown as well:
# one odd-looking family costs less than one forged line.
_ACTS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def safe_text(text: str) -> str:
    """``text`` on one line, with every character that acts on a terminal shown as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _ACTS:
        return character
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
