"""The keys are told once: to textual, on the screen, and in the manual."""

from __future__ import annotations

from recorder.tui.help_screen import KEYS, bindings, key_rows
from recorder.tui.watch_app import WatchApp


def test_every_key_with_an_action_is_bound_and_the_application_has_the_action():
    actions = {each.action.partition("(")[0] for each in bindings()}
    assert {name for name in actions if not hasattr(WatchApp, f"action_{name}")} == set()
    assert len(list(key_rows())) == len(KEYS) + 1
    assert ("/", "search the lines of the pane") in list(key_rows())
