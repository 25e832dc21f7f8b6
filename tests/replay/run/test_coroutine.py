"""Courses side by side: what each wants, and who comes first."""

from __future__ import annotations

from recorder.replay.run.coroutine import Strand, Went
from recorder.replay.run.step_context import Rest, StepFailed, Until


def strand_of(*wants):
    heard = []

    def course():
        for want in wants:
            try:
                heard.append((yield want))
            except StepFailed as failed:
                heard.append(failed.says)
        if not wants:
            raise StepFailed("nothing to do")
        return "done"

    return Strand(course()), heard


def test_a_course_goes_on_when_it_gets_what_it_wants():
    strand, heard = strand_of(Rest(2.0), Until(lambda: None, 5.0, None))
    assert strand.look_after(0.0) is Went.ON
    assert strand.look_after(1.0) is Went.NOWHERE
    assert (strand.wakes_at_s(), strand.rests) == (2.0, True)
    assert strand.look_after(2.0) is Went.ON
    assert (strand.wakes_at_s(), strand.rests) == (5.0, False)
    assert strand.look_after(5.0) is Went.ON
    assert (heard, strand.over, strand.want) == ([None, None], True, None)


def test_what_is_found_is_handed_in():
    strand, heard = strand_of(Until(lambda: "it", None, None))
    strand.look_after(0.0)
    strand.look_after(0.0)
    assert heard == ["it"]


def test_a_search_that_fails_fails_its_course():
    def found():
        raise StepFailed("too slow")

    strand, heard = strand_of(Until(found, None, None))
    strand.look_after(0.0)
    strand.look_after(0.0)
    assert heard == ["too slow"]


def test_a_course_that_fails_says_why():
    strand, _ = strand_of()
    strand.look_after(0.0)
    assert strand.over
    assert strand.failed.says == "nothing to do"
