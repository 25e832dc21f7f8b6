"""What new events may have changed is told, and what they cannot have is not."""

from __future__ import annotations

from builders.drawn_events import at, dialogs, frames, published_or_received, sequences
from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.events import (
    ConversationChanged,
    Identified,
    MessagePublished,
    Proof,
    PublishLost,
    PublishRefused,
    PublishRequested,
)
from recorder.receipts.batch_fold import fold_batches
from recorder.receipts.change_set import ChangeSet, Conclusions
from recorder.receipts.entities import SessionEntities
from recorder.receipts.queries import view
from recorder.receipts.state import Transcript

people = st.sampled_from(("a", "b", "me"))

events = st.one_of(
    published_or_received(people),
    st.builds(
        lambda d, s, f: MessagePublished(d, s, None, None, None, True, "text/plain", "hi", f, at(f + 1)),
        dialogs, sequences, frames,
    ),
    st.builds(
        lambda d, f: PublishRequested(d, None, "text/plain", "hi", None, at(f, Proof.CLAIMED)),
        dialogs,
        frames,
    ),
    st.builds(PublishLost, frames),
    st.builds(lambda f: PublishRefused(f, 400, at(f + 1, Proof.REFUSED)), frames),
    st.builds(lambda p: Identified(p, at(0)), people),
)  # fmt: skip


def by_key(transcript):
    return {
        (each.dialog_id, each.sequence) if each.sequence is not None else each.request_frame: each
        for each in view(transcript)
    }


@given(st.lists(events, max_size=15), st.lists(events, max_size=3))
def test_whatever_looks_different_afterwards_was_touched(before, later):
    """Or everything was; and who we are is concluded as from all facts."""
    entities, transcript = SessionEntities(), Transcript()
    fold_batches(before, transcript, entities=entities)
    seen, changes = by_key(transcript), ChangeSet(Conclusions.of(transcript), entities, transcript)
    watched = changes.watch(later)
    fold_batches(watched, transcript, entities=entities)
    concluded = changes.finish()
    assert concluded.selves == Conclusions.of(transcript).selves
    assert concluded.echoes == Conclusions.of(transcript).echoes
    now = by_key(transcript)
    different = {key for key in seen.keys() | now.keys() if seen.get(key) != now.get(key)}
    assert changes.everything or different <= changes.messages | changes.publishes


def test_a_message_by_somebody_known_touches_itself_alone():
    told = [
        MessagePublished("d", n, None, "a", "CONSUMER", False, "t", "hi", None, at(n + 1)) for n in (0, 1)
    ]
    entities, transcript = SessionEntities(), Transcript()
    fold_batches(told[:1], transcript, entities=entities)
    changes = ChangeSet(Conclusions.of(transcript), entities, transcript)
    fold_batches(changes.watch(told[1:]), transcript, entities=entities)
    changes.finish()
    assert (changes.messages, changes.publishes, changes.everything) == ({("d", 1)}, set(), False)


def test_a_snapshot_may_change_the_dialog_of_its_own_id_though_it_lists_none():
    """The main dialog goes by the id of its conversation; older snapshots list no dialogs."""
    snapshot = ConversationChanged("c", (), (), "CLOSE", None, None, False, at(1))
    transcript = Transcript()
    changes = ChangeSet(Conclusions.of(transcript), SessionEntities(), transcript)
    assert list(changes.watch([snapshot])) == [snapshot]
    assert changes.dialogs == {"c"}
