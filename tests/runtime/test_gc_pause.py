"""The garbage collector is afterwards as it was, whatever happened."""

from __future__ import annotations

import gc

import pytest

from recorder.runtime.gc_pause import collector_paused


def test_what_was_made_meanwhile_is_not_looked_at_at_once():
    """Else the pause would only put it off: all of it would be young when the collector comes back."""
    was_enabled = gc.isenabled()
    try:
        gc.enable()
        with collector_paused():
            made = [[] for _ in range(50_000)]
        assert gc.get_count()[0] < gc.get_threshold()[0]
        assert gc.get_freeze_count() == 0
        assert gc.is_tracked(made)
    finally:
        (gc.enable if was_enabled else gc.disable)()


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_afterwards_as_it_was(enabled):
    was_enabled = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        with collector_paused():
            assert not gc.isenabled()
        assert gc.isenabled() is enabled
        with pytest.raises(ZeroDivisionError), collector_paused():
            raise ZeroDivisionError
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if was_enabled else gc.disable)()
