"""Whoever asks the clocks of a dialog is asked again where the answer becomes another, and only then."""

from __future__ import annotations

from recorder.checks.dependencies import Dependencies, Kind, Place, RuleLook
from recorder.checks.dialog_clocks import SessionClocks
from recorder.messaging.events import Evidence, Proof
from recorder.receipts.queries import MessageView

BEGAN_MS = 1_700_000_000_000


def message(sequence, frame, late_s):
    sent = Evidence(
        Proof.ANNOUNCED, frame, 1, None, frame * 1_000_000, BEGAN_MS + frame * 1_000 - late_s * 1_000
    )
    return MessageView("d", sequence, "a", None, None, "text/plain", "hi", "sent", sent, (), None)


class Asking:
    def __init__(self):
        self.dependencies = Dependencies()
        self.clocks = SessionClocks(self.dependencies)
        self.frames = 0

    def came(self, late_s):
        self.frames += 1
        self.clocks.change("d", None, message(self.frames, self.frames, late_s))
        self.clocks.settle()

    def ask(self, name, question):
        self.dependencies.place = Place(RuleLook(0, Kind.MESSAGE, lambda *_: ()), name)
        answer = question(self.clocks.of("d"))
        self.dependencies.place = None
        return answer

    def again(self):
        names = {place.item for place in self.dependencies.stale}
        self.dependencies.stale.clear()
        return names


def test_who_asked_whether_a_frame_was_live_hears_of_it():
    asking = Asking()
    asking.came(100)
    assert asking.ask("first", lambda clocks: clocks.is_live(message(1, 1, 100).sent))
    asking.came(50)
    assert asking.again() == {"first"}
    assert not asking.ask("first", lambda clocks: clocks.is_live(message(1, 1, 100).sent))
    asking.came(0)
    assert asking.again() == set()


def test_who_asked_whether_delays_are_apart_hears_of_it_when_the_error_passes_them():
    asking = Asking()
    for late_s in (0, 0, 0, 3, 3):
        asking.came(late_s)
    assert asking.ask("near", lambda clocks: clocks.contradict(2_000_000))
    assert asking.ask("far", lambda clocks: clocks.contradict(9_000_000))
    asking.again()
    for _ in range(4):
        asking.came(3.1)
    assert asking.again() == {"near"}
    assert not asking.ask("near", lambda clocks: clocks.contradict(2_000_000))


def test_who_asked_for_the_history_hears_of_it():
    asking = Asking()
    for late_s in (100, 50):
        asking.came(late_s)
    assert asking.ask("history", lambda clocks: clocks.has_history)
    asking.again()
    asking.came(200)
    assert asking.again() == {"history"}
