"""How messages name a value, and guess what was meant."""

from __future__ import annotations

import difflib
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
    return text if len(text) <= 60 else f"{text[:57]}…"
