"""Who we are, event by event, against what the whole transcript tells."""

from __future__ import annotations

from builders.stories import Story, moves
from hypothesis import given
from hypothesis import strategies as st

from recorder.receipts.fold import fold
from recorder.receipts.selves import selves_of
from recorder.receipts.selves_tracker import SelvesTracker
from recorder.receipts.state import Transcript


@given(st.lists(moves, max_size=80))
def test_after_each_step_we_are_who_the_transcript_says(told):
    story, transcript, tracker, known = Story(), Transcript(), SelvesTracker(), 0
    for each in told:
        story.make(*each)
        new, known = story.session.events[known:], len(story.session.events)
        fold(new, transcript)
        before = tracker.selves
        changed = tracker.advance(transcript, new)
        assert tracker.selves == selves_of(transcript)
        assert changed == (tracker.selves != before)


def test_an_echo_tells_only_once(build):
    tracker, transcript = SelvesTracker(), Transcript()
    told = []
    for sequence in range(3):
        publish = build.publish("hi")
        events = [publish, build.answer(publish, sequence), build.message(sequence, by="me")]
        told.append(tracker.advance(fold(events, transcript), events))
    assert told == [True, False, False]
    assert tracker.selves.ids == {"me"}
