"""What new events may have changed is told, and what they cannot have is not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.events import (
    ConversationChanged,
    Evidence,
    Identified,
    MessagePublished,
    Proof,
    PublishAsked,
    PublishLost,
    PublishRefused,
    ReceiptReported,
)
from recorder.receipts.change_set import Conclusions, Touched
from recorder.receipts.fold import fold
from recorder.receipts.queries import view
from recorder.receipts.register import Register
from recorder.receipts.state import Transcript

people = st.sampled_from(("a", "b", "me"))
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
        lambda d, s, f: MessagePublished(d, s, None, None, None, True, "text/plain", "hi", f, at(f + 1)),
        dialogs, sequences, frames,
    ),
    st.builds(
        lambda d, s, p, r, t, f: ReceiptReported(d, (s,), p, r, False, t, None, None, at(f)),
        dialogs, sequences, people, roles, st.sampled_from(("READ", "ACCEPT")), frames,
    ),
    st.builds(
        lambda d, f: PublishAsked(d, None, "text/plain", "hi", None, at(f, Proof.CLAIMED)), dialogs, frames
    ),
    st.builds(PublishLost, frames),
    st.builds(lambda f: PublishRefused(f, 400, at(f + 1, Proof.REFUSED)), frames),
    st.builds(lambda p: Identified(p, at(0)), people),
)  # fmt: skip


def by_key(transcript):
    return {
        (each.dialog_id, each.sequence) if each.sequence is not None else each.ask: each
        for each in view(transcript)
    }


@given(st.lists(events, max_size=15), st.lists(events, max_size=3))
def test_whatever_looks_different_afterwards_was_touched(before, later):
    """Or everything was; and who we are is concluded as from all facts."""
    register, transcript = Register(), Transcript()
    fold(before, transcript, register=register)
    seen, touched = by_key(transcript), Touched(Conclusions.of(transcript))
    watched = touched.watch(later, register, transcript)
    fold(watched, transcript, register=register)
    concluded = touched.settle(transcript)
    assert concluded.me == Conclusions.of(transcript).me
    assert concluded.echoes == Conclusions.of(transcript).echoes
    now = by_key(transcript)
    different = {key for key in seen.keys() | now.keys() if seen.get(key) != now.get(key)}
    assert touched.everything or different <= touched.messages | touched.asks


def test_a_message_by_somebody_known_touches_itself_alone():
    told = [
        MessagePublished("d", n, None, "a", "CONSUMER", False, "t", "hi", None, at(n + 1)) for n in (0, 1)
    ]
    register, transcript = Register(), Transcript()
    fold(told[:1], transcript, register=register)
    touched = Touched(Conclusions.of(transcript))
    fold(touched.watch(told[1:], register, transcript), transcript, register=register)
    touched.settle(transcript)
    assert (touched.messages, touched.asks, touched.everything) == ({("d", 1)}, set(), False)


def test_a_snapshot_may_change_the_dialog_of_its_own_id_though_it_lists_none():
    """The main dialog goes by the id of its conversation; older snapshots list no dialogs."""
    snapshot = ConversationChanged("c", (), (), "CLOSE", None, None, False, at(1))
    transcript = Transcript()
    touched = Touched(Conclusions.of(transcript))
    assert list(touched.watch([snapshot], Register(), transcript)) == [snapshot]
    assert touched.dialogs == {"c"}
