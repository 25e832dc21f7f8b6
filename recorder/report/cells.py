"""Text laid out in columns of a terminal, and the little of colour that our tables use."""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from functools import lru_cache
from typing import IO, NamedTuple

PIPE_WIDTH = 120
"""Width in columns if the output is not a terminal."""

_STYLES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "cyan": "36",
    "orange": "38;5;208",
}
"""ECMA-48 8.3.117, SGR; orange is that of xterm's 256 colours."""

ELLIPSIS, ASCII_ELLIPSIS = "…", ">"
"""What stands where a text is cut; the second is what ``less`` shows, for a stream without the first."""


class Cell(NamedTuple):
    """A text with a style: a key of ``_STYLES``, or none. It holds nothing to escape."""

    text: str
    style: str = ""


def width_of(stream: IO[str]) -> int:
    """Columns of the terminal (COLUMNS, else as it says itself); ``PIPE_WIDTH`` if it is none.

    A stream that has ``columns`` of its own is a part of a terminal, so wide.
    """
    own = getattr(stream, "columns", None)
    if own is not None:
        return int(own)
    return shutil.get_terminal_size().columns if stream.isatty() else PIPE_WIDTH


def shows(stream: IO[str], characters: str) -> bool:
    """Whether the encoding of a stream has these characters; one without an encoding has all."""
    try:
        characters.encode(getattr(stream, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def arrow_of(stream: IO[str]) -> str:
    """An arrow to the right that a stream shows."""
    return "→" if shows(stream, "→") else "->"


def shown_by(stream: IO[str], text: str) -> str:
    """The text; what the encoding of a stream does not have, as escapes."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text if text.isascii() else text.encode(encoding, "backslashreplace").decode(encoding)


def wrapped(text: str, width: int, indent: str) -> list[str]:
    """The text in lines of so many columns, broken at blanks, all but the first indented.

    A word that is longer than a line is broken where the line ends, if it is of a script that may be without
    blanks, or of escapes; one in ASCII stays whole, because an address is to be copied.
    """
    lines, line = list[str](), ""
    for word in re.findall(" *[^ ]+", text):
        rest = word
        while cell_width(line + rest) > width:
            breaks = (not rest.isascii() or "\\" in rest) and cell_width(rest) > width - len(indent)
            filled = _beginning(rest, width - cell_width(line)) if breaks else ""
            if not filled and not line.strip():
                break
            lines.append(line + filled)
            line, rest = indent, rest[len(filled) :].lstrip(" ")
        line += rest
    return [*lines, line]


def _beginning(text: str, width: int) -> str:
    """As much of a text as takes so many columns, without a part of what people see as one character."""
    import regex  # type: ignore[import-untyped]  # it ships no types

    for character in regex.finditer(r"\X", text):
        width -= cell_width(character[0])
        if width < 0:
            return text[: character.start()]
    return text


def shows_styles(stream: IO[str]) -> bool:
    """Whether to write styles: to a terminal, unless NO_COLOR is set or it is a dumb one.

    FORCE_COLOR asks for them wherever they go.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and not _is_dumb()


def moves_cursor(stream: IO[str]) -> bool:
    """Whether a stream is a terminal that moves its cursor where it is told; a part of one does not."""
    return stream.isatty() and not _is_dumb() and not hasattr(stream, "columns")


def _is_dumb() -> bool:
    """Whether the terminal knows no control sequences."""
    return os.environ.get("TERM", "dumb") in ("dumb", "unknown")


def styled(text: str, style: str) -> str:
    """The text between the codes of a style."""
    code = _STYLES.get(style)
    return text if code is None or not text else f"\x1b[{code}m{text}\x1b[0m"


_ONE_COLUMN_EACH = re.compile("[ -~\xa1-\xac\xae-\u02ff\u0370-\u0482✓✗→]*")
"""Characters of ASCII, other Latin, Greek and Cyrillic ones, and our own marks."""
_EMOJI_STYLE = re.compile(".\ufe0f")
_WIDE = "\u3000"


def cell_width(text: str) -> int:
    """How many columns a text takes at the most.

    Terminals differ in emoji of several parts (families, skin tones, flags) and in the vowel signs of India:
    some draw one of them, others its parts beside each other. See ``width_varies``.
    """
    if _ONE_COLUMN_EACH.fullmatch(text):
        return len(text)
    return sum(map(_columns, _EMOJI_STYLE.sub(_WIDE, text)))


@lru_cache(maxsize=4096)
def _columns(character: str) -> int:
    """How many columns a character takes by itself, on the terminal where it takes the most."""
    from rich.cells import get_character_cell_size  # only where it is needed: it takes time to load

    if unicodedata.east_asian_width(character) in "WF" or "\U0001f1e6" <= character <= "\U0001f1ff":
        return 2
    return 1 if unicodedata.category(character) == "Mc" else get_character_cell_size(character)


def width_varies(text: str) -> bool:
    """Whether there are terminals on which a text takes less than ``cell_width``."""
    if _ONE_COLUMN_EACH.fullmatch(text):
        return False
    from rich.cells import cell_len

    return "\ufe0f" in text or cell_len(text) != cell_width(text)


def fit(text: str, width: int, right: bool = False, ellipsis: str = ELLIPSIS) -> str:
    """The text in so many columns: cut with an ellipsis, or with spaces behind it; ``right``: before it."""
    missing = width - cell_width(text)
    if missing >= 0:
        return " " * missing + text if right else text + " " * missing
    if text.isascii():
        return f"{text[: max(width - 1, 0)]}{ellipsis}"
    cut = _beginning(text, width - 1) + ellipsis
    return cut + " " * (width - cell_width(cut))  # columns are left where a wide character had no room
