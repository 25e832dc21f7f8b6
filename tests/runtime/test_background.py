"""Work beside the session: its result, its trouble, and a descriptor that tells."""

from __future__ import annotations

import select
import threading

import pytest

from recorder.runtime.background import BackgroundTask

PATIENCE_S = 20.0


def wait_for(task):
    assert select.select([task.fileno()], [], [], PATIENCE_S)[0]


def test_the_descriptor_tells_that_it_is_done_and_the_result_is_there():
    go = threading.Event()
    task = BackgroundTask(lambda: go.wait(PATIENCE_S), name="test")
    assert not task.done
    assert not select.select([task.fileno()], [], [], 0)[0]
    go.set()
    wait_for(task)
    assert task.done
    assert task.result() is True
    task.close()


def test_the_error_of_the_work_is_raised_by_result():
    task = BackgroundTask(lambda: 1 // 0, name="test")
    wait_for(task)
    with pytest.raises(ZeroDivisionError):
        task.result()
    task.close()


def test_an_errand_that_nobody_waits_for_ends_unheard():
    go = threading.Event()
    task = BackgroundTask(lambda: go.wait(PATIENCE_S), name="nobody waits for this")
    task.close()
    assert task.fileno() == -1
    go.set()
    while not task.done:  # nobody is told: all that can be done is look
        threading.Event().wait(0.001)
