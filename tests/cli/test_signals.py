"""The first signal asks, the second insists."""

from __future__ import annotations

import os
import signal

import pytest

from recorder.cli.signals import stop_on_signals
from recorder.errors import Stopped


def test_the_first_signal_is_set_and_wakes_a_wait():
    woken = []
    with stop_on_signals() as stop:
        stop.on_stop(lambda: woken.append(True))
        assert not stop.is_set()
        assert stop.wait(0) is False
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(10) is True
        assert (stop.is_set(), woken) == (True, [True])
        with pytest.raises(Stopped) as stopped:
            stop.raise_if_set()
        assert stopped.value.exit_code == 143


def test_the_second_signal_raises_keyboard_interrupt():
    def insist() -> None:
        with stop_on_signals():
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Stopped) as stopped:
        insist()
    assert stopped.value.exit_code == 130


def test_the_old_handlers_are_restored():
    before = signal.getsignal(signal.SIGTERM)
    with stop_on_signals():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_set_wakes_without_a_signal():
    with stop_on_signals() as stop:
        stop.set()
        assert stop.wait(10) is True
        assert not stop.is_set()
        stop.raise_if_set()
