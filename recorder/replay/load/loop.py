"""Many users at once: one loop, one archive writer, every user a session of its own.

A turn of the loop takes in what has come to anybody, commits all of it at once, and only then lets the
players hear it. Between any two players it looks whether a receipt of somebody is due: that goes first.
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
from recorder.runtime.waiter import Source

from ..run.driver import Driver
from ..run.outcome import FAILED, OK, ScriptOutcome
from .arrivals import Arrival
from .measured_connection import MeasuredConnection
from .metrics import Metrics
from .watch import DescriptorWatch

SAMPLE_EVERY_S = 1.0
_AT_ONCE = 8  # sessions whose input is committed together; few enough that no receipt waits long for it


class CommitsGroups(Protocol):
    """Commits what several sessions hand in between ``begin`` and ``commit`` as one."""

    def begin(self) -> None:
        """From now on, take without committing."""
        ...

    def commit(self) -> None:
        """Return when what was taken is committed."""
        ...

    def use_idle_time(self, spare_s: float) -> None:
        """Called every turn, with the time until somebody is due: see to what may take a while."""
        ...


class Arriving(Protocol):
    """Says who begins when; ``Arrivals`` does."""

    @property
    def over_s(self) -> float | None:
        """When everything is to end; None: when everybody is done."""
        ...

    @property
    def is_exhausted(self) -> bool:
        """Whether nobody is to come any more, unless ``ended`` makes room."""
        ...

    def next_at_s(self) -> float | None:
        """When the next one is due, as far as that is known."""
        ...

    def take_due(self, now_s: float) -> Arrival | None:
        """The next one, if it is due."""
        ...

    def ended(self, arrival: Arrival, *, failed: bool, now_s: float) -> None:
        """Somebody is done."""
        ...


class StartedUser(NamedTuple):
    """A user that has begun.

    Attributes:
        driver: plays and records its session.
        outcome: what came of it, asked at the end.
        finish: called once it is over, with what ended it early if something did.
        blank: takes its secrets out of a sentence that may quote its frames.
    """

    driver: Driver
    outcome: Callable[[], ScriptOutcome]
    finish: Callable[[str | None], None]
    blank: Callable[[str], str]


class _User:
    """One user under way. ``wake_s`` is when it is to be looked after even if nothing comes."""

    __slots__ = ("arrival", "began_s", "descriptors", "sources", "started", "wake_s")

    def __init__(self, arrival: Arrival, started: StartedUser, began_s: float) -> None:
        self.arrival = arrival
        self.started = started
        self.began_s = began_s
        self.wake_s: float | None = None
        self.sources: tuple[Source, ...] = ()
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
        on_end: told of each user that is done: its number, whether it passed, and if not, why.
    """

    def __init__(
        self,
        begin: Callable[[Arrival], StartedUser],
        *,
        arrivals: Arriving,
        metrics: Metrics,
        group_commit: CommitsGroups,
        clock: Clock,
        on_sample: Callable[[LoadSample], None] = lambda sample: None,
        on_end: Callable[[int, bool, str | None], None] = lambda user, passed, says: None,
    ) -> None:
        self._begin = begin
        self._arrivals = arrivals
        self._metrics = metrics
        self._group_commit = group_commit
        self._clock = clock
        self._on_sample = on_sample
        self._on_end = on_end
        self._leaving: deque[int] = deque()
        self._watch: DescriptorWatch[_User] = DescriptorWatch()
        self._users: dict[int, _User] = {}
        self._wakes: list[tuple[float, int]] = []
        self._sample_due_s = clock.now_s() + SAMPLE_EVERY_S
        self._stopping = False

    def stop(self) -> None:
        """End it soon: every session is closed and marked. From any thread or signal handler."""
        self._stopping = True
        self._watch.wake()

    def stop_user(self, user: int) -> None:
        """The same for one user."""
        self._leaving.append(user)
        self._watch.wake()

    def wake(self) -> None:
        """Have it look at once who is to begin. From any thread or signal handler."""
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
            self._end_all(_in_short(problem), despite=True)
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
        while self._leaving:
            self._send_away(self._leaving.popleft())
        self._group_commit.use_idle_time(self._spare_s())
        ready = self._watch.ready(self._left_s())
        for start in range(0, len(ready), _AT_ONCE):
            some = ready[start : start + _AT_ONCE]
            self._take_in(some)
            for user in some:
                self._do_what_is_due()
                self._advance(user)

    def _spare_s(self) -> float:
        """How long nobody is due."""
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
            self._welcome(arrival)

    def _take_in(self, users: Iterable[_User]) -> None:
        """Have all that has come to these recorded, in one transaction, before any of them hears it."""
        self._group_commit.begin()
        try:
            for user in users:
                for source in user.sources:
                    if isinstance(source, MeasuredConnection):
                        source.take_in()
        finally:
            self._group_commit.commit()

    def _welcome(self, arrival: Arrival) -> None:
        now_s = self._clock.now_s()
        user = _User(arrival, self._begin(arrival), now_s)
        self._users[arrival.user] = user
        self._metrics.counted("users")
        self._metrics.measured("start_lateness", now_s - arrival.due_s)
        self._advance(user)

    def _advance(self, user: _User) -> None:
        if user.arrival.user not in self._users:
            return  # it ended since it was found to have news
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
        user.sources = waiting.connections
        user.descriptors = self._watch.update(user, user.descriptors, user.sources)
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
        says = None
        if passed:
            self._metrics.counted("passed")
        else:
            step, says = _failure(outcome, problem)
            says = user.started.blank(says)
            self._metrics.failed(step, says)
        self._forget(user, problem)
        self._arrivals.ended(user.arrival, failed=not passed, now_s=now_s)
        self._on_end(user.arrival.user, passed, says)

    def _send_away(self, number: int) -> None:
        user = self._users.get(number)
        if user is not None:
            user.started.driver.close()
            self._metrics.counted("stopped")
            self._forget(user, "stopped")
            self._on_end(number, False, "stopped")

    def _forget(self, user: _User, problem: str | None) -> None:
        del self._users[user.arrival.user]
        self._watch.update(user, user.descriptors, ())
        user.started.finish(problem)

    def _end_all(self, why: str, *, despite: bool = False) -> None:
        """Close every session: first all say Close, then all are waited for, so that nobody waits in vain."""
        for user in self._users.values():
            for source in user.sources:
                if isinstance(source, MeasuredConnection):
                    _whatever_comes(source.hang_up, despite)
        for user in list(self._users.values()):
            _whatever_comes(user.started.driver.close, despite)
            self._metrics.counted("stopped")
            _whatever_comes(lambda user=user: self._forget(user, why), despite)  # type: ignore[misc]


def _whatever_comes(work: Callable[[], object], despite: bool) -> None:
    """Do it; where something failed before, that is what is told, and not what fails because of it."""
    try:
        work()
    except RecorderError:
        if not despite:
            raise


def _in_short(problem: BaseException) -> str:
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
    return "", _first(outcome.troubles)


def _first(troubles: Sequence[str]) -> str:
    return troubles[0] if troubles else "it did not come out as written"
