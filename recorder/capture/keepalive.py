"""When to ping, and when a silent peer counts as gone. Decides; sends nothing.

TCP alone does not notice a peer that vanished: a reader that only waits looks alive for ever.
"""

from __future__ import annotations

PATIENCE_INTERVALS = 2


class KeepAlive:
    """One connection's pings. All times are monotonic seconds; without an interval it never acts.

    Attributes:
        due_s: when the next ping is due; None for never.
    """

    def __init__(self, interval_s: float | None, *, now_s: float) -> None:
        self._interval_s = interval_s
        self._unanswered_since_s: float | None = None
        self.due_s: float | None = None if interval_s is None else now_s + interval_s

    def pinged(self, now_s: float) -> None:
        """A ping is going out now."""
        if self._interval_s is None:
            return
        self.due_s = now_s + self._interval_s
        if self._unanswered_since_s is None:
            self._unanswered_since_s = now_s

    def answered(self) -> None:
        """A pong came. It may answer any ping: one answer shows that somebody is there."""
        self._unanswered_since_s = None

    def is_lost(self, now_s: float, *, last_heard_s: float) -> bool:
        """Whether a ping has waited two intervals while not one byte came.

        Ask only after reading all there was to read: an answer may have waited in the socket.
        """
        if self._interval_s is None or self._unanswered_since_s is None:
            return False
        silent_since_s = max(self._unanswered_since_s, last_heard_s)
        return now_s - silent_since_s >= PATIENCE_INTERVALS * self._interval_s
