"""Random decisions of the simulator, all drawn from one seed.

Every mood draws from a generator of its own for every consumer: turning on another mood, or another
consumer's requests, changes nothing for this one.
"""

from __future__ import annotations

import random
from collections import Counter

from recorder.documents import DelayDistribution, Duration

from .conditions import Condition


class Randomness:
    """Seeded generators, one for each mood and consumer; the same seed gives the same decisions."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._generators: dict[tuple[str, str], random.Random] = {}
        self._occurrences: Counter[tuple[str, str]] = Counter()

    def generator(self, mood: str, consumer_id: str) -> random.Random:
        """The generator of one mood for one consumer."""
        generator = self._generators.get((mood, consumer_id))
        if generator is None:
            # A text seeds by its digest, the same in every process; a tuple would not.
            generator = random.Random(f"{self._seed} {mood} {consumer_id}")  # noqa: S311 - no secrets
            self._generators[mood, consumer_id] = generator
        return generator

    def applies(self, mood: str, condition: Condition | None, consumer_id: str) -> bool:
        """Whether a mood applies this time; the occurrence is counted either way. None: the mood is off."""
        if condition is None:
            return False
        self._occurrences[mood, consumer_id] += 1
        nth = self._occurrences[mood, consumer_id]
        if condition.nth not in (None, nth) or (condition.first is not None and nth > condition.first):
            return False
        return (
            condition.probability >= 1.0 or self.generator(mood, consumer_id).random() < condition.probability
        )

    def delay_s(self, mood: str, delay: DelayDistribution, consumer_id: str) -> float:
        """The delay in seconds: fixed, or drawn from its range."""
        return float(delay) if isinstance(delay, Duration) else delay.draw(self.generator(mood, consumer_id))
