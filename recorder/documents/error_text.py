"""How messages name a value, and guess what was meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable


def unknown(kind: str, given: str, known: Iterable[str]) -> str:
    """``unknown key "pase" (did you mean "pace"?)``; or all that is known, where nothing is close."""
    choices = list(known)
    close = difflib.get_close_matches(given.lower(), choices, n=1, cutoff=0.6) or difflib.get_close_matches(
        given, choices, n=1, cutoff=0.6
    )
    if close:
        return f'unknown {kind} "{cut(given)}" (did you mean "{close[0]}"?)'
    listed = f" (there are: {', '.join(choices)})" if choices else ""
    return f'unknown {kind} "{cut(given)}"{listed}'


def shown(given: object) -> str:
    """A value as messages show it."""
    match given:
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case None:
            return "nothing"
        case str():
            return f'"{cut(given)}"'
        case _:
            return as_written(given)


def as_written(given: object) -> str:
    return str(given).lower() if isinstance(given, bool) else cut(str(given))


def cut(text: str) -> str:
    text = with_references(text)
    return text if len(text) <= 60 else f"{text[:57]}…"


# Two code points that are no characters (Unicode, 23.7) and so in no text: what is filled in for a variable
# may begin or end with any character, "$" too, and must not become or undo a mark of the script's.
BEGIN_LATER, END_LATER = "\ufdd0", "\ufdd1"
LATER = re.compile(f"{BEGIN_LATER}([^{BEGIN_LATER}{END_LATER}]*){END_LATER}")
"""What ``substitute`` kept for later in a text; its group is what stood between ``${`` and ``}``."""


def with_references(text: str) -> str:
    """A text in which something is kept for later, for people to read: as it was written."""
    return LATER.sub(lambda kept: f"${{{kept.group(1)}}}", text)
