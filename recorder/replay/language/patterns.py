"""Regular expressions out of a script, searched in messages out of the world, bounded in time.

Python's own ``re`` cannot be stopped, and ``(a+)+$`` would hold up every receipt that is due. The
``regex`` package understands the same patterns and takes a time limit.
"""

from __future__ import annotations

from functools import lru_cache

import regex  # type: ignore[import-untyped]  # it ships no types; what is used of it is below

MAX_PATTERN = 1_000
MAX_SEARCHED = 10_000
"""Characters of a message that are searched; LivePerson's own limit for a text is lower."""

TIME_LIMIT_S = 0.1


class PatternTooSlow(Exception):
    """The search took longer than ``TIME_LIMIT_S``; whether the pattern fits is not known."""


def check_pattern(pattern: str) -> str:
    """The pattern, if it is one.

    Raises:
        ValueError: it is not, or longer than ``MAX_PATTERN``; the message is made for people.
    """
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"the pattern has {len(pattern)} characters; {MAX_PATTERN} are the limit")
    try:
        _compiled(pattern)
    except (regex.error, RecursionError, OverflowError, ValueError) as problem:
        raise ValueError(f'"{pattern[:60]}" is no regular expression: {problem}') from None
    return pattern


def fits(pattern: str, text: str) -> bool:
    """Whether the pattern is found anywhere in the first ``MAX_SEARCHED`` characters of the text.

    Raises:
        PatternTooSlow: it took too long to tell.
    """
    try:
        return _compiled(pattern).search(text[:MAX_SEARCHED], timeout=TIME_LIMIT_S) is not None
    except TimeoutError:
        raise PatternTooSlow(pattern) from None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> regex.Pattern[str]:
    return regex.compile(pattern)
