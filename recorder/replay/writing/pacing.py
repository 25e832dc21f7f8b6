"""How fast a recording is played again: the delays of a written script."""

from __future__ import annotations

import re
from typing import NamedTuple

NOTICED_S = 0.005
"""Shorter pauses are what a machine takes to answer, not what somebody waited."""

_PACE = re.compile(r"(\d{1,4}(?:\.\d{1,3})?)x", re.ASCII)


class Pace(NamedTuple):
    """Every delay is divided by ``speed`` (None: there is none left), then cut to ``longest_s``."""

    speed: float | None = 1.0
    longest_s: float | None = None

    def delay_s(self, recorded_s: float | None) -> float:
        """What is left of a delay that was recorded; 0 where it is unknown or nothing to speak of."""
        if recorded_s is None or self.speed is None or recorded_s < NOTICED_S:
            return 0.0
        scaled_s = recorded_s / self.speed
        return scaled_s if self.longest_s is None else min(scaled_s, self.longest_s)

    def between_s(self, earlier_s: float | None, later_s: float | None) -> float:
        """The same, of the time between two moments."""
        return self.delay_s(None if earlier_s is None or later_s is None else later_s - earlier_s)


def parse_pace(written: str) -> float | None:
    """``original`` → 1.0, ``fast`` → None, ``2x`` → 2.0.

    Raises:
        ValueError: it is none of them; the text is made for people.
    """
    if written in ("original", "fast"):
        return 1.0 if written == "original" else None
    match = _PACE.fullmatch(written)
    if match is None or float(match[1]) == 0:
        raise ValueError(f'"{written[:40]}" is no pace: write original, fast, or a factor like 2x or 0.5x')
    return float(match[1])


def as_duration(seconds: float) -> str:
    """``0.2`` → ``200ms``, ``1.5`` → ``1.5s``: as a script says it, to the millisecond."""
    ms = max(1, round(seconds * 1000))
    return f"{ms}ms" if ms < 1000 else f"{ms / 1000:g}s" if ms < 1_000_000 else f"{ms // 1000}s"
