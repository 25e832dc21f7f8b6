"""Courses side by side: what each wants, and who comes first."""

from __future__ import annotations

from recorder.replay.run.coroutine import Coroutine, CoroutineState
from recorder.replay.run.step_context import SleepUntil, StepFailed, WaitFor


def strand_of(*wants):
    heard = []

    def coroutine():
        for command in wants:
            try:
                heard.append((yield command))
            except StepFailed as failed:
                heard.append(failed.sentence)
        if not wants:
            raise StepFailed("nothing to do")
        return "done"

    return Coroutine(coroutine()), heard


def test_a_course_goes_on_when_it_gets_what_it_wants():
    coroutine, heard = strand_of(SleepUntil(2.0), WaitFor(lambda: None, 5.0, None))
    assert coroutine.advance(0.0) is CoroutineState.RESUMED
    assert coroutine.advance(1.0) is CoroutineState.BLOCKED
    assert (coroutine.wakes_at_s(), coroutine.is_sleeping) == (2.0, True)
    assert coroutine.advance(2.0) is CoroutineState.RESUMED
    assert (coroutine.wakes_at_s(), coroutine.is_sleeping) == (5.0, False)
    assert coroutine.advance(5.0) is CoroutineState.RESUMED
    assert (heard, coroutine.over, coroutine.command) == ([None, None], True, None)


def test_what_is_found_is_handed_in():
    coroutine, heard = strand_of(WaitFor(lambda: "it", None, None))
    coroutine.advance(0.0)
    coroutine.advance(0.0)
    assert heard == ["it"]


def test_a_search_that_fails_fails_its_course():
    def found():
        raise StepFailed("too slow")

    coroutine, heard = strand_of(WaitFor(found, None, None))
    coroutine.advance(0.0)
    coroutine.advance(0.0)
    assert heard == ["too slow"]


def test_a_course_that_fails_says_why():
    coroutine, _ = strand_of()
    coroutine.advance(0.0)
    assert coroutine.over
    assert coroutine.failed.sentence == "nothing to do"
