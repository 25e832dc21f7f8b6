"""Views that follow a transcript, against those of the whole."""

from __future__ import annotations

from builders.stories import Story, moves
from hypothesis import given
from hypothesis import strategies as st

from recorder.checks.message_views import MessageViews, participants_in
from recorder.receipts.fold import fold
from recorder.receipts.queries import view
from recorder.receipts.selves import selves_of
from recorder.receipts.state import Transcript


@given(st.lists(moves, max_size=60))
def test_after_each_step_the_views_are_those_of_the_transcript(told):
    story, transcript, known = Story(), Transcript(), 0
    views = MessageViews(transcript)
    for each in told:
        story.make(*each)
        new, known = story.session.events[known:], len(story.session.events)
        fold(new, transcript)
        before = dict(views.views)
        changed, _ = views.advance(new)
        shown = {
            (message.dialog_id, message.sequence): message
            for message in view(transcript)
            if message.dialog_id is not None and message.sequence is not None
        }
        assert views.views == shown
        assert views.selves == selves_of(transcript)
        assert changed == {key for key in {*before, *shown} if before.get(key) != shown.get(key)}


def test_participants_are_those_whose_role_an_event_may_tell(session):
    session.snapshot("consumer-1")
    session.message(0, by="agent-1")
    session.receipt("READ", 0, by="bot")
    session.say()
    assert list(participants_in(session.events)) == ["consumer-1", "agent-1", "bot"]
