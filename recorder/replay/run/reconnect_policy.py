"""When a consumer reconnects by itself, and after which backoff. Pure; jitter is drawn from a seed.

A token that is refused is replaced once, at once; a connection that is lost is tried again with longer
and longer waits, so that a service in trouble is not hammered by everybody it dropped.
"""

from __future__ import annotations

import random
from typing import Literal, NamedTuple

from recorder.wire.frames import AUTHENTICATION_CLOSES

from .actions import Ended

PolicyName = Literal["never", "on_auth_close", "always"]

FIRST_WAIT_S = 5.0
FACTOR = 1.25
JITTER = 0.2
LONGEST_WAIT_S = 60.0
MOST_ATTEMPTS = 35
"""As LivePerson's own agent SDK does it, but for the jitter and the cap."""

MOST_REFUSALS = 3
"""So many fresh tokens are tried where a service lets in and then, before ``FIRST_WAIT_S``, refuses."""

THROTTLED = 429
THROTTLED_WAIT_S = 1.0
"""The least wait after the answer 429."""


class ReconnectAttempt(NamedTuple):
    """Connect again at ``at_s``, with another token if ``fresh_token``."""

    at_s: float
    fresh_token: bool


class ReconnectPolicy:
    """The reconnect policy of one consumer, and its attempts so far.

    Args:
        rng: what the jitter is drawn with; the same seed gives the same waits.
    """

    def __init__(self, policy: PolicyName, *, rng: random.Random) -> None:
        self.policy = policy
        self._rng = rng
        self._attempts = self._refusals = 0
        self._fresh_token_tried = False
        self._ready_at_s: float | None = None

    @property
    def retries_requests(self) -> bool:
        """Whether a request that was throttled (429) is asked again."""
        return self.policy != "never"

    def connection_ready(self, now_s: float) -> None:
        """The connection is open, authenticated, and its subscriptions are restored."""
        self._ready_at_s = now_s
        self._fresh_token_tried = False

    def after_end(self, ended: Ended, now_s: float) -> ReconnectAttempt | None:
        """What to do about a connection that ended without our doing; None: nothing."""
        refused = ended.code in AUTHENTICATION_CLOSES
        if self.policy == "never" or (self.policy == "on_auth_close" and not refused):
            return None
        if self._ready_at_s is not None and now_s - self._ready_at_s >= FIRST_WAIT_S:
            self._attempts = self._refusals = 0  # it was stable: start over
        self._ready_at_s = None
        if not refused:
            return self._later(now_s, fresh_token=False)
        self._refusals += 1
        hopeless = self._fresh_token_tried or self._refusals > MOST_REFUSALS
        if hopeless and self.policy == "on_auth_close":
            return None
        at_once = not self._fresh_token_tried and self._attempts == 0
        self._fresh_token_tried = True
        again = self._later(now_s, fresh_token=True)
        return again._replace(at_s=now_s) if again is not None and at_once else again

    def after_refusal(self, now_s: float) -> ReconnectAttempt | None:
        """What to do when connecting again failed; None: give up."""
        return self._later(now_s, fresh_token=False) if self.policy == "always" else None

    def throttled_wait_s(self, times: int) -> float:
        """How long to wait after the answer 429 that came for the ``times``-th time, from 1."""
        return float(THROTTLED_WAIT_S * FACTOR ** (times - 1) * (1 + self._rng.uniform(0, JITTER)))

    def _later(self, now_s: float, *, fresh_token: bool) -> ReconnectAttempt | None:
        if self._attempts >= MOST_ATTEMPTS:
            return None
        wait_s = FIRST_WAIT_S * FACTOR**self._attempts * (1 + self._rng.uniform(-JITTER, JITTER))
        self._attempts += 1
        return ReconnectAttempt(now_s + min(wait_s, LONGEST_WAIT_S), fresh_token)
