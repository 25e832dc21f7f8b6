"""Search messages for the regular expressions of a script, with a time limit.

Python's ``re`` has no timeout: ``(a+)+$`` on a long text would delay every receipt that is due. The
``regex`` package takes the same patterns and a timeout.
"""

from __future__ import annotations

from functools import lru_cache

import regex  # type: ignore[import-untyped]  # it ships no types; what is used of it is below

MAX_PATTERN = 1_000
MAX_SEARCHED = 10_000
"""Only this many characters of a message are searched; LivePerson limits texts to fewer."""

TIME_LIMIT_S = 0.1


class PatternTooSlow(Exception):
    """A search was stopped after ``TIME_LIMIT_S``; whether the pattern matches is unknown."""


def check_pattern(pattern: str) -> str:
    """Return the pattern if it compiles.

    Raises:
        ValueError: it does not, or is longer than ``MAX_PATTERN``; the text is an error sentence.
    """
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"the pattern has {len(pattern)} characters; {MAX_PATTERN} are the limit")
    try:
        _compiled(pattern)
    except (regex.error, RecursionError, OverflowError, ValueError) as problem:
        raise ValueError(f'"{pattern[:60]}" is no regular expression: {problem}') from None
    return pattern


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern is found anywhere in the first ``MAX_SEARCHED`` characters of the text.

    Raises:
        PatternTooSlow: the search was stopped after ``TIME_LIMIT_S``.
    """
    try:
        return _compiled(pattern).search(text[:MAX_SEARCHED], timeout=TIME_LIMIT_S) is not None
    except TimeoutError:
        raise PatternTooSlow(pattern) from None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> regex.Pattern[str]:
    return regex.compile(pattern)
