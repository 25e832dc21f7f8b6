"""The result of a load run and its rows: recipes and the load loop make them, reports print them.

Durations are in milliseconds, None where nothing was measured; rates are per second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from recorder.counted import counted

from .errors import ExpectationFailed


@dataclass(frozen=True, slots=True)
class DurationStatistics:
    """One measured metric: how often it was measured, and how the durations are distributed."""

    metric: str
    count: int
    rate: float
    mean_ms: float | None
    min_ms: float | None
    p50_ms: float | None
    p90_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    p999_ms: float | None
    max_ms: float | None


@dataclass(frozen=True, slots=True)
class EventCount:
    """One counted metric."""

    metric: str
    count: int
    rate: float


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Users that failed at the same step, "" for none, with the same sentence."""

    step: str
    sentence: str
    users: int


@dataclass(frozen=True, slots=True)
class SlowUser:
    """One of the users that waited longest: its session, and its longest durations; None: it had none."""

    user: int
    session: str
    answer_ms: float | None
    push_ms: float | None
    receipt_lateness_ms: float | None


@dataclass(frozen=True, slots=True)
class LoadSample:
    """The run at ``at_s`` seconds of it; rates and durations are of the time since the sample before.

    ``active`` users are under way; the numbers of users are of the whole run so far.
    """

    at_s: float
    active: int
    begun: int
    passed: int
    failed: int
    messages_per_s: float
    frames_per_s: float
    receipts: int
    durations: Sequence[DurationStatistics]


@dataclass(frozen=True, slots=True)
class LoadSummary:
    """A run as a whole, or as far as it has come."""

    lasted_s: float
    active: int
    durations: Sequence[DurationStatistics]
    counts: Sequence[EventCount]
    failures: Sequence[FailureGroup]

    def count(self, metric: str) -> int:
        """The value of a counted metric."""
        return next(count.count for count in self.counts if count.metric == metric)


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The result of a load run.

    Attributes:
        summary: the run as a whole.
        samples: the run second by second.
        violations: a sentence for each threshold that was violated.
        began_us: when it began.
        stopped: whether it was stopped before its end.
        title: what the script is called.
        facts: the settings of the run by name, for a report.
        target: where it was played, and who chose that, by the names that ``--json`` has.
        slowest: some users, first who waited longest for an answer.
        cut_short: why all of it ended before its end, in one sentence; None if it did not, or was stopped.
    """

    summary: LoadSummary
    samples: Sequence[LoadSample]
    violations: Sequence[str]
    began_us: int
    stopped: bool
    title: str
    facts: Mapping[str, str]
    cut_short: str | None = None
    target: Mapping[str, str | None] = field(default_factory=dict)
    slowest: Sequence[SlowUser] = ()

    @property
    def passed(self) -> bool:
        """Whether no user failed, no threshold was violated, and nothing cut it short."""
        return not self.violations and not self.summary.count("failures") and self.cut_short is None

    @property
    def verdict(self) -> str:
        """The result in one sentence."""
        began, passed, failed, stopped = map(self.summary.count, ("users", "passed", "failures", "stopped"))
        rest = f", {stopped} stopped before their end" if stopped else ""
        why = f": {self.cut_short}" if self.cut_short is not None else ""
        return f"{counted(began, 'user')} began: {passed} passed, {failed} failed{rest}{why}"

    def raise_if_failed(self) -> None:
        """Return if it passed.

        Raises:
            ExpectationFailed: it did not; says how many users failed, and which thresholds were violated.
        """
        failed = self.summary.count("failures")
        users = "user" if failed == 1 else "users"
        problems = [*([f"{failed} {users} failed"] if failed else []), *self.violations]
        if problems:
            raise ExpectationFailed("; ".join(problems))
