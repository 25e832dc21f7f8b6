"""What many users met, in numbers that take no more room the longer it goes on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from .histogram import Histogram

QUANTILES = (0.5, 0.9, 0.95, 0.99, 0.999)
MOST_KINDS_OF_FAILURE = 200
OTHER_FAILURES = "other failures"

# What differs from user to user though the story is the same: ids, and the numbers of their frames.
_OWN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<=frame )\d+")

DURATIONS = {
    "accept_lateness": "how much later than planned an ACCEPT went out",
    "read_lateness": "how much later than planned a READ went out",
    "receipt_lateness": "the same of every timed receipt",
    "start_lateness": "how much later than planned a user began",
    "connect": "from reaching for the service until the connection is open",
    "answer": "from a request until its response",
    "push": "from publishing a message until the service pushed it back to who wrote it",
    "session": "from a user's beginning until its end",
}
"""What is measured in seconds, each by the local clock alone."""

COUNTS = {
    "users": "users that began",
    "passed": "users whose script came out as written",
    "failures": "users whose script did not",
    "stopped": "users that were stopped before their end",
    "steps": "steps that came out as written",
    "messages": "messages pushed to the users, their own included",
    "receipts": "timed receipts that went out",
    "frames": "payloads sent and heard",
}
"""What is counted."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured metric. Milliseconds; None where nothing was measured. ``rate`` is per second."""

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
class Count:
    """One counted metric; ``rate`` is per second."""

    metric: str
    count: int
    rate: float


@dataclass(frozen=True, slots=True)
class Failure:
    """One way in which users failed: at which step, in which words, how many of them."""

    step: str
    says: str
    users: int


@dataclass(frozen=True, slots=True)
class Moment:
    """The run at one moment of it; rates and quantiles are of the time since the moment before.

    ``active`` users are under way; the counts of users are of the whole run so far.
    """

    at_s: float
    active: int
    begun: int
    passed: int
    failed: int
    messages_per_s: float
    frames_per_s: float
    receipts: int
    figures: tuple[Figure, ...]

    def figure(self, metric: str) -> Figure:
        """The figure of this metric."""
        return next(figure for figure in self.figures if figure.metric == metric)


@dataclass(frozen=True, slots=True)
class Figures:
    """A run as a whole, or as far as it has come."""

    lasted_s: float
    active: int
    figures: tuple[Figure, ...]
    counts: tuple[Count, ...]
    failures: tuple[Failure, ...]

    def count(self, metric: str) -> int:
        """How many."""
        return next(count.count for count in self.counts if count.metric == metric)


class Metrics:
    """Counts and measures. Not for more than one thread.

    Args:
        began_s: when the run began.
    """

    def __init__(self, *, began_s: float) -> None:
        self._began_s = began_s
        self._whole = {metric: Histogram() for metric in DURATIONS}
        self._lately = {metric: Histogram() for metric in DURATIONS}
        self._counts: Counter[str] = Counter()
        self._before: Counter[str] = Counter()
        self._before_s = began_s
        self._failures: Counter[tuple[str, str]] = Counter()

    def measured(self, metric: str, duration_s: float) -> None:
        """One more duration of a metric in ``DURATIONS``."""
        self._whole[metric].add(duration_s)
        self._lately[metric].add(duration_s)

    def counted(self, metric: str, times: int = 1) -> None:
        """One more, or several, of a metric in ``COUNTS``."""
        self._counts[metric] += times

    def receipt(self, status: str, late_s: float) -> None:
        """A timed receipt went out, so much later than planned."""
        self.counted("receipts")
        self.measured("receipt_lateness", late_s)
        specific = f"{status.lower()}_lateness"
        if specific in DURATIONS:
            self.measured(specific, late_s)

    def failed(self, step: str, says: str) -> None:
        """A user failed. Of the many words there may be, the first few hundred are kept apart."""
        self.counted("failures")
        key = (step, _OWN.sub("…", says))
        if key not in self._failures and len(self._failures) >= MOST_KINDS_OF_FAILURE:
            key = ("", OTHER_FAILURES)
        self._failures[key] += 1

    @property
    def active(self) -> int:
        """How many users are under way."""
        counts = self._counts
        return counts["users"] - counts["passed"] - counts["failures"] - counts["stopped"]

    def count(self, metric: str) -> int:
        """How many there are of a metric in ``COUNTS``."""
        return self._counts[metric]

    def lasted_s(self, now_s: float) -> float:
        """How long the run has lasted; never 0."""
        return max(now_s - self._began_s, 1e-9)

    def histogram(self, metric: str) -> Histogram:
        """All durations of a metric; to look at, not to change."""
        return self._whole[metric]

    def moment(self, now_s: float) -> Moment:
        """The run since this was last asked."""
        span_s = max(now_s - self._before_s, 1e-9)
        rates = {name: (self._counts[name] - self._before[name]) / span_s for name in COUNTS}
        figures = tuple(_figures(self._lately, span_s))
        counts = self._counts
        self._lately = {metric: Histogram() for metric in DURATIONS}
        self._before, self._before_s = Counter(counts), now_s
        return Moment(
            now_s - self._began_s, self.active, counts["users"], counts["passed"], counts["failures"],
            rates["messages"], rates["frames"], counts["receipts"], figures,
        )  # fmt: skip

    def figures(self, now_s: float) -> Figures:
        """The run so far."""
        lasted_s = self.lasted_s(now_s)
        return Figures(
            lasted_s,
            self.active,
            tuple(_figures(self._whole, lasted_s)),
            tuple(Count(name, self._counts[name], self._counts[name] / lasted_s) for name in COUNTS),
            tuple(Failure(step, says, users) for (step, says), users in self._failures.most_common()),
        )


def _figures(histograms: dict[str, Histogram], span_s: float) -> Iterable[Figure]:
    for metric, histogram in histograms.items():
        p50, p90, p95, p99, p999 = map(_ms, histogram.quantiles_s(QUANTILES))
        yield Figure(
            metric, histogram.count, histogram.count / span_s, _ms(histogram.mean_s), _ms(histogram.least_s),
            p50, p90, p95, p99, p999, _ms(histogram.most_s),
        )  # fmt: skip


def _ms(duration_s: float | None) -> float | None:
    return None if duration_s is None else duration_s * 1000
