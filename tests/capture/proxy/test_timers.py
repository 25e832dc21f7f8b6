"""Deadlines of a loop."""

from recorder.capture.proxy.timers import Timers


def test_calls_are_made_when_they_are_due_in_order():
    timers, made = Timers(), []
    timers.call_at(2.0, lambda: made.append("b"))
    timers.call_at(1.0, lambda: made.append("a"))
    timers.call_at(2.0, lambda: made.append("c"))
    assert timers.next_due_s() == 1.0
    assert not timers.run_due(0.9)
    assert made == []
    assert timers.run_due(2.0)
    assert made == ["a", "b", "c"]
    assert timers.next_due_s() is None


def test_a_call_that_is_cancelled_is_not_made():
    timers, made = Timers(), []
    first = timers.call_at(1.0, lambda: made.append("a"))
    timers.call_at(1.5, lambda: made.append("b"))
    first.cancel()
    assert timers.next_due_s() == 1.5
    timers.run_due(5.0)
    assert made == ["b"]


def test_a_call_may_plan_another_that_is_due_at_once():
    timers, made = Timers(), []
    timers.call_at(1.0, lambda: timers.call_at(1.0, lambda: made.append("later")))
    timers.run_due(1.0)
    assert made == ["later"]
