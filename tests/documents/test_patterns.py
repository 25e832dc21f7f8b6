"""Regular expressions of a script cannot hold up the receipts."""

from __future__ import annotations

import signal

import pytest

from recorder.clock import processing_s
from recorder.documents.patterns import (
    MAX_PATTERN,
    MAX_SEARCHED,
    TIME_LIMIT_S,
    NoSearchTime,
    PatternTooSlow,
    SearchTime,
    check_pattern,
)

SLOW = "(a+)+$", "a" * 5_000 + "b"


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("order number", "What is your order number?", True),
        ("^order", "What is your order number?", False),
        ("(?i)ORDER", "an order", True),
        (r"\b\d{4}\b", "it is 4711.", True),
        ("", "", True),
        ("x", "", False),
    ],
)
def test_a_pattern_is_found_anywhere(pattern, text, found):
    assert SearchTime().matches(check_pattern(pattern), text) is found


def test_a_slow_pattern_is_stopped_after_the_time_limit():
    """S22: the classic of the class."""
    with pytest.raises(PatternTooSlow):
        SearchTime().matches(*SLOW)


def test_all_searches_on_one_frame_take_no_longer_than_one_may():
    """A hundred slow patterns; the quick one after them is found all the same."""
    search_time, before_s = SearchTime(), processing_s()
    stopped = []
    for _ in range(100):
        with pytest.raises(PatternTooSlow) as caught:
            search_time.matches(*SLOW)
        stopped.append(type(caught.value))
    assert search_time.matches("ab$", SLOW[1])
    assert processing_s() - before_s < 10 * TIME_LIMIT_S
    assert (stopped[0], stopped[-1]) == (PatternTooSlow, NoSearchTime)


def test_the_next_frame_has_its_own_time():
    search_time = SearchTime()
    for _ in range(20):
        with pytest.raises(PatternTooSlow):
            search_time.matches(*SLOW)
    search_time.reset()
    with pytest.raises(PatternTooSlow) as caught:
        search_time.matches(*SLOW)
    assert not isinstance(caught.value, NoSearchTime)


def test_only_the_beginning_of_a_huge_message_is_searched():
    assert not SearchTime().matches("needle", "x" * MAX_SEARCHED + "needle")


NO_PATTERNS = ["(a", "*", "[z-a]", "(?P<n>a)(?P<n", "\\", "a{2,1}", "x" * (MAX_PATTERN + 1)]


@pytest.mark.parametrize("pattern", NO_PATTERNS, ids=lambda pattern: pattern[:20])
def test_an_invalid_pattern_is_refused_with_a_sentence(pattern):
    with pytest.raises(ValueError, match=r"pattern|regular expression"):
        check_pattern(pattern)


@pytest.mark.parametrize(
    "pattern", ["((a{100}){100}){100}", "(?:(?:a|b){200}){200,}", "[{}(]{30000}", r"(?:\({101}){201}"]
)
def test_what_would_be_huge_once_compiled_is_refused(pattern):
    """The engine writes repetitions out, and no signal is handled meanwhile."""
    with pytest.raises(ValueError, match="repeats too much"):
        check_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    ["[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "(.{0,5000}x){0,5000}", "[(]{100}", "(x){,5}"],
)
def test_other_repetitions_are_not(pattern):
    assert check_pattern(pattern) == pattern


def test_a_signal_is_handled_after_the_time_limit_at_the_latest():
    """The handler runs in the main thread between two searches of the slow pattern."""
    handled = []
    before = signal.signal(signal.SIGALRM, lambda *_: handled.append(True))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        while not handled:
            with pytest.raises(PatternTooSlow):
                SearchTime().matches(*SLOW)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
