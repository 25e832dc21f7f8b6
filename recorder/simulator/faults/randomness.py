"""Everything that is left to chance, from one seed.

Every mood rolls dice of its own for every consumer: turning another mood on, or another consumer's
visit, changes nothing for this one.
"""

from __future__ import annotations

import random
from collections import Counter

from recorder.documents import Delay, Duration

from .conditions import Chance


class Dice:
    """Chance that is the same each time for the same seed."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._sources: dict[tuple[str, str], random.Random] = {}
        self._occasions: Counter[tuple[str, str]] = Counter()

    def of(self, mood: str, whose: str) -> random.Random:
        """The source of chance of one mood, for one consumer (or whatever else is counted apart)."""
        source = self._sources.get((mood, whose))
        if source is None:
            # A text seeds by its digest, the same in every process; a tuple would not.
            source = random.Random(f"{self._seed} {mood} {whose}")  # noqa: S311 - no secrets
            self._sources[mood, whose] = source
        return source

    def takes(self, mood: str, chance: Chance | None, whose: str) -> bool:
        """Whether a mood takes this occasion; it is counted either way. A mood that is off takes none."""
        if chance is None:
            return False
        self._occasions[mood, whose] += 1
        occasion = self._occasions[mood, whose]
        if chance.nth not in (None, occasion) or (chance.first is not None and occasion > chance.first):
            return False
        return chance.probability >= 1.0 or self.of(mood, whose).random() < chance.probability

    def seconds(self, mood: str, delay: Delay, whose: str) -> float:
        """How long it takes this time."""
        return float(delay) if isinstance(delay, Duration) else delay.draw(self.of(mood, whose))
