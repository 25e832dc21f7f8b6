"""Text for a terminal: laid out as on one, and without control characters that would act on it."""

from __future__ import annotations

import io
import unicodedata

# Cc: control characters (ESC, C1, NUL, …). Cf: bidi controls, zero-width and soft hyphen. Cs: half a
# surrogate pair. Zl, Zp: line separators a terminal may obey.
_ESCAPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

# They write Persian and the scripts of India, and make one emoji of several; they cannot reorder or hide a
# line (Unicode 23.2). Behind anything but a letter, a mark or a symbol they join nothing.
_JOINERS = "\u200c\u200d"
_JOINED_CATEGORIES = "LMS"


class TerminalText(io.StringIO):
    """Text that is laid out as on a terminal: one so many columns wide, else the one that we have."""

    encoding = "utf-8"

    def __init__(self, *, columns: int | None = None, encoding: str = "utf-8") -> None:
        super().__init__()
        self.columns = columns
        self.encoding = encoding

    def isatty(self) -> bool:
        """It is shown on one."""
        return True


def safe_text(text: str) -> str:
    """``text`` on one line, with every character that could act on a terminal as an escape."""
    if text.isascii() and text.isprintable():
        return text
    before = ""
    escaped = []
    for character in text:
        escaped.append(character if _joins(before, character) else _escaped(character))
        before = character
    return "".join(escaped)


def _joins(before: str, character: str) -> bool:
    return (
        character in _JOINERS
        and before != ""
        and before not in _JOINERS
        and unicodedata.category(before)[0] in _JOINED_CATEGORIES
    )


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in _ESCAPED_CATEGORIES:
        return character
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
