"""Parts of error messages: ``did you mean``, values as they are quoted, references in texts."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable


def unknown(kind: str, given: str, known: Iterable[str]) -> str:
    """``unknown key "pase" (did you mean "pace"?)``; lists all ``known`` where none is close."""
    choices = list(known)
    close = difflib.get_close_matches(given.lower(), choices, n=1, cutoff=0.6) or difflib.get_close_matches(
        given, choices, n=1, cutoff=0.6
    )
    if close:
        return f'unknown {kind} "{shorten(given)}" (did you mean "{close[0]}"?)'
    listed = f" (there are: {', '.join(choices)})" if choices else ""
    return f'unknown {kind} "{shorten(given)}"{listed}'


def quoted(given: object) -> str:
    """A value as error messages quote it: text in quotes and shortened, "a mapping", "a list", "nothing"."""
    match given:
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case None:
            return "nothing"
        case str():
            return f'"{shorten(given)}"'
        case _:
            return as_yaml_scalar(given)


def as_yaml_scalar(given: object) -> str:
    """A number or boolean as YAML writes it: ``true``, not ``True``."""
    return str(given).lower() if isinstance(given, bool) else shorten(str(given))


def shorten(text: str) -> str:
    """The text, cut after 57 characters if it is longer than 60."""
    text = restore_references(text)
    return text if len(text) <= 60 else f"{text[:57]}…"


# Noncharacters (Unicode, 23.7), which are in no text: they mark references that are filled in later. The
# value of a variable may contain "${" itself, and must not be taken for a reference of the script.
DEFERRED_BEGIN, DEFERRED_END = "\ufdd0", "\ufdd1"
DEFERRED_REFERENCE = re.compile(f"{DEFERRED_BEGIN}([^{DEFERRED_BEGIN}{DEFERRED_END}]*){DEFERRED_END}")
"""A reference that ``substitute`` left in a text; the group is what stood between ``${`` and ``}``."""


def restore_references(text: str) -> str:
    """The text as the script has it: deferred references as ``${…}`` again."""
    return DEFERRED_REFERENCE.sub(lambda found: f"${{{found.group(1)}}}", text)
