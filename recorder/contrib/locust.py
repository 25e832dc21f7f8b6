"""Scripts played on Locust: past one machine, with a master, its workers, and its web page.

::

    from recorder.contrib.locust import ScriptUser

    class Consumer(ScriptUser):
        script = "slow-reader.yaml"
        archive = "load-{worker}.db"

Locust runs its users on gevent, whose timers are late by a millisecond and, beside a busy thread, by
hundreds: unsuitable for timed receipts. So every Locust process starts one engine, a Python process without
gevent, which plays and records the sessions of all its users; Locust decides who plays when, and is sent
every step, answer and receipt. An engine is a process: start half as many workers as
there are cores.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar

import gevent  # type: ignore[import-untyped]  # it ships no types; of it only what stands here is used
from gevent import subprocess
from gevent.event import Event  # type: ignore[import-untyped]
from gevent.lock import RLock  # type: ignore[import-untyped]
from gevent.queue import Queue  # type: ignore[import-untyped]
from locust import User, constant, task
from locust.env import Environment
from locust.exception import StopUser

REQUEST_TYPE = "UMS"
_ENGINE = "from recorder.recipes.load.stdio_worker import run; run()"
_START_TIMEOUT_S = 30.0
_END_TIMEOUT_S = 15.0


class EngineFailed(Exception):
    """The engine cannot play; the text says why."""


class ScriptStepFailed(Exception):
    """A step of the script failed; Locust counts it as a failure."""


class Engine:
    """The engine process. Used from greenlets."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _ENGINE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for Locust, which stops us in good order
        )
        self._events: dict[int, Queue] = {}
        self._users = 0
        self._ready = Event()
        self._problem: str | None = None
        self._write(config)
        self._reader = gevent.spawn(self._read)

    def begin(self) -> int:
        """Begin a user; its number.

        Raises:
            EngineFailed: nothing can be played.
        """
        if not self._ready.wait(_START_TIMEOUT_S) or self._problem is not None:
            raise EngineFailed(self._problem or "it did not start")
        self._users += 1
        self._events[self._users] = Queue()
        self._write({"begin": self._users})
        return self._users

    def next_event(self, user: int) -> Mapping[str, Any]:
        """The next event of this user; ``passed`` is in the last one.

        Raises:
            EngineFailed: it has ended.
        """
        event: Mapping[str, Any] = self._events[user].get()
        if "error" in event:
            raise EngineFailed(event["error"])
        if "passed" in event:
            del self._events[user]
        return event

    def stop(self, user: int) -> None:
        """Stop the session of this user."""
        if self._events.pop(user, None) is not None:
            self._write({"stop": user})

    def close(self) -> None:
        """End the engine: every session is closed and marked."""
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(_END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.kill()
        self._process.stdout.close()

    def _write(self, line: Mapping[str, Any]) -> None:
        with suppress(OSError, ValueError):  # it has ended; whoever waits for its events gets an error
            self._process.stdin.write(json.dumps(dict(line)) + "\n")
            self._process.stdin.flush()

    def _read(self) -> None:
        for line in self._process.stdout:
            event = json.loads(line)
            if "user" in event:
                if (events := self._events.get(event["user"])) is not None:
                    events.put(event)
            else:
                self._problem = _sentence_of(event)
                self._ready.set()
        self._problem = self._problem or "it ended early"
        self._ready.set()
        for events in self._events.values():
            events.put({"error": self._problem})


class ScriptUser(User):
    """A Locust user that plays a script over and over, each time as a session of its own.

    ``host`` is the service's WebSocket URL, "script" for the one that the script names, or "simulator", which
    starts one; no host means that too, unless the script's URL is filled in: then one of them must be said.

    Attributes:
        script: the script's file.
        archive: where its sessions are recorded. "{worker}" in it is the number of the worker: a file
            takes one recorder at a time; a PostgreSQL database takes them all.
        load: other options, by the names of ``recorder.recipes.Load``: ``token_command``,
            ``tokens``, ``variables``, ``init_connection``, ``seed``, …
    """

    abstract = True
    wait_time = constant(0)
    script: ClassVar[str]
    archive: ClassVar[str] = "load-{worker}.db"
    load: ClassVar[Mapping[str, Any]] = {}

    _engines: ClassVar[dict[tuple[type, int], Engine]] = {}
    _starting: ClassVar[RLock] = RLock()

    @task
    def play(self) -> None:
        """Play the script once, and report everything that is measured to Locust."""
        try:
            self._play(self._engine())
        except EngineFailed as problem:
            self._fire("engine", 0.0, str(problem))
            raise StopUser from problem

    def _play(self, engine: Engine) -> None:
        user = engine.begin()
        try:
            while "passed" not in (event := engine.next_event(user)):
                self._report(event)
        finally:
            engine.stop(user)
        if not event["passed"]:
            gevent.sleep(1.0)  # limits the load on a service that is down

    def _report(self, event: Mapping[str, Any]) -> None:
        if "step" in event:
            self._fire(event["step"], event["ms"], event["failed"])
        elif "receipt" in event:
            self._fire(f"{event['receipt']} lateness", event["late_ms"], None)
        else:
            self._fire(event["measured"], event["ms"], None)

    def _fire(self, name: str, took_ms: float, failed: str | None) -> None:
        self.environment.events.request.fire(
            request_type=REQUEST_TYPE,
            name=name,
            response_time=took_ms,
            response_length=0,
            exception=None if failed is None else ScriptStepFailed(failed),
            context={},
        )

    def _engine(self) -> Engine:
        """The engine of this class in this process; started by the first user that needs it."""
        key = (type(self), id(self.environment))
        with self._starting:  # starting a process lets other greenlets run
            if key not in self._engines:
                self._engines[key] = Engine(self._config())
                self._end_with_the_test(key, self._engines[key])
            return self._engines[key]

    def _config(self) -> Mapping[str, Any]:
        """The first line the engine reads."""
        host = self.host or self.environment.host
        return {
            "script": self.script,
            "archive": self.archive.replace("{worker}", str(_worker_of(self.environment))),
            "url": host,
            **self.load,
        }

    def _end_with_the_test(self, key: tuple[type, int], engine: Engine) -> None:
        def end(**_: object) -> None:
            if self._engines.get(key) is engine:
                del self._engines[key]
                engine.close()

        self.environment.events.test_stop.add_listener(end)
        self.environment.events.quitting.add_listener(end)


def _sentence_of(event: Mapping[str, Any]) -> str | None:
    """The error of an event with what to do about it; None if it is none."""
    hint = f" ({event['hint']})" if event.get("hint") else ""
    return f"{event['error']}{hint}" if "error" in event else None


def _worker_of(environment: Environment) -> int:
    """The number of this worker; 0 where Locust runs on its own."""
    return max(getattr(environment.runner, "worker_index", 0), 0)
