"""Plays one script to its end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing

from recorder.clock import Clock
from recorder.replay.run.connection import ConnectFunction, ConnectionObserver
from recorder.replay.run.driver import Driver, StartUpload
from recorder.replay.run.outcome import ScriptOutcome
from recorder.replay.run.player import Player
from recorder.runtime.waiter import Waiter, Waiting


def drive(
    player: Player,
    *,
    connect: ConnectFunction,
    clock: Clock,
    upload: StartUpload | None = None,
    observer: ConnectionObserver | None = None,
    wait: Callable[[Waiting], None] | None = None,
    stopped: Callable[[], bool] = lambda: False,
    lead_s: float = 0.0,
) -> ScriptOutcome:
    """Play, and return the outcome. Without ``wait``, ``clock`` must run by itself."""
    driver = Driver(player, connect=connect, clock=clock, upload=upload, observer=observer)
    with ExitStack() as at_the_end:
        if wait is None:
            wait = at_the_end.enter_context(closing(Waiter(clock))).wait
        driver.run(wait=wait, stopped=stopped, lead_s=lead_s)
    return player.outcome()
