"""The lines of a written script's steps."""

from __future__ import annotations

from typing import Any

import pytest

from recorder.documents import TooLarge
from recorder.replay.generate.pacing import Pace, Timeline
from recorder.replay.generate.step_lines import StepLines


def lines(pace: Pace = Pace()) -> StepLines:  # noqa: B008 - immutable
    return StepLines(Timeline([0.0, 1.0, 2.0, 3.0, 100.0], pace))


@pytest.mark.parametrize(
    ("verb", "says", "line"),
    [
        ("say", {"text": "Hi"}, "- say: Hi"),
        ("say", {"text": "Hi", "consumer": "ben"}, "- say: {text: Hi, consumer: ben}"),
        ("keep_alive", {}, "- keep_alive"),
        ("disconnect", {"how": "abort"}, "- disconnect: abort"),
        ("send", {"envelope": "text"}, "- send: text"),
        ("send", {"envelope": {"kind": "req"}}, "- send: {kind: req}"),
        ("send", {"envelope": {"envelope": 1}}, "- send: {envelope: {envelope: 1}}"),
    ],
)
def test_a_step_is_written_as_short_as_it_can_be(verb: str, says: dict[str, Any], line: str) -> None:
    written = lines()
    written.step(verb, says)
    assert written.lines == [line]


def test_advance_to_never_goes_back() -> None:
    """A receipt that was planned early may stand behind what came later."""
    written = lines()
    for at_s in (2.0, 1.0, None):
        written.advance_to(at_s)
    assert written.reached_s == 2.0


def test_after_counts_from_the_awaited_message() -> None:
    written = lines()
    written.advance_to(2.0)
    assert written.timed(3.0, "say", {}, since_s=1.0) == {"after": "2s"}
    assert written.lines == []


def test_a_pause_becomes_a_wait_step_where_after_is_impossible() -> None:
    written = lines()
    written.advance_to(2.0)
    assert written.timed(3.0, "say", {}, since_s=None) == {}
    assert written.timed(3.0, "rate", {}, since_s=1.0) == {}
    assert written.lines == ["- wait: 1s", "- wait: 1s"]


def test_no_delay_without_a_pause() -> None:
    written = lines()
    written.advance_to(3.0)
    assert written.timed(3.0, "say", {}, since_s=1.0) == written.timed(None, "say", {}, since_s=1.0) == {}
    assert lines(Pace(None)).timed(3.0, "say", {}, since_s=1.0) == {}
    assert written.lines == []


def test_within_is_twice_the_recorded_time() -> None:
    written = lines(Pace(0.5))
    written.advance_to(3.0)
    assert written.within(4.0) == {}
    assert written.within(100.0) == {"within": "388s"}


def test_more_steps_than_a_script_may_have_are_refused_as_they_are_written() -> None:
    written = lines()
    for _ in range(10):
        assert written.step("say", {"text": "x" * 100_000}) is None
    with pytest.raises(TooLarge, match="more than 1,048,576 characters"):
        written.step("say", {"text": "x" * 100_000})
