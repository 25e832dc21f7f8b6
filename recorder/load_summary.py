"""The results of a load run as plain rows: the load loop makes them, reports print them.

Durations are in milliseconds, None where nothing was measured; rates are per second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


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
