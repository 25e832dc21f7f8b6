"""Events of few people, dialogs and frames, drawn by Hypothesis so that they meet."""

from __future__ import annotations

from hypothesis import strategies as st

from recorder.messaging.events import Event, Evidence, MessagePublished, Proof, ReceiptReported

roles = st.sampled_from((None, "CONSUMER", "MANAGER"))
dialogs, sequences, frames = st.sampled_from(("d", "e")), st.integers(0, 3), st.integers(1, 9)


def at(frame: int, proof: Proof = Proof.ANNOUNCED) -> Evidence:
    return Evidence(proof, frame, 1, frame, None, None)


def published_or_received(people: st.SearchStrategy[str]) -> st.SearchStrategy[Event]:
    """Messages by these people, and receipts that they gave."""
    return st.one_of(
        st.builds(
            lambda d, s, a, r, f: MessagePublished(d, s, None, a, r, False, "text/plain", "hi", None, at(f)),
            dialogs, sequences, people, roles, frames,
        ),
        st.builds(
            lambda d, s, p, r, t, f: ReceiptReported(d, (s,), p, r, False, t, None, None, at(f)),
            dialogs, sequences, people, roles, st.sampled_from(("READ", "ACCEPT")), frames,
        ),
    )  # fmt: skip
