"""The pace of a generated script (``--pace``, ``--max-gap``): recorded pauses → delays."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from recorder.documents.durations import LONGEST_S

NOTICED_S = 0.005
"""Shorter pauses are response times of programs, and not written."""

CLOSE_DELAY_S = 0.1
"""With ``--pace fast`` the agent closes this late, so that steps recorded before still come before it."""

_PACE = re.compile(r"(\d{1,4}(?:\.\d{1,3})?)x", re.ASCII)


class Pace(NamedTuple):
    """Every pause is divided by ``speed`` (None: there is none left), then cut to ``longest_s``."""

    speed: float | None = 1.0
    longest_s: float | None = None

    @property
    def keeps_time(self) -> bool:
        """False for ``--pace fast``: no pauses."""
        return self.speed is not None

    def pause_s(self, recorded_s: float) -> float:
        """The pause to write for a recorded one, in seconds."""
        if self.speed is None:
            return 0.0
        scaled_s = recorded_s / self.speed
        return scaled_s if self.longest_s is None else min(scaled_s, self.longest_s)


class Timeline:
    """Maps recorded times to times in the script.

    The pause between two successive events, whoever's they are, is scaled by the pace; then times are
    rounded to milliseconds. So the order stays, and delays that overlap agree with each other.

    Attributes:
        was_cut: whether a delay was longer than a script can say, and was cut to that.
    """

    def __init__(self, times_s: Iterable[float | None], pace: Pace = Pace()) -> None:  # noqa: B008 - immutable
        self.pace = pace
        self.was_cut = False
        self._recorded = sorted({time_s for time_s in times_s if time_s is not None})
        self._written = [0.0] if self._recorded else []
        for earlier_s, later_s in zip(self._recorded, self._recorded[1:], strict=False):
            self._written.append(self._written[-1] + pace.pause_s(later_s - earlier_s))

    def between_s(self, earlier_s: float | None, later_s: float | None) -> float:
        """Seconds between two recorded times in the script; 0 if one is unknown or they are too close."""
        if earlier_s is None or later_s is None or later_s <= earlier_s:
            return 0.0
        delay_s = self._at_s(later_s) - self._at_s(earlier_s)
        if delay_s > LONGEST_S:
            self.was_cut, delay_s = True, LONGEST_S
        return delay_s if delay_s >= NOTICED_S else 0.0

    def _at_s(self, recorded_s: float) -> float:
        index = bisect_right(self._recorded, recorded_s) - 1
        if index < 0:
            return 0.0
        return round(self._written[index] + self.pace.pause_s(recorded_s - self._recorded[index]), 3)


def parse_pace(written: str) -> float | None:
    """``original`` → 1.0, ``fast`` → None, ``2x`` → 2.0.

    Raises:
        ValueError: it is none of them; the text is an error sentence.
    """
    if written in ("original", "fast"):
        return 1.0 if written == "original" else None
    match = _PACE.fullmatch(written)
    if match is None or float(match[1]) == 0:
        raise ValueError(f'"{written[:40]}" is no pace: write original, fast, or a factor like 2x or 0.5x')
    return float(match[1])


def as_duration(seconds: float) -> str:
    """A duration in script notation, to the millisecond: ``0.2`` → ``200ms``, ``1.5`` → ``1.5s``.

    The longest that a script can say is thirty days.
    """
    ms = max(1, round(min(seconds, LONGEST_S) * 1000))
    return f"{ms}ms" if ms < 1000 else f"{ms / 1000:.3f}".rstrip("0").rstrip(".") + "s"
