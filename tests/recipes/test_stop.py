"""Callers who pass no way to stop are never stopped."""

from __future__ import annotations

from recorder.recipes.stop import NeverStop


def test_nobody_stops_a_caller_who_did_not_ask_for_it():
    stop = NeverStop()
    stop.on_stop(lambda: None)
    assert stop.is_set() is False
