"""Counters and duration histograms of a load run, in constant memory."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from recorder.load_summary import (
    DurationStatistics,
    EventCount,
    FailureGroup,
    LoadSample,
    LoadSummary,
)

from .histogram import Histogram

QUANTILES = (0.5, 0.9, 0.95, 0.99, 0.999)
MOST_KINDS_OF_FAILURE = 200
OTHER_FAILURES = "other failures"

# What differs from user to user though the story is the same: ids, and the numbers of their frames.
_OWN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<=frame )\d+")

DURATIONS = {
    "accept_lateness": "how much later than planned an ACCEPT went out",
    "read_lateness": "how much later than planned a READ went out",
    "receipt_lateness": "how much later than planned a timed receipt of any status went out",
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
    "frames": "payloads sent and received",
}
"""What is counted."""


class Metrics:
    """Counts events and measures durations. For one thread only.

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

    def failed(self, step: str, sentence: str) -> None:
        """A user failed; the first few hundred different sentences are counted apart."""
        self.counted("failures")
        key = (step, _OWN.sub("…", sentence))
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
        """All durations of a metric; read only."""
        return self._whole[metric]

    def sample(self, now_s: float) -> LoadSample:
        """The run since the sample before."""
        span_s = max(now_s - self._before_s, 1e-9)
        rates = {name: (self._counts[name] - self._before[name]) / span_s for name in COUNTS}
        durations = tuple(_statistics(self._lately, span_s))
        counts = self._counts
        self._lately = {metric: Histogram() for metric in DURATIONS}
        self._before, self._before_s = Counter(counts), now_s
        return LoadSample(
            now_s - self._began_s, self.active, counts["users"], counts["passed"], counts["failures"],
            rates["messages"], rates["frames"], counts["receipts"], durations,
        )  # fmt: skip

    def summary(self, now_s: float) -> LoadSummary:
        """The run so far."""
        lasted_s = self.lasted_s(now_s)
        return LoadSummary(
            lasted_s,
            self.active,
            tuple(_statistics(self._whole, lasted_s)),
            tuple(EventCount(name, self._counts[name], self._counts[name] / lasted_s) for name in COUNTS),
            tuple(
                FailureGroup(step, sentence, users)
                for (step, sentence), users in self._failures.most_common()
            ),
        )


def _statistics(histograms: dict[str, Histogram], span_s: float) -> Iterable[DurationStatistics]:
    for metric, histogram in histograms.items():
        p50, p90, p95, p99, p999 = map(_ms, histogram.quantiles_s(QUANTILES))
        yield DurationStatistics(
            metric, histogram.count, histogram.count / span_s, _ms(histogram.mean_s), _ms(histogram.least_s),
            p50, p90, p95, p99, p999, _ms(histogram.most_s),
        )  # fmt: skip


def _ms(duration_s: float | None) -> float | None:
    return None if duration_s is None else duration_s * 1000
