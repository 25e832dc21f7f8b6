"""Text for a terminal: laid out as on one, and without control characters that would act on it."""

from __future__ import annotations

import io
import json
import re
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


def safe_lines(text: str) -> str:
    """Each line of ``text`` as ``safe_text`` has it; ends of lines (LF, CR LF) and tabs stay."""
    lines = (line.removesuffix("\r").split("\t") for line in text.split("\n"))
    return "\n".join("\t".join(map(safe_text, parts)) for parts in lines)


def safe_json(text: str) -> str:
    """Lines of JSON with the same values, and what ``safe_text`` escapes as an escape of JSON."""
    return _SAFE_IN_JSON.sub(_escaped_in_json, text)


_SAFE_IN_JSON = re.compile(r"[^\n -~]")


def _escaped_in_json(found: re.Match[str]) -> str:
    character = found[0]
    if unicodedata.category(character) not in _ESCAPED_CATEGORIES:
        return character
    return json.dumps(character)[1:-1]


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
