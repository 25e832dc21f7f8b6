"""Stepping from moment to moment shows what ``message list --at`` folds anew."""

from __future__ import annotations

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.events import Evidence, MessagePublished, Proof, PublishRequested, ReceiptReported
from recorder.receipts.batch_fold import fold_batches
from recorder.receipts.moment_states import MomentStates
from recorder.receipts.queries import view
from recorder.receipts.state_changes import FrameEvents, state_changes

people = st.sampled_from(("a", "b"))
roles = st.sampled_from((None, "CONSUMER", "MANAGER"))
dialogs, sequences, frames = st.sampled_from(("d", "e")), st.integers(0, 3), st.integers(1, 9)


def at(frame, proof=Proof.ANNOUNCED):
    return Evidence(proof, frame, 1, frame, None, None)


events = st.one_of(
    st.builds(
        lambda d, s, a, r, f: MessagePublished(d, s, None, a, r, False, "text/plain", "hi", None, at(f)),
        dialogs, sequences, people, roles, frames,
    ),
    st.builds(
        lambda d, s, p, r, t, f: ReceiptReported(d, (s,), p, r, False, t, None, None, at(f)),
        dialogs, sequences, people, roles, st.sampled_from(("READ", "ACCEPT")), frames,
    ),
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
