"""What a player can tell its driver to do."""

from __future__ import annotations

from recorder.replay.run.actions import AwaitMessage, CloseConnection, Done, Send, WakeAt


def test_hanging_up_is_a_normal_closure_unless_said_otherwise():
    assert CloseConnection() == CloseConnection(1000, "")


def test_actions_of_different_kinds_are_told_apart():
    """They are tuples; a driver must tell them by kind, never by content."""
    kinds = {type(action) for action in (Send(""), WakeAt(1.0), AwaitMessage(1.0), CloseConnection(), Done())}
    assert len(kinds) == 5
