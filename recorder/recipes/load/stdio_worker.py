"""Users on demand: lines on standard input begin and stop them, lines on standard output report events.

Started by programs whose own timers are too inexact for receipts, like Locust. One JSON object a line. First
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
from typing import Any

from recorder.clock import RealClock
from recorder.errors import RecorderError
from recorder.replay.load.arrivals import Arrival
from recorder.replay.load.loop import LoadLoop
from recorder.replay.load.metrics import Metrics
from recorder.replay.run.outcome import FAILED, StepResult
from recorder.runtime.gc_control import low_latency_interpreter

from ..queries import silent
from ..stop import NeverStop
from .options import Load
from .setup import load_setup
from .users import UserFactory, Watcher

_REPORTED = ("connect", "answer", "push")
USUAL_USERS = 1_000


class LineWriter:
    """Writes lines in a thread of its own: a slow reader delays no user."""

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[Mapping[str, object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="line writer", daemon=True)
        self._thread.start()

    def __call__(self, **line: object) -> None:
        """Write this object soon."""
        self._lines.put(line)

    def close(self) -> None:
        """Return once everything is written."""
        self._lines.put(None)
        self._thread.join()

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            sys.stdout.write(json.dumps(line) + "\n")
            if self._lines.empty():
                sys.stdout.flush()
        sys.stdout.flush()


class RequestedArrivals:
    """Arrivals requested by lines of input."""

    over_s = None

    def __init__(self, clock: RealClock) -> None:
        self._clock = clock
        self._waiting: queue.SimpleQueue[Arrival] = queue.SimpleQueue()
        self.input_ended = False

    def begin(self, user: int) -> None:
        """Let this user begin now."""
        self._waiting.put(Arrival(user, self._clock.now_s()))

    @property
    def is_exhausted(self) -> bool:
        """Whether nobody is to come any more."""
        return self.input_ended and self._waiting.empty()

    def next_at_s(self) -> float | None:
        """Now, if a user waits."""
        return None if self._waiting.empty() else self._clock.now_s()

    def take_due(self, now_s: float) -> Arrival | None:
        """The next user that waits."""
        try:
            return self._waiting.get_nowait()
        except queue.Empty:
            return None

    def ended(self, arrival: Arrival, *, failed: bool, now_s: float) -> None:
        """No user follows without a request."""


class _ReportedMetrics:
    """Writes the measurements of one user as lines, besides counting them."""

    def __init__(self, user: int, metrics: Metrics, write: LineWriter) -> None:
        self._user, self._metrics, self._write = user, metrics, write

    def measured(self, metric: str, duration_s: float) -> None:
        """Count, and report what Locust shows."""
        self._metrics.measured(metric, duration_s)
        if metric in _REPORTED:
            self._write(user=self._user, measured=metric, ms=duration_s * 1000)

    def counted(self, metric: str, times: int = 1) -> None:
        """Count, and report what Locust shows."""
        self._metrics.counted(metric, times)

    def receipts(self, status: str, late_s: float) -> None:
        """A frame of receipts was sent."""
        self._metrics.receipt(status, late_s)
        self._write(user=self._user, receipt=status, late_ms=late_s * 1000)

    def step(self, result: StepResult) -> None:
        """A step ended."""
        took_s = (result.ended_s or 0.0) - (result.began_s or 0.0)
        failed = result.sentence if result.outcome == FAILED else None
        self._write(user=self._user, step=result.verb, ms=took_s * 1000, failed=failed)

    def watcher(self) -> Watcher:
        """The callbacks of a user."""
        return Watcher(self, self.receipts, self.step)


def run() -> None:
    """Serve until the input ends. Input that cannot be used is reported as ``{"error": …}``, and ends it."""
    write = LineWriter()
    try:
        _serve(json.loads(sys.stdin.readline()), write)
    except RecorderError as problem:
        write(error=str(problem), hint=problem.hint)
    finally:
        write.close()


def _serve(request: dict[str, Any], write: LineWriter) -> None:
    script, archive = request.pop("script"), request.pop("archive")
    load = Load(users=request.pop("users", USUAL_USERS), **request)
    with load_setup(script, load, archive=archive, stop=NeverStop(), say=silent) as setup:
        arrivals = RequestedArrivals(setup.clock)
        users = UserFactory(setup, lambda user: _ReportedMetrics(user, setup.metrics, write).watcher())
        loop = setup.loop(
            users,
            arrivals,
            on_end=lambda user, passed, failure: write(user=user, passed=passed, failed=failure),
        )
        write(ready=True)
        threading.Thread(target=_listen, args=(arrivals, loop), name="listener", daemon=True).start()
        with low_latency_interpreter():
            loop.run()
        setup.group_commit.close()


def _listen(arrivals: RequestedArrivals, loop: LoadLoop) -> None:
    for line in sys.stdin:
        command = json.loads(line)
        if "begin" in command:
            arrivals.begin(int(command["begin"]))
        elif "stop" in command:
            loop.stop_user(int(command["stop"]))
        loop.wake()
    arrivals.input_ended = True
    loop.stop()
