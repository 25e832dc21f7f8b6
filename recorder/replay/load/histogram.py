"""Count durations in buckets, so that a million of them take no more room than a thousand.

A bucket is 2 % wider than the one before, and stands for its middle: a quantile is at most 1 % off.
Count, mean, least and most are exact.
"""

from __future__ import annotations

import math
from array import array

SMALLEST_S = 1e-6
LARGEST_S = 1e5
GROWTH = 1.02
_LOG_GROWTH = math.log(GROWTH)
_BUCKETS = 2 + math.ceil(math.log(LARGEST_S / SMALLEST_S) / _LOG_GROWTH)


class Histogram:
    """Durations in seconds, in about 10 KB whatever their number.

    What is below a microsecond counts as one, what is beyond a day as a day; what is negative as 0.

    Attributes:
        count: how many there are.
        total_s: their sum.
        least_s, most_s: the shortest and the longest; None while there is none.
    """

    __slots__ = ("_buckets", "count", "least_s", "most_s", "total_s")

    def __init__(self) -> None:
        self.count = 0
        self.total_s = 0.0
        self.least_s: float | None = None
        self.most_s: float | None = None
        self._buckets = array("Q", bytes(8 * _BUCKETS))

    def add(self, duration_s: float) -> None:
        """Count one."""
        duration_s = max(duration_s, 0.0)
        self.count += 1
        self.total_s += duration_s
        if self.least_s is None or duration_s < self.least_s:
            self.least_s = duration_s
        if self.most_s is None or duration_s > self.most_s:
            self.most_s = duration_s
        self._buckets[_bucket(duration_s)] += 1

    @property
    def mean_s(self) -> float | None:
        """The mean; None of nothing."""
        return self.total_s / self.count if self.count else None

    def quantile_s(self, share: float) -> float | None:
        """The shortest duration that at least this share (0 to 1) of all does not exceed; None of nothing."""
        (found,) = self.quantiles_s((share,))
        return found

    def quantiles_s(self, shares: tuple[float, ...]) -> list[float | None]:
        """The quantiles for several shares in rising order, in one pass."""
        least, most = self.least_s, self.most_s
        if least is None or most is None:
            return [None for _ in shares]
        found: list[float | None] = []
        place, passed = 0, self._buckets[0]
        for share in shares:
            rank = min(max(math.ceil(share * self.count), 1), self.count)
            while passed < rank:
                place += 1
                passed += self._buckets[place]
            middle = most if rank == self.count else _middle_s(place)
            found.append(min(max(middle, least), most))
        return found


def _bucket(duration_s: float) -> int:
    if duration_s <= SMALLEST_S:
        return 0
    return min(1 + int(math.log(duration_s / SMALLEST_S) / _LOG_GROWTH), _BUCKETS - 1)


def _middle_s(bucket: int) -> float:
    return SMALLEST_S * math.pow(GROWTH, max(bucket - 0.5, 0.0))
