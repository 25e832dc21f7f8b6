"""Search texts for the regular expressions that people write, with a time limit.

Python's ``re`` has no timeout: ``(a+)+$`` on a long text would delay every receipt that is due, and no signal
is handled meanwhile. The ``regex`` package takes the same patterns and a timeout. It compiles what is to be
there n times n times, without a timeout, so that ``((a{100}){100}){100}`` is refused beforehand.

All the patterns tried on one frame share a ``SearchTime``, so that many of them hold up no more than one.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from recorder.clock import processing_s
from recorder.counted import counted

MAX_PATTERN = 1_000
MAX_SEARCHED = 10_000
"""Only this many characters of a message are searched; LivePerson limits texts to fewer."""

MAX_REPEATED = 20_000
"""So long may a pattern be once what it repeats is written out; 2 µs each to compile."""

TIME_LIMIT_S = 0.1
"""Seconds of computing: so long may all searches on one frame take together."""

_NO_TIME_S = TIME_LIMIT_S / 16
_LEAST_S = 0.0005
"""What every search has: a text of ``MAX_SEARCHED`` is read through in less."""

_ITEM = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{(\d+)(?:,\d*)?\}|.", re.DOTALL | re.ASCII)
"""One item of a pattern; the group is how often the item before it has to be there, if it says so."""


class PatternTooSlow(Exception):
    """A search was stopped; whether the pattern matches is unknown.

    Attributes:
        sentence: says so, and why.
    """

    def __init__(self, pattern: str, reason: str) -> None:
        super().__init__(pattern)
        self.sentence = f"the pattern {pattern} {reason}"


class NoSearchTime(PatternTooSlow):
    """A search was stopped almost at once, because those before it on the same frame took the time."""


def check_pattern(pattern: str) -> str:
    """Return the pattern if it compiles.

    Raises:
        ValueError: it does not, or is longer than ``MAX_PATTERN``; the text is an error sentence.
    """
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"the pattern has {counted(len(pattern), 'character')}; {MAX_PATTERN} are the limit")
    if (length := _length_written_out(pattern)) > MAX_REPEATED:
        written = counted(length, "item")
        raise ValueError(
            f'"{pattern[:60]}" repeats too much: {written} if written out; {MAX_REPEATED} are the limit'
        )
    try:
        _compiled(pattern)
    except (RecursionError, OverflowError, ValueError) as problem:
        raise ValueError(f'"{pattern[:60]}" is no regular expression: {problem}') from None
    return pattern


class SearchTime:
    """The time for all searches on one frame, ``TIME_LIMIT_S`` together; ``reset`` it for the next one.

    A search may take half of what is left, and half a millisecond: a pattern that is too slow leaves time to
    those after it.
    """

    def __init__(self) -> None:
        self._left_s = TIME_LIMIT_S

    def reset(self) -> None:
        """Forget what was used: another frame comes."""
        self._left_s = TIME_LIMIT_S

    def matches(self, pattern: str, text: str, *, within: int = MAX_SEARCHED) -> bool:
        """Whether the pattern is found anywhere in the first ``within`` characters of the text.

        Raises:
            PatternTooSlow: the search was stopped.
            NoSearchTime: it was stopped almost at once.
        """
        compiled = _compiled(pattern)
        limit_s = max(self._left_s / 2, _LEAST_S)
        before_s = processing_s()
        try:
            return compiled.search(text[:within], timeout=limit_s) is not None
        except TimeoutError:
            if limit_s < _NO_TIME_S:
                raise NoSearchTime(
                    pattern, "was not tried to its end: those before it on the same frame took the time"
                ) from None
            raise PatternTooSlow(pattern, "takes too long; it was stopped") from None
        finally:
            self._left_s = max(self._left_s - (processing_s() - before_s), 0.0)


def _length_written_out(pattern: str) -> int:
    """How many items it has once ``x{3}`` is written ``xxx``; groups count for what is in them."""
    sums, last = [0], 0
    for item in _ITEM.finditer(pattern):
        if item[1] is not None:
            again = last * max(int(item[1]), 1) - last
            sums[-1], last = sums[-1] + again, last + again
        elif item[0] == "(":
            sums.append(0)
        elif item[0] == ")" and len(sums) > 1:
            last = sums.pop()
            sums[-1] += last
        else:
            sums[-1], last = sums[-1] + 1, 1
    return sum(sums)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    # It takes longer to import than most commands to run.
    import regex  # type: ignore[import-untyped]  # it ships no types

    try:
        return regex.compile(pattern)
    except regex.error as problem:
        raise ValueError(str(problem)) from None
