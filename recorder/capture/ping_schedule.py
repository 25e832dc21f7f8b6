"""When to send pings, and when a silent peer counts as gone. Decides; sends nothing.

TCP alone does not notice a peer that vanished while nothing is sent.
"""

from __future__ import annotations

LOST_AFTER_INTERVALS = 2


class PingSchedule:
    """The pings of one connection, in monotonic seconds; without an interval there are none.

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
        """A pong came. It may answer any ping: each shows that the peer is alive."""
        self._unanswered_since_s = None

    def is_lost(self, now_s: float, *, last_received_s: float) -> bool:
        """Whether a ping has waited two intervals while not one byte came.

        Read all that has arrived first: the pong may still be in the socket's buffer.
        """
        if self._interval_s is None or self._unanswered_since_s is None:
            return False
        silent_since_s = max(self._unanswered_since_s, last_received_s)
        return now_s - silent_since_s >= LOST_AFTER_INTERVALS * self._interval_s
