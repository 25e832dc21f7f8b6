"""Which users waited longest: for each of them the longest of its durations, beside what all measure."""

from __future__ import annotations

from .metrics import Metrics

RECEIPT_LATENESS = "receipt_lateness"
WAITED = ("answer", "push", RECEIPT_LATENESS)
"""Metrics whose longest durations are kept for each user."""


class UserMetrics:
    """What measures for one user: passes everything on to ``metrics``, and keeps the longest durations."""

    __slots__ = ("_metrics", "longest_s")

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self.longest_s: dict[str, float] = {}

    def measured(self, metric: str, duration_s: float) -> None:
        """One more duration of a metric."""
        self._metrics.measured(metric, duration_s)
        self._keep(metric, duration_s)

    def counted(self, metric: str, times: int = 1) -> None:
        """One more, or several, of a metric."""
        self._metrics.counted(metric, times)

    def receipt(self, status: str, late_s: float) -> None:
        """A timed receipt went out, so much later than planned."""
        self._metrics.receipt(status, late_s)
        self._keep(RECEIPT_LATENESS, late_s)

    def _keep(self, metric: str, duration_s: float) -> None:
        if metric in WAITED and duration_s > self.longest_s.get(metric, 0.0):
            self.longest_s[metric] = duration_s


class LongestDurations:
    """The longest durations of each user, by its number; ``metrics`` measures everything as well."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._users: dict[int, UserMetrics] = {}

    def of(self, user: int) -> UserMetrics:
        """What measures for this user."""
        return self._users.setdefault(user, UserMetrics(self._metrics))

    def slowest(self, most: int) -> list[tuple[int, dict[str, float]]]:
        """So many users, with their longest durations in seconds: first who waited longest for an answer."""
        waited = [(user, each.longest_s) for user, each in self._users.items() if each.longest_s]
        waited.sort(key=lambda each: [-each[1].get(metric, 0.0) for metric in WAITED])
        return waited[:most]
