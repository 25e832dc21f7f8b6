"""Stepping from moment to moment shows what ``message list --at`` folds anew."""

from __future__ import annotations

from itertools import groupby

from builders.drawn_events import at, dialogs, frames, published_or_received
from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.events import Proof, PublishRequested
from recorder.receipts.batch_fold import fold_batches
from recorder.receipts.moment_states import MomentStates
from recorder.receipts.queries import view
from recorder.receipts.state_changes import FrameEvents, state_changes

people = st.sampled_from(("a", "b"))

events = st.one_of(
    published_or_received(people),
    st.builds(
        lambda d, a, f: PublishRequested(d, None, "text/plain", "hi", a, at(f, Proof.CLAIMED)),
        dialogs, people, frames,
    ),
)  # fmt: skip


@given(found=st.lists(events, max_size=9), moments=st.lists(st.integers(0, 9), max_size=5))
def test_any_order_of_moments_shows_the_fold_up_to_each(found, moments):
    found.sort(key=lambda event: event.evidence.frame)
    batches = [
        FrameEvents(frame, list(some)) for frame, some in groupby(found, lambda event: event.evidence.frame)
    ]
    states = MomentStates(state_changes(batches, with_roles=True))
    for moment in moments:
        by_then = [event for event in found if event.evidence.frame <= moment]
        assert states.as_of(moment) == view(fold_batches(by_then)), moment
