"""When the garbage collector runs, and that afterwards it is as it was, whatever happened."""

from __future__ import annotations

import gc
import sys

import pytest

from recorder.runtime import gc_control
from recorder.runtime.gc_control import IdleCollector, collector_paused, low_latency_interpreter


@pytest.fixture(autouse=True)
def nothing_frozen(monkeypatch):
    """tests/conftest.py freezes what the collection of tests made."""
    gc.unfreeze()
    monkeypatch.setattr(gc_control, "_frozen", gc_control._Frozen())
    yield
    gc.freeze()


def test_objects_made_in_the_pause_are_not_collected_at_once_after_it():
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


class Cycle:
    def __init__(self):
        self.itself = self


def cycles(number):
    return [Cycle() for _ in range(number)]


@pytest.mark.parametrize(
    ("idle_s", "collects"),
    [
        pytest.param(None, True, id="nothing is due"),
        pytest.param(1.0, True, id="there is time"),
        pytest.param(0.0001, False, id="something is due"),
    ],
)
def test_the_idle_collector_runs_only_when_nothing_is_due(idle_s, collects):
    with IdleCollector() as collector:
        garbage = cycles(IdleCollector.MANY_NEW)
        before = gc.get_stats()[1]["collections"] + gc.get_stats()[2]["collections"]
        collector.collect_if_idle(idle_s)
        after = gc.get_stats()[1]["collections"] + gc.get_stats()[2]["collections"]
        assert (after > before) is collects
        del garbage


def test_the_idle_collector_runs_at_a_deadline_rather_than_fill_memory():
    with IdleCollector() as collector:
        garbage = cycles(IdleCollector.TOO_MANY)
        collector.collect_if_idle(0.0)
        assert gc.get_count()[0] < IdleCollector.TOO_MANY
        del garbage


def test_automatic_collection_is_on_again_after_the_idle_collector():
    assert gc.isenabled()
    with IdleCollector():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_the_interpreter_is_as_it_was_afterwards():
    before = (sys.getswitchinterval(), gc.get_threshold(), gc.get_freeze_count())
    with low_latency_interpreter():
        assert sys.getswitchinterval() < before[0]
        assert gc.get_threshold()[2] > before[1][2]
    assert (sys.getswitchinterval(), gc.get_threshold(), gc.get_freeze_count()) == before


@pytest.mark.parametrize("within", [IdleCollector, low_latency_interpreter, collector_paused])
def test_what_somebody_keeps_frozen_stays_so(within):
    gc.freeze()
    for _ in range(2):  # the second time without counting
        with within():
            pass
        assert gc.get_freeze_count()


@pytest.mark.parametrize("within", [IdleCollector, low_latency_interpreter])
def test_older_objects_are_looked_at_again_only_afterwards(within):
    with within():
        assert gc.get_freeze_count()
    assert not gc.get_freeze_count()


def test_one_within_another_leaves_its_objects_frozen():
    with low_latency_interpreter():
        with IdleCollector(), collector_paused():
            pass
        assert gc.get_freeze_count()
    assert not gc.get_freeze_count()
