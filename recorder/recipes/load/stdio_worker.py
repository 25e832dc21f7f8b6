"""Users on demand: begin and stop them by lines on standard input, tell on standard output what they meet.

What another program, whose own clock may be a poor one, runs beside itself. One JSON object a line. First
comes the load: ``{"script": …, "archive": …, "url": …, …}``; then ``{"begin": 1}`` and ``{"stop": 1}``,
each with a number of the asker's. Back come, for user 1::

    {"user": 1, "measured": "answer", "ms": 1.2}
    {"user": 1, "receipt": "READ", "late_ms": 0.3}
    {"user": 1, "step": "say", "ms": 4.0, "failed": null}
    {"user": 1, "passed": true, "failed": null}

It ends, with every session closed, when its input does.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from recorder.clock import RealClock
from recorder.errors import RecorderError
from recorder.replay.language.script import Script, load
from recorder.replay.load.arrivals import Arrival
from recorder.replay.load.loop import LoadLoop
from recorder.replay.load.metrics import Metrics
from recorder.replay.run.outcome import FAILED, StepResult
from recorder.runtime.gc_control import low_latency_interpreter

from ..queries import open_archive
from ..scripts import folder_of, script_text, without_secret_name
from ..stop import NeverStop
from .limits import room_for
from .options import MOST_USERS, Load
from .run import find_places, make_users
from .users import Scripts, Watcher

_TOLD = ("connect", "answer", "push")
USUAL_USERS = 1_000


class Teller:
    """Writes lines in a thread of its own: a reader that is slow holds nobody up."""

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[Mapping[str, object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="teller", daemon=True)
        self._thread.start()

    def __call__(self, **told: object) -> None:
        """Tell this soon."""
        self._lines.put(told)

    def close(self) -> None:
        """Return once everything is told."""
        self._lines.put(None)
        self._thread.join()

    def _write(self) -> None:
        while (told := self._lines.get()) is not None:
            sys.stdout.write(json.dumps(told) + "\n")
            if self._lines.empty():
                sys.stdout.flush()
        sys.stdout.flush()


class Asked:
    """Arrivals as they are asked for."""

    over_s = None

    def __init__(self, clock: RealClock) -> None:
        self._clock = clock
        self._waiting: queue.SimpleQueue[Arrival] = queue.SimpleQueue()
        self.ended_asking = False

    def ask(self, user: int) -> None:
        """This user is to begin now."""
        self._waiting.put(Arrival(user, self._clock.now_s()))

    @property
    def is_exhausted(self) -> bool:
        """Whether nobody is to come any more."""
        return self.ended_asking and self._waiting.empty()

    def next_at_s(self) -> float | None:
        """Now, if somebody waits."""
        return None if self._waiting.empty() else self._clock.now_s()

    def take_due(self, now_s: float) -> Arrival | None:
        """The next one, if somebody waits."""
        try:
            return self._waiting.get_nowait()
        except queue.Empty:
            return None

    def ended(self, arrival: Arrival, *, failed: bool, now_s: float) -> None:
        """Nobody takes the place unasked."""


class _Told:
    """What one user measures, told as well as counted."""

    def __init__(self, user: int, metrics: Metrics, tell: Teller) -> None:
        self._user, self._metrics, self._tell = user, metrics, tell

    def measured(self, metric: str, duration_s: float) -> None:
        """See ``MetricsSink``."""
        self._metrics.measured(metric, duration_s)
        if metric in _TOLD:
            self._tell(user=self._user, measured=metric, ms=duration_s * 1000)

    def counted(self, metric: str, times: int = 1) -> None:
        """See ``MetricsSink``."""
        self._metrics.counted(metric, times)

    def receipts(self, status: str, late_s: float) -> None:
        """A frame of receipts left."""
        self._metrics.receipt(status, late_s)
        self._tell(user=self._user, receipt=status, late_ms=late_s * 1000)

    def step(self, result: StepResult) -> None:
        """A step ended."""
        took_s = (result.ended_s or 0.0) - (result.began_s or 0.0)
        failed = result.sentence if result.outcome == FAILED else None
        self._tell(user=self._user, step=result.verb, ms=took_s * 1000, failed=failed)

    def watcher(self) -> Watcher:
        """All of it."""
        return Watcher(self, self.receipts, self.step)


def run() -> None:
    """Serve until the input ends. What cannot be used is told as ``{"error": …}``, and ends it."""
    tell = Teller()
    try:
        _serve(json.loads(sys.stdin.readline()), tell)
    except RecorderError as problem:
        tell(error=problem.says, hint=problem.hint)
    finally:
        tell.close()


def _serve(told: dict[str, Any], tell: Teller) -> None:
    script, archive = told.pop("script"), told.pop("archive")
    asked_for = Load(users=told.pop("users", USUAL_USERS), **told)
    text, folder = script_text(script), folder_of(script)
    clock = RealClock()
    arrivals = Asked(clock)
    with ExitStack() as closing:

        def read(user: int) -> Script:
            read = load(text, file=script, variables=asked_for.known_to(user), folder=folder)
            return without_secret_name(read)

        scripts = Scripts(text, read)
        closing.callback(scripts.close)
        room_for(min(asked_for.users, MOST_USERS))
        places = find_places(scripts.first, asked_for, closing)
        opened = closing.enter_context(open_archive(archive, mode="write", create=True))
        gathering = opened.gathering(clock=clock)
        metrics = Metrics(began_s=clock.now_s())
        users = make_users(
            opened, gathering, scripts, places, asked_for, clock,
            watcher=lambda user: _Told(user, metrics, tell).watcher(), say=lambda says: None,
            closing=closing, stop=NeverStop(),
        )  # fmt: skip
        running = LoadLoop(
            users.begin, arrivals=arrivals, metrics=metrics, gathering=gathering, clock=clock,
            on_end=lambda user, passed, says: tell(user=user, passed=passed, failed=says),
        )  # fmt: skip
        tell(ready=True)
        threading.Thread(target=_listen, args=(arrivals, running), name="listener", daemon=True).start()
        with low_latency_interpreter():
            running.run()
        gathering.close()


def _listen(arrivals: Asked, running: LoadLoop) -> None:
    for line in sys.stdin:
        told = json.loads(line)
        if "begin" in told:
            arrivals.ask(int(told["begin"]))
        elif "stop" in told:
            running.stop_user(int(told["stop"]))
        running.wake()
    arrivals.ended_asking = True
    running.stop()
