"""Which sequences came in which dialogs, in the order in which the dialogs appeared."""

from __future__ import annotations

from recorder.checks.dependencies import Dependencies
from recorder.checks.shown_sequences import ShownSequences
from recorder.messaging.events import Evidence, Proof
from recorder.receipts.queries import MessageView


def view(dialog, sequence, frame, *, snapshot=False):
    sent = Evidence(Proof.ANNOUNCED, frame, 1, None, None, None, snapshot)
    return MessageView(dialog, sequence, "a", None, None, None, None, "sent", sent, (), None)


def shown(*views):
    found = ShownSequences(Dependencies())
    for each in views:
        found.see((each.dialog_id, each.sequence), each)
    return found


def test_dialogs_stand_in_the_order_of_their_first_frames():
    found = shown(view("a", 7, 5), view("b", 7, 3))
    assert found.dialogs_with(7) == ["b", "a"]
    found.see(("a", 1), view("a", 1, 2))
    assert found.dialogs_with(7) == ["a", "b"]
    found.see(("a", 1), None)
    assert found.dialogs_with(7) == ["b", "a"]


def test_what_only_a_snapshot_shows_did_not_come():
    found = shown(view("a", 7, 5, snapshot=True), view("b", 8, 6))
    assert found.dialogs_with(7) == []
    assert (found.several, found.least.values) == (False, {"b": 8})
    found.see(("a", 7), view("a", 7, 9))
    assert (found.several, found.least.values) == (True, {"a": 7, "b": 8})
    found.see(("a", 7), None)
    assert (found.several, found.least.values) == (False, {"b": 8})
