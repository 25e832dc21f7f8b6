"""Many users at once: one loop, one archive writer, every user a session of its own.

Each turn reads what has arrived for several users, commits all of it in one transaction, and only then hands
it to their players. Between two players it sends receipts that are due.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

from recorder.clock import Clock
from recorder.errors import RecorderError, StorageFailed
from recorder.load_summary import LoadSample

from ..run.driver import Driver
from ..run.outcome import FAILED, OK, ScriptOutcome
from .arrivals import Arrival
from .metrics import Metrics
from .watch import DescriptorWatch

SAMPLE_EVERY_S = 1.0
_AT_ONCE = 8  # sessions whose input is committed together; few enough that no receipt waits long for it


class BatchCommit(Protocol):
    """Commits what several sessions hand in between ``begin`` and ``commit`` as one."""

    def begin(self) -> None: ...
    def commit(self) -> None: ...
    def use_idle_time(self, spare_s: float) -> None:
        """Called every turn, with the time until somebody is due: see to what may take a while."""


class Arriving(Protocol):
    """Says who begins when; ``Arrivals`` does, and has the same methods."""

    @property
    def over_s(self) -> float | None: ...
    @property
    def is_exhausted(self) -> bool: ...

    def next_at_s(self) -> float | None: ...
    def take_due(self, now_s: float) -> Arrival | None: ...
    def ended(self, arrival: Arrival, *, failed: bool, now_s: float) -> None: ...


class StartedUser(NamedTuple):
    """A user that has started.

    Attributes:
        driver: plays and records its session.
        outcome: returns the outcome of its script, at the end.
        finish: called once it is over, with what ended it early, or None.
        blank: replaces its secrets in a sentence that may quote its frames.
    """

    driver: Driver
    outcome: Callable[[], ScriptOutcome]
    finish: Callable[[str | None], None]
    blank: Callable[[str], str]


class _User:
    """One user under way. ``wake_s``: when to advance it even if nothing arrives."""

    __slots__ = ("arrival", "began_s", "descriptors", "started", "wake_s")

    def __init__(self, arrival: Arrival, started: StartedUser, began_s: float) -> None:
        self.arrival = arrival
        self.started = started
        self.began_s = began_s
        self.wake_s: float | None = None
        self.descriptors: tuple[int, ...] = ()


class LoadLoop:
    """Plays users until all are done, the run time is over, or somebody stops it.

    Args:
        begin: makes the session of a user; called on time, so it should not take long.
        arrivals: when users begin.
        tally: counts and measures.
        group_commit: commits for all.
        clock: one that runs by itself; the connections go by it.
        on_sample: called every second with the numbers of that second.
        on_end: called for each user that is done: its number, whether it passed, and if not, why.
    """

    def __init__(
        self,
        begin: Callable[[Arrival], StartedUser],
        *,
        arrivals: Arriving,
        metrics: Metrics,
        group_commit: BatchCommit,
        clock: Clock,
        on_sample: Callable[[LoadSample], None] = lambda sample: None,
        on_end: Callable[[int, bool, str | None], None] = lambda user, passed, sentence: None,
    ) -> None:
        self._begin = begin
        self._arrivals = arrivals
        self._metrics = metrics
        self._group_commit = group_commit
        self._clock = clock
        self._on_sample = on_sample
        self._on_end = on_end
        self._to_stop: deque[int] = deque()
        self._watch: DescriptorWatch[_User] = DescriptorWatch()
        self._users: dict[int, _User] = {}
        self._wakes: list[tuple[float, int]] = []
        self._sample_due_s = clock.now_s() + SAMPLE_EVERY_S
        self._stopping = False

    def stop(self) -> None:
        """End the run soon; every session is closed and marked. From any thread or signal handler."""
        self._stopping = True
        self._watch.wake()

    def stop_user(self, user: int) -> None:
        """End the session of one user soon. From any thread or signal handler."""
        self._to_stop.append(user)
        self._watch.wake()

    def wake(self) -> None:
        """Check at once which users are due to begin. From any thread or signal handler."""
        self._watch.wake()

    def run(self) -> None:
        """Play.

        Raises:
            StorageFailed: the archive could not take something; nothing of that was delivered.
            RecorderError: a user could not even begin: what was given for all cannot be used.
        """
        try:
            while not self._is_over():
                self._turn()
            self._end_all("stopped" if self._stopping else "the run time is over")
        except BaseException as problem:
            self._end_all(_problem_text(problem), despite=True)
            raise
        finally:
            self._on_sample(self._metrics.sample(self._clock.now_s()))
            self._watch.close()

    def _is_over(self) -> bool:
        over_s = self._arrivals.over_s
        if self._stopping or (over_s is not None and self._clock.now_s() >= over_s):
            return True
        return not self._users and self._arrivals.is_exhausted

    # --- one turn ---

    def _turn(self) -> None:
        self._do_what_is_due()
        while self._to_stop:
            self._stop_user(self._to_stop.popleft())
        self._group_commit.use_idle_time(self._spare_s())
        ready = self._watch.ready(self._left_s())
        for start in range(0, len(ready), _AT_ONCE):
            some = ready[start : start + _AT_ONCE]
            self._take_in(some)
            for user in some:
                self._do_what_is_due()
                self._advance(user)

    def _spare_s(self) -> float:
        """Seconds until the next user is due."""
        return self._wakes[0][0] - self._clock.now_s() if self._wakes else math.inf

    def _left_s(self) -> float | None:
        wakes = self._wakes
        samples = [
            wakes[0][0] if wakes else None, self._arrivals.next_at_s(), self._arrivals.over_s,
            self._sample_due_s,
        ]  # fmt: skip
        until_s = min(sample for sample in samples if sample is not None)
        return 0.0 if self._stopping else max(until_s - self._clock.now_s(), 0.0)

    def _do_what_is_due(self) -> None:
        now_s = self._clock.now_s()
        wakes = self._wakes
        while wakes and wakes[0][0] <= now_s:
            wake_s, number = heapq.heappop(wakes)
            user = self._users.get(number)
            if user is not None and user.wake_s == wake_s:
                user.wake_s = None
                self._advance(user)
                now_s = self._clock.now_s()
        if now_s >= self._sample_due_s:
            self._sample_due_s = now_s + SAMPLE_EVERY_S
            self._on_sample(self._metrics.sample(now_s))
        if (arrival := self._arrivals.take_due(now_s)) is not None:
            self._start(arrival)

    def _take_in(self, users: Iterable[_User]) -> None:
        """Record what has arrived for these users, in one transaction, before their players get it."""
        self._group_commit.begin()
        try:
            for user in users:
                user.started.driver.take_in()
        finally:
            self._group_commit.commit()

    def _start(self, arrival: Arrival) -> None:
        now_s = self._clock.now_s()
        user = _User(arrival, self._begin(arrival), now_s)
        self._users[arrival.user] = user
        self._metrics.counted("users")
        self._metrics.measured("start_lateness", now_s - arrival.due_s)
        self._advance(user)

    def _advance(self, user: _User) -> None:
        if user.arrival.user not in self._users:
            return  # it ended after it was found ready
        try:
            waiting = user.started.driver.advance(self._clock.now_s())
        except StorageFailed:
            raise
        except RecorderError as problem:
            self._ended(user, str(problem))
            return
        if waiting is None:
            self._ended(user, None)
            return
        user.descriptors = self._watch.update(user, user.descriptors, waiting.connections)
        if waiting.until_s is not None and waiting.until_s != user.wake_s:
            heapq.heappush(self._wakes, (waiting.until_s, user.arrival.user))
        user.wake_s = waiting.until_s

    # --- ends ---

    def _ended(self, user: _User, problem: str | None) -> None:
        now_s = self._clock.now_s()
        if problem is not None:
            user.started.driver.close()
        outcome = user.started.outcome()
        passed = problem is None and outcome.passed
        self._metrics.counted("steps", sum(result.outcome == OK for result in outcome.results))
        self._metrics.measured("session", now_s - user.began_s)
        sentence = None
        if passed:
            self._metrics.counted("passed")
        else:
            step, sentence = _failure(outcome, problem)
            sentence = user.started.blank(sentence)
            self._metrics.failed(step, sentence)
        self._remove(user, problem)
        self._arrivals.ended(user.arrival, failed=not passed, now_s=now_s)
        self._on_end(user.arrival.user, passed, sentence)

    def _stop_user(self, number: int) -> None:
        user = self._users.get(number)
        if user is not None:
            user.started.driver.close()
            self._metrics.counted("stopped")
            self._remove(user, "stopped")
            self._on_end(number, False, "stopped")

    def _remove(self, user: _User, problem: str | None) -> None:
        del self._users[user.arrival.user]
        self._watch.update(user, user.descriptors, ())
        user.started.finish(problem)

    def _end_all(self, why: str, *, despite: bool = False) -> None:
        """Close every session: first send all Close frames, then wait for all answers at the same time."""
        for user in self._users.values():
            _run_despite_errors(user.started.driver.hang_up, despite)
        for user in list(self._users.values()):
            _run_despite_errors(user.started.driver.close, despite)
            self._metrics.counted("stopped")
            _run_despite_errors(lambda user=user: self._remove(user, why), despite)  # type: ignore[misc]


def _run_despite_errors(work: Callable[[], object], despite: bool) -> None:
    """Call ``work``; with ``despite``, after an error, errors that follow from it are dropped."""
    try:
        work()
    except RecorderError:
        if not despite:
            raise


def _problem_text(problem: BaseException) -> str:
    return (
        str(problem) if isinstance(problem, RecorderError) else f"a fault of ours: {type(problem).__name__}"
    )


def _failure(outcome: ScriptOutcome, problem: str | None) -> tuple[str, str]:
    """At which step a user failed, and how; ids of its own and numbers of its frames are left out."""
    if problem is not None:
        return "", problem
    for result in outcome.results:
        if result.outcome == FAILED:
            return f"{result.number} {result.verb}", result.sentence
    return "", _first_sentence(outcome.problems)


def _first_sentence(problems: Sequence[str]) -> str:
    return problems[0] if problems else "it did not come out as written"
