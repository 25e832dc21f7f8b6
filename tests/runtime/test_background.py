"""Work beside the session: its result, its trouble, and a descriptor that tells."""

from __future__ import annotations

import select
import threading

import pytest

from recorder.runtime.background import Errand

PATIENCE_S = 20.0


def wait_for(errand):
    assert select.select([errand.fileno()], [], [], PATIENCE_S)[0]


def test_the_descriptor_tells_that_it_is_done_and_the_result_is_there():
    go = threading.Event()
    errand = Errand(lambda: go.wait(PATIENCE_S), name="test")
    assert not errand.done
    assert not select.select([errand.fileno()], [], [], 0)[0]
    go.set()
    wait_for(errand)
    assert errand.done
    assert errand.result() is True
    errand.close()


def test_what_went_wrong_is_raised_by_whoever_asks():
    errand = Errand(lambda: 1 // 0, name="test")
    wait_for(errand)
    with pytest.raises(ZeroDivisionError):
        errand.result()
    errand.close()


def test_an_errand_that_nobody_waits_for_ends_unheard():
    go = threading.Event()
    errand = Errand(lambda: go.wait(PATIENCE_S), name="nobody waits for this")
    errand.close()
    assert errand.fileno() == -1
    go.set()
    while not errand.done:  # nobody is told: all that can be done is look
        threading.Event().wait(0.001)
